# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds, boots and removes the lab's machines; needs root, Debian or Ubuntu, and the standard library alone."""

from __future__ import annotations
