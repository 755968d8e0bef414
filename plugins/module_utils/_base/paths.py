# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories and files of the collection on hosts, hypervisors and twins. Only this file contains their paths."""
from __future__ import annotations

CONFIGURATION = "/etc/safetytwin"
STATE = "/var/lib/safetytwin"  # survives a reboot
RUN = "/run/safetytwin"  # does not
CACHE = "/var/cache/safetytwin"

# Below STATE on every machine: our programs, one directory per version.
RUNTIME = "runtime"

# In a twin.
MARKER = CONFIGURATION + "/twin.json"
INCOMING = STATE + "/incoming"
APPLY_LOCK = RUN + "/apply.lock"

# Below STATE, or where the store is kept instead, on a hypervisor.
STORE_FILE = "store.sqlite"
BLOBS = "blobs"  # contents of files, by digest
DOCUMENTS = "documents"  # states, by the record that names them
PACKAGES = "packages"  # package files, by distribution
APT_ROOTS = PACKAGES + "/apt"
PACKAGES_LOCK = PACKAGES + "/lock"
IMAGES = "images"
TWINS = "twins"
CONSOLE_LOG = "console.log"  # in a twin's directory
SEED = "seed.iso"  # as well

# Below CACHE: package files that base images were built of.
BUILD_PACKAGES = "debs"
