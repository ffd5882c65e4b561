PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
# small matrices: threads of the linear algebra library would only wait for each other
export OPENBLAS_NUM_THREADS ?= 1
# tests start many processes: each would compile the program anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-long test-postgres check bench bench-peers docs lock clean
run: $(VENV)/.core
	$(BIN)/zveno demo

test: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -m "not long" -n auto --dist loadfile --no-loadscope-reorder

# What takes minutes: power cuts by the dozen, months by the hundred.
test-long: $(VENV)/.dev
	$(BIN)/pytest -m long -n auto --dist loadfile --no-loadscope-reorder tests

# The tests of the store once more, where a PostgreSQL is a must: without one they fail instead of being skipped.
test-postgres: $(VENV)/.dev
	ZVENO_TEST_POSTGRES=$${ZVENO_TEST_POSTGRES:-required} $(BIN)/pytest -m postgres tests

check: $(VENV)/.dev
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow" -x

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-peers: $(PEERS)/.made
	$(PEERS)/bin/python -m benchmarks --only circuit chain start networks

# One environment serves both commands: the developer's lock contains the user's.
$(VENV)/.core: requirements/lock.txt pyproject.toml
	test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/lock-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/lock-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.core

# Other simulators hold other versions, so they have an environment of their own, with Zveno in it. Four packages have
# no wheels and are built from their hashed sources by the setuptools of the first lock.
SOURCES := biosteam,thermosteam,flexsolve,colorpalette
$(PEERS)/.made: requirements/lock.txt requirements/lock-peers.txt pyproject.toml
	test -x $(PEERS)/bin/python || $(PY) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/lock.txt
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-binary $(SOURCES) --no-build-isolation -r requirements/lock-peers.txt
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

# Needs the uv tool on the path; the files it writes name no registry.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements/core.in -o requirements/lock.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements/pg.in -o requirements/lock-pg.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements/dev.in -o requirements/lock-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements/peers.in -o requirements/lock-peers.txt

clean:
	rm -rf $(VENV) $(PEERS) out build .mypy_cache .pytest_cache .ruff_cache
