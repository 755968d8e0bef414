# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import text
from ansible_collections.safetytwin.twin.plugins.module_utils._converge.spool import Spool
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import apply as files
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.steps import STEPS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners are root's to set")


@pytest.fixture
def place(tmp_path, in_order):
    spool = tmp_path / "spool"
    (spool / "blobs").mkdir(parents=True)
    (tmp_path / "root").mkdir()

    def ensure(*wanted):
        keys = {text(os.path.join(os.fsencode(tmp_path / "root"), path)): path for path, _want in wanted}
        ordered = in_order(STEPS, "files", list(zip(keys, [want for _path, want in wanted])))
        return {keys[key]: outcome for key, outcome in in_order.outcomes(files.apply(ordered, Spool(str(spool)))).items()}

    def blob(content):
        digest = hashlib.sha256(content).hexdigest()
        (spool / "blobs" / digest).write_bytes(content)
        return digest

    ensure.root, ensure.blob = tmp_path / "root", blob
    return ensure


def regular(digest, size, mode="0640", owner="daemon", group="adm"):
    return {"type": "file", "digest": digest, "size": size, "mode": mode, "owner": owner, "group": group}


def directory(mode="0755", owner="root"):
    return {"type": "dir", "mode": mode, "owner": owner, "group": "root"}


def link(target):
    return {"type": "link", "target": target, "owner": "root", "group": "root"}


def test_each_kind_of_file_is_created_once_with_owner_and_mode(place):
    wanted = [
        (b"d/l", link("../nowhere")), (b"d/f", regular(place.blob(b"hello"), 5, "4755")),
        (b"d", directory("2750", "daemon")), (b"d/e/f/g", regular(place.blob(b""), 0)),
    ]
    assert all(done == (True, None) for done in place(*wanted).values())
    there = os.lstat(place.root / "d/f")
    assert (place.root / "d/f").read_bytes() == b"hello"
    assert stat.S_IMODE(there.st_mode) == 0o4755, "set-user-id survives the change of owner"
    assert there.st_uid == 1
    assert stat.S_IMODE(os.lstat(place.root / "d").st_mode) == 0o2750
    assert os.readlink(place.root / "d/l") == "../nowhere"
    assert all(done == (False, None) for done in place(*wanted).values())
    assert os.lstat(place.root / "d/f").st_ino == there.st_ino


def test_a_change_of_mode_does_not_replace_the_file(place):
    digest = place.blob(b"hello")
    place((b"f", regular(digest, 5)))
    inode = (place.root / "f").stat().st_ino
    assert place((b"f", regular(digest, 5, "0600")))[b"f"] == (True, None)
    assert ((place.root / "f").stat().st_ino, stat.S_IMODE((place.root / "f").stat().st_mode)) == (inode, 0o600)


def test_same_size_is_not_same_content(place):
    place((b"f", regular(place.blob(b"hello"), 5)))
    assert place((b"f", regular(place.blob(b"hullo"), 5)))[b"f"].changed
    assert (place.root / "f").read_bytes() == b"hullo"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=40).map(lambda name: name.replace(b"/", b"%").replace(b"\0", b"%")).filter(lambda name: name not in (b".", b"..")))
def test_any_name_works(place, name):
    digest = place.blob(b"hello")
    assert place((name, regular(digest, 5)))[name].failed is None
    assert name in os.listdir(os.fsencode(place.root))
    assert place((name, None))[name] == (True, None)
    assert place((name, None))[name] == (False, None)
    assert os.listdir(place.root) == []


def test_a_kind_turns_into_another_with_its_children_named(place):
    digest = place.blob(b"hello")
    place((b"a", directory()), (b"a/b", regular(digest, 5)), (b"x", regular(digest, 5)), (b"l", link("x")))
    done = place((b"a", link("x")), (b"a/b", None), (b"x", directory()), (b"x/y", regular(digest, 5)), (b"l", regular(digest, 5)))
    assert all(result == (True, None) for result in done.values()), done
    assert os.readlink(place.root / "a") == "x"
    assert (place.root / "x/y").read_bytes() == b"hello"
    assert not (place.root / "l").is_symlink()


