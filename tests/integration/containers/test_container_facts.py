# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_container_facts on a real Docker: it returns all options that `docker run` was given, and no secret."""
from __future__ import annotations

import pytest
from docked import IMAGE, MEMORY, SECRETS

# By the options of `docker run` in docked.py.
WEB = {
    "entrypoint": ["/bin/httpd"], "command": ["-f", "-p", "8081", "-h", "/www"],
    "environment": ["DB_PASSWORD=[redacted]", "DB_URL=postgres://shop:[redacted]@db/shop", "MODE=live"],
    "labels": {"api_token": "[redacted]", "com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
    "compose_project": "shop", "hostname": "shopweb", "user": "65534:65534", "workdir": "/tmp", "init": True, "read_only": True,
    "ports": [{"container": "5353/udp", "port": "5353"}, {"container": "8081/tcp", "address": "127.0.0.1", "port": "8080"}],
    "mounts": [
        {"type": "volume", "source": "shopdata", "target": "/data", "read_only": False},
        {"type": "bind", "source": "/srv/site", "target": "/www", "read_only": True},
    ],
    "network_mode": "shopnet", "networks": {"shopnet": {"ipv4": "172.30.5.10", "aliases": ["front"]}}, "extra_hosts": ["db:172.30.5.2"],
    "restart": "unless-stopped", "cap_add": ["NET_ADMIN"], "cap_drop": ["MKNOD"], "sysctls": {"net.ipv4.ip_default_ttl": "63"},
    "tmpfs": {"/cache": "size=1m"}, "shm_size": 32 << 20, "ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
    "healthcheck": {"Test": ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8081/"], "Interval": 10**9},
    "stop_timeout": 3, "stop_signal": "INT", "log": {"driver": "local", "options": {"max-size": "1m"}},
}


@pytest.fixture(name="facts", scope="module")
def fixture_facts(docked):
    """The module's result, and Ansible's output with -vvv."""
    result, said = docked.module("host_container_facts")
    assert not result["changed"] and result["status"] == "ok", said
    return result["ansible_facts"]["host_containers"], said


def test_a_container_has_all_values_that_a_user_chose(facts, docked):
    told = facts[0]["container"]["docker/web"]
    image = docked.inspect(IMAGE, "image")
    assert told["spec"] == dict(WEB, image={"name": IMAGE, "id": image["Id"], "digests": []})
    now = docked.inspect("web")["State"]
    assert told["running"] and told["state"]["health"] == "healthy"
    assert (told["state"]["pid"], told["state"]["started"]) == (now["Pid"], now["StartedAt"])


def test_a_container_that_never_ran_is_listed(facts, docked):
    told = facts[0]["container"]["docker/limited"]
    assert docked.inspect("limited")["HostConfig"]["Memory"] == MEMORY
    assert (told["running"], told["spec"]["memory"], told["spec"]["command"]) == (False, MEMORY, ["mysqldump", "--password=[redacted]", "shop"])


def test_what_nobody_chose_is_absent(facts):
    assert sorted(facts[0]["container"]["docker/plain"]["spec"]) == ["command", "image"]


def test_containers_images_networks_volumes_are_those_that_docker_lists(facts, docked):
    told = facts[0]
    listed = {"docker/" + name for name in docked.on_host("docker ps --all --format '{{.Names}}'").split()}
    assert "docker/fleeting" in listed
    assert set(told["container"]) == listed - {"docker/fleeting"}, "what removes itself is nobody's to keep"
    assert told["image"] == {"docker/" + IMAGE: {"tags": [IMAGE], "bytes": docked.inspect(IMAGE, "image")["Size"]}}
    pool = {"subnet": "172.30.5.0/24", "gateway": docked.inspect("shopnet", "network")["IPAM"]["Config"][0]["Gateway"]}
    assert told["network"] == {"docker/shopnet": {"spec": {"driver": "bridge", "subnets": [pool], "labels": {"tier": "back"}}}}
    assert told["volume"] == {"docker/shopdata": {"spec": {"driver": "local", "labels": {"keep": "yes"}}}}
    assert len(docked.on_host("docker volume ls --quiet").split()) == 2, "an anonymous volume is there, and is not told"


def test_no_secret_leaves_the_host(facts, docked):
    engine = docked.on_host("docker inspect web limited")
    assert all(secret in engine for secret in SECRETS), "the engine itself knows them"
    harvested = str(docked.harvest(telemetry=True))
    for secret in SECRETS:
        assert secret not in facts[1]
        assert secret not in harvested
