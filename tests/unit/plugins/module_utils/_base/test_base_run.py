# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check, last_words, run, start


def python(program):
    return [sys.executable, "-c", program]


def test_status_output_and_errors_of_a_program():
    assert run(python("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)")) == (3, b"a\n", b"b\n")


def test_standard_input_is_bytes_a_file_or_nothing(tmp_path):
    copy = python("import sys; sys.stdout.write(sys.stdin.read())")
    (tmp_path / "in").write_bytes(b"from a file")
    assert run(copy, stdin=b"\xc5\xbc").out == b"\xc5\xbc"
    with open(tmp_path / "in", "rb") as stream:
        assert run(copy, stdin=stream).out == b"from a file"
    assert run(copy).out == b""


def test_arguments_are_not_interpreted_by_a_shell(tmp_path):
    assert run(python("import sys; print(sys.argv[1])") + ["$(id); touch x"], cwd=str(tmp_path)).out == b"$(id); touch x\n"
    assert not list(tmp_path.iterdir())


def test_programs_speak_one_language(monkeypatch):
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")
    shown = python("import os; print(os.environ['LC_ALL'], os.environ['OWN'])")
    assert run(shown, env={"OWN": "1"}).out == b"C.UTF-8 1\n"


def test_a_missing_and_a_slow_program_have_a_status():
    assert run(["/nowhere/at/all"]).rc == 127
    assert b"no such program" in run(["/nowhere/at/all"]).err
    slow = run(python("import time; print('said', flush=True); time.sleep(60)"), timeout=2)
    assert (slow.rc, slow.out) == (124, b"said\n")


@pytest.mark.hostile
def test_a_program_that_writes_without_end_is_ended():
    endless = python("import os\nwhile True: os.write(%d, b'y' * 65536)")
    for stream in (1, 2):
        result = run([*endless[:-1], endless[-1] % stream])
        assert (result.rc, result.out) == (125, b"") and result.err.endswith(b": more than 16 MiB of output")


@pytest.mark.hostile
def test_a_program_that_writes_now_and_then_gains_no_time():
    drip = python("import time\nwhile True: print('a', flush=True); time.sleep(0.05)")
    result = run(drip, timeout=1)
    assert result.rc == 124 and result.out.startswith(b"a\n")


def test_a_caller_that_expects_more_names_its_own_limit():
    wordy = python("print('x' * 100)")
    assert run(wordy, limit=99).rc == 125
    assert run(wordy, limit=101).rc == 0


def test_large_input_and_output_pass_at_once():
    given = b"x" * (4 << 20)
    assert run(python("import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer, 4096)"), stdin=given).out == given


def test_a_program_that_does_not_read_its_input_is_heard():
    assert run(python("print('done')"), stdin=b"x" * (4 << 20)) == (0, b"done\n", b"")


def test_check_returns_the_output_or_names_the_work():
    assert check(python("print('x')"), "Asking") == b"x\n"
    with pytest.raises(TwinError, match="^Asking failed: two / three / four$"):
        check(python("import sys; sys.stderr.write('one\\ntwo\\n three\\nfour\\n'); sys.exit(1)"), "Asking")
    with pytest.raises(TwinError, match="exit status 7"):
        check(python("raise SystemExit(7)"), "Asking")


def test_the_end_of_undecodable_output_becomes_text():
    assert last_words(b"\xff\xfe\n  x  \n", lines=1) == "x"


def test_a_started_program_outlives_its_caller(tmp_path):
    start(python("open(%r, 'w').close()" % str(tmp_path / "done")))
    for _attempt in range(600):
        if (tmp_path / "done").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "done").exists()
