# What you can do here. `make` alone lists it. Needs make and Python 3.11 or newer, nothing else.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The interpreter that the virtual environment is made of; every recipe after that uses the environment's own.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
PORT ?= 8000
WORKERS ?= 3

# Called as modules: the scripts in .venv/bin break when the checkout moves.
RUN := .venv/bin/python -m
LOCKS := requirements/production.txt requirements/development.txt requirements/openapi.txt
INSTALLED := .venv/.installed
PACKAGES := web/node_modules/.installed
PAGES := web/dist/.built
BROWSER := web/browser-tests/node_modules/.installed
PIP := $(RUN) pip --disable-pip-version-check --quiet

.PHONY: help setup demo story test test-web bench check access schema lock clean

help: ## list what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) $(PAGES) ## install what is locked and build the pages, unless that is done already

$(INSTALLED): $(LOCKS)
	@test -n "$(PYTHON)" || { echo "Inspectpay needs Python 3.11 or newer, and no python3 here is." >&2; \
		echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Inspectpay needs Python 3.11 or newer; \"$(PYTHON)\" is not." >&2; exit 1; }
	@echo "Setting up .venv (a minute or two, once) ..."
	@"$(PYTHON)" -m venv .venv || { \
		echo "\"$(PYTHON)\" cannot make virtual environments; on Debian and Ubuntu install python3-venv." >&2; exit 1; }
	@$(PIP) install --require-hashes --requirement requirements/development.txt
	@$(PIP) install --require-hashes --no-deps --requirement requirements/openapi.txt
	@touch $(INSTALLED)

$(PACKAGES): web/package-lock.json web/.npmrc $(INSTALLED)
	@echo "Setting up web/node_modules (half a minute, once) ..."
	@web/run npm ci --silent
	@touch $(PACKAGES)

$(PAGES): $(PACKAGES) schema/schema.graphql $(shell find web/src web/build web/*.html web/*.ts web/*.js -type f 2>/dev/null)
	@echo "Building the pages of web/ ..."
	@mkdir -p .make && web/run npm run --silent build > .make/web.log 2>&1 || { cat .make/web.log >&2; exit 1; }
	@touch $(PAGES)

demo: setup ## run everything on this machine with example data; PORT=8000 DATA_DIR=dir RESET=1
	@$(RUN) sandbox demo --port $(PORT) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(RESET),--reset)

story: setup ## play all that Inspectpay does, chapter by chapter; CHAPTER=2
	@$(RUN) sandbox story $(if $(CHAPTER),--chapter $(CHAPTER))

test: setup ## run every test; ARGS="tests/rules -k money" for some
	@$(if $(ARGS),,web/run npm test --silent)
	@$(RUN) pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-web: setup $(BROWSER) ## play the pages in a browser: a bill from the mail's link to the receipt
	@web/run tsc -p browser-tests
	@web/run node --test "browser-tests/*.test.ts"

$(BROWSER): web/browser-tests/package-lock.json
	@web/run npm --prefix browser-tests ci --silent
	@touch $(BROWSER)

bench: setup ## measure beside hand-written endpoints; ARGS="writes --rounds 5"
	@$(RUN) benchmarks $(or $(ARGS),reads)

check: setup ## everything that needs no test: style, types, dead code, layers, stale files, known vulnerabilities
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	$(RUN) mypy .
	$(RUN) vulture
	.venv/bin/python -c 'from importlinter.cli import lint_imports_command as check; check()'
	$(RUN) app schema --check
	$(RUN) app migrate --check
	$(RUN) app access --check
	web/run npm run --silent check
	.venv/bin/python .ci/audit_dependencies.py

access: setup ## print and write the matrix of fields and scopes that review looks at
	@$(RUN) app access && $(RUN) app access --write

schema: setup ## write schema/schema.graphql
	@$(RUN) app schema --write

lock: ## lock the newest versions that requirements/*.in allow; UPGRADE= keeps those locked now
	@rm -rf .make/lock && "$(PYTHON)" -m venv .make/lock
	@.make/lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	@for name in production development; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	@$(COMPILE) --no-deps requirements/openapi.in -o requirements/openapi.txt
	@rm -rf .make/lock
	@web/run npm $(if $(UPGRADE),update,install) --package-lock-only --silent

UPGRADE ?= --upgrade
COMPILE = .make/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) \
	--no-emit-index-url --custom-compile-command "make lock"

clean: ## remove what tools left behind, and the demo's data unless it runs; .venv stays
	@"$(PYTHON)" sandbox/cleaning.py .data
	rm -rf web/dist .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
