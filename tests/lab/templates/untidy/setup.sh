#!/bin/sh
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs once in the new tree, before its first boot.

useradd --create-home --shell /bin/sh --comment "Zoë O'Brien & \"Söhne\" (100%), room 7,,+49 {{ x }}" zoe
useradd --system --user-group --no-create-home --shell /usr/sbin/nologin odd
# a comment whose bytes are not UTF-8
sed -i "s/^\(odd:[^:]*:[0-9]*:[0-9]*:\)/\1$(printf 'Andr\351')/" /etc/passwd
printf '15 3 * * * true\n' | crontab -u zoe -

update-alternatives --set editor /usr/bin/vim.tiny

# a made up password, worth nothing, and never to be seen in a store, a log or a twin
cat > /etc/haproxy/haproxy.cfg <<END
global
    user haproxy
    group haproxy
defaults
    mode http
    timeout client 10s
    timeout connect 10s
    timeout server 10s
frontend shop
    bind :8081
    http-request return status 200 content-type text/plain string "untidy"
frontend stats
    bind :8404
    stats enable
    stats uri /
    stats auth admin:$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
userlist people
    user admin insecure-password $(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
END
chmod 0640 /etc/haproxy/haproxy.cfg

# A repository cannot hold a file with a colon in its name.
mv /etc/systemd/system/untidy-odd.service '/etc/systemd/system/untidy-odd:name_1.service'
systemctl -q enable random-port.service 'untidy@one\x2dtwo.service' 'untidy-odd:name_1.service' haproxy mosquitto

# file names that break careless programs
mkdir /etc/untidy.d
cd /etc/untidy.d
for name in 'with space.conf' '{{ x }}.conf' '$(touch canary).conf' "$(printf 'latin\351.conf')" "$(printf 'two\nlines.conf')" '-rf' 'ünï.conf' "quo'te\".conf"; do
    printf 'odd=1\n' > "./$name"
done
ln -s "$(printf 'latin\351.conf')" "$(printf 'link\nto latin')"
mkdir "$(printf 'deep \351')"
printf 'deep=1\n' > "$(printf 'deep \351')/x"
chmod 1733 "$(printf 'deep \351')"

# what no scope reads
printf 'acl=1\n' > /etc/untidy.d/acl.conf
setfacl -m u:zoe:rw /etc/untidy.d/acl.conf
cp /bin/true /usr/local/bin/untidy-capable
setcap cap_net_bind_service+ep /usr/local/bin/untidy-capable
