#!/bin/sh
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs once in the new tree, before its first boot.

groupadd --system shop
useradd --system --user-group --no-create-home --shell /usr/sbin/nologin --groups shop shopd
useradd --create-home --shell /bin/bash --comment 'Alice Example' --groups shop,sudo alice
chown -R alice:shop /srv/shop
chmod 2775 /srv/shop

ln -s ../sites-available/shop /etc/nginx/sites-enabled/shop
systemctl -q enable shopd.service shop-report.timer echo-hello.socket
systemctl -q disable shop-import.service
systemctl -q mask logrotate.timer
apt-mark -q hold tree

# planted secrets: made up here, worth nothing, and never to be seen in a store, a log or a twin
umask 077
openssl genpkey -quiet -algorithm ed25519 -out /etc/ssl/private/shop.key 2>/dev/null || openssl genpkey -algorithm ed25519 -out /etc/ssl/private/shop.key
printf 'SHOP_API_TOKEN=lab-%s\n' "$(openssl rand -hex 16)" > /etc/default/shop-token
umask 022

# file names that break careless programs
mkdir /etc/shop.d
cd /etc/shop.d
for name in 'with space.conf' '{{ x }}.conf' '$(touch canary).conf' "$(printf 'latin\351.conf')" "$(printf 'two\nlines.conf')"; do
    printf 'odd=1\n' > "$name"
done
