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
TURNS := 2
WARM :=

.PHONY: help check test prove demo demo-down bench bench-compare bench-redactor generate dist clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

check: ## run lint, type checks and unit tests (2 minutes)
	@$(PYTHON) tests/tools/run_stages.py check $(STAGES)

test: ## run all tests on real machines, as root (20 to 25 minutes)
	@$(PYTHON) tests/tools/run_stages.py test $(STAGES)

prove: ## PART=name: run a long proof and write docs/proof/name.md
	@$(PYTHON) tests/prove/prove.py $(PART)

demo: ## create a host and its twin, and show changes that reach it
	@$(PYTHON) tests/demo/demo.py

demo-down: ## remove the machines of the demo
	@$(PYTHON) tests/demo/demo.py --down

bench: ## measure the figures of bench/README.md on the machines of the demo
	@$(PYTHON) bench/run.py $(ONLY)

bench-compare: ## BASE=commit: measure this tree and a commit in turns
	@$(PYTHON) bench/compare.py $(BASE) $(TURNS) $(WARM)

bench-redactor: ## measure the redactor on hostile text
	@$(PYTHON) bench/redactor.py

generate: ## write the generated files
	@tests/tools/generated --write

dist: ## build the collection's tarball in build/dist; two builds of a commit are identical
	@$(PYTHON) tests/tools/dist.py build/dist

clean: ## remove what was built in this tree, except the cache
	@rm -rf build .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output
