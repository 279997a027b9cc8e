# make sandbox: play it in a browser.  make test: the tests.  Both make their own environment first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CATALOGS := bot/languages/catalogs
STAMP  := $(VENV)/.installed
PLAY   := $(VENV)/.sandbox
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Two per core: with three on two cores, a third of the time nobody worked, since many tests wait for other processes, for
# threads to end, or for what must come. Each costs five seconds of the processor to import and collect.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

.DEFAULT_GOAL := help
.PHONY: help install sandbox test thorough attacks coverage check fix bench soak release migrate docs site lock languages foreign shots clean

help:
	@echo "make sandbox   the whole thing in your browser: a little Slack, a gateway, the bot"
	@echo "make test      the tests of every room, but for those of make thorough and make soak"
	@echo "make thorough  the tests that take long (CI: with make coverage)"
	@echo "make attacks   what hostile and careless people try (CI: with make coverage)"
	@echo "make coverage  branches covered by the tests: all of them in permissions, gateway and approvals"
	@echo "make check     lint, types, import contracts"
	@echo "make fix       let the formatter and the linter mend what they can"
	@echo "make bench     figures, as ratios in one run"
	@echo "make soak      the long tests, and the rest of each kind of which make test runs one or two"
	@echo "               (some four hours on two cores: the kill matrix, and one process for MINUTES=60)"
	@echo "make release   wheel, source and CycloneDX list in dist/, nothing is published"
	@echo "make docs      the pages that are made from the code; make site: all pages as a site in site/"
	@echo "make shots     pictures of the main cards, windows and lists of the sandbox in build/shots/"
	@echo "make migrate   bring the database of .env up to date"
	@echo "make lock      resolve the dependencies anew into requirements/"

# Everything that developing needs, or only what playing needs.
# The one for playing lacks what developing needs, so it is made anew.
$(STAMP): pyproject.toml requirements/dev.lock
	@test ! -e $(PLAY) || rm -rf $(VENV)
	$(call environment,requirements/dev.lock)

# Babel knows a thousand languages, 35 MB; those of our catalogues stay.
FEW_LANGUAGES := import babel, pathlib; from bot.languages import languages; keep = {'root'} | {tag.split('-')[0] for tag in languages()}; [f.unlink() for f in (pathlib.Path(babel.__file__).parent / 'locale-data').glob('*.dat') if f.stem.split('_')[0] not in keep]
$(PLAY): pyproject.toml requirements/sandbox.lock
	$(call environment,requirements/sandbox.lock --no-compile)
	@$(BIN)/python -c "$(FEW_LANGUAGES)"


define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No environment could be made in $(CURDIR)/$(VENV): is the folder writable, is the disk full?"; exit 1; }
	@$(PIP) --require-hashes -r $(1) 2>$(VENV)/pip.log || { $(call why_not,$(firstword $(1))); exit 1; }
	@$(PIP) --no-deps --require-hashes -r requirements/build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
endef

install: $(STAMP)

# pip says in many lines that it reached nobody; here one does, and its own words are kept.
define why_not
if grep -qE 'NewConnectionError|ConnectTimeout|ProxyError|from versions: none' $(VENV)/pip.log; then echo "The packages of $(1) could not be fetched, because no package index is reached: connect this machine to a network, or name a mirror or a proxy to pip (PIP_INDEX_URL, HTTPS_PROXY). pip's own words are in $(VENV)/pip.log."; else cat $(VENV)/pip.log; echo "The packages of $(1) could not be installed; the lines above say why. Is the disk full?"; fi
endef

# Where the whole environment is there, it will do.
sandbox: $(if $(wildcard $(STAMP)),install,$(PLAY))
	$(BIN)/keydesk sandbox $(ARGS)

# What is compiled once need not be compiled by each of the processes that the tests start.
test thorough coverage soak: export PYTHONDONTWRITEBYTECODE :=
test: install
	$(BIN)/python tests/tools/browser.py
	$(BIN)/python -m compileall -q bot keydesk_sandbox
	$(BIN)/python -m pytest -m "not soak and not thorough" -n $(WORKERS) --dist worksteal -q $(ARGS)

