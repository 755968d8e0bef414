# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts an engine's inspect answer to a run specification. Pure.

A specification holds the values that a user chose, by the names of the options of `docker run`. Defaults and values that the engine assigned
(short ids, addresses, process ids) are left out. `[redacted]` replaces secrets.
"""
from __future__ import annotations

from typing import Any, Dict

from ..._secrets.redact import redact_argv, redact_env, redact_text
from ..model import Item

# Options that are one value of HostConfig, and the values that mean "not given".
HOST_OPTIONS = {
    "cap_add": "CapAdd", "cap_drop": "CapDrop", "cgroup_parent": "CgroupParent", "cpu_period": "CpuPeriod",
    "cpu_quota": "CpuQuota", "cpu_shares": "CpuShares", "cpuset_cpus": "CpusetCpus", "devices": "Devices",
    "device_requests": "DeviceRequests", "dns": "Dns", "dns_search": "DnsSearch", "extra_hosts": "ExtraHosts",
    "group_add": "GroupAdd", "init": "Init", "ipc": "IpcMode", "links": "Links", "memory": "Memory",
    "memory_reservation": "MemoryReservation", "memory_swap": "MemorySwap", "nano_cpus": "NanoCpus",
    "network_mode": "NetworkMode", "oom_score_adj": "OomScoreAdj", "pid": "PidMode", "pids_limit": "PidsLimit",
    "privileged": "Privileged", "read_only": "ReadonlyRootfs", "runtime": "Runtime", "security_opt": "SecurityOpt",
    "shm_size": "ShmSize", "sysctls": "Sysctls", "tmpfs": "Tmpfs", "ulimits": "Ulimits", "userns": "UsernsMode",
    "uts": "UTSMode", "volumes_from": "VolumesFrom",
}
DEFAULTS = {
    "ipc": ("private", "shareable"), "network_mode": ("default", "bridge"), "runtime": ("runc",), "shm_size": (67108864,),
}
CONFIG_OPTIONS = {
    "domainname": "Domainname", "open_stdin": "OpenStdin", "stop_signal": "StopSignal", "stop_timeout": "StopTimeout",
    "tty": "Tty", "user": "User", "workdir": "WorkingDir",
}
# Values with which the API and Podman say "not given"; -1 is an absent limit.
NOTHING: tuple[Any, ...] = (None, "", 0, -1, False, [], {})

# An object of the API's JSON.
Answer = Dict[str, Any]


def container(answer: Answer, digests: dict[str, list[str]]) -> Item:
    """Item of a container; answer is the answer of inspect, digests is {image id: repository digests}."""
    config, host, state = answer["Config"], answer["HostConfig"], answer["State"]
    spec = {name: host.get(key) for name, key in HOST_OPTIONS.items() if host.get(key) not in DEFAULTS.get(name, ())}
    spec.update((name, config.get(key)) for name, key in CONFIG_OPTIONS.items())
    spec.update(
        image={"name": config["Image"], "id": answer["Image"], "digests": digests.get(answer["Image"], [])},
        **_command_line(config),
        environment=sorted(redact_env(config.get("Env") or [])),
        labels=_labels(config.get("Labels")),
        compose_project=(config.get("Labels") or {}).get("com.docker.compose.project"),
        healthcheck=_healthcheck(config.get("Healthcheck") or {}),
        hostname=None if answer["Id"].startswith(config.get("Hostname") or answer["Id"]) else config["Hostname"],
        log=_log(host.get("LogConfig") or {}),
        mounts=_mounts(answer.get("Mounts") or []),
        networks=_networks(answer),
        ports=_ports(host.get("PortBindings") or {}),
        restart=_restart(host.get("RestartPolicy") or {}),
    )
    shown = {name: value for name, value in spec.items() if value not in NOTHING}
    return {"spec": shown, "running": bool(state.get("Running") or state.get("Restarting")), "state": _state(state)}


def network(answer: Answer) -> Item:
    """Item of a network as /networks lists it."""
    pools = (answer.get("IPAM") or {}).get("Config") or []
    spec = {
        "driver": answer["Driver"],
        "subnets": [{key.lower(): value for key, value in sorted(pool.items()) if value} for pool in pools],
        "internal": answer.get("Internal"),
        "ipv6": answer.get("EnableIPv6"),
        "options": answer.get("Options"),
        "labels": _labels(answer.get("Labels")),
    }
    return {"spec": {name: value for name, value in spec.items() if value not in NOTHING}}


def volume(answer: Answer) -> Item:
    """Item of a volume as /volumes lists it; options of network file systems may carry passwords."""
    spec = {"driver": answer["Driver"], "options": _labels(answer.get("Options")), "labels": _labels(answer.get("Labels"))}
    return {"spec": {name: value for name, value in spec.items() if value not in NOTHING}}


def _words(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _command_line(config: Answer) -> dict[str, list[str]]:
    """Entrypoint and command, redacted as one command line, because the meaning of -p depends on the program."""
    entrypoint = _words(config.get("Entrypoint"))
    words = redact_argv(entrypoint + (config.get("Cmd") or []))
    return {"entrypoint": words[:len(entrypoint)], "command": words[len(entrypoint):]}


def _healthcheck(check: Answer) -> Answer:
    """A health check; the first word of Test says how the rest is run."""
    how, words = (check.get("Test") or [])[:1], (check.get("Test") or [])[1:]
    words = [_shell_line(line) for line in words] if how == ["CMD-SHELL"] else redact_argv(words)
    return dict(check, Test=how + words) if how else check


def _shell_line(line: str) -> str:
    return " ".join(redact_argv(redact_text(line).split(" ")))


def _labels(labels: dict[str, str] | None) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in redact_env(["%s=%s" % pair for pair in sorted((labels or {}).items())]))
    return {name: value for name, _equals, value in pairs}


def _log(config: Answer) -> Item | None:
    options = {name: redact_text(value) for name, value in (config.get("Config") or {}).items()}
    shown = {"driver": config.get("Type"), "options": options}
    return None if shown in ({"driver": "json-file", "options": {}}, {"driver": None, "options": {}}) else shown


def _mounts(mounts: list[Answer]) -> list[Item]:
    shown = []
    for mount in mounts:
        source = mount.get("Name") if mount["Type"] == "volume" else mount.get("Source")
        # The engine generated the name of an anonymous volume.
        anonymous = mount["Type"] == "volume" and len(source or "") == 64
        entry = {
            "type": mount["Type"],
            "source": None if anonymous else source,
            "target": mount["Destination"],
            "read_only": not mount.get("RW", True),
            "propagation": mount.get("Propagation") if mount.get("Propagation") not in ("", "rprivate") else None,
        }
        shown.append({name: value for name, value in entry.items() if value is not None})
    return sorted(shown, key=lambda entry: entry["target"])


def _networks(answer: Answer) -> dict[str, Item]:
    """{network: {ipv4, ipv6: static addresses, aliases}}."""
    made_up = {answer["Id"][:12], answer["Name"].lstrip("/"), answer["Config"].get("Hostname")}
    shown = {}
    for name, endpoint in ((answer.get("NetworkSettings") or {}).get("Networks") or {}).items():
        fixed = endpoint.get("IPAMConfig") or {}
        entry = {
            "ipv4": fixed.get("IPv4Address"),
            "ipv6": fixed.get("IPv6Address"),
            "aliases": sorted(set(endpoint.get("Aliases") or []) - made_up),
        }
        shown[name] = {key: value for key, value in entry.items() if value}
    return {} if list(shown) == ["bridge"] else shown


def _ports(bindings: dict[str, list[Answer] | None]) -> list[Item]:
    """[{container: "80/tcp", address, port}]; without port the engine chooses one at each start."""
    shown = []
    for inside, outside in sorted(bindings.items()):
        for binding in outside or []:
            entry = {"container": inside, "address": binding.get("HostIp"), "port": binding.get("HostPort")}
            shown.append({name: value for name, value in entry.items() if value})
    return shown


def _restart(policy: Answer) -> str | None:
    name, retries = policy.get("Name"), policy.get("MaximumRetryCount")
    return None if name in (None, "", "no") else "%s:%d" % (name, retries) if retries else name


def _state(state: Answer) -> Item:
    entry = {
        "status": state.get("Status"),
        "pid": state.get("Pid"),
        "started": state.get("StartedAt"),
        "health": (state.get("Health") or {}).get("Status"),
        "exit_code": state.get("ExitCode"),
    }
    return {name: value for name, value in entry.items() if value is not None}
