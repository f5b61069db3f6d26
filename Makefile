SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE_NAME := ghcr.io/sts-operator/sts-operator
IMG ?= $(IMAGE_NAME):$(VERSION)
PLATFORMS ?= linux/amd64 linux/arm64
LDFLAGS := -s -w -X main.version=$(VERSION)
PKG ?= ./...
TEST_IMPORTS := '{{range .TestImports}}{{println .}}{{end}}{{range .XTestImports}}{{println .}}{{end}}'

TOOLS := bin/tools
CONTROLLER_GEN := $(TOOLS)/controller-gen
GOLANGCI_LINT := $(TOOLS)/golangci-lint
GOVULNCHECK := $(TOOLS)/govulncheck
KUSTOMIZE := $(TOOLS)/kustomize

##@ Use

.PHONY: demo
demo: ## Watch sessions being issued and rotated, on this machine alone (ARGS=--once: check and exit).
	@hack/progress.sh "compiling" go build -v -ldflags '$(LDFLAGS)' -o bin/manager ./cmd
	@hack/progress.sh "compiling" go build -v -ldflags '$(LDFLAGS)' -o bin/ ./cmd/sts-fake ./hack/demo
	@hack/hermetic.sh --kubectl bin/demo $(ARGS)

.PHONY: run
run: ## Run the operator here against the cluster of the current kubeconfig (first: make install).
	@hack/progress.sh "compiling" go build -v -ldflags '$(LDFLAGS)' -o bin/manager ./cmd
	bin/manager --leader-elect=false --log-format=text $(ARGS)

.PHONY: install
install: $(KUSTOMIZE) ## Put the CRDs into the cluster of the current kubeconfig.
	$(KUSTOMIZE) build config/crd | kubectl apply --server-side -f -

.PHONY: uninstall
uninstall: $(KUSTOMIZE) ## Take the CRDs, and with them every session and its Secret, out of that cluster.
	$(KUSTOMIZE) build config/crd | kubectl delete --ignore-not-found -f -

.PHONY: deploy
deploy: bin/install.yaml ## Put CRDs and operator (image IMG) into the cluster of the current kubeconfig.
	kubectl apply --server-side -f bin/install.yaml

.PHONY: undeploy
undeploy: $(KUSTOMIZE) ## Take the operator, the CRDs, every session and its Secret out of that cluster.
	$(KUSTOMIZE) build config/default | kubectl delete --ignore-not-found -f -

##@ Develop

.PHONY: test
test: ## Run every test, race detector on, real API server (PKG=./internal/session, ARGS='-run Name').
	@hack/progress.sh "compiling" go build -race -v ./... $$(go list -f $(TEST_IMPORTS) ./... | grep -F . | sort -u)
	hack/hermetic.sh go test -race -shuffle=on $(ARGS) $(PKG)

.PHONY: conformance
conformance: ## Drive the STS fake with the real AWS CLI, every operation (needs aws on the PATH).
	@hack/progress.sh "compiling" go build -v ./test/stsfake/...
	go test -tags=conformance -count=1 $(ARGS) ./test/conformance

.PHONY: cover
cover: ## Run the tests and print the coverage of each package, whichever tests reach it.
	@mkdir -p bin
	hack/hermetic.sh go test -coverpkg=./internal/...,./cmd/...,./test/stsfake/... -coverprofile=bin/cover.out $(ARGS) $(PKG)
	@awk -f hack/coverage.awk bin/cover.out

.PHONY: bench
bench: ## Measure the operator against a bare client on a real API server (ARGS='-sessions 5000').
	@hack/progress.sh "compiling" go build -v -o bin/bench ./test/bench
	@hack/progress.sh "measuring decisions" go test -run='^$$' -bench=. ./test/bench
	@hack/hermetic.sh bin/bench $(ARGS)

