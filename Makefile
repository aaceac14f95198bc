# Everything a person or a CI machine does with Khiên, one word each. Needs git, make and Python >= 3.11.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
# The first Python on the PATH that is new enough; say `make PYTHON=/path/to/python setup` to use another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

export UV_PYTHON_DOWNLOADS := never
# With bytecode kept, commands and tests start twice as fast.
unexport PYTHONDONTWRITEBYTECODE

UV := .uv/bin/uv
BIN := .venv/bin
# Tests run in so many processes, a file in one of them, so that a file makes what its tests share once. The slowest are
# told at the end: what takes longer than a second and is not the heart of its room is marked slow.
TEST_PROCESSES ?= 2
SIDE_BY_SIDE = -n $(TEST_PROCESSES) --dist loadscope --no-loadscope-reorder --durations=20 --durations-min=2
DEMO_SECONDS ?= 60
DEMO_OUT ?= out/vietnam
# `make demo` ends by serving the board; DEMO_SERVE=no ends it with the report, and needs no web server installed.
DEMO_SERVE ?= yes
DEMO_PORT ?= 8000
DEMO_ENV := $(if $(filter no,$(DEMO_SERVE)),.core,.web)
EXAMPLE := examples/vietnam

.PHONY: help setup demo test fast lint types layers docs lock bench clean

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.dev  ## make the full environment for working on Khiên
	@$(MAKE) -j2 --no-print-directory .venv/.warm .venv/.warm-stress

demo: $(DEMO_OUT)/plan.json  ## check, plan and report the Viet Nam example, then serve it until Ctrl-C
	$(BIN)/khien report $(DEMO_OUT)/plan.json $(EXAMPLE) --out $(DEMO_OUT)
ifneq ($(DEMO_SERVE),no)
	@# Without a terminal nobody would press Ctrl-C: the board is then started, asked once and stopped.
	@if [ -n "$${CI:-}" ] || [ ! -t 0 ] || [ ! -t 1 ]; then try=--try; else try=; fi; \
	$(BIN)/khien serve --demo $(EXAMPLE) --plan $(DEMO_OUT)/plan.json --home $(DEMO_OUT)/office --port $(DEMO_PORT) $$try
endif

# The plan is made again only when the example or the planner changed; `rm -r out` first makes it again anyhow.
$(DEMO_OUT)/plan.json: $(shell find $(EXAMPLE) -type f 2>/dev/null) $(shell find src/khien -name '*.py') | .venv/.warm
	$(BIN)/khien check $(EXAMPLE)
	$(BIN)/khien plan $(EXAMPLE) --time-limit $(DEMO_SECONDS) --out $(DEMO_OUT)

test: setup lint types layers docs  ## everything CI runs
	$(BIN)/pytest $(SIDE_BY_SIDE)
	KHIEN_TEST_DATABASE=postgresql $(BIN)/pytest $(SIDE_BY_SIDE) -q tests/office -m "not slow"

fast: setup  ## the quick tests: less than two minutes together on two cores
	$(BIN)/pytest $(SIDE_BY_SIDE) -q -m "not slow"

lint: .venv/.dev  ## style
	$(BIN)/ruff check .

types: .venv/.dev  ## mypy, strict
	$(BIN)/mypy

layers: .venv/.dev  ## rooms import only what lies below them
	$(BIN)/lint-imports --no-cache

docs: .venv/.dev  ## are the generated pages of the docs up to date? (`make docs-write` writes them)
	$(BIN)/python tools/generate_docs.py --check

.PHONY: docs-write format
docs-write: .venv/.dev
	$(BIN)/python tools/generate_docs.py
	$(BIN)/python tools/tutorial.py --write

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: | $(UV)  ## write the hashed requirement files again
	UV_VERSION=$(UV_VERSION) UV=$(UV) sh tools/lock.sh

bench: .venv/.dev  ## measure planning on your own instances: make bench DIR=folder
	$(BIN)/python -m bench.programme $(or $(DIR),bench/small) --time-limit $(or $(SECONDS_EACH),60)

clean:  ## remove the environment, caches and outputs
	rm -rf .venv .uv out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench tools examples -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environment ---------------------------------------------------------------------------------------------------
# Three sizes from hashed files: `core` runs Khiên, `web` serves its office too, `dev` adds what checks it. Each larger
# one serves for the smaller.

$(UV): requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Khiên needs Python 3.11 or newer with venv" \
	  "(on Debian or Ubuntu: apt install python3 python3-venv)." >&2; exit 2; }
	$(PYTHON) -m venv --clear .uv
	.uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	touch $@

define install
	$(UV) venv -q --allow-existing --python "$$(command -v $(PYTHON))" .venv
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip sync -q --require-hashes --compile-bytecode requirements/$(1).txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install -q --no-deps --no-build-isolation -e .
endef

.venv/.core: requirements/core.txt pyproject.toml | $(UV)
	rm -f .venv/.dev .venv/.web .venv/.warm .venv/.warm-stress
	$(call install,core)
	touch $@

.venv/.web: requirements/web.txt pyproject.toml | $(UV)
	rm -f .venv/.dev .venv/.warm .venv/.warm-stress
	$(call install,web)
	touch .venv/.core $@

.venv/.dev: requirements/dev.txt pyproject.toml | $(UV)
	$(call install,dev)
	touch .venv/.core .venv/.web $@

# The scheduler is compiled once and kept; the first plan then starts at once.
.venv/.warm: .venv/$(DEMO_ENV) $(wildcard src/khien/plan/core/*.py)
	$(BIN)/python -m khien.plan.core.warm
	touch $@

# So is the replay of stress tests, which the demo does without.
.venv/.warm-stress: .venv/$(DEMO_ENV) src/khien/stress/warm.py $(wildcard src/khien/stress/core/*.py)
	$(BIN)/python -m khien.stress.warm
	touch $@
