# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The tools' own Python, made once and kept in the cache.
PYTHON := venv=$$(tests/tools/bootstrap) && exec "$$venv/bin/python"
STAGES :=
ONLY :=
BASE := 490e4e9

.PHONY: help check test prove demo demo-down bench bench-compare generate clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

check: ## lint, types, unit tests: 2 minutes
	@$(PYTHON) tests/tools/run_stages.py check $(STAGES)

test: ## everything, on real machines: at most 45 minutes, as root
	@$(PYTHON) tests/tools/run_stages.py test $(STAGES)

prove: ## PART=name: a long proof, written to docs/proof
	@$(PYTHON) tests/prove/prove.py $(PART)

demo: ## a lab host and its twin, changed live
	@$(PYTHON) tests/demo/demo.py $(ONLY)

demo-down: ## remove what demo made
	@$(PYTHON) tests/demo/demo.py --down

bench: ## the figures of bench/README.md
	@$(PYTHON) bench/run.py $(ONLY)

bench-compare: ## BASE=commit: this tree and a commit, measured in turns
	@$(PYTHON) bench/compare.py $(BASE)

generate: ## rewrite generated files
	@tests/tools/generated --write

clean: ## remove what was built in this tree; the cache stays
	@rm -rf build .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output
