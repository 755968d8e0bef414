# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that options of modules, actions, roles and the inventory plugin may have, and the versions of ansible-core that may call them."""
from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Union

from .errors import TwinError

CORE = (2, 16)  # the oldest ansible-core; meta/runtime.yml has the same, of which Ansible only warns


class Range(NamedTuple):
    """A whole number from least to most."""

    least: int
    most: int
    unit: str = ""

    def __str__(self) -> str:
        return "from %d to %d%s" % (self.least, self.most, self.unit and " " + self.unit)

    def holds(self, value: Any) -> bool:
        """Whether a value is in the range; Ansible may hand over a number as text."""
        number = re.fullmatch(r"\s*([+-]?\d{1,18})\s*", str(value))
        return number is not None and self.least <= int(number.group(1)) <= self.most


class Form(NamedTuple):
    """Text that matches pattern, which doc describes. Empty text means that the option is not given."""

    pattern: str
    doc: str

    def __str__(self) -> str:
        return self.doc

    def holds(self, value: Any) -> bool:
        """Whether a value has the form."""
        return value == "" or re.fullmatch(self.pattern, str(value)) is not None


Rule = Union[Range, Form]

_CHECKSUM = Form(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", "sha256: and 64, or sha512: and 128 hexadecimal digits in lower case")
_MEMORY = Range(128, 1 << 20, "MiB")
_DISK = Range(1, 16384, "GiB")

# By the name of an option, wherever it stands; an option of a role has the role's name before it. Descriptions of options state the same.
RULES: dict[str, Rule] = {
    "audit_interval": Range(0, 31536000, "seconds"),
    "checksum": _CHECKSUM,
    "console_user": Form(r"[a-z_][a-z0-9_-]{0,31}", "a user name of at most 32 lower-case letters, digits, underscores and hyphens"),
    "disk": _DISK,
    "disk_iops": Range(0, 10000000, "requests per second"),
    "disk_rate": Range(0, 1 << 20, "MiB per second"),
    "harvest_timeout": Range(1, 3600, "seconds"),
    "image_checksum": _CHECKSUM,
    "machine_id": Form(r"[0-9a-f]{32}", "32 hexadecimal digits in lower case, as in /etc/machine-id"),
    "memory": _MEMORY,
    "memory_mib": _MEMORY,
    "patience": Range(1, 86400, "seconds"),
    "shutdown_timeout": Range(0, 86400, "seconds"),
    "size": _DISK,
    "timeout": Range(1, 3600, "seconds"),
    "vcpus": Range(1, 255),
    "wait": Range(0, 600, "seconds"),
}


def refusals(options: Mapping[str, Any], prefix: str = "") -> list[str]:
    """A sentence for each option whose value is not allowed; prefix is the part of its name that RULES do not have."""
    found = []
    for name, value in sorted(options.items()):
        rule = RULES.get(name[len(prefix):]) if name.startswith(prefix) else None
        if rule is not None and value is not None and not rule.holds(value):
            found.append("%s is %s, but it must be %s." % (name, _shown(value), rule))
    return found


def _shown(value: Any) -> str:
    """A value as a sentence quotes it; numbers look the same whether they come as numbers or as text."""
    text = str(value).strip() if re.fullmatch(r"\s*[+-]?\d+\s*", str(value)) else repr(str(value))
    return text if len(text) <= 80 else text[:77] + "..."


def core_refusal(version: str) -> str:
    """Why this version of ansible-core is refused, or ""; "0.0" is that of a module that no Ansible started."""
    found = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if found == (0, 0) or found >= CORE:
        return ""
    return (
        "The collection safetytwin.twin needs ansible-core %d.%d or newer, and this is %s: install a newer one, for example with pip in a virtual environment."
        % (*CORE, version)
    )


def accept(options: Mapping[str, Any], version: str) -> None:
    """Refuse values of options that are not allowed, and versions of ansible-core that are too old."""
    wrong = list(filter(None, [core_refusal(version)])) or refusals(options)
    if wrong:
        raise TwinError(" ".join(wrong))
