# make setup   the virtual environment .venv and every dependency; every other target but clean begins with it
# make demo    sets everything up, runs sweeps/digits.yaml, writes results/digits/report.html
# make test    sets everything up, runs the tests; REQUIRE=slurm,chromium,latex,data,compiler,mount,cuda,gpu, or any of
#              these, fails instead of skipping what needs them
# make lint    ruff and the type checker
# make fast    the fast tests
# make check   both of these
# make results RESULTS.md's tables and figures, from the rows that are kept with it
# make bench   the benchmark of tests/perf, printed and written to results/bench.json; ONLY=substring picks rows
# make docs    docs/strategies.md and docs/sweeps.md, written from the code
# make clean   removes .venv and the tools' caches; results stay

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
SOURCES := bench strategies baselines analysis tests

export REQUIRE

.PHONY: setup demo test check lint fast bench results docs clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "wanted Python 3.11 or later; got " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	rm -rf lookahead_bench.egg-info  # an old one here would hide plugins that are new
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@# neural-tangents declares tensorflow, which nothing here uses: it is installed without what it declares
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps neural-tangents
	@touch $@

demo: setup
	$(BIN)/python -m bench.sweep sweeps/digits.yaml
	$(BIN)/python -m analysis.stats results/digits
	$(BIN)/python -m analysis.figures results/digits
	$(BIN)/python -m analysis.report results/digits

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

fast: setup
	$(BIN)/python -m pytest -m "not slow"

check: lint fast

bench: setup
	PYTHONPATH=tests $(BIN)/python -m perf $(ONLY)

results: setup
	$(BIN)/python -m bench.archive import docs/paper_small.tar.xz --results results/archived
	$(BIN)/python -m analysis.document results/archived/paper_small RESULTS.md

docs: setup
	$(BIN)/python -m bench.catalogue docs/strategies.md
	$(BIN)/python -m bench.grammar docs/sweeps.md

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
