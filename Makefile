# Every command of the project, for people and for CI; `make` alone lists them.
# What each part is made of is declared once below, so that a second run only does what has changed.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
# The first Python on the path that is new enough: it makes .venv and nothing else.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
# Everything is compiled in one profile: str0m and aws-lc take two minutes, and take them once.
CARGO_BUILD := cargo build --release --locked

ENGINE := src/huisclos/_engine.abi3.so
CLIENT := src/huisclos/_client/index.html
MODULES := node_modules/.package-lock.json
MLS := web/src/e2ee/huisclos_mls.wasm
engine_sources := Cargo.toml Cargo.lock $(shell find engine/wire engine/sfu engine/net engine/py -name '*.rs' -o -name Cargo.toml)
client_sources := package.json $(shell find web -type f -not -name '*.test.*' -not -path '*/node_modules/*' -not -name '*.wasm')
mls_sources := mls/module mls/Cargo.toml mls/Cargo.lock mls/.cargo/config.toml \
  $(shell find mls/src mls/shims -not -path mls/src/tests/\* \( -name '*.rs' -o -name Cargo.toml \))

# T selects tests (`make test-unit T=tests/unit/domain/test_lobby.py`, `make test-engine T=nack`); ARGS goes to the command.
T ?=
ARGS ?=
PYTEST := $(BIN)/python -m pytest

say = printf '\033[1m── %s\033[0m\n' "$(1)"

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

##── Set up and run ──────────────────────────────────────────────────────────────────────────────────

.PHONY: run build wheel
run: build ## Build what is missing, start the server, print a room link (ARGS="--port 8080")
	@exec $(BIN)/huisclos serve $(ARGS)

build: tools ## Build engine, client and environment, so that .venv/bin/huisclos is the command
	@$(MAKE) -s -j3 $(ENGINE) $(CLIENT) $(MADE)/command
	@$(BIN)/python build_backend/client_manifest.py

wheel: build $(MADE)/dev ## Build dist/huisclos-*.whl, which needs neither Rust nor Node where it is installed
	@$(call say,wheel)
	rm -f dist/huisclos-*.whl
	$(UV) build --wheel --no-build-isolation --python $(BIN)/python

.PHONY: tools
tools:
	@PYTHON='$(PYTHON)' .ci/tools

$(BIN)/uv:
	@$(call say,Python environment in $(VENV))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(MADE)/python: uv.lock | $(BIN)/uv
	@$(call say,Python packages)
	$(UV) sync --quiet --locked --inexact --no-dev
	@mkdir -p $(MADE) && touch $@

$(MADE)/dev: uv.lock | $(MADE)/python
	@$(call say,Python packages for development)
	$(UV) sync --quiet --locked --inexact
	@touch $@

$(MADE)/command: build_backend/editable.py pyproject.toml | $(MADE)/python
	$(BIN)/python build_backend/editable.py
	@touch $@

# Moved into place in one step: a server that still runs keeps the file it has mapped.
$(ENGINE): $(engine_sources)
	@$(call say,media engine (Rust; about two minutes the first time))
	$(CARGO_BUILD) -p huisclos-py --features extension-module
	@cp target/release/lib_engine.so $@.new && mv -f $@.new $@

$(MODULES): package-lock.json
	@$(call say,JavaScript packages)
	npm ci --no-audit --no-fund --no-progress
	@touch $@

$(MLS): $(mls_sources)
	@$(call say,end-to-end encryption for the browser (Rust to WebAssembly; about a minute the first time))
	mls/module $@

$(CLIENT): $(client_sources) $(MLS) $(MODULES)
	@$(call say,web client)
	npm run --silent build
	@touch $@

##── Check and test ──────────────────────────────────────────────────────────────────────────────────

.PHONY: check lint types format test test-unit test-web test-engine test-protocol test-hostile test-e2ee test-browser test-structure test-wheel test-churn test-reproducible test-known-answers
check: build $(MADE)/dev ## Lint, types and unit tests: before every commit, under two minutes
	@$(MAKE) -j2 --output-sync=target test-unit lint types test-web

lint: $(MODULES) $(MADE)/dev ## ruff, import directions, rustfmt, clippy, Biome
	@$(call say,lint)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	cargo fmt --all --check
	cargo clippy --release --locked --workspace --all-targets --quiet -- -D warnings
	cd mls && cargo fmt --all --check && cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
	npm run --silent lint

types: $(ENGINE) $(MODULES) $(MADE)/dev ## mypy --strict, the engine's stub against the engine, tsc
	@$(call say,types)
	$(BIN)/mypy
	$(BIN)/stubtest huisclos._engine
	npm run --silent types

format: build $(MADE)/dev ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt --all
	cd mls && cargo fmt --all
	npx biome check --write web

test: ## Every suite; installs what the tests need and prints what ran
	@tests/run

test-unit: build $(MADE)/dev ## Python unit tests, the store on SQLite and PostgreSQL (T=path or T="-k words")
	@.ci/debian pg_ctlcluster postgresql
	@.ci/debian openssl openssl
	$(PYTEST) $(or $(T),tests/unit)

