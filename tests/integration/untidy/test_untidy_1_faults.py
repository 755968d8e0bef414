# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults around a twin that follows an untidy host: two cycles heal each, or the first one's sentence says what to do."""
from __future__ import annotations

import time

import pytest
from following import until

VERIFY = ("-e", '{"twin_verify": true}')
CONTENT = "cat /etc/untidy.d/fault"
# Of big pieces and then of small ones: no block is left, not even of those that only root may take.
FILL = "n=0; for size in 1G 64M 1M 4K; do while fallocate -l $size /var/full.$n 2>/dev/null; do n=$((n+1)); done; rm -f /var/full.$n; done"


def healed(untidy, command, *words):
    """What both machines say after at most two cycles."""
    for _cycle in range(2):
        untidy.sync(*words)
        if untidy.on_host(command) == untidy.on_twin(command):
            break
    return untidy.both(command)


def test_a_full_disk_of_the_twin_is_said_and_over_when_there_is_room(untidy):
    untidy.on_twin(FILL)
    untidy.change("head -c 300000 /dev/urandom | base64 > /etc/untidy.d/fault")
    said = untidy.sync().said
    assert "No space left" in said and "Traceback" not in said, said
    untidy.on_twin("rm /var/full.*")
    assert "No such file" not in healed(untidy, "sha256sum /etc/untidy.d/fault")
    assert "unchanged" in untidy.synced()


def test_a_twin_whose_clock_is_ten_years_off_follows(untidy):
    untidy.on_twin("date -s '+10 years'")
    try:
        content = "ten years later"
        untidy.change(f"echo '{content}' > /etc/untidy.d/fault")
        assert healed(untidy, CONTENT) == content
        assert "unchanged" in untidy.synced()
    finally:
        untidy.on_twin(f"date -s @{time.time():.0f}")


@pytest.mark.exhaustive
def test_a_package_that_was_installed_while_its_repository_was_down_arrives_when_it_is_back(untidy):
    untidy.change("apt-get install -qq --download-only untidy-late >/dev/null")
    untidy.repository.down()
    try:
        untidy.change("apt-get install -qq --no-download untidy-late >/dev/null; apt-get clean")
        said = untidy.synced()
        reason = untidy.reasons()["packages", "untidy-late:all"]
        assert reason.startswith(("package_not_fetched: ", "repository_unreadable: ")) and "Could not connect to" in reason, said
        assert "unchanged" in untidy.synced()
    finally:
        untidy.repository.up()
    until(lambda: [each["code"] for each in untidy.info()["due"]] == ["retry"], "the next try was due", 300)
    untidy.synced()
    assert untidy.both("dpkg-query --show untidy-late") == "untidy-late\t1.0"
    assert "unchanged" in untidy.synced()


# What somebody does in the twin, and the tools that have to see it.
TAMPER = r"""
dpkg --purge untidy-web >/dev/null; usermod --comment tampered zoe; echo tampered >> /etc/untidy.d/-rf; chmod 0600 /etc/untidy.d/latin*
systemctl stop mosquitto 'untidy@one\x2dtwo.service'
"""


def test_plain_tools_see_what_was_done_in_the_twin_and_nothing_after_its_audit(untidy):
    """A judge that finds nothing has to be able to find."""
    untidy.on_twin(TAMPER)
    found, _untrue = untidy.judged(patience=0)
    assert {each.tool for each in found} == {"packages", "accounts", "files", "units", "listening", "answers"}
    untidy.synced(*VERIFY)
    assert untidy.judged() == ([], [])
