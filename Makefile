# make demo · make test · make check · make soak · make dev · make format · make lock · make docs
#
# Every target sets up what it needs in .venv, from the hashes in the lock files. A second call
# finds the stamps and starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# The demo needs no development tools; without them it is set up in half the time.
READY_TO_RUN := .venv/.ready-to-run
READY_TO_DEVELOP := .venv/.ready-to-develop
PACKAGES := connectors pipelines dashboard
DAGSTER_CHECK_HOME := $(CURDIR)/.venv/dagster

# The lock files are complete, so pip need not resolve; and Python compiles a module when it is
# first imported, which is faster than compiling all of them now. It must be allowed to keep what it
# compiled: every command would start twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-compile

define install_lock
	@n=0; all=$$(grep -c '^[a-zA-Z0-9]' $(1)); \
	echo "Installing $$all packages into .venv, once …"; \
	PYTHONUNBUFFERED=1 $(INSTALL) --require-hashes -r $(1) | while read -r word rest; do \
		case "$$word" in \
			Collecting|Requirement) n=$$((n + 1)); [ ! -t 1 ] || printf '\r\033[K  %s of %s  %.50s' "$$n" "$$all" "$$rest" ;; \
			Installing) [ ! -t 1 ] || printf '\r\033[K'; echo "  downloaded, unpacking …" ;; \
		esac; \
	done
	@$(INSTALL) --quiet --no-build-isolation --editable .
endef

.PHONY: help demo dev test browser check compiled lint types arrows definitions soak format docs lock

help:
	@sed -n '1s/^# //p' Makefile

demo: $(READY_TO_RUN)
	@$(BIN)/outcomes demo

# Without a configuration of one's own, Dagster and the pages show the demo.
MINE := $(OUTCOMES_CONFIG)$(wildcard outcomes.toml)
DEMO := .outcomes-demo

dev: $(READY_TO_RUN) $(if $(MINE),,$(DEMO)/outcomes.toml)
	@$(BIN)/outcomes $(if $(MINE),,--home $(DEMO) --config $(DEMO)/outcomes.toml) dev

$(DEMO)/outcomes.toml: | $(READY_TO_RUN)
	@$(BIN)/outcomes demo --no-serve

# Everything that needs neither a browser nor minutes. One of three workers mostly waits for a server; with
# threads of their own on top they would only wait for one another.
test: $(READY_TO_DEVELOP)
	@POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadgroup -m "not browser and not soak"

# The pages in a real browser; what takes long there is in `make soak`.
browser: $(READY_TO_DEVELOP)
	@$(BIN)/python -m pytest tests/browser -m "not soak"

# Kills, faults, many examples: what takes longer than a check may.
soak: $(READY_TO_DEVELOP)
	@$(BIN)/python -m pytest -v -m soak

# What CI runs, two at a time: each says what it has to say when it has ended, the tests last.
IN_TURN := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: $(READY_TO_DEVELOP)
	@echo "Checking lint, types, arrows and definitions …"
	@$(MAKE) --no-print-directory --jobs=2 $(IN_TURN) compiled lint types arrows definitions
	@echo "… the pages in a browser, and the tests …"
	@$(MAKE) --no-print-directory --jobs=2 $(IN_TURN) browser test

# What the tests import, compiled once: else each of five processes would do it at the same time.
compiled: $(READY_TO_DEVELOP)
	@$(BIN)/python -m pytest --collect-only -q -m "not soak" > /dev/null

lint: $(READY_TO_DEVELOP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY_TO_DEVELOP)
	@$(BIN)/mypy

arrows: $(READY_TO_DEVELOP)
	@$(BIN)/lint-imports --no-cache

# `dg` sends telemetry unless the instance it finds says otherwise.
definitions: $(READY_TO_DEVELOP)
	@mkdir -p $(DAGSTER_CHECK_HOME) && cp dagster.yaml $(DAGSTER_CHECK_HOME)/
	@VIRTUAL_ENV=$(CURDIR)/.venv DAGSTER_HOME=$(DAGSTER_CHECK_HOME) $(BIN)/dg check defs

format: $(READY_TO_DEVELOP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY_TO_DEVELOP)
	@$(BIN)/outcomes catalog > docs/metrics.md.new
	@mv docs/metrics.md.new docs/metrics.md

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	--no-annotate --no-strip-extras --python-version 3.11

# The second file is the part of the first that running needs (and building the editable install).
lock: $(READY_TO_DEVELOP)
	@$(COMPILE) --upgrade --extra dev pyproject.toml -o requirements.lock
	@printf 'hatchling\neditables\n' | $(COMPILE) --upgrade -c requirements.lock pyproject.toml - -o requirements-run.lock

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON): is older than Python 3.11. Name another with PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv

$(READY_TO_RUN): requirements-run.lock pyproject.toml | $(BIN)/python
	$(call install_lock,requirements-run.lock)
	@touch $@

$(READY_TO_DEVELOP): requirements.lock pyproject.toml | $(BIN)/python
	$(call install_lock,requirements.lock)
	@touch $(READY_TO_RUN) $@
