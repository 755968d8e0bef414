# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test marked `hostile`: what hostile hosts, twins, repositories and local users can do. 20,000 hostile harvests go through every stage.

The harvests run in a mount namespace in which all file systems but one directory are read-only, so that a write elsewhere fails. An audit hook of
Python watches the process: starting a program, opening a connection, and writing outside the store count as effects. The watch is tested at the
beginning of each run. Programs are recorded: their arguments, and each line of apt's configuration, must have an expected form.
"""
from __future__ import annotations

COMMAND = ["-m", "pytest", "--verbose", "-m", "hostile", "tests/unit", "tests/prove/hostile_cases", "tests/integration"]
ENVIRONMENT = {"SAFETYTWIN_MUTATIONS": "20000"}
USUAL = 40  # minutes
# The checks of a suite for hostile input -> the beginnings of the names of the tests that are among the marked ones, or where the check is made.
CHECKS = (
    ("Fuzz every string of a harvest through ingest, fetch, image, status, report and inventory",
     ("test_hostile_harvests_have_no_effect", "test_every_field_with_text_is_mutated", "test_inputs_that_fuzzing_kept", "test_what_a_domain_says"), ""),
    ("The critical findings as regression tests", ("test_an_attack_of_the_review",), ""),
    ("Build an image from a hostile repository",
     ("test_an_image_of_a_hostile", "test_a_script_that_attacks", "test_links_of_a_tree", "test_a_kernel_that_is_no_file", "test_a_list_cannot_name"), ""),
    ("Bombs, drips, deep JSON and wrong shapes on every channel", ("test_deep_json", "test_inputs_that_fuzzing_found"), ""),
    ("Time of the redactor on adversarial input", ("test_the_redactor_took",), "`make bench-redactor`, docs/benchmarks-redactor.md"),
    ("Secret corpus and ordinary corpus", (), "`tests/unit/plugins/module_utils/_secrets/test_secrets_redact.py`"),
    ("From the twin: scan, spoof, fill", (), "`tests/integration/network/test_closed_bridge.py`"),
    ("Two first syncs at once", (), "tests of the locks"),
    ("Kill, power cut, full disk, clock, rot", (), "`make prove PART=faults`"),
    ("Permissions and links; inventory values on every ansible-core",
     ("test_what_a_domain_says",), "`make prove PART=matrix` runs it on each ansible-core"),
)


def sections(outcomes: dict[str, str]) -> list[str]:
    """The table of checks."""
    lines = ["| check | tests of this proof | also | |", "|---|---|---|---|"]
    for check, names, also in CHECKS:
        found = {case: outcome for case, outcome in outcomes.items() if case.startswith(names)} if names else {}
        passed = sum(outcome == "passed" for outcome in found.values())
        shown = ", ".join("`%s`" % name for name in sorted({case.partition("[")[0] for case in found}))
        lines.append("| %s | %s | %s | %s |" % (check, shown, also, "%d of %d passed" % (passed, len(found)) if found else "not run here"))
    return [*lines, ""]