def test_a_link_is_replaced_and_never_followed(place, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    outside.chmod(0o600)
    os.symlink(outside, place.root / "f")
    place((b"f", regular(place.blob(b"hello"), 5)))
    assert outside.read_text() == "untouched"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600


def test_a_directory_with_other_content_stays_and_is_reported(place):
    place((b"d", directory()), (b"d/f", regular(place.blob(b"hello"), 5)))
    for want in (None, link("x"), regular(place.blob(b"x"), 1)):
        failed = place((b"d", want))[b"d"].failed
        assert "not in the plan, f among them" in failed
        assert (place.root / "d/f").exists()


def test_failures_are_sentences_and_leave_nothing_behind(place):
    done = place(
        (b"content", regular("0" * 64, 5)), (b"owner", regular(place.blob(b"hello"), 5, owner="no such user")),
        (b"pipe", {"type": "fifo", "mode": "0600"}), (b"fine", regular(place.blob(b"hello"), 5)),
    )
    assert done[b"content"].failed.startswith("content_pending: ")
    assert "no user no such user" in done[b"owner"].failed
    assert done[b"pipe"].failed.startswith("special_file: ")
    assert done[b"fine"] == (True, None)
    assert os.listdir(place.root) == ["fine"]


@pytest.mark.parametrize("key", ["/etc/safetytwin/twin.json", "/var/lib/safetytwin", "relative", "/etc/../etc/x", "/etc//x", "/etc/x/", "/etc/x\0y"])
def test_paths_of_the_twin_itself_and_paths_that_are_not_normal_are_refused(tmp_path, key):
    done = files.apply([{"id": 1, "key": key, "want": None}], Spool(str(tmp_path)))
    assert "left alone" in done[1].failed or "plain path" in done[1].failed


def test_paths_of_the_twin_itself_are_refused_through_links(tmp_path):
    os.symlink("/etc/safetytwin", tmp_path / "way")
    done = files.apply([{"id": 1, "key": str(tmp_path / "way/twin.json"), "want": None}], Spool(str(tmp_path)))
    assert "left alone" in done[1].failed


@pytest.mark.hostile
def test_a_link_of_a_user_leads_no_change_elsewhere(place):
    (place.root / "victim").mkdir(mode=0o700)
    (place.root / "victim/old").write_text("x")
    (place.root / "theirs").symlink_to("victim")
    os.lchown(place.root / "theirs", 65534, 65534)
    wanted = [(b"theirs/f", regular(place.blob(b"hello"), 5)), (b"theirs/d/e", directory()), (b"theirs/l", link("x")), (b"theirs/old", None)]
    for changed, failure in place(*wanted).values():
        assert not changed
        assert "A link of an unprivileged user (65534)" in failure
    assert os.listdir(place.root / "victim") == ["old"]


@pytest.mark.hostile
@pytest.mark.parametrize("kind", ["file", "dir", "link"])
def test_owner_and_mode_reach_only_what_was_looked_at(place, monkeypatch, kind):
    wants = {"file": regular(place.blob(b"hello"), 5), "dir": directory("0777", "daemon"), "link": dict(link("x"), owner="daemon")}
    make = {"file": lambda path: path.write_bytes(b"hello"), "dir": lambda path: path.mkdir(), "link": lambda path: path.symlink_to("x")}
    make[kind](place.root / "f")
    (place.root / "victim").write_text("of root")
    (place.root / "victim").chmod(0o600)
    look_up = files._id

    def swap(*words):
        if not os.path.lexists(place.root / "aside"):
            (place.root / "f").rename(place.root / "aside")
            (place.root / "victim").rename(place.root / "f")
        return look_up(*words)

    monkeypatch.setattr(files, "_id", swap)
    place((b"f", wants[kind]))
    there = os.lstat(place.root / "f")
    assert (there.st_uid, stat.S_IMODE(there.st_mode)) == (0, 0o600)
    assert os.lstat(place.root / "aside").st_uid == 1
