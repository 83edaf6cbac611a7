# Two commands for a stranger: `make run` and `make test`. They need Python 3.11 or newer, Rust and a C
# compiler; everything else goes into .venv. `make all` is what CI runs.
#
#   PYTHON=python3.13 make test     another interpreter (after `make clean`)
#   EVENTS=50000 make run           a smaller demo
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
EVENTS ?= 400000
FUZZ_SECONDS ?= 600
VENV := .venv
BIN := $(VENV)/bin
STAMP := .make
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

RUST := $(shell find rust -name '*.rs' -not -path '*/target/*') $(wildcard rust/*/Cargo.toml)

# The binding is built for the virtual environment's interpreter, not for the first one on the path.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_NO_INPUT := 1

.PHONY: help run test test-rust test-python bench bench-smoke lint fmt types fuzz fuzz-smoke docs \
	package all clean build

help:  ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(STAMP)/build  ## build, make sample events, run the demo, show the answers
	$(BIN)/evcore demo --events $(EVENTS)

test: test-rust test-python  ## all tests

test-rust: $(STAMP)/venv  ## the tests of the engine
	cargo test --workspace --locked

test-python: $(STAMP)/build $(STAMP)/dev  ## the tests of the package, and the running examples
	$(BIN)/python -m pytest

bench: $(STAMP)/build $(STAMP)/dev  ## every benchmark, then evcore beside its peers
	$(BIN)/python -m pytest benches --benchmark-only --benchmark-columns=median,min,rounds
	$(BIN)/python benches/compare.py
	$(BIN)/python benches/rules.py
	cargo run --release --locked --quiet -p evcore --example stages -- \
		benches/w1.toml benches/data/events-400000-1.ndjson | tee benches/results/stages.md
	$(BIN)/python scripts/update_speed_table.py

bench-smoke: $(STAMP)/build $(STAMP)/dev  ## every benchmark once, for its asserted result
	$(BIN)/python -m pytest benches --benchmark-disable
	$(BIN)/evcore bench --events 20000

lint: $(STAMP)/dev  ## format and lint, changing nothing
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fmt: $(STAMP)/dev  ## format everything
	cargo fmt --all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)/build $(STAMP)/dev  ## the strict type check, and the stub beside the extension
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest evcore._core --ignore-disjoint-bases

fuzz:  ## FUZZ_SECONDS of each fuzz target; needs a nightly toolchain and cargo-fuzz
	cd rust/fuzz && for target in $$(cargo +nightly fuzz list --fuzz-dir .); do \
		mkdir -p "corpus/$$target" && cargo +nightly fuzz run --fuzz-dir . "$$target" \
			"corpus/$$target" "seeds/$$target" -- -max_total_time=$(FUZZ_SECONDS); done

fuzz-smoke: FUZZ_SECONDS := 20
fuzz-smoke: fuzz  ## the same, 20 seconds each

docs: $(STAMP)/build $(STAMP)/dev  ## build the Rust docs, run the examples of the Python docs
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(BIN)/python -m pytest tests/docs

package: $(STAMP)/dev  ## sdist and wheel; the wheel must install alone and bring two packages only
	rm -rf dist
	$(BIN)/maturin sdist --out dist
	$(BIN)/maturin build --release --locked --out dist
	$(PYTHON) -m venv --clear $(STAMP)/clean
	$(STAMP)/clean/bin/python -m pip --disable-pip-version-check --quiet install dist/*.whl
	$(STAMP)/clean/bin/python -m pip list --format=freeze | grep -vE '^(pip|setuptools|wheel)==' \
		| cut -d= -f1 | sort | tr '\n' ' ' | grep -qx 'evcore msgspec numpy '
	$(STAMP)/clean/bin/evcore demo --events 2000 --dir $(STAMP)/clean/demo > /dev/null

all: test lint types docs bench-smoke package  ## what CI runs, but for fuzzing

build: $(STAMP)/build  ## the release build, installed into .venv

$(STAMP)/venv: requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evcore needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint requirements-dev.txt maturin msgspec numpy
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/build: $(STAMP)/venv pyproject.toml Cargo.toml Cargo.lock $(RUST)
	$(BIN)/maturin develop --release --locked --quiet
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/dev: $(STAMP)/venv requirements-dev.txt
	$(PIP) install --requirement requirements-dev.txt
	@mkdir -p $(STAMP) && touch $@

clean:  ## remove what was built here
	rm -rf $(VENV) $(STAMP) dist demo target python/evcore/*.so
