.PHONY: help build demo test test-long unit race oracle lint cross arm64 fuzz fuzz-short golden suite bench clean

GO ?= go
BIN := bin/llamaeval
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PYTHON := .venv/bin/python
export CGO_ENABLED := 0

help: ## show the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build bin/llamaeval
	$(GO) build -trimpath -ldflags "-X main.stamped=$(VERSION)" -o $(BIN) ./cmd/llamaeval

demo: build ## score the real model on the embedded GSM8K sample, 8 shots
	$(BIN) run --task gsm8k --shots 8 --sample

test: export LLAMAEVAL_REQUIRE_CHROMIUM = 1
# Empty where the kernel forbids the sandbox: make test LLAMAEVAL_REQUIRE_SANDBOX=
test: export LLAMAEVAL_REQUIRE_SANDBOX = 1
test: lint cross chromium unit race fuzz-short arm64 cuda-test oracle ## everything a change must pass

unit: build model $(PYTHON) ## unit tests of all packages
	dir=$$(scripts/checkpoints/make) && real=$$(scripts/vocabularies) && weed=$$(scripts/seaweedfs) && \
	LLAMAEVAL_CHECKPOINTS=$$dir LLAMAEVAL_VOCABULARIES=$$real LLAMAEVAL_WEED=$$weed \
	LLAMAEVAL_PYTHON=$(CURDIR)/$(PYTHON) $(GO) test -timeout 15m ./...
	@scripts/sandbox-tried

oracle: build model ## the whole program against the reference's recorded results
	$(GO) test -timeout 25m -count=1 -tags oracle -run Oracle ./cmd/llamaeval

lint: staticcheck .lint/ready ## gofmt, vet, staticcheck; workflows, the action, Dockerfiles
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./...
	$(GO) build -C scripts/tools -o ../../bin/actionlint github.com/rhysd/actionlint/cmd/actionlint
	scripts/lint-files

staticcheck:
	$(GO) build -C scripts/tools -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

.lint/ready: scripts/lint-requirements.txt
	python3 -m venv .lint
	.lint/bin/python -m pip install -q -r scripts/lint-requirements.txt
	@touch $@

cross: ## compile for the other systems
	GOOS=windows $(GO) vet ./...
	GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	GOOS=linux GOARCH=arm64 $(GO) vet ./...

arm64: $(PYTHON) ## kernels on NEON, under QEMU user emulation
	dir=$$(scripts/checkpoints/make) && LLAMAEVAL_CHECKPOINTS=$$dir LLAMAEVAL_PYTHON=$(CURDIR)/$(PYTHON) scripts/arm64

race: ## what runs side by side, under the race detector, where there is a C compiler
	@if command -v gcc >/dev/null; then CGO_ENABLED=1 $(GO) test -race -short -timeout 10m ./runner/journal ./runner/progress ./runner/engine ./runner/server \
	  && CGO_ENABLED=1 $(GO) test -race -short -timeout 10m -run 'Resume|Identical|Sequential|Given|TimeLeft|Server|Judge|Faults|InManyWaves|WaveReports' ./runner; else echo "race: no gcc, skipped"; fi

fuzz-short: ## each fuzz target for two seconds
	scripts/fuzz 2s

cuda: ## build bin/llamaeval-cuda, which uses NVIDIA GPUs where there are any
	scripts/cuda-go build -trimpath -ldflags "-X main.stamped=$(VERSION)" -o bin/llamaeval-cuda ./cmd/llamaeval

cuda-test: ## kernels for GPUs, on an emulator
	scripts/cuda-test

kernels: ## compile the kernels for GPUs into the images that are committed
	scripts/cuda-kernels

emu: ## build the emulator of a GPU and print its path, for LLAMAEVAL_LIBCUDA
	@scripts/cuda-emulator

cuda-toolkit: ## NVIDIA's compiler, at its pinned version, into .cuda
	scripts/cuda-toolkit compiler

fuzz: ## each fuzz target for FUZZTIME (default 10 s)
	scripts/fuzz $(FUZZTIME)

