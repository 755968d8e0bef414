# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads containers, images, networks and volumes from the API sockets of Docker and Podman.

Keys are `KIND:ENGINE/NAME`, where ENGINE is docker, podman, or podman@USER (docker@USER) for a rootless one. Containers that
remove themselves (`--rm`), anonymous volumes and built-in networks are not items.
"""
from __future__ import annotations

import glob
import os
import pwd
import re
from typing import Any, Iterable, Iterator, NamedTuple

from ..._base import bounds
from ..._base.errors import TwinError
from ..._base.unix_http import call
from ..context import Context, result
from ..model import Body, Items
from .spec import container, network, volume


class Engine(NamedTuple):
    """present: a path that exists if the engine may be asked; using only the sockets would start an engine that nobody uses. owner: its user's uid."""

    name: str
    socket: str
    present: str
    owner: int = 0


SYSTEM = (
    Engine("docker", "/run/docker.sock", "/run/docker.pid"),
    Engine("docker", "/run/snap.docker/docker.sock", "/run/snap.docker/docker.pid"),
    Engine("podman", "/run/podman/podman.sock", "/var/lib/containers/storage"),
)
BUILT_IN = {"bridge", "host", "none", "podman", "podman-default-kube-network"}
ANONYMOUS = re.compile(r"[0-9a-f]{64}\Z")


def collect(context: Context) -> Body:
    """Read the scope `containers`. An installed engine that does not answer fails the scope, because a partial list looks like removals."""
    known = SYSTEM + tuple(_rootless())
    engines = [engine for engine in known if os.path.exists(engine.socket) and os.path.exists(engine.present)]
    context.missed += ["Whether %s runs is unknown: %s can be read by root only." % each for each in _hidden(known)]
    items, read = {}, []
    for engine in engines:
        try:
            items.update(_read(engine))
            read.append(engine.name)
        except TwinError as error:
            # A user who breaks an engine of their own must not hide the engines of others.
            if not engine.owner and (not context.tolerant or len(engines) == 1):
                raise
            context.missed.append(str(error))
    note = "Read from %s." % ", ".join(read) if read else "" if context.missed else "No Docker or Podman runs on this machine."
    return result(context.wanted(items), note=" ".join(filter(None, [note, *context.missed])), status="ok" if engines else "empty")


def _hidden(engines: Iterable[Engine]) -> Iterator[tuple[str, str]]:
    """(engine, directory) of each engine whose files this user may not look for."""
    for engine in engines:
        above = [os.path.dirname(path) for path in (engine.socket, engine.present)]
        closed = [directory for directory in above if os.path.isdir(directory) and not os.access(directory, os.X_OK)]
        if closed:
            yield engine.name, closed[0]


def _rootless() -> Iterator[Engine]:
    for path in sorted(glob.glob("/run/user/[0-9]*")):
        try:
            user = pwd.getpwuid(int(os.path.basename(path)))
        except KeyError:  # the account was deleted during its session
            continue
        storage = os.path.join(user.pw_dir, ".local/share/containers/storage")
        yield Engine("podman@" + user.pw_name, path + "/podman/podman.sock", storage, user.pw_uid)
        yield Engine("docker@" + user.pw_name, path + "/docker.sock", path + "/docker.pid", user.pw_uid)


def _read(engine: Engine) -> Items:
    """Items of one engine, from GET requests of the Docker API (Podman serves the same)."""
    images = _get(engine, "/images/json")
    listed = _get(engine, "/containers/json?all=true")
    inspected = [_get(engine, "/containers/%s/json" % entry["Id"], gone={}) for entry in listed]
    return parse(engine.name, {
        "containers": [answer for answer in inspected if answer],
        "images": images,
        "networks": _get(engine, "/networks"),
        "volumes": _get(engine, "/volumes").get("Volumes") or [],
    })


def parse(engine: str, answers: dict[str, Any]) -> Items:
    """Items of an engine's answers: {"containers": [inspect …], "images", "networks", "volumes": as listed}."""
    try:
        return _items(engine, answers)
    except (AttributeError, KeyError, TypeError) as error:
        raise TwinError("%s gave an answer that cannot be read: %s." % (engine, error)) from error


def _items(engine: str, answers: dict[str, Any]) -> Items:
    digests = {image["Id"]: sorted(image.get("RepoDigests") or []) for image in answers["images"]}
    items = {}
    for inspected in answers["containers"]:
        if not inspected["HostConfig"].get("AutoRemove"):
            items["container:%s/%s" % (engine, inspected["Name"].lstrip("/"))] = container(inspected, digests)
    for image in answers["images"]:
        tags = sorted(tag for tag in image.get("RepoTags") or [] if tag != "<none>:<none>")
        name = tags[0] if tags else image["Id"]
        items["image:%s/%s" % (engine, name)] = {"tags": tags, "bytes": image["Size"]}
    for answer in answers["networks"]:
        if answer["Name"] not in BUILT_IN:
            items["network:%s/%s" % (engine, answer["Name"])] = network(answer)
    for answer in answers["volumes"]:
        if not ANONYMOUS.match(answer["Name"]):
            items["volume:%s/%s" % (engine, answer["Name"])] = volume(answer)
    return items


def _get(engine: Engine, url: str, gone: Any = None) -> Any:
    """The JSON answer; gone is the result for a thing that no longer exists."""
    try:
        return bounds.parse(bytearray(call(engine.socket, "GET", url, owner=engine.owner)), "utf-8")
    except TwinError as error:
        if gone is not None and "status 404" in str(error):
            return gone
        raise TwinError("Reading %s failed: %s" % (engine.name, error)) from error
    except ValueError as error:
        raise TwinError("%s answered %s with something that is not JSON: %s." % (engine.name, url, error)) from error
