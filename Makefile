# One command for everything. `make` alone prints this list.
# Variables: PYTHON=python3.12 (which Python), LAB_ARGS="--no-browser --port=8899" (passed to JupyterLab).

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# uv where it runs (a shim without a version behind it does not count), else pip
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
INSTALL = $(if $(UV),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
NO_PACKAGES = { echo "The packages could not be installed. Is there a network? Behind a proxy set HTTPS_PROXY; \
without any network put the wheels of $(1) into a folder and set PIP_FIND_LINKS=folder PIP_NO_INDEX=1 (uv: UV_FIND_LINKS, UV_OFFLINE=1)." >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help lab work test test-quick notebooks lint drift check book site pdf bench lock debian clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-11s %s\n", $$1, $$2}'

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || { \
	  echo "This book needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -n 1). Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(if $(UV),uv venv --quiet --clear --python $(PYTHON) .venv,$(PYTHON) -m venv --clear .venv) || { \
	  echo "The environment .venv could not be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

.venv/reader: .venv/python requirements.txt pyproject.toml
	@$(INSTALL) -r requirements.txt || $(call NO_PACKAGES,requirements.txt)
	@$(INSTALL) --no-deps -e . || $(call NO_PACKAGES,setuptools)
	@touch $@

.venv/dev: .venv/reader requirements-dev.txt
	@$(INSTALL) -r requirements-dev.txt || $(call NO_PACKAGES,requirements-dev.txt)
	@touch $@

lab: .venv/reader work  ## set-up, then JupyterLab on work/, your own copy of the chapters
	@cd work && ../$(BIN)/jupyter lab $(AS_ROOT) $(LAB_ARGS)

work:  ## fill work/ from chapters/; a file that is there stays as it is
	@mkdir -p work && cd chapters && find . -type f ! -path '*/.*/*' | while read -r f; do \
	  [ -e "../work/$$f" ] || { mkdir -p "../work/$$(dirname "$$f")" && cp "$$f" "../work/$$f"; }; done

debian:  # what the browser and the sandbox tests need; without it they skip and say so
	@if ! { command -v chromium && command -v bwrap; } >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium bubblewrap fonts-dejavu-core; } >/dev/null 2>&1 \
	      || echo "chromium and bubblewrap could not be installed: the tests that need them skip"; \
	  else echo "For the browser and sandbox tests: sudo apt-get install chromium bubblewrap"; fi; fi

test: .venv/dev debian  ## set-up and the tests
	$(PYTEST) -n auto --maxprocesses 4 --dist loadfile

test-quick: .venv/dev  ## the tests that take seconds
	$(PYTEST) -m "not slow and not browser and not cluster"

notebooks: .venv/dev  ## replay every solution notebook and compare its outputs
	$(PYTEST) --nbval -n auto --maxprocesses 4 --dist loadfile -o addopts= -o filterwarnings= -p no:cacheprovider solutions

lint: .venv/dev
	$(BIN)/ruff check .

drift: .venv/dev
	$(BIN)/python -m nn_book check

check: lint drift test notebooks  ## what CI runs

book: .venv/dev  ## regenerate solutions/*.ipynb and chapters/ from the text
	$(BIN)/python -m nn_book build

site: .venv/dev  ## the web book, with the browser edition under it
	$(BIN)/python -m nn_book site

pdf: .venv/dev debian  ## the book on paper, printed by Chromium into _build/book.pdf
	$(BIN)/python -m nn_book pdf

bench: .venv/dev  ## the benchmarks, every peer in the same run
	@for one in benchmarks/bench_*.py; do echo "== $$one"; $(BIN)/python $$one || exit 1; done

lock:  ## compile both locks from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet -o requirements.txt
	uv pip compile pyproject.toml --all-extras -c requirements.txt --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet -o requirements-dev.txt

clean:  ## remove the environment and what was built (never work/)
	rm -rf .venv _build