# What takes long: alone, without counting lines.
thorough: install
	$(BIN)/python tests/tools/browser.py
	$(BIN)/python -m pytest -m "thorough and not soak" -n $(WORKERS) --dist worksteal -q $(ARGS)

# What a hostile or careless colleague tries.
attacks: install
	$(BIN)/python -m pytest -m "not soak" -n $(WORKERS) --dist worksteal -q tests/attacks $(ARGS)

# Branches, by all tests but those that look at another process, a browser or the time. The rooms where a mistake costs
# money or a key have no branch without a test. Then what `make test` left out and cannot be counted, so that the two
# of them run everything but the soak tests.
coverage: install
	$(BIN)/python tests/tools/browser.py
	$(BIN)/python -m pytest -m "not soak and not browser and not timed and not processes" -n $(WORKERS) --dist worksteal -q --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --include='bot/permissions/*' --fail-under=100
	$(BIN)/python -m coverage report --include='bot/gateway/*' --fail-under=100
	$(BIN)/python -m coverage report --include='bot/approvals/*' --fail-under=100
	$(BIN)/python -m coverage report --include='bot/*' --precision=2 --fail-under=95
	$(BIN)/python -m pytest -m "thorough and not soak and (browser or timed or processes)" -n $(WORKERS) --dist worksteal -q $(ARGS)

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: install
	$(BIN)/python -m bot.features > docs/operations.md
	$(BIN)/python -m bot.cli.reference docs/reference
	$(BIN)/python -m bot.cli.env_example > .env.example

# The sentences of the code into the catalogues of all languages: new ones empty, changed ones marked, and compiled.
languages: install
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k tr -k trn:1,2 -k trc:1c,2 --no-default-keywords --project=Keydesk --version= --copyright-holder=Keydesk --msgid-bugs-address= --no-location --sort-output -o build/keydesk.pot .
	@set -e; for folder in $(CATALOGS)/*/; do tag=$$(basename $$folder); locale=$$(echo $$tag | tr - _); \
	  if [ -f $$folder/keydesk.po ]; then command="update -N --ignore-obsolete --ignore-pot-creation-date"; else command=init; fi; \
	  $(BIN)/pybabel -q $$command -w 120 -l $$locale -i build/keydesk.pot -o $$folder/keydesk.po; \
	  $(BIN)/pybabel -q compile -l $$locale -i $$folder/keydesk.po -o $$folder/keydesk.mo; done

# Every scenario in a made-up language: what is still English in what people see, or is cut, fails it. The database
# changes no words, so SQLite does for all.
foreign: install
	$(BIN)/python -m pytest -m "not soak and not postgres" -n $(WORKERS) --dist worksteal -q --foreign tests/scenarios $(ARGS)

# What people see, on a desk and on a phone: to be looked at by somebody who did not make it.
shots: install
	$(BIN)/python tests/tools/browser.py
	$(BIN)/python -m tests.browser.shots $(or $(FOLDER),build/shots)

# The pages as a site in site/, which needs no server and asks no other host for anything.
site: $(STAMP)
	$(PIP) --require-hashes -r requirements/docs.lock
	$(BIN)/zensical build --clean --strict

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

soak: install
	$(BIN)/python -m pytest -m "hypothesis and not soak" --hypothesis-profile=many --timeout=3600 -q $(ARGS)
	MINUTES=$(or $(MINUTES),60) $(BIN)/python -m pytest -m soak -s $(ARGS)

# A dry run of a release: wheel and source, and what is installed to serve (CycloneDX). The version must be the tag's.
release: install
	$(PIP) --require-hashes -r requirements/release.lock
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o dist/keydesk.cdx.json requirements/run.lock
	@case "$$GITHUB_REF_NAME" in v*) ls dist/keydesk-$${GITHUB_REF_NAME#v}-*.whl > /dev/null || { echo "the tag is not the version of pyproject.toml"; exit 1; };; esac

migrate: install
	$(BIN)/keydesk migrate

lock:
	printf 'hatchling>=1.27\neditables>=0.5\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header - -o requirements/build.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/run.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --extra sandbox -o requirements/sandbox.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-strip-extras pyproject.toml --group dev -o requirements/dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group release -o requirements/release.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group docs -o requirements/docs.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist site .cache *.egg-info
