#!/bin/sh
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs once in the new tree, before its first boot.

useradd --system --user-group --no-create-home --shell /usr/sbin/nologin notes
useradd --create-home --shell /bin/bash --comment 'Bob Example' bob
chown -R notes:notes /opt/notes

rm /etc/nginx/sites-enabled/default
ln -s ../sites-available/notes /etc/nginx/sites-enabled/notes
systemctl -q enable notesd.service
