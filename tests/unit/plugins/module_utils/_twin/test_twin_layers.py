# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import os
import shutil
import subprocess

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import layers

with_images = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")


def pattern(path, value, offset="0"):
    subprocess.run(["qemu-io", "-c", "write -P %d %s 64k" % (value, offset), str(path)], check=True, capture_output=True)


def holds(path, value, offset="0"):
    done = subprocess.run(["qemu-io", "-r", "-c", "read -P %d %s 64k" % (value, offset), str(path)], check=False, capture_output=True)
    return done.returncode == 0 and b"failed" not in done.stdout


@pytest.fixture(name="stack")
def _stack(tmp_path):
    """A base image and three layers, each with a block of its own: 0 frozen, 1 frozen, 2 written to."""
    base = tmp_path / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(base), "1M"], check=True)
    below = str(base)
    for number in range(3):
        below_path, below = below, layers.next_path(str(tmp_path))
        layers.create(below, below_path)
        pattern(below, number + 1, "%dk" % (64 * number))
    return tmp_path


@with_images
def test_parents_of_layers_are_read_from_their_files(stack):
    assert layers.parents(str(stack)) == {"layer-0000.qcow2": None, "layer-0001.qcow2": "layer-0000.qcow2", "layer-0002.qcow2": "layer-0001.qcow2"}


@with_images
def test_absorbing_a_layer_loses_nothing(stack):
    layers.absorb(str(stack), "layer-0001.qcow2", "layer-0002.qcow2")
    assert layers.parents(str(stack)) == {"layer-0000.qcow2": None, "layer-0002.qcow2": "layer-0000.qcow2"}
    assert all(holds(stack / "layer-0002.qcow2", number + 1, "%dk" % (64 * number)) for number in range(3))


@with_images
def test_a_new_layer_is_untouched_until_it_is_written(stack):
    path = layers.next_path(str(stack))
    layers.create(path, str(stack / "layer-0002.qcow2"), size=1)
    assert layers.inspect(path)["virtual-size"] == 1 << 30
    assert layers.untouched(path)
    pattern(path, 9)
    assert not layers.untouched(path)


@with_images
def test_damaged_images_are_sentences(stack):
    path = stack / "layer-0000.qcow2"
    whole = path.read_bytes()
    for cut in (0, 100, 70000, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(TwinError):
            layers.verify(str(path))
    path.write_bytes(whole)
    layers.verify(str(path))


def test_too_little_space_is_a_sentence(tmp_path):
    with pytest.raises(TwinError, match="free some space"):
        layers.require_space(str(tmp_path), 1 << 60)


def apply(below, step):
    gone, result = step[1], dict(below)
    parent = result.pop(gone)
    return {name: parent if backing == gone else backing for name, backing in result.items()}


def trees(size):
    """Every forest of so many layers in which parents come first."""
    for choice in itertools.product(*[[None, *range(number)] for number in range(size)]):
        yield {str(number): None if parent is None else str(parent) for number, parent in enumerate(choice)}


def test_only_named_active_or_shared_layers_are_kept():
    for below in trees(5):
        for count in range(3):
            for named in itertools.combinations(sorted(below), count):
                active = next(name for name in sorted(below, reverse=True) if name not in below.values())
                left = below
                for step in layers.waste(below, named, active):
                    if step[0] == "merge":
                        assert [name for name in left if left[name] == step[1]] == [step[2]]
                    else:
                        assert step[1] not in left.values()
                    left = apply(left, step)
                assert set(named) | {active} <= set(left)
                for name in set(left) - set(named) - {active}:
                    assert list(left.values()).count(name) > 1


@with_images
@pytest.mark.hostile
def test_a_layer_is_roots_alone_from_its_first_moment(stack, monkeypatch):
    path, modes = stack / "layer-0009.qcow2", []
    real = layers.check

    def check(*words, **options):
        modes.append(path.stat().st_mode & 0o777)
        return real(*words, **options)

    monkeypatch.setattr(layers, "check", check)
    before = os.umask(0)
    try:
        layers.create(str(path), str(stack / "base.qcow2"))
    finally:
        os.umask(before)
    assert [*modes, path.stat().st_mode & 0o777] == [0o600, 0o600]
    with pytest.raises(TwinError, match="Creating the disk layer"):
        layers.create(str(stack / "layer-0010.qcow2"), str(stack / "absent"))
    assert not (stack / "layer-0010.qcow2").exists()
