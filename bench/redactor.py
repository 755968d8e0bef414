# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the redactor on texts made to slow it down, against ordinary text of the same size, and writes docs/benchmarks-redactor.md."""
from __future__ import annotations

import pathlib
import platform
import statistics
import subprocess
import sys
import time
from typing import Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "build" / "collections"))

from ansible_collections.safetytwin.twin.plugins.module_utils._secrets import redact  # noqa: E402

SIZE = 8 << 20
TURNS = 3
LIMIT = 5
ORDINARY = "# a comment\nListenPort = 8080\nname: web server one\nlog_level=info path=/var/log/x.log\n[section]\nkey_file = /etc/ssl/x\n"
# What it is, the text that is repeated up to SIZE.
ADVERSARIAL = (
    ("beginnings of private keys", "-----BEGIN PRIVATE KEY-----\n"),
    ("private keys of white space", "-----BEGIN PRIVATE KEY-----" + " " * 2000),
    ("private keys of headers", "-----BEGIN PRIVATE KEY-----\na: b\n a: b\n a: b\n"),
    ("a directive and white space", "password x" + " " * 100_000 + "y"),
    ("empty lines before a vault", "\n" * 100_000 + "$ANSIBLE_VAULT"),
    ("one line of short settings", "pwd=a,"),
    ("one line of references", "pwd=$a,"),
    ("one line of names that hold no secret", "x" * 110 + "use_password=abc;"),
    ("members of nested lists", "{ " * 50 + "token: $a,"),
    ("quotes without an end", "pwd=\"\\"),
    ("names without values", "access_key_id_"),
    ("beginnings of URLs", "://a:b"),
    ("machine entries", "machine a login b password"),
    ("white space", "\t"),
)


def filled(text: str) -> str:
    return (text * (SIZE // len(text) + 1))[:SIZE]


def seconds(work: Callable[[], object]) -> float:
    """Median CPU seconds of a call."""
    spent = []
    for _turn in range(TURNS):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return statistics.median(spent)


def judged(text: str) -> float:
    content = filled(text).encode()
    return seconds(lambda: redact.secret_in("/etc/a", content))


def shown(text: str) -> float:
    value = filled(text)[:SIZE // 8]
    return seconds(lambda: redact.redact_text(value))


def main() -> int:
    ordinary = judged(ORDINARY), shown(ORDINARY)
    rows, worst = [], 0.0
    for name, text in ADVERSARIAL:
        ratios = judged(text) / ordinary[0], shown(text) / ordinary[1]
        worst = max(worst, *ratios)
        rows.append(f"| {name} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    (ROOT / "docs" / "benchmarks-redactor.md").write_text(f"""# The redactor on hostile text

    make bench-redactor

Commit {commit}, Python {platform.python_version()}. CPU time relative to ordinary text of the same size, medians of {TURNS}. The limit is {LIMIT}.
Ordinary text takes {ordinary[0]:.2f} s to judge (8 MiB) and {ordinary[1]:.2f} s to redact (1 MiB).

| text | judged as a file, 8 MiB | redacted as a fact, 1 MiB |
|---|---|---|
""" + "\n".join(rows) + "\n", encoding="utf-8")
    sys.stdout.write(f"worst ratio: {worst:.2f}, limit {LIMIT}; written to docs/benchmarks-redactor.md\n")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
