# Everything a person types. Each target does its own set-up.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= yes
NODE ?= demo-node
PORT ?= 8080
ARGS ?=
JOBS ?= 2
# Tests start the command some hundred times: modules are compiled once and kept.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup setup-run demo test slow check format docs bench wheel lock clean

$(VENV)/.run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned dependencies (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing the pinned test dependencies"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup-run: $(VENV)/.run

setup: $(VENV)/.dev

demo: setup-run
	@$(BIN)/sekisho demo $(NODE) --port $(PORT) $(if $(filter no,$(SERVE)),--no-serve,)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

slow: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m slow --timeout 7200 $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python docs/generate.py

bench: setup
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each --quick || exit 1; done

wheel: setup
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

lock:
	requirements/lock.sh

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
