#!/bin/sh
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs once in the new tree, before its first boot.

# the root directory of an image, for `docker import`
mkdir -p /srv/image/bin /srv/image/tmp /srv/image/etc
cp /bin/busybox /srv/image/bin/busybox
for name in $(busybox --list); do
    [ "$name" = busybox ] || ln -s busybox "/srv/image/bin/$name"
done
printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > /srv/image/etc/passwd

systemctl -q enable ticks.timer
