# confine: `make` lists the targets. Needs Go 1.26 or newer; run, test and bench also need Debian 12
# and root, and install what they miss (see README.md, requirements).

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build install run test lint lint-fast bench fuzz setup clean

# Go's own installer puts it where root's PATH often does not look.
export PATH := $(PATH):/usr/local/go/bin
# One static binary that works inside any root file system. C is only in it for libseccomp, which
# one file needs, where a C compiler and the static library are there; LIBSECCOMP=no leaves it out.
export CGO_ENABLED := 0
LIBSECCOMP = $(shell scripts/have-libseccomp)
# What is linked to C cannot be the stage of a guest of gVisor, so it carries one that is not.
# netgo, osusergo: names of hosts and users are looked up by Go, as without C: a static C library cannot.
CTAGS := libseccomp,netgo,osusergo

# The same commit gives the same bytes: the version is the only stamp, and it is given here.
VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
FUZZTIME ?= 30s
# Where make install puts things; DESTDIR is put before it, for those who make packages.
PREFIX  ?= /usr/local
DESTDIR ?=

GOFUMPT      := mvdan.cc/gofumpt@v0.12.0
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCILINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

help:
	@echo 'make build   bin/confine, one static binary, with libseccomp where it can be linked'
	@echo 'make install into PREFIX (/usr/local) below DESTDIR, with shell completion and manual pages'
	@echo 'make run     install what is missing, then run a real connector confined'
	@echo 'make test    install what is missing, then every test, also those that launch sandboxes'
	@echo 'make lint    gofumpt, go vet, staticcheck, golangci-lint (its first build takes about 3 minutes)'
	@echo 'make bench   what confined launches, connections and calls cost'
	@echo 'make fuzz    every fuzz target for FUZZTIME (30s) each'
	@echo 'make setup   only install what is missing'
	@echo 'make clean   remove bin/ and build/'

build:
	@scripts/need-go
	@if [[ '$(LIBSECCOMP)' == yes ]]; then \
	  go build -trimpath -buildvcs=false -ldflags '-s -w' -o runner/guest.stage ./runner/stage/guest; \
	  CGO_ENABLED=1 go build -trimpath -buildvcs=false -tags $(CTAGS),gueststage \
	    -ldflags '-s -w -linkmode external -extldflags -static -X main.version=$(VERSION)' -o bin/confine ./cmd/confine; \
	else \
	  go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/confine ./cmd/confine; \
	fi

install: build
	@scripts/install bin/confine '$(DESTDIR)' '$(PREFIX)'

setup:
	@scripts/setup all

# setup comes before build: it installs libseccomp. Without root nothing is installed.
run: $(if $(filter 0,$(shell id -u)),setup) build
	@scripts/run-connector

test: setup build
	@scripts/setup images
	@go vet ./...
	@go run ./scripts/testreport -cgo $(CTAGS)

lint: lint-fast
	@echo 'lint: golangci-lint'
	@go run $(GOLANGCILINT) run
	@if [[ '$(LIBSECCOMP)' == yes ]]; then echo 'lint: golangci-lint with libseccomp'; \
	  go run -exec 'env CGO_ENABLED=1' $(GOLANGCILINT) run --build-tags $(CTAGS); fi

lint-fast:
	@scripts/need-go
	@echo 'lint: gofumpt'
	@unformatted=$$(go run $(GOFUMPT) -l .); \
	  if [[ -n $$unformatted ]]; then \
	    printf 'not formatted by gofumpt:\n%s\n  instead   go run $(GOFUMPT) -w .\n' "$$unformatted" >&2; exit 1; \
	  fi
	@echo 'lint: go vet'
	@go vet ./...
	@scripts/cross
	@echo 'lint: staticcheck'
	@go run $(STATICCHECK) ./...
	@if [[ '$(LIBSECCOMP)' == yes ]]; then echo 'lint: go vet with libseccomp'; CGO_ENABLED=1 go vet -tags $(CTAGS) ./...; fi

bench: setup build
	@go run ./integration/bench
	@CGO_ENABLED=1 go test -tags $(CTAGS) -run TestPathsOfGenerators -bench Generators -v ./compiler/seccomp

fuzz:
	@scripts/need-go
	@scripts/fuzz $(FUZZTIME)

clean:
	@rm -rf bin build runner/guest.stage
