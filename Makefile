# `make run` opens holytui and `make test` runs every check; both set up .venv by themselves.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
SOURCES := pyproject.toml hatch_build.py $(wildcard distribution/*.py) $(wildcard holytui/locale/*/LC_MESSAGES/holytui.po)
UV     := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run install uninstall test quick check lint bench attack fuzz soak long interop words shots site clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
ifdef UV
	$(UV) venv --quiet --python "$(PYTHON)" $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

# the package is installed from this folder (editable), so changes of the code need no new set-up
$(STAMP): $(SOURCES) | $(VENV)/bin/python
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --editable .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
endif
	@touch $@

$(DEV): $(STAMP)
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --editable '.[dev]'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
endif
	@touch $@

run: $(STAMP)  ## set up if needed, and open holytui
	@$(BIN)/holytui $(ARGS)

install:  ## put the command holytui on the PATH, with completions and man page; again: upgrade it (EXTRAS=math,socks)
	@$(PYTHON) distribution/install.py $(EXTRAS)

uninstall:  ## remove the command; the configuration and the conversations stay
	@$(PYTHON) distribution/install.py --remove

test: $(DEV)  ## set up if needed, and run all tests and checks (ARGS="PATH -k WORD": those tests alone)
ifdef ARGS
	$(BIN)/python -m pytest -q $(ARGS)
else
	$(BIN)/python -m pytest -q -n 4 --dist worksteal
	@$(MAKE) --no-print-directory check
endif

quick: $(DEV)  ## run the fast tests: unit, engine, wire
	$(BIN)/python -m pytest -q -n 3 --dist worksteal tests/unit tests/engine tests/wire

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint: check  ## style, types and the direction of imports

bench: $(DEV)  ## print the figures of speed and size
	$(BIN)/python -m benchmarks

attack: $(DEV)  ## flood holytui over the loopback, and print what held
	$(BIN)/python -m benchmarks.attack $(ARGS)

FUZZ_SECONDS ?= 1800

fuzz: $(DEV)  ## mutate inputs for all that parses them, half an hour each (FUZZ_TARGET=keys FUZZ_SECONDS=60)
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --editable '.[dev,fuzz]'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
endif
	$(BIN)/python -m tests.fuzz .fuzz $(FUZZ_SECONDS) $(FUZZ_TARGET)

soak: $(DEV)  ## ask 5,000 questions through one screen: memory, files and threads stay flat (10 minutes)
	$(BIN)/python -m benchmarks.soak $(SOAK_ANSWERS)

long: $(DEV)  ## damage 500 histories, and play half an hour of use through terminals of every kind
	$(BIN)/python -m pytest -q -n 2 -m long tests

interop: $(DEV)  ## test against LiteLLM and llama.cpp, set up in .interop (0.6 GB to download, minutes)
	$(BIN)/python -m tests.interop.setup_server $(abspath .interop)
	$(BIN)/python -m tests.interop.setup_llama $(abspath .interop)
	HOLYTUI_INTEROP=$(abspath .interop) $(BIN)/python -m pytest -q -m interop tests/interop

WORDS  := holytui/locale/vi/LC_MESSAGES/holytui.po
# what pybabel adds to the head of the file each time: dates and names that would only make differences
NOISE  := ^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):

words: $(DEV)  ## take words that are new in the code into the catalogue
	@mkdir -p build
	$(BIN)/pybabel -q extract --no-default-keywords -k _ -k N_ -k ngettext:1,2 -c Translators: \
	  --add-location=file --sort-by-file --no-wrap -o build/holytui.pot holytui
	$(BIN)/pybabel -q update --locale vi --input-file build/holytui.pot --output-file $(WORDS) \
	  --no-fuzzy-matching --ignore-obsolete --no-wrap
	@grep -Ev '$(NOISE)' $(WORDS) > build/holytui.po && mv build/holytui.po $(WORDS)
	$(BIN)/pybabel -q compile --statistics --locale vi --input-file $(WORDS) --output-file $(WORDS:.po=.mo)

shots: $(DEV)  ## take the pictures of the README anew
	$(BIN)/python docs/shots.py

site: $(DEV)  ## build the documents as a site in build/site
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --editable '.[dev,docs]'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,docs]'
endif
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

clean:  ## remove what was set up
	rm -rf $(VENV) .interop .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis
