# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab: real hosts and a real hypervisor on one machine, for demo and tests."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
