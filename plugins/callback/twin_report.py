# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: twin_report
type: stdout
version_added: "0.1.0"
short_description: Print one line per host and cycle
author:
  - SafetyTwin contributors (@safetytwin)
description:
  - Prints one line per host and cycle instead of tasks. It shows what changed, what was done in the twin, the seconds per stage, and the fidelity.
  - Prints failures as sentences and messages of M(ansible.builtin.debug) as plain text. If the name of a task contains its usual duration, the name is
    printed when the task begins. Other tasks print nothing.
  - Without this plugin a task of the playbook prints the same line. With the plugin the line is printed once.
options:
  format:
    description:
      - V(line) prints text. V(json) prints the whole report as one line of JSON and nothing else on standard output.
    type: str
    choices: [line, json]
    default: line
    env:
      - name: SAFETYTWIN_REPORT_FORMAT
    ini:
      - section: callback_twin_report
        key: format
  unchanged:
    description:
      - Whether to print cycles that changed nothing and the names of long tasks. Cycles with failures are always printed.
    type: bool
    default: true
    env:
      - name: SAFETYTWIN_REPORT_UNCHANGED
    ini:
      - section: callback_twin_report
        key: unchanged
requirements:
  - It must be configured as stdout callback, for example with C(stdout_callback=safetytwin.twin.twin_report).
"""

EXAMPLES = r"""
examples: |
  # For one run:
  # ANSIBLE_STDOUT_CALLBACK=safetytwin.twin.twin_report ansible-playbook safetytwin.twin.sync
  #
  # In ansible.cfg:
  [defaults]
  stdout_callback = safetytwin.twin.twin_report

  [callback_twin_report]
  format = line
  unchanged = false
"""

from ansible import constants as C
from ansible.plugins.callback import CallbackBase

from ansible_collections.safetytwin.twin.plugins.plugin_utils import _report

LONG = "(usually "  # of a task's name
SAYING = frozenset(["debug", "ansible.builtin.debug"])


class CallbackModule(CallbackBase):
    """Says cycles, failures and what playbooks say themselves; keeps nothing but the last line of each host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "safetytwin.twin.twin_report"

    def __init__(self):
        super().__init__()
        self._said = {}

    def v2_runner_on_start(self, host, task):
        # One with a condition may not run at all.
        if LONG in task.name and not task.when and self.get_option("unchanged") and self.get_option("format") == "line":
            self._display.display("%s  %s ..." % (_report.shown(host.get_name()), _report.shown(task.name)))

    def v2_runner_on_ok(self, result):
        self._handle_warnings(result._result)
        report = _report.of(result._result)
        if report:
            self._cycle(result._host.get_name(), report)
        elif result._task.action in SAYING and "results" not in result._result:
            self._say(result._host.get_name(), result._result.get("msg", ""))

    # A loop's items are said one by one, its summary is nobody's report.
    v2_runner_item_on_ok = v2_runner_on_ok

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._trouble(result, "FAILED")

    def v2_runner_item_on_failed(self, result):
        self._trouble(result, "FAILED")

    def v2_runner_on_unreachable(self, result):
        self._trouble(result, "UNREACHABLE")

    def v2_playbook_on_no_hosts_matched(self):
        self._display.display("No host matched: check the inventory's group twin_hosts and --limit.", color=C.COLOR_SKIP)

    def v2_on_file_diff(self, result):
        difference = result._result.get("diff")
        if difference:
            self._display.display(self._get_diff(difference))

    def _cycle(self, host, report):
        line = self._said[host] = _report.line(report)
        troubled = bool(report.get("failures"))
        changed = bool(report["counts"])
        if not (changed or troubled or self.get_option("unchanged")):
            return
        color = C.COLOR_ERROR if troubled else C.COLOR_CHANGED if changed else C.COLOR_OK
        self._display.display(_report.as_json(report) if self.get_option("format") == "json" else line, color=color)

    def _say(self, host, message):
        if message == self._said.get(host) or self.get_option("format") == "json":
            return
        for text in message if isinstance(message, list) else str(message).splitlines():
            # Where nothing differed there was no cycle, and the playbook itself says so.
            if self.get_option("unchanged") or not _report.is_unchanged(str(text)):
                self._display.display(_report.shown(text))

    def _trouble(self, result, word):
        self._handle_warnings(result._result)
        sentence = " ".join(str(result._result.get("msg", "it gave no reason")).split())
        parts = (result._host.get_name(), word, result._task.get_name(), sentence)
        self._display.display("  ".join(_report.shown(part) for part in parts), color=C.COLOR_ERROR, stderr=True)
