# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's package sources and keys: its files of apt's configuration, as apt on the hypervisor gets them."""
from __future__ import annotations

import base64
import os
import re
from typing import Any, Iterable, Mapping, Match, TypedDict

from .._base.codec import raw, text
from .._base.reasons import explain
from .._scopes.files.rules import APT_FILES
from .._scopes.model import HostDocument, Scopes
from .._store.records import Store

# In a list of repositories, an entry of packages and not of their sources.
# Other names are ignored, as sources.list(5) says.
_LISTING = re.compile(r"/etc/apt/(?:sources\.list|sources\.list\.d/[A-Za-z0-9_.-]+\.(?:list|sources))")
_PACKAGES = re.compile(rb"(?mi)^\s*(deb\s|Types\s*:(.*\s)?deb(\s|$))")


class Source(TypedDict):
    """A file of the host's configuration of apt."""

    path: str
    content: bytes


def apt_files(scopes: Scopes) -> dict[str, str]:
    """{path: digest} of the host's package sources and keys."""
    return {path: item["digest"] for path, item in sorted(scopes["files"]["items"].items()) if path.startswith(APT_FILES) and item["type"] == "file"}


def apt_sources(store: Store, scopes: Scopes) -> list[Source]:
    """The host's package sources and keys, as far as their contents are here."""
    contents = ((path, store.blobs.get(name)) for path, name in apt_files(scopes).items())
    return [{"path": path, "content": content} for path, content in contents if content is not None]


def withheld(scopes: Scopes) -> list[str]:
    """A sentence for each of the host's lists of repositories whose content does not leave the host."""
    files = scopes["files"]
    why = {path: explain(reason) for path, reason in files["excluded"].items()}
    why.update({path: "It is a link, and links to lists of repositories are not followed." for path, item in files["items"].items() if item["type"] == "link"})
    return ["%s was not read: %s" % (path, why[path]) for path in sorted(why) if is_listing(path)]


def image_facts(store: Store, document: HostDocument) -> dict[str, Any]:
    """What a base image that matches this host is built of, as JSON values; see the options of twin_image."""
    scopes = document["scopes"]
    return {
        "distribution": document["machine"]["distribution"],
        "architecture": document["machine"]["architecture"],
        "packages": scopes["packages"]["items"],
        "accounts": scopes["accounts"]["items"],
        "sources": [
            {"path": source["path"], "content": base64.b64encode(source["content"]).decode("ascii")} for source in apt_sources(store, scopes)
        ],
    }


def listings(files: Mapping[str, bytes]) -> list[str]:
    """The paths of files ({path: bytes}) that list repositories of packages, in order."""
    return sorted(path for path in files if is_listing(path) and _PACKAGES.search(files[path]))


def entries(path: str, content: bytes) -> list[bytes]:
    """The entries of a listing that name packages, each as a listing of its own."""
    found = re.split(rb"\n[ \t\r]*\n", content) if path.endswith(".sources") else content.splitlines()
    return [entry.strip(b"\r\n") + b"\n" for entry in found if _PACKAGES.search(entry)]


def is_listing(path: str) -> bool:
    """Whether apt reads repositories from a file of this path."""
    return _LISTING.fullmatch(path) is not None


# In both forms of a listing; the paths may begin on the next line, and a key in the place of paths begins with no slash.
_SIGNED_BY = re.compile(r'(?i)(\bsigned-by\s*[:=]\s*"?)(/[^\]\n]*)')
_KEY_PATH = re.compile(r'/[^\s,"]+')


def below(root: str, path: str) -> str:
    """The place below root for an absolute path, whatever `..` it holds."""
    return root + os.path.normpath("/" + path.lstrip("/"))


def placed(content: bytes, root: str) -> bytes:
    """A listing whose Signed-By names the keys below root; the rest is left to apt."""

    def place(found: Match[str]) -> str:
        return found.group(1) + _KEY_PATH.sub(lambda key: below(root, key.group()), found.group(2))

    return raw(_SIGNED_BY.sub(place, text(content)))


def named_keys(contents: Iterable[bytes]) -> list[str]:
    """The paths of keys that listings name in Signed-By."""
    found = (_KEY_PATH.findall(paths) for content in contents for _name, paths in _SIGNED_BY.findall(text(content)))
    return sorted({below("", path) for paths in found for path in paths})
