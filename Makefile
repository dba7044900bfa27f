# Every verb is one line; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# All of a file in one process: what its tests share, such as a lab, is made once.
PYTEST_ARGS ?= -n 2 --dist loadfile
COVERAGE := $(if $(CI),--cov --cov-report=term --cov-fail-under=$(shell cat tests/coverage_floor.txt))

.DEFAULT_GOAL := help
.PHONY: help install demo test fuzz check format bench docs lock web neo4j lab lab-down lab-tour clean

help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(VENV)/.installed-sources ## create .venv with .venv/bin/cmdb in it

demo: $(VENV)/.installed ## load the demo estate, serve it, print the address and three things to try
	@$(BIN)/cmdb demo

test: $(VENV)/.installed-dev ## run the tests (those that lack a server skip, and say how to start it)
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(COVERAGE)

fuzz: $(VENV)/.installed-dev ## draw other examples for the property tests than `make test` does, each time
	HYPOTHESIS_PROFILE=anew CMDB_TEST_ESTATES=1000 $(BIN)/python -m pytest $(PYTEST_ARGS) -p no:cacheprovider tests/impact tests/reconcile tests/store

check: $(VENV)/.installed-dev ## lint, types, import contracts, generated files
	$(BIN)/python tools/check.py

format: $(VENV)/.installed-dev ## format the code
	$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: $(VENV)/.installed-dev ## measure ingest, import and export beside bare writes of the same rows
	$(BIN)/python -m bench

docs: $(VENV)/.installed-dev ## write the generated reference pages
	$(BIN)/python tools/reference.py

LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-strip-extras --python-version 3.11 pyproject.toml
# What all sources need is pinned first; the others pin the same, so that no install undoes another.
lock: ## pin all dependencies anew (needs uv)
	$(LOCK) --extra sources -o requirements/sources.txt
	$(LOCK) -c requirements/sources.txt -o requirements/runtime.txt
	$(LOCK) -c requirements/sources.txt --extra sources --group dev -o requirements/dev.txt

web: ## build the web app anew (needs Node)
	npm --prefix web ci --fetch-retries=1 && npm --prefix web run build

neo4j: ## start a real Neo4j for development and print its address
	@$(PYTHON) tools/neo4j/start.py start

lab: ## start a small network of real daemons, to be scanned (needs root, Linux)
	@$(PYTHON) -m tools.lab up

lab-down: ## end what `make lab` started
	@$(PYTHON) -m tools.lab down

lab-tour: $(VENV)/.installed-dev ## scan the lab, ask what fails with a switch, pull its cables and compare
	@$(BIN)/python -m tools.lab.tour

clean: ## remove what the other verbs made
	rm -rf $(VENV) cmdb/web_static web/node_modules dist .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements/runtime.txt pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-sources: $(VENV)/.installed requirements/sources.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/sources.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
