NODE := .millrace/bin/node
.DEFAULT_GOAL := help
.PHONY: help demo test test-all check bench up down train clean setup setup-given tools browser sbom

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: setup-given ## The main job on real flights, in this terminal (KEEP=1 leaves it running)
	@$(NODE) scripts/demo/main.ts

test: setup browser ## Checks, unit, property, simulation, contract, integration, browser, guide and timing tests
	@$(NODE) scripts/test.ts

test-all: setup browser tools ## The same, and those of chart, compose file, image and OpenTelemetry Collector: builds tools first
	@$(NODE) scripts/test.ts all

check: setup ## Types, lint, format, dead code, layers, generated docs: seconds
	@$(NODE) scripts/check.ts

bench: setup-given ## Throughput, latency, memory, start and more (NAME=growth: one of them)
	@$(NODE) bench/main.ts $(or $(NAME),all)

up: setup ## Start a broker and a schema registry, print their addresses, leave them running
	@$(NODE) scripts/testbed/cli.ts up

down: setup ## Stop what `make up` started
	@$(NODE) scripts/testbed/cli.ts down

train: setup ## Train the shipped models anew from their data
	@$(NODE) scripts/train.ts

sbom: setup ## What the image is made of (CycloneDX), with licences (IMAGE=name: Debian's packages, too)
	@$(NODE) scripts/sbom.ts $(if $(IMAGE),--image $(IMAGE))

clean: ## Remove what was installed in this folder (caches of the machine stay)
	@rm -rf node_modules .millrace

setup:
	@bash scripts/bootstrap.sh

# What the tests of chart, image and compose file need.
tools: setup
	@bash scripts/tools.sh

# What the tests of the page need.
browser:
	@bash scripts/browser.sh

# Where a broker and a registry named by the environment will do; tests stop and freeze their own.
setup-given:
	@bash scripts/bootstrap.sh --given
