# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import raw, text
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import HOST, TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import collect as files_collect
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import content as files_content

CONFFILE = b"workers 4;\n"
KEY = b"the vendor's key"
UNIT = b"[Service]\nExecStart=/bin/true\n"


def put(root, path, content=b"", mode=0o644):
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(mode)
    return target


def age(*files):
    """Their content is settled: no write can hide behind their time stamps any more."""
    return [os.utime(file, (1, 1)) for file in files]


@pytest.fixture
def machine(tmp_path):
    put(tmp_path, "/etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
    put(tmp_path, "/etc/group", b"root:x:0:\n")
    status = "Package: nginx\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nConffiles:\n /etc/nginx/nginx.conf %s\n"
    put(tmp_path, "/var/lib/dpkg/status", (status % hashlib.md5(CONFFILE).hexdigest()).encode())
    put(tmp_path, "/var/lib/dpkg/info/nginx.list", b"/lib/systemd/system/nginx.service\n/etc/nginx/nginx.conf\n/usr/share/keyrings/nginx.gpg\n")
    sums = b"%s  lib/systemd/system/nginx.service\n%s  usr/share/keyrings/nginx.gpg\n"
    put(tmp_path, "/var/lib/dpkg/info/nginx.md5sums", sums % tuple(hashlib.md5(content).hexdigest().encode() for content in (UNIT, KEY)))
    put(tmp_path, "/usr/share/keyrings/nginx.gpg", KEY)
    put(tmp_path, "/etc/nginx/nginx.conf", CONFFILE)
    put(tmp_path, "/etc/nginx/site.conf", b"server {}\n", 0o640)
    put(tmp_path, "/usr/lib/systemd/system/nginx.service", UNIT)
    return tmp_path


def harvest(root, role=HOST, **options):
    return files_collect.collect(Context(role, root=str(root), **options))


def test_an_item_has_the_fields_of_its_file(machine):
    (machine / "etc/link").symlink_to("nginx/site.conf")
    items = harvest(machine)["items"]
    owner = {"owner": "root", "group": "root"} if os.geteuid() == 0 else {}
    assert items["/etc/nginx/site.conf"] == dict(
        items["/etc/nginx/site.conf"], type="file", mode="0640", size=10, digest=hashlib.sha256(b"server {}\n").hexdigest(), **owner
    )
    assert items["/etc/nginx"]["type"] == "dir" and items["/etc/nginx"]["mode"] == "0755"
    assert items["/etc/link"]["target"] == "nginx/site.conf" and "mode" not in items["/etc/link"]
    assert "/etc/passwd" not in items and "/etc" not in items


def test_packages_own_files_are_known_by_the_package(machine):
    items = harvest(machine)["items"]
    assert items["/etc/nginx/nginx.conf"]["pristine"] and items["/etc/nginx/nginx.conf"]["package"] == "nginx"
    assert "/usr/lib/systemd/system/nginx.service" not in items
    assert items["/usr/share/keyrings/nginx.gpg"]["pristine"] and items["/usr/share/keyrings/nginx.gpg"]["package"] == "nginx"
    put(machine, "/etc/nginx/nginx.conf", b"workers 8;\n")
    put(machine, "/usr/lib/systemd/system/nginx.service", UNIT + b"# mine\n")
    items = harvest(machine)["items"]
    assert "pristine" not in items["/etc/nginx/nginx.conf"]
    assert items["/usr/lib/systemd/system/nginx.service"]["package"] == "nginx"


def test_files_with_secrets_are_excluded_on_hosts_only(machine):
    put(machine, "/etc/app/env", b"DB_PASSWORD=hunter2\n")
    put(machine, "/etc/ssl/private/site.pem", b"x")
    body = harvest(machine)
    assert body["excluded"] == {
        "/etc/app/env": "secret_excluded: it holds a password or token", "/etc/ssl/private/site.pem": "secret_excluded",
    }
    twin = harvest(machine, TWIN)
    assert "/etc/app/env" in twin["items"] and list(twin["excluded"]) == ["/etc/ssl/private/site.pem"]


def test_a_file_that_is_as_its_package_brought_it_is_no_secret_whatever_its_path_says(machine):
    stock = b"roger:$6$public$example\n"
    put(machine, "/etc/mosquitto/pwfile.example", stock)
    status = machine / "var/lib/dpkg/status"
    status.write_bytes(status.read_bytes() + b" /etc/mosquitto/pwfile.example %s\n" % hashlib.md5(stock).hexdigest().encode())
    for role in (HOST, TWIN):
        body = harvest(machine, role)
        assert body["items"]["/etc/mosquitto/pwfile.example"]["pristine"] and not body["excluded"]
    put(machine, "/etc/mosquitto/pwfile.example", stock + b"zoe:$6$own$hash\n")
    for role in (HOST, TWIN):
        assert harvest(machine, role)["excluded"] == {"/etc/mosquitto/pwfile.example": "secret_excluded"}


def test_a_file_that_cannot_be_sent_has_a_reason(machine, monkeypatch):
    os.mkfifo(machine / "etc/pipe")
    server = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(machine / "etc")
    server.bind("socket")
    server.close()
    put(machine, "/opt/big", b"x")
    os.truncate(machine / "opt/big", 9 << 20)
    body = harvest(machine)
    assert body["excluded"] == {"/etc/pipe": "special_file", "/etc/socket": "special_file", "/opt/big": "file_too_large: 9 MiB"}


def test_a_link_is_never_followed(machine):
    put(machine, "/secret", b"PASSWORD=hunter2\n")
    (machine / "etc/loop").symlink_to(".")
    (machine / "opt").mkdir()
    (machine / "opt/away").symlink_to(machine / "secret")
    body = harvest(machine)
    assert body["items"]["/etc/loop"]["type"] == "link" and body["items"]["/opt/away"]["type"] == "link"
    assert not body["excluded"]


def test_a_file_that_is_replaced_while_it_is_read_counts_as_vanished(machine):
    path = "/etc/nginx/site.conf"
    seen = os.lstat(machine / path[1:])
    put(machine, path, b"other, longer content\n")
    with pytest.raises(files_content.Vanished):
        files_content.read(Context(root=str(machine)), path, seen)
    (machine / path[1:]).unlink()
    (machine / path[1:]).symlink_to("/etc/shadow")
    with pytest.raises(files_content.Vanished):
        files_content.read(Context(root=str(machine)), path, seen)


def test_a_file_that_vanishes_is_no_error(machine, monkeypatch):
    original = files_content.read

    def read(context, path, info):
        if path.endswith("site.conf"):
            (machine / path[1:]).unlink()
        return original(context, path, info)

    monkeypatch.setattr(files_content, "read", read)
    assert harvest(machine)["excluded"] == {"/etc/nginx/site.conf": "vanished"}


@contextlib.contextmanager
def ordinary_user(machine):
    """Root may read everything, so it becomes somebody else who can reach the tree."""
    user = os.geteuid()
    for above in [machine, *machine.parents] if user == 0 else []:
        if above.stat().st_uid == 0 and above.stat().st_mode & 0o001 == 0:
            above.chmod(above.stat().st_mode | 0o011)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_an_unreadable_path_has_a_reason(machine):
    put(machine, "/etc/closed", b"x", 0)
    (machine / "etc/nginx").chmod(0)
    with ordinary_user(machine):
        body = harvest(machine)
    (machine / "etc/nginx").chmod(0o755)
    assert body["excluded"] == {"/etc/closed": "unreadable", "/etc/nginx": "unreadable"}


def test_an_unchanged_file_is_not_opened_again(machine, monkeypatch):
    monkeypatch.setattr(files_content, "_SETTLED", -1)
    cache = {}
    first = harvest(machine, cache=cache)
    monkeypatch.setattr(files_content, "read", lambda *_args: pytest.fail("an unchanged file was read"))
    assert harvest(machine, cache=cache) == first


def test_a_change_that_keeps_size_and_time_is_seen(machine, monkeypatch):
    cache = {}
    site = machine / "etc/nginx/site.conf"
    before = harvest(machine, cache=cache)["items"]["/etc/nginx/site.conf"]
    seen = os.stat(site)
    site.write_bytes(b"SERVER {}\n")
    os.utime(site, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert harvest(machine, cache=cache)["items"]["/etc/nginx/site.conf"]["digest"] != before["digest"]


def test_the_memory_drops_files_that_no_longer_exist(machine, monkeypatch):
    monkeypatch.setattr(files_content, "_SETTLED", -1)
    cache = {}
    harvest(machine, cache=cache)
    (machine / "etc/nginx/site.conf").unlink()
    harvest(machine, cache=cache)
    assert list(cache["content"]) and "/etc/nginx/site.conf" not in cache["content"]


def test_the_users_roots_and_patterns(machine):
    put(machine, "/srv/app/a", b"a")
    put(machine, "/srv/app/log/b", b"b")
    body = harvest(machine, roots=["/srv/app", "/srv/absent"], exclude=["/srv/app/log"])
    assert {"/srv/app", "/srv/app/a"} <= set(body["items"]) and body["excluded"] == {"/srv/app/log": "excluded"}


def test_only_these_paths(machine):
    put(machine, "/etc/shadow", b"x")
    body = harvest(machine, TWIN, only=["/etc/nginx/site.conf", "/etc/absent", "/etc/shadow", "/etc/passwd"])
    assert list(body["items"]) == ["/etc/nginx/site.conf"] and body["excluded"] == {"/etc/shadow": "secret_excluded"}


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")))
def test_every_name_a_file_can_have(name):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(root + "/opt")
        with open(raw(root + "/opt/") + b"n" + name, "wb") as stream:
            stream.write(b"x")
        body = files_collect.collect(Context(root=root))
        assert text(b"/opt/n" + name) in body["items"] or body["excluded"] or name.endswith(b"~") or b".dpkg-" in name
