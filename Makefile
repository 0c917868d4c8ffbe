# confine: `make` lists the targets. Needs Go 1.26 or newer; run, test and bench also need Debian 12
# and root, and install what they miss (see README.md, requirements).

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build run test lint lint-fast bench fuzz setup clean

# Go's own installer puts it where root's PATH often does not look.
export PATH := $(PATH):/usr/local/go/bin
# One static binary that works inside any root file system: no C, not even in its tests.
export CGO_ENABLED := 0

# The same commit gives the same bytes: the version is the only stamp, and it is given here.
VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
FUZZTIME ?= 30s

GOFUMPT      := mvdan.cc/gofumpt@v0.12.0
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCILINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

help:
	@echo 'make build   bin/confine, one static binary'
	@echo 'make run     install what is missing, then run a real connector confined'
	@echo 'make test    install what is missing, then every test, also those that launch sandboxes'
	@echo 'make lint    gofumpt, go vet, staticcheck, golangci-lint (its first build takes about 3 minutes)'
	@echo 'make bench   what a confined launch costs'
	@echo 'make fuzz    every fuzz target for FUZZTIME (30s) each'
	@echo 'make setup   only install what is missing'
	@echo 'make clean   remove bin/ and build/'

build:
	@scripts/need-go
	@go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/confine ./cmd/confine

setup:
	@scripts/setup all

run: build setup
	@scripts/run-connector

test: build setup
	@go vet ./...
	@go run ./scripts/testreport

lint: lint-fast
	@echo 'lint: golangci-lint'
	@go run $(GOLANGCILINT) run

lint-fast:
	@scripts/need-go
	@echo 'lint: gofumpt'
	@unformatted=$$(go run $(GOFUMPT) -l .); \
	  if [[ -n $$unformatted ]]; then \
	    printf 'not formatted by gofumpt:\n%s\n  instead   go run $(GOFUMPT) -w .\n' "$$unformatted" >&2; exit 1; \
	  fi
	@echo 'lint: go vet'
	@go vet ./...
	@echo 'lint: go vet for macOS and Windows, where policies are written too'
	@for os in darwin windows; do GOOS=$$os go vet ./cmd/... ./compiler/... ./policy/... ./policies/...; done
	@echo 'lint: staticcheck'
	@go run $(STATICCHECK) ./...

bench: build setup
	@go run ./integration/bench

fuzz:
	@scripts/need-go
	@scripts/fuzz $(FUZZTIME)

clean:
	@rm -rf bin build
