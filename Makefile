# Labivaraus / Labbokning. `make run` and `make test` build all that they need.
SHELL := /bin/bash
PORT ?= 4566
N ?= 10000
KILLS ?= 20
OPERATIONS ?= 1000000
PYTEST := .venv/bin/python -m pytest
TOGETHER := $(wildcard tests/system tests/browser)# they share one local cloud, so they run one after another

.DEFAULT_GOAL := help
.PHONY: help setup run stop test check bench consistency simulate stampede rush storm package openapi

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## the two environments: .venv (app, tests) and .local/ministack-env (the local cloud)
	@$(MAKE) -s --no-print-directory -j2 .venv/ready .local/ministack-env/ready

run: setup ## start the local cloud, deploy to it, seed it once; prints the address (PORT=4566)
	@.venv/bin/python -m infra.local start --port $(PORT)

stop: ## stop the local cloud; what it holds is kept in .local/state
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m infra.local stop; else echo "The local cloud is not running."; fi

test: setup ## all tests; T="tests/unit -k name" for some of them
	@$(if $(T),$(PYTEST) $(T),status=0; $(PYTEST) -n 2 --dist loadgroup $(TOGETHER:%=--ignore=%) || status=$$?; \
	$(if $(TOGETHER),$(PYTEST) $(TOGETHER) || status=$$?;) exit $$status)

check: .venv/ready ## style, types, and the packaged template
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/python -m infra.package check

bench: setup ## requests, capacity, times and sizes of each operation, printed and as JSON
	@.venv/bin/python -m tests.benchmarks

consistency: setup ## ledger against bookings on the local cloud; REPAIR=--repair mends what differs
	@.venv/bin/python -m infra.local consistency $(REPAIR)

simulate: .venv/ready ## OPERATIONS=1000000 of random history, the invariant checked after each
	@.venv/bin/python -m tests.simulation --operations $(OPERATIONS)

stampede: setup ## N=10000 attempts by 64 clients at one time of one space, on the local cloud
	@STAMPEDE_ATTEMPTS=$(N) $(PYTEST) -rP --timeout 0 tests/system/test_stampede.py

rush: N = 2000
rush: setup ## N=2000 people by 64 clients at one event of 100 seats and a list of 500, on the local cloud
	@RUSH_PEOPLE=$(N) $(PYTEST) -rP --timeout 0 tests/system/test_rush.py

storm: N = 2000
storm: setup ## N=2000 due messages on the local cloud, KILLS=20 workers killed while they send them
	@STORM_MESSAGES=$(N) STORM_KILLS=$(KILLS) $(PYTEST) -rP --timeout 0 tests/system/test_crash_storm.py

package: .venv/ready ## the CloudFormation template and the zip for AWS, in build/prod
	@.venv/bin/python -m infra.package prod build/prod

openapi: .venv/ready ## the OpenAPI document, to standard output
	@.venv/bin/python -m chalicelib.api.openapi

.venv/ready: requirements.txt tests/requirements.txt infra/local/environment.sh
	@infra/local/environment.sh .venv tests/requirements.txt

.local/ministack-env/ready: infra/local/requirements.txt infra/local/environment.sh
	@infra/local/environment.sh .local/ministack-env infra/local/requirements.txt
