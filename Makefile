# Every target makes its own .venv from pyproject.toml and constraints.txt; nothing else is needed but Python 3.11+.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export NO_ALBUMENTATIONS_UPDATE = 1
export MPLBACKEND = agg
# two test processes on two cores: more threads each only get in each other's way
export OMP_NUM_THREADS = 1

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test check notebooks wheel-test bench results clean

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	$(INSTALL) -e '.[skops]'
	touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.made pyproject.toml constraints.txt
	$(INSTALL) -e '.[bench]'
	touch $@

demo: $(VENV)/.demo  ## audit the sample set and print where the report is
	$(BIN)/labelqa audit sample_data/inspection --gold sample_data/inspection/gold.csv --out labelqa-out --overwrite

test: $(VENV)/.dev  ## all tests, with coverage
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

check: $(VENV)/.dev  ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(VENV)/.dev  ## execute every notebook
	$(BIN)/python notebooks/execute.py

wheel-test: $(VENV)/.dev  ## build a wheel, install it elsewhere, run it there
	$(BIN)/python tests/wheel.py

bench: $(VENV)/.bench  ## speed and memory against peers, as ratios in one run
	$(BIN)/python -m benchmarks

results: $(VENV)/.bench  ## the numbers of docs/results.md, made anew
	$(BIN)/python -m benchmarks.results

clean:
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
