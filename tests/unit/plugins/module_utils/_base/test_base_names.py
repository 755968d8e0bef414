# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import names
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError

HOSTILE = ["web 1", "web/1", "web-1", "../../etc", "{{ x }}", "$(id)", "ü", "w" * 59, "w" * 60, "w" * 300]


@pytest.mark.parametrize("twin", [None, "rehearsal"])
def test_a_host_name_that_no_xml_can_carry_is_refused_whatever_the_id(twin):
    with pytest.raises(TwinError, match=r"host name 'a\\nb'"):
        names.chosen(twin, "a\nb")


def test_the_twin_that_follows_a_host_is_called_after_it():
    assert names.following("web1.example.org") == "twin-web1.example.org"
    assert names.following("w" * 59) == "twin-" + "w" * 59


def test_derived_ids_are_valid_and_never_shared():
    ids = [names.following(host) for host in HOSTILE]
    assert len(set(ids)) == len(HOSTILE)
    assert [names.check(each) for each in ids] == ids


def test_the_socket_of_every_twin_has_a_path_that_the_kernel_takes():
    path = "/run/safetytwin/%s-%s.sock" % (names.following("w" * 300), "0" * 16)
    assert len(path) <= 107


@pytest.mark.parametrize("host", ["", "a\nb", "a\x00", "\udcff"])
def test_host_names_that_are_invalid_in_xml_are_refused(host):
    with pytest.raises(TwinError, match="printable"):
        names.following(host)


@pytest.mark.parametrize("twin_id", ["w", "twin-web1", "web1.rehearsal_2", "9", "w" * 64])
def test_valid_ids_are_returned(twin_id):
    assert names.check(twin_id) == twin_id


@pytest.mark.parametrize("twin_id", ["", ".", "..", "-o", "a/b", "a b", "a\n", "ü", "{{ x }}", "w" * 65])
def test_other_ids_are_refused_in_a_sentence(twin_id):
    with pytest.raises(TwinError, match="is no twin id: use 1 to 64 ASCII letters"):
        names.check(twin_id)


def test_an_option_names_the_twin_or_means_the_follower():
    assert names.chosen("rehearsal", "web1") == "rehearsal"
    assert names.chosen(None, "web1") == names.chosen("", "web1") == "twin-web1"
    with pytest.raises(TwinError, match="no twin id"):
        names.chosen("../x", "web1")