test-long: build model chromium ## fuzzing and many random cases, half an hour
	scripts/fuzz 60s
	LLAMAEVAL_LONG=1 $(GO) test -timeout 30m -count=1 -run 'ErrorAtEveryWrite|PowerCut|ManyItems' ./runner
	LLAMAEVAL_LONG=1 $(GO) test -timeout 30m -count=1 -run 'Killed' ./cmd/llamaeval
	CGO_ENABLED=1 $(GO) test -race -timeout 60m ./runner/...
	LLAMAEVAL_LONG=1 LLAMAEVAL_PYTHON_WASM=$$(scripts/python-wasm) $(GO) test -timeout 40m -count=1 ./runner/sandbox
	LLAMAEVAL_LLAMA_SERVER=$$(scripts/llama-server) $(GO) test -timeout 20m -count=1 -run LlamaServer ./runner
	LLAMAEVAL_LONG=1 LLAMAEVAL_REQUIRE_CHROMIUM=1 $(GO) test -count=1 -run ManySamples ./results/report
	LLAMAEVAL_LONG=1 LLAMAEVAL_WEED=$$(scripts/seaweedfs) LLAMAEVAL_AZURITE=$$(scripts/azurite) $(GO) test -count=1 -run 'Server|Claim|StoreScripts' ./internal/objects ./results ./cmd/llamaeval
	LLAMAEVAL_LONG=1 LLAMAEVAL_WEED=$$(scripts/seaweedfs) $(GO) test -timeout 40m -count=1 -v -run TenThousand ./results/leaderboard
	LLAMAEVAL_LONG=1 $(GO) test -timeout 30m -count=1 -run 'Peeking|Sequential' ./results/anytime ./results/compare
	LLAMAEVAL_LONG=1 $(GO) test -v -timeout 30m -count=1 -run 'Sharing|TenMillion' ./runner
	LLAMAEVAL_LONG=1 $(GO) test -timeout 30m -count=1 ./examples ./scripts/release
	$(GO) run ./scripts/bigmodel -shape tiny -type BF16 -tokenizer $$($(BIN) model info smollm2-135m --quiet --format json | sed -n 's/.*"path": "\(.*\)".*/\1/p') -o bin/tiny.gguf
	OUT=bin/gpu-check LLAMAEVAL_LIBCUDA=$$(scripts/cuda-emulator) scripts/gpu-check bin/tiny.gguf
	$(GO) test -timeout 60m -count=1 -run 'DoNotDepend|Invariant|EqualsRef|FMA' ./runner/engine ./model ./kernels/cpu ./kernels/ref -rapid.checks=5000

mutation: ## change prompts, results and metrics one operator at a time; tests must notice 85 of 100
	scripts/mutation

golden: docs ## rewrite golden files and README's tables of support
	$(GO) test ./results ./results/leaderboard ./results/browse ./results/export ./cmd/llamaeval -update

docs: build $(PYTHON) ## rewrite README's tables of support; manual and completions in bin/doc
	dir=$$(scripts/checkpoints/make) && LLAMAEVAL_CHECKPOINTS=$$dir $(GO) test ./model -run SupportTable -update
	LLAMAEVAL_PYTHON=$(CURDIR)/$(PYTHON) $(GO) test -timeout 30m ./kernels/quant ./model/tokenizer -run 'DequantizeMatches|Parity' -update
	mkdir -p bin/doc && $(BIN) man > bin/doc/llamaeval.1
	for shell in bash zsh fish; do $(BIN) completion $$shell > bin/doc/llamaeval.$$shell || exit 1; done

suite: build ## every built-in task on five documents of the mirror, some minutes
	scripts/suite-check

bench: build model ## kernel and model benchmarks; a line for docs/bench-history.jsonl
	$(GO) test -run '^$$' -bench . ./kernels/... ./model
	$(BIN) bench --format json > bin/bench.json
	$(GO) run ./scripts/benchhistory < bin/bench.json

cover: build model $(PYTHON) ## share of statements that unit tests cover, by package
	dir=$$(scripts/checkpoints/make) && LLAMAEVAL_CHECKPOINTS=$$dir LLAMAEVAL_PYTHON=$(CURDIR)/$(PYTHON) scripts/cover

release: ## archives for all systems, checksums and the list of modules, in dist
	$(GO) build -C scripts/tools -trimpath -o ../../bin/cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	$(GO) run ./scripts/release -sbom bin/cyclonedx-gomod

clean: ## remove what was built
	rm -rf bin dist .lint .venv .cuda kernels/cuda/emu/build

.PHONY: cuda cuda-test kernels emu cuda-toolkit chromium release staticcheck cover docs mutation
chromium:
	scripts/chromium

.PHONY: model
model: build
	@$(BIN) model info smollm2-135m --quiet >/dev/null

$(PYTHON): scripts/requirements.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install -q -r scripts/requirements.txt
	@touch $(PYTHON)
