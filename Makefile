# Everything that a developer or operator types. `make help` is printed from the comments behind the targets.
VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
# Node is the wheel's where there is one, else the machine's.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
NPM_INSTALLS := npm ci --loglevel=error --no-audit --no-fund --ignore-scripts
EDITOR := static/editor/manifest.json
# Tests that look at the code alone, for half a minute: `make lint` runs them, so that `make test` need not.
LOOKS := tests/guards/test_sizes.py tests/guards/test_dead_code.py
.DEFAULT_GOAL := help
.PHONY: help up down editor test lint bench rehearse lock clean

help: ## print this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

up: $(VENV)/base.installed ## run the whole platform; Ctrl-C stops it
	@$(MAKE) --no-print-directory editor || \
		echo "The editor of flows could not be built: the reason stands above. All else starts; make editor tries again."
	@exec $(BIN)/python manage.py up

down: $(VENV)/base.installed ## stop it from another terminal
	@$(BIN)/python manage.py down

editor: $(EDITOR) ## build the editor of flows; make up does so, too

test: $(VENV)/dev.installed tests/clients/node_modules/.installed $(EDITOR) ## run all tests, but for those that lint runs
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest $(or $(ARGS),$(LOOKS:%=--ignore=%))

lint: $(VENV)/dev.installed ## check style, layers, sizes, types, and for code that nobody calls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n 0 --durations=0 $(LOOKS)
	@$(BIN)/mypy

bench: $(VENV)/dev.installed ## measure; ONLY=name for one part
	@$(BIN)/python -m bench $(ONLY)

rehearse: $(VENV)/base.installed ## run the image and compose.yaml without an engine, as root on Debian
	@$(BIN)/python -m rehearsal $(FOLDER)

lock: $(VENV)/dev.installed ## lock requirements/*.in anew
	@cd requirements && compile="../$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --no-header --no-emit-index-url --python-version 3.11" && \
		$$compile dev.in -o dev.txt && $$compile base.in -c dev.txt -o base.txt && $$compile node.in -o node.txt

clean: ## remove what was installed and built, but no data
	@rm -rf $(VENV) tests/clients/node_modules frontend/node_modules static/editor .mypy_cache .ruff_cache .hypothesis

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

# Node comes from the machine where that has one that will do, with npm; else from a wheel.
$(VENV)/node.installed: requirements/node.txt frontend/node_fits.cjs $(VENV)/bin/python
	@npm --version >/dev/null 2>&1 && node frontend/node_fits.cjs || { \
		echo "Installing requirements/node.txt ..." && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/node.txt; }
	@touch $@

# The JavaScript clients and the browser of the tests.
tests/clients/node_modules/.installed: tests/clients/package-lock.json tests/clients/chromium.mjs $(VENV)/node.installed
	@echo "Installing the JavaScript clients of the tests ..."
	@cd tests/clients && export $(WITH_NODE) && $(NPM_INSTALLS) && node chromium.mjs
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json $(VENV)/node.installed
	@echo "Installing what the editor of flows is made of ..."
	@cd frontend && $(WITH_NODE) $(NPM_INSTALLS)
	@touch $@

# Folders, too: they are newer when something was removed.
$(EDITOR): $(shell find frontend/src) frontend/vite.config.ts frontend/node_modules/.installed
	@echo "Building the editor of flows ..."
	@cd frontend && $(WITH_NODE) npm run --silent build -- --logLevel error
	@touch $@
