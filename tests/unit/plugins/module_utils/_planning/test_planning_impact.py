# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.impact import dependents, needs, without
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change

UNITS = {
    "nginx.service": {"active": "active", "package": "nginx-common", "can_reload": True, "programs": ["/usr/local/bin/hook"]},
    "nginx.timer": {"active": "active", "package": "nginx-common"},
    "php8.2-fpm.service": {"active": "active", "package": "php8.2-fpm"},
    "ssh.service": {"active": "active", "package": "openssh-server", "can_reload": True},
    "idle.service": {"active": "inactive", "package": "idle", "fragment": "/etc/systemd/system/idle.service"},
    "tick.timer": {"active": "active", "fragment": "/etc/systemd/system/tick.timer"},
}
FILES = {"/etc/php/8.2/fpm": {"type": "dir", "package": "php8.2-fpm"}, "/etc/idle": {"type": "dir", "package": "idle"}}


def reached(*paths, fields=("digest",), have=None, want=None):
    scopes = {"services": {"items": UNITS}, "files": {"items": FILES}}
    file = {"type": "file"}
    changes = [Change("files", path, have or file, want or file, fields) for path in paths]
    return {unit: entry["verb"] for unit, entry in dependents(changes, scopes, scopes).items()}


@pytest.mark.parametrize(("path", "expected"), [
    ("/etc/nginx/sites-available/own", {"nginx.service": "reload"}),
    ("/etc/default/nginx", {"nginx.service": "reload"}),
    ("/usr/local/bin/hook", {"nginx.service": "restart"}),
    ("/etc/php/8.2/fpm/php.ini", {"php8.2-fpm.service": "restart"}),
    ("/etc/ssh/sshd_config.d/own.conf", {"ssh.service": "reload"}),
    ("/etc/systemd/system/tick.timer", {"tick.timer": "restart"}),
    ("/etc/systemd/system/idle.service", {}),
    ("/etc/idle/own", {}),
    ("/etc/systemd/system/new.service", {}),
    ("/etc/cron.d/own", {}),
    ("/etc/motd", {}),
    ("/opt/tool/file", {}),
])
def test_who_reads_a_file(path, expected):
    assert reached(path) == expected


def test_a_restart_replaces_a_reload_and_each_unit_is_named_once():
    assert reached("/etc/nginx/a", "/usr/local/bin/hook", "/etc/nginx/b") == {"nginx.service": "restart"}


def test_a_change_of_permissions_reloads_no_unit():
    assert reached("/etc/nginx/a", fields=("mode", "owner")) == {}
    assert reached("/etc/nginx/d", have={"type": "dir"}, want={"type": "dir"}) == {}


@pytest.mark.parametrize(("wanted", "present"), [("inactive", "active"), ("active", "inactive"), (None, "active")])
def test_only_units_that_should_run_and_do_are_affected(wanted, present):
    scopes = [{"services": {"items": {"nginx.service": {"active": state}}}} for state in (wanted, present)]
    change = Change("files", "/etc/nginx/own", {"type": "file"}, {"type": "file"}, ("digest",))
    assert dependents([change], *scopes) == {}


def test_users_of_a_unit():
    scopes = {"services": {"items": {"own.service": {"active": "active", "user": "web"}}}}

    def change(key, have, want, *fields):
        return [Change("accounts", key, have, want, fields)]

    assert list(dependents(change("group:docs", {"members": []}, {"members": ["web"]}, "members"), scopes, scopes)) == ["own.service"]
    assert list(dependents(change("group:docs", {"members": ["web"]}, {"members": ["web", "me"]}, "members"), scopes, scopes)) == []
    assert list(dependents(change("user:web", {"uid": 1}, {"uid": 2}, "uid"), scopes, scopes)) == ["own.service"]
    assert list(dependents(change("user:web", {"uid": 1}, {"uid": 1}, "gecos"), scopes, scopes)) == []


def test_a_unit_that_listens_elsewhere_reaches_itself_and_a_socket_the_service_behind_it():
    units = {"web.service": {"active": "active", "can_reload": True}, "own.socket": {"active": "active"}, "own.service": {"active": "active"}}
    scopes = {"services": {"items": units}}
    changes = [Change("services", unit, units[unit], units[unit], ("listens",)) for unit in ("web.service", "own.socket")]
    found = {unit: entry["verb"] for unit, entry in dependents(changes, scopes, scopes).items()}
    assert found == {"web.service": "reload", "own.socket": "restart", "own.service": "restart"}


@pytest.mark.parametrize(("path", "units"), [
    ("/etc/nginx/nginx.conf", ["nginx.service"]), ("/etc/systemd/system/ssh.service.d/own.conf", ["ssh.service"]),
    ("/etc/systemd/system/idle.service.d/own.conf", []), ("/etc/shadow", []), ("/etc/ssl/private", []),
    ("/etc/php/8.2/fpm/pool.d/www.conf", ["php8.2-fpm.service"]),
])
def test_units_that_do_without_a_file(path, units):
    assert without([path], {"services": {"items": UNITS}, "files": {"items": FILES}}) == {unit: [path] for unit in units}


def test_what_a_unit_does_without_is_named_and_counted():
    assert needs(["/etc/nginx/a"]) == "needs_excluded: /etc/nginx/a"
    assert needs(["/etc/nginx/a", "/etc/nginx/b", "/etc/nginx/c"]) == "needs_excluded: /etc/nginx/a and 2 more"
