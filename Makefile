# Each target is a script of the same name; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check bench promises smoke setup coverage

help: ## this list
	@sed -n 's/^\([a-z]*\): ## /  make \1\t/p' Makefile | expand -t 18

run: ## build and run it on ./data; prints the address and the setup link
	@scripts/run.sh

test: ## everything that must hold: format, lints, tests on both engines, the binary from outside
	@scripts/test.sh

check: ## what can be said without running: format, lints, the rules of the house
	@scripts/setup.sh
	@scripts/check.sh

bench: ## speed, side by side
	@scripts/bench.sh

promises: ## the promises at their full figures (long)
	@scripts/promises.sh

smoke: ## the built binary with curl, on both engines
	@scripts/setup.sh
	@source scripts/env.sh && build_binary
	@scripts/smoke.sh

setup: ## install what is missing on a bare Debian, cargo-deny too
	@scripts/setup.sh --deny

coverage: ## which lines the tests reach
	@scripts/coverage.sh
