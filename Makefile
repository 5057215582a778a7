# "make help" lists the targets. Everything is built with the Go toolchain: no
# containers, no Terraform CLI, nothing to install first but Go, git and make.

SHELL         := bash -o pipefail
.DEFAULT_GOAL := help

# Tools are pinned in a module file of their own, so that what they need never
# decides what the provider is built with.
TOOL := go tool -modfile=go.tools.mod

OUTPUT := _output

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo v0.0.0)
LDFLAGS := -X github.com/crossplane-contrib/provider-upjet-scaleway/internal/version.version=$(VERSION)

##@ Start here

.PHONY: help
help: ## Lists the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Runs the examples end to end on this machine, then takes everything away.
	@$(OUTPUT)/bin/demo --provider-binary $(OUTPUT)/bin/provider --fake-binary $(OUTPUT)/bin/fake-scaleway

.PHONY: dev
dev: build ## Runs the same as demo, and stays up until Ctrl-C.
	@$(OUTPUT)/bin/demo --stay --provider-binary $(OUTPUT)/bin/provider --fake-binary $(OUTPUT)/bin/fake-scaleway

##@ Build

.PHONY: build
build: ## Builds the provider, the local Scaleway API and the demo into _output/bin.
	@echo "Building the provider (minutes the first time, seconds after)"
	@mkdir -p $(OUTPUT)/bin
	@CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o $(OUTPUT)/bin/ ./cmd/provider ./cmd/fake-scaleway ./cluster/demo

XPKG     := $(OUTPUT)/xpkg
PACKAGES := provider-upjet-scaleway function-container-access
REVISION := $(shell git rev-parse HEAD 2>/dev/null)

.PHONY: xpkg
xpkg: ## Builds the Crossplane packages for amd64 and arm64 into _output/xpkg, without containers.
	@mkdir -p $(OUTPUT)/tools
	@rm -rf $(XPKG)
	@GOWORK=off go build -C cluster/xpkg -o $(CURDIR)/$(OUTPUT)/tools/xpkg .
	@crank=$$(go run ./cluster/controlplane/assets crank)/crank && \
		for p in $(PACKAGES); do \
			$(OUTPUT)/tools/xpkg build --package $$p --crank $$crank --version "$(VERSION)" --revision "$(REVISION)" --output $(XPKG)/$$p || exit 1; \
		done

.PHONY: xpkg-push
xpkg-push: xpkg ## Pushes the packages, and their bills of materials, to XPKG_REGISTRY=HOST/ORGANISATION, as VERSION.
	@test -n "$(XPKG_REGISTRY)" || { echo "Say where to: make xpkg-push XPKG_REGISTRY=registry.example.org/team VERSION=v0.1.0"; exit 1; }
	@crank=$$(go run ./cluster/controlplane/assets crank)/crank && \
		for p in $(PACKAGES); do \
			$(OUTPUT)/tools/xpkg push --crank $$crank --dir $(XPKG)/$$p $(XPKG_REGISTRY)/$$p:$(VERSION) || exit 1; \
		done

FUNCTION := cmd/function-container-access

.PHONY: generate
generate: ## Regenerates the API types, the controllers and the CRDs from config/.
	@mkdir -p $(OUTPUT)/tools
	@echo "Building the code generators"
	@go build -modfile=go.tools.mod -o $(OUTPUT)/tools/ golang.org/x/tools/cmd/goimports sigs.k8s.io/controller-tools/cmd/controller-gen github.com/crossplane/crossplane-tools/cmd/angryjet
	@mkdir -p package/crds internal/controller
	@find apis internal/controller -name 'zz_*' -delete
	@find package/crds -name '*.yaml' -delete
	@PATH="$(CURDIR)/$(OUTPUT)/tools:$$PATH" go run ./cmd/generator .
	@PATH="$(CURDIR)/$(OUTPUT)/tools:$$PATH" controller-gen object:headerFile=cmd/generator/boilerplate.go.txt paths=./apis/... crd:crdVersions=v1 output:crd:artifacts:config=package/crds
	@PATH="$(CURDIR)/$(OUTPUT)/tools:$$PATH" angryjet generate-methodsets --header-file=cmd/generator/boilerplate.go.txt ./apis/...
	@find $(FUNCTION) \( -name 'zz_*' -o -path '*/package/input/*.yaml' \) -delete
	@cd $(FUNCTION) && GOWORK=off PATH="$(CURDIR)/$(OUTPUT)/tools:$$PATH" controller-gen object:headerFile=$(CURDIR)/cmd/generator/boilerplate.go.txt paths=./input/... crd:crdVersions=v1 output:crd:artifacts:config=package/input

##@ Check

