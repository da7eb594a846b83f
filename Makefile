# Every command installs what it needs into this folder first (.venv, node_modules, .tools) and is quick the second time.
# All it asks of the machine is Python >= 3.11 and make.

.DEFAULT_GOAL := help
.PHONY: help demo test deep console bench lint setup doctor build test-fast lock clean format

BIN := .venv/bin
PYTHON ?= $(shell sh tools/find-python.sh)
ARGS ?=

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

demo: build ## signed orders to positions, funding and a withdrawal on a local chain
	@$(BIN)/ape run demo $(ARGS)

test: build ## all tests, on anvil
	@$(BIN)/ape test tests $(ARGS)

deep: build ## long parity and invariant runs, most of an hour
	@PENSTOCK_FUZZ=deep $(BIN)/pytest -p no:ape_test tests/parity tests/invariant $(ARGS)

console: build ## ape console with the deployed system, named accounts and helpers
	@$(BIN)/ape console $(ARGS)

bench: build ## gas and throughput, each beside its goal; writes build/bench.json
	@$(BIN)/ape run bench $(ARGS)

lint: setup ## formatting, style, types and slither; changes nothing
	@$(BIN)/python -m tools.lint

setup: ## install the pinned toolchain into this folder
	@[ -n "$(PYTHON)" ] || { echo "[setup] no Python from 3.11 to 3.13 was found; install one (Debian: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m tools.setup

doctor: ## one line on each part of the toolchain, and how to mend what is wrong
	@[ -n "$(PYTHON)" ] || { echo "[doctor] no Python from 3.11 to 3.13 was found; install one, then: make setup" >&2; exit 1; }
	@"$(PYTHON)" -m tools.doctor

build: setup ## compile the contracts, when they have changed
	@$(BIN)/python -m tools.build

# Part of the tests, chosen by ARGS, cannot reach the coverage floor; ape's plugin would start a node for nothing.
test-fast: setup ## the off-chain tests alone, with the coverage floor: no chain, no compiler
	@$(if $(ARGS),$(BIN)/pytest -p no:ape_test tests/offchain $(ARGS),$(BIN)/coverage run -m pytest -p no:ape_test tests/offchain && $(BIN)/coverage report)

format: setup ## rewrite Python and Solidity in the project's format
	@$(BIN)/python -m tools.lint --write

lock: setup ## resolve pyproject.toml anew into requirements.lock
	@"$(PYTHON)" -m tools.lock

clean: ## remove everything that was installed or built
	rm -rf .venv node_modules .tools .ape-data .build build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
