# What there is to do with this project. `make` alone lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SOURCES := backoffice bench config jobs models tests wsgi.py
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard backoffice/translations/*/LC_MESSAGES/*.po))
PIP := $(BIN)/pip --disable-pip-version-check --quiet
SIZES ?= 10000,200000
# Not the variable PORT: `make run PORT=9000` passes it on by itself.
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help install run test check format lint types imports texts proofs screenshots bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed $(CATALOGUES) ## Make .venv with everything that the product needs
	@# Else the first start compiles it, or every start where Python may not write: a second of it.
	@$(BIN)/python -m compileall -q backoffice config jobs models

run: install ## Start it all with a demonstration department on http://127.0.0.1:8000 (PORT=... to change)
	@$(BIN)/backoffice serve --demo

test: .venv/installed-dev $(CATALOGUES) ## Run every test, with a real database and a real browser
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/installed-dev lint types imports test ## Everything that must be right before a change goes in

format: .venv/installed-dev ## Format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lint: .venv/installed-dev ## Format and style, without changing anything
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: .venv/installed-dev ## Static types
	$(BIN)/mypy

imports: .venv/installed-dev ## Who may import whom
	$(BIN)/lint-imports

texts: .venv/installed-dev ## Bring the translations up to the texts in code and templates; then translate what is empty
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --keywords _l --keywords lazy_gettext --sort-by-file \
	  --add-location file --width 120 --output-file build/messages.pot backoffice
	$(BIN)/pybabel --quiet update --input-file build/messages.pot --output-dir backoffice/translations \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120

PROVING = tests/contract/test_canary.py tests/integration/audit/test_tampering.py \
          tests/integration/key_vault/test_planted.py tests/integration/destruction/test_older_backups.py \
          tests/integration/signing/test_decisions.py tests/contract/test_api_schemathesis.py \
          tests/unit/test_families.py
proofs: .venv/installed-dev $(CATALOGUES) ## Search for what may not be read, tamper with the trail, decide at once, call the API at random: tables, kept in var/proofs (15 minutes)
	$(BIN)/pytest -q -n 3 --dist worksteal --everyone --proofs var/proofs $(PROVING)

screenshots: .venv/installed-dev $(CATALOGUES) ## Take pictures of every page into var/screenshots (10 minutes)
	$(BIN)/python -m tests.browser.screenshots

bench: .venv/installed-dev install ## Measure speed and memory at 10,000 and 200,000 records (SIZES=1000000 for more)
	$(BIN)/python -m bench --sizes $(SIZES)

clean: ## Remove what was made, but no data (var stays)
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find $(filter-out wsgi.py,$(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(CATALOGUES)

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed (make PYTHON=/path/to/python3.11)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The lock files hold a hash of every package; the project itself is linked in place.
.venv/installed: requirements.lock pyproject.toml | .venv/made
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

%.mo: %.po | .venv/installed
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