.PHONY: test
test: unit ## Runs all tests: units, and integration on a real kube-apiserver (built first, once).
	@go run ./cluster/controlplane/assets kube-controller-manager >/dev/null
	@# One package after the other: each starts many processes. A test mostly waits.
	@# The table of the fault matrix is shown whatever comes of it.
	@mkdir -p $(OUTPUT)
	@MATRIX_REPORT=$(CURDIR)/$(OUTPUT)/matrix.txt go test -p 1 -parallel 4 -timeout 30m $$(go list ./cluster/... | grep -v /cluster/test/e2e); \
		status=$$?; cat $(OUTPUT)/matrix.txt 2>/dev/null; exit $$status

.PHONY: e2e
e2e: xpkg ## Runs the package under Crossplane core, with the compositions among the examples.
	@XPKG_DIR=$(CURDIR)/$(XPKG)/provider-upjet-scaleway XPKG_VERSION="$(VERSION)" XPKG_REVISION="$(REVISION)" go test -count=1 -timeout 20m -v ./cluster/test/e2e

# Modules that have pins of their own and code of ours.
MODULES := cluster/xpkg cluster/test/e2e/functions/patch-and-transform $(FUNCTION)

.PHONY: unit
unit: ## Runs the tests that need no kube-apiserver, in seconds.
	@go test $$(go list ./... | grep -v /cluster/)
	@for m in $(MODULES); do GOWORK=off go test -C $$m ./... || exit 1; done

.PHONY: simulate
simulate: ## Explores the guard of one-time secrets in a simulated world: each deviation, one in 53 of all PAIRS of them, 1,000 SEEDS. 5 minutes.
	@SIMULATION=all SEEDS=$${SEEDS:-1000} go test ./internal/onetime/simulation -count=1 -timeout 60m -v -run 'TestEveryDeviation|TestPairs|TestSeeds' | grep --line-buffered -E 'schedules|seeds|BROKEN|SIMULATE|^(---|ok|FAIL|PASS)'

.PHONY: fuzz
fuzz: ## Runs each fuzz target for FUZZTIME, 30s unless it says otherwise. What they have found is kept in testdata/fuzz, and run by the unit tests.
	@grep -rnoE --include='fuzz_test.go' 'func Fuzz[A-Za-z]+' config internal | while IFS=: read -r file _ target; do \
		echo "$${target#func } in $$(dirname $$file)"; \
		go test ./$$(dirname $$file) -run '^$$' -fuzz "^$${target#func }$$" -fuzztime "$${FUZZTIME:-30s}" </dev/null || exit 1; \
	done

.PHONY: bench
bench: ## Measures the provider beside Terraform and the Scaleway SDK: see cluster/test/bench. It takes hours.
	@go run ./cluster/controlplane/assets kube-controller-manager >/dev/null
	@BENCH_TOKENS=$${BENCH_TOKENS:-100,200,1000,10000} go test ./cluster/test/bench -count=1 -timeout 24h -v -run 'TestBench|TestLatency'

.PHONY: bench-check
bench-check: ## Fails if a token costs more requests, calls or allocations than was recorded.
	@go test ./internal/controller/managed -count=1 -run 'TestAllocations|TestCalls'
	@go run ./cluster/controlplane/assets kube-controller-manager >/dev/null
	@BENCH_CHECK=$${BENCH_CHECK:-200} go test ./cluster/test/bench -count=1 -timeout 20m

.PHONY: bench-record
bench-record: ## Records what bench-check compares with.
	@RECORD=1 $(MAKE) --no-print-directory bench-check

.PHONY: vet
vet: ## Runs go vet.
	@go vet ./...
	@for m in $(MODULES); do GOWORK=off go vet -C $$m ./... || exit 1; done

.PHONY: lint
lint: ## Runs golangci-lint (built first, once).
	@$(TOOL) golangci-lint run ./...
	@for m in $(MODULES); do (cd $$m && GOWORK=off go tool -modfile=$(CURDIR)/go.tools.mod golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

.PHONY: vulncheck
vulncheck: ## Looks for known vulnerabilities in what the provider is linked with.
	@# The database is a Go module too: nothing but the Go proxy is needed. The image is
	@# built with the Go that go.mod names, so that one is looked at.
	@db=$$(cd / && go mod download -json golang.org/x/vulndb@latest | sed -n 's/.*"Dir": "\(.*\)".*/\1/p') && \
		GOTOOLCHAIN=$$(sed -n 's/^toolchain //p' go.mod) $(TOOL) govulncheck -db "file://$$db/data/osv" ./cmd/provider

.PHONY: tidy
tidy: ## Brings go.mod in line with the code.
	@go mod tidy
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

GENERATED := apis internal/controller package examples/admission $(FUNCTION)

.PHONY: check-generate
check-generate: generate ## Fails if "make generate" changes what is committed.
	@git status >/dev/null
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); git diff --stat -- $(GENERATED); echo "Generated files are not up to date: run make generate, and commit what it changes."; exit 1; }

.PHONY: reviewable
reviewable: generate tidy vet lint unit ## Does all that a change needs before it is offered.

.PHONY: clean
clean: ## Removes what was built in the checkout. The caches outside it stay.
	@rm -rf $(OUTPUT)
