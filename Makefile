# Everything that a developer or operator types. `make help` is printed from the comments behind the targets.
VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help up down test lint bench rehearse lock clean

help: ## print this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

up: $(VENV)/base.installed ## run the whole platform; Ctrl-C stops it
	@exec $(BIN)/python manage.py up

down: $(VENV)/base.installed ## stop it from another terminal
	@$(BIN)/python manage.py down

test: $(VENV)/dev.installed tests/clients/node_modules/.installed ## run all tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/dev.installed ## check style, layers, sizes, types, and for code that nobody calls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n 0 --durations=0 tests/guards/test_sizes.py tests/guards/test_dead_code.py
	@$(BIN)/mypy

bench: $(VENV)/dev.installed ## measure; ONLY=name for one part
	@$(BIN)/python -m bench $(ONLY)

rehearse: $(VENV)/base.installed ## run the image and compose.yaml without an engine, as root on Debian
	@$(BIN)/python -m rehearsal $(FOLDER)

lock: $(VENV)/dev.installed ## lock requirements/*.in anew
	@cd requirements && compile="../$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --no-header --no-emit-index-url --python-version 3.11" && \
		$$compile dev.in -o dev.txt && $$compile base.in -c dev.txt -o base.txt

clean: ## remove what was installed and built, but no data
	@rm -rf $(VENV) tests/clients/node_modules .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another with make PYTHON=..."; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/%.installed: requirements/%.txt $(VENV)/bin/python
	@echo "Installing requirements/$*.txt ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/$*.txt
	@touch $@

# The JavaScript clients and the browser of the tests. Node comes from the machine, or from the wheel among the requirements.
tests/clients/node_modules/.installed: tests/clients/package-lock.json tests/clients/chromium.mjs $(VENV)/dev.installed
	@echo "Installing the JavaScript clients of the tests ..."
	@cd tests/clients && export PATH="$$PATH:$(CURDIR)/$(BIN)" && \
		npm ci --silent --no-audit --no-fund --ignore-scripts && node chromium.mjs
	@touch $@
