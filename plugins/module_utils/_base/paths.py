# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every directory and file of ours, on hosts, hypervisors and in twins. Only this file spells them."""
from __future__ import annotations

CONFIGURATION = "/etc/safetytwin"
STATE = "/var/lib/safetytwin"  # survives a reboot
RUN = "/run/safetytwin"  # does not
CACHE = "/var/cache/safetytwin"

# On every machine.
RUNTIME = STATE + "/runtime"  # our programs, one directory per version

# In a twin.
MARKER = CONFIGURATION + "/twin.json"
INCOMING = STATE + "/incoming"
APPLY_LOCK = RUN + "/apply.lock"

# On a hypervisor; a store may be kept elsewhere, so what belongs to it is named relative to its directory.
IMAGES = STATE + "/images"
PROXY = STATE + "/proxy"
BUILD_PACKAGES = CACHE + "/debs"
STORE_FILE = "store.sqlite"
BLOBS = "blobs"
DOCUMENTS = "documents"
PACKAGES = "packages"
APT_ROOTS = PACKAGES + "/apt"
TWINS = "twins"
