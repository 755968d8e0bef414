# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, links and sockets that a real unprivileged user made, opened by root."""
from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import trust

USER, OTHER = 65534, 65533


def make_socket(path, owner):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.close()
    os.chown(path, owner, owner)


def make_directory(path, owner, mode):
    path.mkdir()
    os.chown(path, owner, owner)
    path.chmod(mode)
    return path


def content(path):
    with os.fdopen(trust.open_file(str(path)), "rb") as stream:
        return stream.read()


@pytest.mark.hostile
@pytest.mark.parametrize(("directory", "mode", "owner", "asked", "wrong"), [
    (0, 0o755, 0, 0, None),
    (0, 0o1777, 0, 0, None),
    (0, 0o1777, USER, 0, "Another user can replace it"),
    (0, 0o777, 0, 0, "Another user can replace it"),
    (0, 0o775, 0, 0, "Another user can replace it"),
    (USER, 0o755, 0, 0, "Another user can replace it"),
    (USER, 0o700, USER, 0, "Another user can replace it"),
    (USER, 0o700, USER, USER, None),
    (USER, 0o777, USER, USER, "Another user can replace it"),
    (USER, 0o700, OTHER, USER, "Another user can replace it"),
    (OTHER, 0o755, USER, USER, "Another user can replace it"),
])
def test_only_sockets_that_nobody_else_can_replace_are_opened(tmp_path, monkeypatch, directory, mode, owner, asked, wrong):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    place = make_directory(tmp_path / "d", directory, mode)
    make_socket("d/s", owner)
    if wrong:
        with pytest.raises(PermissionError, match=wrong):
            trust.open_socket(str(place / "s"), asked)
    else:
        os.close(trust.open_socket(str(place / "s"), asked))


def test_a_link_or_a_file_in_a_sockets_place_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_socket("s", 0)
    os.symlink("s", "link")
    os.lchown("link", USER, USER)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="A link of an unprivileged user"):
        trust.open_socket("link")
    with pytest.raises(OSError, match="no socket"):
        trust.open_socket("file")


def test_links_of_root_are_followed_and_links_of_others_are_not(tmp_path):
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "real/inner/f").write_bytes(b"content")
    for name, target, owner in (("absolute", tmp_path / "real", 0), ("relative", "real/../real/inner", 0), ("theirs", "real", USER), ("loop", "loop", 0)):
        os.symlink(target, tmp_path / name)
        os.lchown(tmp_path / name, owner, owner)
    assert content(tmp_path / "absolute/inner/f") == content(tmp_path / "relative/f") == content(tmp_path / "relative/../inner/f") == b"content"
    with pytest.raises(OSError, match="A link of an unprivileged user"):
        content(tmp_path / "theirs/inner/f")
    with pytest.raises(OSError, match="Too many levels"):
        content(tmp_path / "loop/f")


def test_what_is_no_regular_file_is_not_opened_for_reading(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="no regular file"):
        content(tmp_path / "fifo")
    with pytest.raises(NotADirectoryError):
        trust.open_directory(str(tmp_path / "fifo"))


def test_missing_directories_are_made_below_what_was_opened(tmp_path):
    with trust.parent(str(tmp_path / "a/b/name"), make=0o750) as (handle, name):
        os.mkdir(name, dir_fd=handle)
    assert (tmp_path / "a/b/name").is_dir()
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o750
    with pytest.raises(FileNotFoundError), trust.parent(str(tmp_path / "c/name")):
        pass


def test_no_descriptor_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for path in ("absent/f", "f/g", "fifo"):
        (tmp_path / "f").touch()
        with pytest.raises(OSError):
            trust.open_file(str(tmp_path / path))
        with pytest.raises(OSError):
            trust.open_socket(str(tmp_path / path))
        with pytest.raises(OSError):
            trust.open_directory(str(tmp_path / path))
    assert len(os.listdir("/proc/self/fd")) == before
