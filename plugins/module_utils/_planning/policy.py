# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calculates the desired state of the twin from the host's state, with the reason of each exception.

Policy decides from the host's state alone, so that the same host gives the same desired state whatever happened to the twin. A reason
explains a difference that there may turn out to be; where host and twin are equal all the same, the item is reproduced and the reason is
not needed.
"""

from __future__ import annotations

from .._base.patterns import matches_any
from .._base.reasons import REASONS, REPRODUCED, code_of
from .._scopes.model import Item, Items, Reasons, Scopes
from .._scopes.packages import policy as packages
from .._scopes.parts import Policy, TwinRules
from .._scopes.registry import SCHEMA
from .._scopes.registry_parts import policies
from .impact import needs, without


def substrate_of(baseline: Scopes, host_scopes: Scopes) -> dict[str, list[str]]:
    """Items of the twin's image that the host does not have, {scope: [key]}; found once, at the first harvest of the twin.

    Only scopes whose policy has image_extras: files and units belong to those packages, or follow the host.
    """
    return {
        scope: sorted(set(_items(baseline, scope)) - set(_items(host_scopes, scope)))
        for scope, policy in policies().items() if policy.image_extras
    }


def desire(host_scopes: Scopes, rules: TwinRules) -> tuple[Scopes, dict[str, Reasons]]:
    """(desired scopes, {scope: {key: reason}}) of a host's scopes."""
    known = policies()
    desired: Scopes = {}
    exceptions: dict[str, Reasons] = {}
    for scope, body in host_scopes.items():
        reasons = dict(body["excluded"])
        items: Items = {}
        if scope in known:
            for key, item in body["items"].items():
                wanted, reason = _decide(scope, known[scope], key, item, host_scopes, rules)
                if reason:
                    reasons[key] = reason
                if wanted is not None:
                    items[key] = wanted
        else:
            reasons.update(dict.fromkeys(body["items"], "not_converged"))
        desired[scope] = {"status": body["status"], "note": body["note"], "items": items, "excluded": {}}
        exceptions[scope] = reasons
    if "services" in desired and "files" in desired:
        _without_configuration(host_scopes, desired["services"]["items"], exceptions)
    return desired, exceptions


def _without_configuration(host_scopes: Scopes, wanted: Items, exceptions: dict[str, Reasons]) -> None:
    """Take from units (in place) whose configuration does not come what they cannot do without it: to listen where their host's do."""
    lost = sorted(path for path, reason in exceptions["files"].items() if code_of(reason) != "vanished" and REASONS[code_of(reason)].level != REPRODUCED)
    for unit, paths in without(lost, host_scopes).items():
        if unit in wanted and code_of(exceptions["services"].get(unit, "address_absent")) == "address_absent":
            wanted[unit] = {name: value for name, value in wanted[unit].items() if name != "listens"}
            exceptions["services"][unit] = needs(paths)


def _decide(scope: str, policy: Policy, key: str, item: Item, host: Scopes, rules: TwinRules) -> tuple[Item | None, str | None]:
    """(the item that the twin should have, or None; the reason if it differs from the host's)."""
    name = policy.pattern_name(key)
    # The files and units of a machinery package belong to the machinery, whatever their names.
    if rules.get("self_host") and (matches_any(policy.machinery, name) or matches_any(packages.MACHINERY, item.get("package") or "")):
        return None, "safetytwin_self"
    wanted, reason = policy.adjust(key, item, host, rules)
    if wanted is not None and (key in rules["substrate"].get(scope, ()) or matches_any(policy.substrate, name)):
        return None, "twin_substrate"
    return wanted, reason


def kept(actual_scopes: Scopes, desired_scopes: Scopes, exceptions: dict[str, Reasons], rules: TwinRules) -> dict[str, Reasons]:
    """{scope: {key: reason}} of the items that only the twin has and may keep."""
    own_packages = _without_host(rules, desired_scopes, exceptions)
    known = policies()
    stays: dict[str, Reasons] = {}
    for scope, body in actual_scopes.items():
        wanted, excepted, policy = _items(desired_scopes, scope), exceptions.get(scope, {}), known.get(scope, Policy())
        free = scope in desired_scopes and SCHEMA[scope].converged
        stays[scope] = {
            key: excepted.get(key, "twin_substrate")
            for key, item in body["items"].items()
            if key not in wanted and (not free or key in excepted or _of_twin(scope, policy, key, item, own_packages, rules))
        }
        policy.more_stays(stays[scope], body["items"], wanted)
    return stays


def _without_host(rules: TwinRules, desired_scopes: Scopes, exceptions: dict[str, Reasons]) -> frozenset[str]:
    """Names of the twin's own packages that the host does not have; their files and units also belong to the twin."""
    excepted = exceptions.get("packages", {})
    of_host = set(_items(desired_scopes, "packages")) | {key for key, reason in excepted.items() if reason != "safetytwin_self"}
    return frozenset(map(packages.name_of, rules["substrate"].get("packages", ()))) - frozenset(map(packages.name_of, of_host))


def _of_twin(scope: str, policy: Policy, key: str, item: Item, own_packages: frozenset[str], rules: TwinRules) -> bool:
    substrate = key in rules["substrate"].get(scope, ()) or matches_any(policy.substrate, policy.pattern_name(key))
    return substrate or policy.stays(key, item, own_packages)


def _items(scopes: Scopes, scope: str) -> Items:
    return scopes[scope]["items"] if scope in scopes else {}
