# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._base import options
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError

ROOT = pathlib.Path(__file__).resolve().parents[5]


@pytest.mark.parametrize(("name", "value", "sentence"), [
    ("memory", -4, "memory is -4, but it must be from 128 to 1048576 MiB."),
    ("vcpus", 900, "vcpus is 900, but it must be from 1 to 255."),
    ("vcpus", 0, "vcpus is 0, but it must be from 1 to 255."),
    ("machine_id", "zz", "machine_id is 'zz', but it must be 32 hexadecimal digits in lower case, as in /etc/machine-id."),
    ("machine_id", "A" * 32, "machine_id is 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', but it must be 32 hexadecimal digits in lower case, as in /etc/machine-id."),
    ("audit_interval", "1e9", "audit_interval is '1e9', but it must be from 0 to 31536000 seconds."),
    ("patience", "9" * 100, "patience is %s..., but it must be from 1 to 86400 seconds." % ("9" * 77)),
    ("console_user", "root\n", r"console_user is 'root\n', but it must be a user name of at most 32 lower-case letters, digits, underscores and hyphens."),
])
def test_a_value_that_is_not_allowed_is_refused_with_option_value_and_rule(name, value, sentence):
    assert options.refusals({name: value}) == [sentence]
    assert options.refusals({"twin_" + name: value}, "twin_") == ["twin_" + sentence]
    assert options.refusals({"twin_" + name: value}) == []


@pytest.mark.parametrize("given", [
    {"memory": 128, "vcpus": "255", "disk": None}, {"machine_id": "0" * 32, "checksum": "sha512:" + "f" * 128}, {"checksum": "", "audit_interval": 0},
    {"host": "anything"},
])
def test_allowed_values_and_options_without_a_rule_pass(given):
    options.accept(given, "2.19.0")
    assert options.refusals(given) == []


def test_all_wrong_options_are_named_at_once():
    with pytest.raises(TwinError, match=r"memory is 1, .* vcpus is 0, "):
        options.accept({"vcpus": 0, "memory": 1}, "2.19.0")


@pytest.mark.parametrize("version", ["2.9.27", "2.14.18", "2.15.13", "1.0"])
def test_an_old_ansible_core_is_refused_first(version):
    with pytest.raises(TwinError, match=r"needs ansible-core 2\.16 or newer, and this is %s:[^.]*\.$" % version):
        options.accept({"vcpus": 0}, version)


@pytest.mark.parametrize("version", ["2.16.0", "2.16.0rc1", "2.22.0.dev0", "3.0.0", "0.0"])
def test_other_versions_are_accepted(version):
    assert options.core_refusal(version) == ""


def test_the_floor_is_the_one_of_the_collections_metadata():
    required = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert required == ">=%d.%d.0" % options.CORE
