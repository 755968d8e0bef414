# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that a backend implements the interface: reading and writing entries, commits of several keys, leases."""
from __future__ import annotations

import multiprocessing
import os
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy
from ansible_collections.safetytwin.twin.plugins.module_utils._store.interface import COMMIT_LIMIT, VALUE_LIMIT, Change, Conflict

FORK = multiprocessing.get_context("fork")


def values(found):
    return {key: entry.value for key, entry in dict(found).items()}


def test_other_readers_see_a_commit(backend, connect):
    backend.commit(Change("host/a", b"1", 0), Change("host/b", b"\0\xff", 0))
    assert values(connect().read("host/a", "host/b", "host/c")) == {"host/a": b"1", "host/b": b"\0\xff"}


def test_entries_are_sorted_by_key(backend):
    backend.commit(*(Change(key, key.encode()) for key in ("r/b/1", "r/a/0000000010", "r/a/0000000002", "r/a/0000000001", "r/a0")))
    assert [key for key, _entry in backend.scan("r/a/", "r/a0")] == ["r/a/0000000001", "r/a/0000000002", "r/a/0000000010"]
    assert [key for key, _entry in backend.scan("r/a/", "r/a0", limit=2, newest_first=True)] == ["r/a/0000000010", "r/a/0000000002"]
    assert values(backend.scan("r/a/0000000002", "r/a/0000000010")) == {"r/a/0000000002": b"r/a/0000000002"}
    assert backend.scan("s/", "s0") == []


def test_a_commit_may_reach_the_limits(backend):
    backend.commit(*(Change("k/%03d" % number, b"x" * (VALUE_LIMIT if number < 2 else 1)) for number in range(COMMIT_LIMIT)))
    assert len(backend.scan("k/", "k0")) == COMMIT_LIMIT
    assert len(backend.read("k/000")["k/000"].value) == VALUE_LIMIT


def test_a_version_is_never_given_twice(backend):
    seen = []
    for value in (b"1", None, b"1", b"1"):
        backend.commit(Change("a", value))
        seen.append(backend.read("a")["a"].version if value else 0)
    assert len(set(seen)) == len(seen)
    with pytest.raises(Conflict):
        backend.commit(Change("a", b"2", seen[0]))


@pytest.mark.parametrize("stale", [Change("new", b"", 7), Change("old", None, 0), Change("old", b"", 10**6)])
def test_a_conflict_writes_nothing(backend, stale):
    backend.commit(Change("old", b"1", 0))
    with pytest.raises(Conflict, match="^(new|old) was changed by another process"):
        backend.commit(Change("other", b"2", 0), stale, Change("third", b"3"))
    assert values(backend.scan("a", "z")) == {"old": b"1"}


def test_only_one_of_several_writers_at_one_version_succeeds(backend, connect):
    """Six processes add 1 to one entry 25 times each, and try again where they lose."""
    backend.commit(Change("sum", b"0", 0))

    def add():
        own, done = connect(), 0
        while done < 25:
            entry = own.read("sum")["sum"]
            try:
                own.commit(Change("sum", b"%d" % (int(entry.value) + 1), entry.version))
                done += 1
            except Conflict:
                continue

    writers = [FORK.Process(target=add) for _number in range(6)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0] * 6
    assert backend.read("sum")["sum"].value == b"150"


def test_a_killed_writer_leaves_all_of_a_commit_or_nothing(connect):
    """A process commits pairs until it is killed; whenever that is, both keys are the same."""
    def write(told):
        own = connect()
        for number in range(10**6):
            own.commit(Change("left", b"%d" % number), Change("right", b"%d" % number))
            told.send(number)

    for rounds in (1, 3, 10):
        reader, told = FORK.Pipe(duplex=False)
        writer = FORK.Process(target=write, args=(told,))
        writer.start()
        written = [reader.recv() for _round in range(rounds)][-1]
        writer.kill()
        writer.join()
        found = values(connect().read("left", "right"))
        assert found["left"] == found["right"]
        assert int(found["left"]) >= written


def test_only_one_process_holds_a_lease(backend, connect):
    other = connect()
    with backend.lease("twin/a", "web1"):
        holder = "^Another sync of web1 is running .process %d.: this sync does nothing.$" % os.getpid()
        with pytest.raises(Busy, match=holder), other.lease("twin/a", "web1"):
            pass
        with other.lease("twin/b", "web1"), other.lease("host/a", "web1"):
            pass
    with other.lease("twin/a", "web1"):
        pass


def test_a_killed_holder_frees_its_lease(backend, connect):
    def hold(told):
        with connect().lease("twin/a", "web1"):
            told.send(os.getpid())
            time.sleep(600)

    reader, told = FORK.Pipe(duplex=False)
    holder = FORK.Process(target=hold, args=(told,))
    holder.start()
    with pytest.raises(Busy, match="process %d" % reader.recv()), backend.lease("twin/a", "web1"):
        pass
    holder.kill()
    holder.join()
    with backend.lease("twin/a", "web1"):
        pass
