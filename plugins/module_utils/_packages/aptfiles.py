# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a private apt root: its configuration, the host's lists of repositories, and the keys that they name."""
from __future__ import annotations

import os
from typing import Iterable, Mapping

from .._base.codec import write_atomic
from .._scopes.files.rules import KEYRINGS
from .sources import below, is_listing, named_keys, placed

TRUSTED = "/etc/apt/trusted.gpg.d"
# Keys a distribution ships outside apt's own directory.
ARCHIVE_KEYRINGS = tuple(KEYRINGS + name for name in ("debian-archive-keyring.gpg", "ubuntu-archive-keyring.gpg"))
KEY_PLACES = (TRUSTED + "/", "/usr/share/")  # where lists of a host may name keys of this machine

# Methods that no list may name, besides those that listing.py refuses; what a server answers may name them as well.
CLOSED = (
    "cdrom", "ftp", "mirror", "mirror+copy", "mirror+file", "mirror+http", "mirror+https", "rsh", "ssh", "tor", "tor+http", "tor+https",
)
LOCAL = ("copy", "file")

# This machine's apt settings are not read at all: their hooks are for its own packages. What a host lists may name neither files of this machine
# nor programs.
_CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "{root}/none";
Dir::Etc::sourcelist "{root}/etc/apt/sources.list";
Dir::Etc::sourceparts "{root}/etc/apt/sources.list.d";
Dir::Etc::trusted "{root}/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "{root}/etc/apt/trusted.gpg.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{root}/none";
Dir::Etc::netrc "/dev/null";
Dir::Etc::netrcparts "{root}/none";
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::State::extended_states "{root}/state/extended_states";
Dir::Cache "{root}/cache";
Dir::Log "{root}/log";
Dir::Bin::Methods {{ {closed} }};
APT::Architecture "{native}";
APT::Architectures {{ {architectures} }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::http::Proxy-Auto-Detect "";
Acquire::https::Proxy-Auto-Detect "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
"""


def configure(path: str, root: str, architectures: list[str], local: bool) -> None:
    """Write the configuration of the apt of root; architectures: native first; local: whether lists may name directories of this machine."""
    closed = " ".join('%s "false";' % method for method in (*CLOSED, *(() if local else LOCAL)))
    named = " ".join('"%s";' % name for name in architectures)
    content = _CONFIGURATION.format(root=root, native=architectures[0], architectures=named, closed=closed)
    write_atomic(path, content.encode("utf-8"))


def fill(root: str, files: Mapping[str, bytes]) -> None:
    """Make the directories of a root, with the host's files of apt's configuration in them."""
    for part in ("etc/apt/sources.list.d", "etc/apt/trusted.gpg.d", "state/lists/partial", "cache/archives/partial", "log", "none"):
        os.makedirs(os.path.join(root, part), exist_ok=True)
    write_atomic(os.path.join(root, "state/status"), b"")
    for name, content in files.items():
        path = below(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # whoever builds of these sources has apt read them as a user of its own
        write_atomic(path, placed(content, root) if is_listing(name) else content, 0o644)
    _add_own_keys(root, [path for path in named_keys(content for name, content in files.items() if is_listing(name)) if path not in files])


def _add_own_keys(root: str, named: Iterable[str]) -> None:
    """This machine's keys beside the host's: those that came with a package are not among the host's files."""
    trusted = [os.path.join(TRUSTED, name) for name in (os.listdir(TRUSTED) if os.path.isdir(TRUSTED) else [])]
    links = {os.path.join(root + TRUSTED, os.path.basename(path)): path for path in [*trusted, *ARCHIVE_KEYRINGS]}
    links.update({below(root, path): path for path in named if path.startswith(KEY_PLACES)})
    for place, path in links.items():
        if os.path.isfile(path) and not os.path.lexists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(path, place)
