# Every target makes its own environment from pyproject.toml and constraints.txt; nothing else is needed but Python 3.11+.
# Another Python, in an environment of its own: `make test PYTHON=python3.13 VENV=.venv-313`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OLDEST ?= .venv-oldest
export NO_ALBUMENTATIONS_UPDATE = 1
export MPLBACKEND = agg
# two test processes on two cores: more threads each only get in each other's way
export OMP_NUM_THREADS = 1

.PHONY: demo fuzz test test-oldest check notebooks wheel-test bench results clean

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	touch $@

# one stamp for each set of extras: .with-test, .with-lint...
$(VENV)/.with-%: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	touch $@

$(OLDEST)/.made: pyproject.toml
	$(PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST)/bin/python --resolution lowest-direct -e '.[test]'
	touch $@

demo: $(VENV)/.with-skops  ## audit the sample set and print where the report is
	$(BIN)/labelqa audit sample_data/inspection --gold sample_data/inspection/gold.csv --out labelqa-out --overwrite

test: $(VENV)/.with-test  ## all tests, with coverage
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

# packages of that time are not to blame for what others have renamed since
test-oldest: $(OLDEST)/.made  ## all tests, with the lowest version of every direct dependency
	NUMBA_CACHE_DIR=$(CURDIR)/$(OLDEST)/numba $(OLDEST)/bin/python -m pytest -n 2 -p no:cacheprovider \
		-W ignore::pyparsing.warnings.PyparsingDeprecationWarning

check: $(VENV)/.with-lint  ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(VENV)/.with-notebook,all  ## execute every notebook
	$(BIN)/python notebooks/execute.py

wheel-test: $(VENV)/.with-dev  ## build the package, install it elsewhere, run it there
	$(BIN)/python tests/wheel.py

fuzz: $(VENV)/.with-test  ## an hour of damaged files; none may end in a traceback
	$(BIN)/python -m benchmarks.fuzz_readers --seconds 3600

bench: $(VENV)/.with-bench  ## speed and memory against peers, as ratios in one run
	$(BIN)/python -m benchmarks

results: $(VENV)/.with-bench  ## the numbers of docs/results.md, made anew
	$(BIN)/python -m benchmarks.results

clean:
	rm -rf $(VENV) $(OLDEST) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