test-web: $(MODULES) $(MLS) ## Unit tests of the web client (T=words in the file name)
	npm run --silent test -- $(T)

test-engine: ## Rust tests, the lossy-network simulation among them (T=words in the test name)
	cargo test --release --locked --workspace $(T)
	cd mls && cargo test --locked --workspace $(T)

test-protocol: build $(MADE)/dev ## Official LiveKit SDKs against our server, and our MLS read by another implementation
	@[ "$$(id -u)" != 0 ] || { .ci/debian ip iproute2; .ci/debian nft nftables; }
	$(PYTEST) $(or $(T),tests/protocol)

test-hostile: build $(MADE)/dev ## What strangers throw at a running server (ROW=C05: the tests of one known failure, wherever they are)
ifdef ROW
	@.ci/debian chromium chromium
	$(PYTEST) --row $(ROW) tests/hostile tests/e2ee
else
	$(PYTEST) $(or $(T),tests/hostile)
endif

# tests/run asks for the pages alone: the rest is in other suites.
PARTS ?= group frames pages
test-churn: build $(MADE)/dev ## Sixty joins and leaves in three minutes on a line that loses 5 % of its packets; prints how long pictures stood still
	@.ci/debian chromium chromium
	CHURN_EVENTS=60 $(PYTEST) tests/e2ee/test_churn.py

test-e2ee: build $(MADE)/dev ## Every proof of the encryption: rules of the group, frames, and a server that lies to real pages
	@.ci/debian chromium chromium
ifneq (,$(filter group,$(PARTS)))
	cd mls && cargo test --locked --workspace
endif
ifneq (,$(filter frames,$(PARTS)))
	npm run --silent test -- e2ee
	$(PYTEST) tests/browser/test_frames.py tests/browser/test_frames_over_the_server.py tests/browser/test_encrypted_call.py
endif
ifneq (,$(filter pages,$(PARTS)))
	$(PYTEST) $(or $(T),tests/e2ee)
endif

test-browser: build $(MADE)/dev ## Several people in a real Chromium; frame encryption in Firefox too
	@.ci/debian chromium chromium
	@.ci/debian firefox-esr firefox-esr
	@.ci/debian pg_ctlcluster postgresql
	@.ci/debian openssl openssl
	$(PYTEST) $(or $(T),tests/browser)

test-structure: build $(MADE)/dev ## The layout itself: sizes, documents, languages, foreign requests
	$(PYTEST) $(or $(T),tests/structure)

test-wheel: wheel ## The wheel in an empty environment without Rust and Node
	$(PYTEST) $(or $(T),tests/wheel)

test-reproducible: $(MODULES) ## Build the client twice in different folders: the same bytes? (five minutes; not part of `make test`)
	@tests/reproducible

test-known-answers: ## OpenMLS's own runners of the working group's vectors on the release we build (minutes; not part of `make test`)
	@mls/known-answers

##── Fuzz ────────────────────────────────────────────────────────────────────────────────────────────

READERS := tests/unit/domain/test_mls_header.py tests/unit/services/test_delivery_frames.py tests/unit/api/test_encrypted_rooms.py

.PHONY: fuzz fuzz-smoke
fuzz: $(MADE)/dev ## Long fuzzing of everything that reads bytes from the network (SECONDS=3600 in all)
	@.ci/debian g++ g++
	engine/fuzz/run $(or $(SECONDS),3600) $(T)
	@$(call say,what Python reads of MLS, frames and policies)
	$(PYTEST) --hypothesis-profile=fuzz --timeout=0 $(READERS) -k "any_ or changed_byte"

fuzz-smoke: ## The same for 30 s in all
	@.ci/debian g++ g++
	@$(call say,fuzz targets (compiled with coverage; some minutes the first time))
	engine/fuzz/run 30

##── Measure ─────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench bench-e2ee bench-quick bench-smoke
bench: build $(MADE)/dev ## Us beside livekit-server on the same loads; writes bench/results and the README's table (needs Go)
	$(BIN)/python bench/run.py $(ARGS)
	$(BIN)/python bench/e2ee.py
	$(BIN)/python bench/table.py

bench-e2ee: build $(MADE)/dev ## What encryption costs a browser: MLS at 2 to 300 members, and a frame; writes bench/results and the README's table
	$(BIN)/python bench/e2ee.py $(ARGS)
	$(BIN)/python bench/table.py

bench-quick: build $(MADE)/dev ## One case in 50 s; the last line is one JSON object
	@$(BIN)/python bench/run.py --quick $(ARGS)

bench-smoke: build $(MADE)/dev ## A few seconds of load on our server alone: does every packet arrive
	@$(BIN)/python bench/run.py --smoke $(ARGS)

.PHONY: clean
clean: ## Delete everything that was built (not data/)
	rm -rf target dist node_modules $(VENV) src/huisclos/_client src/huisclos/_engine.*.so $(MLS) test-results engine/fuzz/target
