# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts import apply as accounts
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts.steps import STEPS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="accounts are root's to change")


@pytest.fixture
def root(tmp_path):
    etc = tmp_path / "etc"
    (etc / "skel").mkdir(parents=True)
    (etc / "skel" / ".profile").write_text("umask 022\n")
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n+@staff::::::\nold:x:900:900:,,,:/srv/old:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\nold:x:900:\nweb:x:901:b,a\n")
    (etc / "shadow").write_text("root:*:19000:0:99999:7:::\nold:$y$kept:19000:0:99999:7:::\n")
    (etc / "gshadow").write_text("root:*::\nold:!::\nweb:!:boss:b,a\n")
    shutil.chown(etc / "shadow", group="shadow")
    (etc / "shadow").chmod(0o640)
    return tmp_path


@pytest.fixture
def ensure(in_order):
    """{key: Outcome} of (key, want) pairs."""

    def apply(root, *wanted):
        steps = in_order(STEPS, "accounts", wanted)
        return in_order.outcomes(accounts.apply(steps, None, str(root / "etc"), str(root)))

    return apply


def read(root, name):
    return (root / "etc" / name).read_text()


def user(uid=1500, group="web", **more):
    return {"uid": uid, "group": group, "gecos": "", "home": "/home/al", "shell": "/bin/sh", **more}


def test_users_and_groups_are_made_together_without_a_password(root, ensure):
    done = ensure(root, ("user:al", user(group="new")), ("group:new", {"gid": 2000, "members": ["al", "old"]}))
    assert [result for result in done.values() if result.failed or not result.changed] == []
    assert "al:x:1500:2000::/home/al:/bin/sh\n" in read(root, "passwd")
    assert "new:x:2000:al,old\n" in read(root, "group")
    assert "al:!:" in read(root, "shadow")
    assert "new:!::al,old\n" in read(root, "gshadow")
    assert (root / "home/al/.profile").stat().st_uid == 1500
    assert (root / "home/al").stat().st_mode & 0o777 == 0o700
    assert "+@staff::::::\n" in read(root, "passwd"), "lines of another form stay"
    for program, names in (("pwck", ("passwd", "shadow")), ("grpck", ("group", "gshadow"))):
        paths = [str(root / "etc" / name) for name in names]
        said = subprocess.run([program, "-r", *paths], capture_output=True, text=True, check=False).stdout
        assert "invalid" not in said.replace("+@staff", ""), said
        assert "no matching" not in said, said


def test_the_second_time_nothing_is_written(root, ensure):
    wanted = [("user:old", user(900, "old", gecos=",,,", home="/srv/old")), ("group:web", {"gid": 901, "members": ["a", "b"]})]
    before = {name: (root / "etc" / name).stat() for name in accounts.FILES}
    done = ensure(root, *wanted)
    assert not any(result.changed or result.failed for result in done.values())
    assert {name: (root / "etc" / name).stat() for name in accounts.FILES} == before


def test_passwords_owners_and_modes_of_the_files_stay(root, ensure):
    before = (root / "etc/shadow").stat()
    ensure(root, ("user:old", user(905, "web")), ("user:al", user()))
    after = (root / "etc/shadow").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert "old:$y$kept:" in read(root, "shadow")
    assert "old:x:900:900" in read(root, "passwd-")
    assert (root / "etc/shadow-").stat().st_mode & 0o777 == 0o600


def test_files_get_the_new_numbers_even_if_two_accounts_swap_theirs(root, ensure):
    for name, uid, gid in (("a", 900, 900), ("b", 1500, 901), ("c", 0, 0)):
        (root / name).write_text(name)
        os.chown(root / name, uid, gid)
    os.chmod(root / "a", 0o6755)
    ensure(root, ("user:al", user()))
    groups = [("group:old", {"gid": 901, "members": []}), ("group:web", {"gid": 900, "members": []})]
    ensure(root, ("user:al", user(900)), ("user:old", user(1500, "old")), *groups)
    owners = {name: ((root / name).stat().st_uid, (root / name).stat().st_gid) for name in "abc"}
    assert owners == {"a": (1500, 901), "b": (900, 900), "c": (0, 0)}
    assert (root / "a").stat().st_mode & 0o7777 == 0o6755


def test_a_removed_account_is_removed_from_all_four_files(root, ensure):
    done = ensure(root, ("group:old", None), ("user:old", None), ("user:never", None))
    assert {key: result.changed for key, result in done.items()} == {"group:old": True, "user:old": True, "user:never": False}
    assert not any("old" in read(root, name).replace("/srv/old", "") for name in accounts.FILES)


@pytest.mark.parametrize(("key", "want", "why"), [
    ("group:root", None, "primary group of root"),
    ("user:al", {"group": "nobodys"}, "does not have"),
    ("user:al", {"gecos": "a:b"}, "break its line"),
    ("user:al", {"shell": "/bin/sh\nroot2:x:0:0:::"}, "break its line"),
    ("user:al\nroot2", {}, "cannot be the name"),
    ("user:-al", {}, "cannot be the name"),
    ("user:al", {"uid": -1}, "cannot be the number"),
])
def test_a_bad_step_fails_alone_and_leaves_the_files_whole(root, key, want, why, ensure):
    before = {name: read(root, name) for name in accounts.FILES}
    done = ensure(root, (key, user(**want) if want is not None else None))
    assert why in done[key].failed
    assert {name: read(root, name) for name in accounts.FILES} == before


def test_the_lock_of_shadow_utils_is_respected(root, monkeypatch, ensure):
    monkeypatch.setattr(accounts, "PATIENCE", 0.3)
    path = root / "etc/.pwd.lock"
    holder = subprocess.Popen(
        ["python3", "-c", "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,fcntl.LOCK_EX); print(flush=True); sys.stdin.read()", str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        with pytest.raises(accounts.Busy):
            ensure(root, ("user:al", user()))
        holder.stdin.close()
    assert not ensure(root, ("user:al", user()))["user:al"].failed


def test_a_line_with_an_invalid_number_stays_and_stops_nothing(root, ensure):
    passwd = root / "etc" / "passwd"
    passwd.write_text(passwd.read_text() + "odd:x:abc:5:::/bin/sh\n")
    assert ensure(root, ("user:al", user())) == {"user:al": (True, None)}
    assert "odd:x:abc:5:::/bin/sh\n" in passwd.read_text()


@pytest.mark.hostile
def test_a_home_directory_that_cannot_be_made_fails_alone(root, ensure):
    (root / "home").symlink_to("victim")
    os.lchown(root / "home", 65534, 65534)
    done = ensure(root, ("user:al", user()), ("user:bo", user(1501, home="/srv/bo")))
    assert "The home directory of al was not made: A link of an unprivileged user" in done["user:al"].failed
    assert not done["user:bo"].failed
    assert (root / "srv/bo").is_dir()
