# Each target sets up what it needs: a virtual environment per Python version, beside this file.
PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV := .venv-$(VERSION)
BIN := $(VENV)/bin
READY := $(VENV)/.ready

PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --editable
PYTEST := $(BIN)/pytest --override-ini cache_dir=$(VENV)/.pytest_cache
# One process more than there are cores, because many tests wait; at most eight.
PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 8 ? n + 1 : 8)))
# A file of tests stays in one process, because its tests share what they start. The order stays, too:
# folders with slow tests come first, and the many small files of tests/unit fill the processes at the end.
PARALLEL := --numprocesses=$(PROCESSES) --dist=loadfile --no-loadscope-reorder
FUZZ_OPTIONS ?= -max_total_time=60
LOCK ?= requirements-lambda.lock

.PHONY: help demo test test-all test-python test-downloads test-trainers grounds fuzz check format bench docs \
	picture report-page report-pictures single-file image-check lock sbom base-image doctor clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY)  ## Score the examples and show a table of rewards
	$(BIN)/verifier score examples/completions.jsonl --table

unexport PYTHONDONTWRITEBYTECODE  # the tests start hundreds of interpreters: none should compile again

test: $(READY) test-downloads  ## Run the fast tests: what they are is in docs/testing.md
	$(PYTEST) $(PARALLEL) -m "not slow" $(OPTIONS)

test-all: test-python grounds fuzz  ## Run all tests: slow ones, containers, other users, fuzzing

test-python: $(READY) test-downloads  ## Run all tests of pytest, slow ones and containers included
	$(PYTEST) $(PARALLEL) $(OPTIONS)

# Where these cannot be downloaded, the tests that need them are skipped, with the reason.
test-downloads: $(READY)
	@$(BIN)/python tests/e2e/fetch_rie.py >/dev/null || true
	@$(BIN)/python -m tests.e2e.fetch_clients >/dev/null || true

# These compare with numpy and pandas, which the environment of the other tests does not have.
WITH_NUMPY ?= $(addprefix tests/unit/,$(addprefix sandbox/protocol/test_,arrays.py encoding.py frames.py) \
	verifier/test_code/plain/test_evalplus.py)

# Their packages do not go together, and not into the environment of the other tests.
TRAINERS ?= trl-and-verifiers verifiers-rubrics verl agents sagemaker ms-swift reward-calls ray

test-trainers: $(TRAINERS:%=.venv-%-$(VERSION)/.ready)  ## Run adapters in the trainers' own packages
	for trainers in $(TRAINERS); do \
		.venv-$$trainers-$(VERSION)/bin/python -m pytest --override-ini cache_dir=.venv-$$trainers-$(VERSION)/.pytest_cache \
			tests/trainers $(WITH_NUMPY) $(OPTIONS) || exit 1; \
	done

.venv-%-$(VERSION)/.ready: tests/trainers/%.txt pyproject.toml
	@echo "setting up $(@D): 1 to 15 minutes, up to 4 GB"
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --editable '.[serve]' \
		httpx hypothesis pytest-timeout pytest-xdist --requirement $<
	$(if $(wildcard $(<:.txt=.no-deps.txt)),$(@D)/bin/pip install --quiet --disable-pip-version-check \
		--no-deps --requirement $(<:.txt=.no-deps.txt))
	touch $@

grounds: $(READY)  ## Run the sandbox's tests as root, as a user, and without Landlock
	$(BIN)/python -m tests.other_kernels

FUZZERS := decoder frames events extraction plans

fuzz: $(READY)  ## Fuzz what reads guests, events, completions and references, for a minute each
	$(PIP_INSTALL) '.[fuzz]'
	for fuzzer in $(FUZZERS); do \
		$(BIN)/python tests/fuzz/fuzz_$$fuzzer.py $(FUZZ_OPTIONS) -timeout=60 -verbosity=0 || exit 1; \
	done

check: $(READY)  ## Lint, check types and the contracts between the rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(READY)  ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## Measure speed, beside other graders and bare forks: one table
	$(BIN)/python -m benchmarks $(OPTIONS)
	$(BIN)/python -m benchmarks.split

docs: $(READY)  ## Build the documentation, with warnings as errors
	$(PIP_INSTALL) '.[docs]'
	$(BIN)/mkdocs build --strict

picture: $(READY)  ## Draw docs/shapes.svg: what a pass rate is worth
	$(PIP_INSTALL) '.[pictures]'
	$(BIN)/python docs/plot_shapes.py

report-page:  ## Build handlers/report_page/page.html from its sources (needs Node.js)
	cd handlers/report_page/web && npm ci --no-audit --no-fund && npm run build

report-pictures: $(READY)  ## Draw docs/pictures/report-*.png in Chromium
	REPORT_PICTURES=docs/pictures $(PYTEST) -q -k pictures tests/e2e/test_report_page.py

single-file: $(READY)  ## Build dist/reward_lambda.py: the reward function in one file
	$(BIN)/python -m nova_code_verifier.handlers.single_file.bundle dist/reward_lambda.py

image-check: $(READY)  ## Build the Lambda's image, and compare its rows with this machine's
	$(BIN)/verifier docker-check examples/completions.jsonl $(OPTIONS)

# The project's settings of uv leave out what Lambda's base image has: the service's image needs it.
LOCK_FOR_SERVE := --no-config --universal --generate-hashes --no-annotate --no-header --python-version 3.13 \
	--constraint requirements-lambda.lock
BUILD_REQUIREMENTS := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

lock: $(READY)  ## Write all lock files of the images anew, from pyproject.toml
	$(PIP_INSTALL) '.[lock]'
	$(BIN)/uv pip compile --quiet --upgrade --extra tracing pyproject.toml --output-file requirements-lambda.lock
	$(BIN)/uv pip compile --quiet --upgrade --extra tracing --extra scientific --constraint requirements-lambda.lock \
		pyproject.toml --output-file requirements-lambda-scientific.lock
	$(BIN)/uv pip compile --quiet --upgrade $(LOCK_FOR_SERVE) --extra serve pyproject.toml \
		--output-file requirements-serve.lock
	$(BIN)/python -c '$(BUILD_REQUIREMENTS)' | \
		$(BIN)/uv pip compile --quiet --upgrade $(LOCK_FOR_SERVE) - --output-file requirements-build.lock

sbom: $(READY)  ## Write dist/sbom.cdx.json: the image's packages, with hashes, as CycloneDX
	$(PIP_INSTALL) '.[sbom]'
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements $(LOCK) --pyproject pyproject.toml --output-reproducible --output-format JSON \
		--output-file dist/sbom.cdx.json

base-image: $(READY)  ## Pin the base images of both Dockerfiles to the digests that they have today
	$(PIP_INSTALL) '.[docker]'
	$(BIN)/python -m nova_code_verifier.handlers.containers.base_image Dockerfile.lambda
	$(BIN)/python -m nova_code_verifier.handlers.containers.base_image Dockerfile.serve

doctor: $(READY)  ## Show what this machine's kernel grants
	$(BIN)/verifier doctor

clean:  ## Remove what the other targets made
	rm -rf .venv-* .cache dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed, as by make PYTHON=python3.12")'
	@echo "setting up $(VENV): about a minute"
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) '.[dev]'
	touch $@