.PHONY: simulate
simulate: ## Run the operator for simulated weeks while faults happen (SEEDS=20 DAYS=30 SESSIONS=1000; SEED=7 replays one).
	SEEDS=$(or $(SEEDS),20) DAYS=$(or $(DAYS),30) SESSIONS=$(or $(SESSIONS),1000) SEED=$(SEED) HOURS=$(or $(HOURS),4) FAULTS=$(FAULTS) \
		go test -count=1 -timeout=0 -v $(if $(findstring -run,$(ARGS)),,-run='^Test(Simulation|HostileTenants|Episodes)$$') $(ARGS) ./test/simulation

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Lint, and check the formatting (ARGS=--fix mends it).
	@hack/progress.sh "linting" $(GOLANGCI_LINT) run $(ARGS)

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Generate deep copies, CRDs and the operator's role from the Go code.
	@hack/progress.sh "generating deep copies" $(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...
	@hack/progress.sh "generating CRDs" $(CONTROLLER_GEN) crd paths=./api/... output:crd:dir=config/crd/bases
	@hack/progress.sh "generating the role" $(CONTROLLER_GEN) rbac:roleName=manager paths=./internal/controller/... output:rbac:dir=config/rbac

.PHONY: verify
verify: $(CONTROLLER_GEN) $(GOLANGCI_LINT) $(KUSTOMIZE) ## Generate, tidy and lint; fail if that changes a file.
	@hack/verify.sh

.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## Look for known vulnerabilities that the code reaches (asks vuln.go.dev).
	@hack/progress.sh "looking" $(GOVULNCHECK) ./...

##@ Build

.PHONY: build
build: ## Build bin/manager and bin/sts-fake.
	@CGO_ENABLED=0 hack/progress.sh "building manager" go build -trimpath -v -ldflags '$(LDFLAGS)' -o bin/manager ./cmd
	@CGO_ENABLED=0 hack/progress.sh "building sts-fake" go build -trimpath -v -ldflags '$(LDFLAGS)' -o bin/sts-fake ./cmd/sts-fake
	@ls -lh bin/manager bin/sts-fake

.PHONY: image
image: ## Build image IMG for PLATFORMS with docker, podman or buildah, whichever works here.
	@LDFLAGS='$(LDFLAGS)' hack/image.sh '$(IMG)' $(PLATFORMS)

.PHONY: dist
dist: bin/install.yaml ## Write the release's dist/install.yaml (image IMG by its digest: IMG=NAME@sha256:...).
	@[[ '$(IMG)' =~ @sha256:[0-9a-f]{64}$$ ]] || { echo "dist: name the image by its digest, which a push prints: IMG=NAME@sha256:..., not $(IMG)" >&2; exit 1; }
	mkdir -p dist && cp bin/install.yaml dist/install.yaml

# What config/default installs, with image IMG.
.PHONY: bin/install.yaml
bin/install.yaml: $(KUSTOMIZE)
	@rm -rf bin/install && mkdir -p bin/install
	cd bin/install && ../../$(KUSTOMIZE) create --resources ../../config/default && ../../$(KUSTOMIZE) edit set image '$(IMAGE_NAME)=$(IMG)'
	$(KUSTOMIZE) build bin/install > $@

.PHONY: control-plane
control-plane: ## Get etcd, kube-apiserver and kubectl for tests and demo; print where they are.
	@hack/controlplane.sh --kubectl

.PHONY: clean
clean: ## Remove what was built here (the control plane stays: it is outside the checkout).
	rm -rf bin

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

# A tool is built once, and again when its module changes. It runs here, whatever GOOS and GOARCH cross-compile for.
$(TOOLS)/%: hack/tools/go.mod hack/tools/go.sum hack/tools/golangci-lint/main.go
	@hack/progress.sh "building $*" env -u GOOS -u GOARCH GOWORK=off go -C hack/tools build -mod=readonly -v \
		-o '$(CURDIR)/$@' "$$(go -C hack/tools list tool | grep -E '/$*(/v[0-9]+)?$$')"
	@touch $@
