# The commands of this repository. `make test` is the one that has to pass; it needs Go and nothing else. What needs
# PostgreSQL is skipped where that is not installed, unless MILLRACE_REQUIRE_POSTGRES=1.

# What is tested is what is shipped: a static binary.
export CGO_ENABLED ?= 0

# Further arguments of go test, as in: make test TESTFLAGS='-run Crash -v'
TESTFLAGS ?=
# Packages of `make test` and `make race`.
PACKAGES ?= ./...
# Time for each fuzz target.
FUZZ_SHORT ?= 2s
FUZZ_LONG ?= 10m
# File or folder of suites for `make slt`.
SUITES ?= testdata/slt
# Events of each query of the Nexmark benchmark.
EVENTS ?= 10000000

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test race lint format vet staticcheck fuzz-short fuzz-long crash-long random-long oracle-long long grammar slt bench clean

build:
	go build -trimpath -buildvcs=false -o bin/millrace ./cmd/millrace

test:
	go test -timeout 25m $(TESTFLAGS) $(PACKAGES)

# The race detector needs cgo and so a C compiler.
race:
	CGO_ENABLED=1 go test -race -timeout 30m $(TESTFLAGS) $(PACKAGES)

lint: format vet staticcheck

format:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi

vet:
	go vet ./...

staticcheck:
	go run $(STATICCHECK) ./...

fuzz-short:
	.ci/fuzz $(FUZZ_SHORT)

fuzz-long:
	.ci/fuzz $(FUZZ_LONG)

# Crashes in process (loss of power) and of a server process (kill -9), many more than in `make test`.
crash-long:
	go test -count=50 -timeout 1h -run 'Crash|Lost|Prefix' ./storage ./engine
	MILLRACE_LONG=1 go test -count=1 -timeout 4h -v -run Crash ./server

# Random changes and real data, held against PostgreSQL and against the views' own queries.
random-long:
	MILLRACE_LONG=1 MILLRACE_REQUIRE_POSTGRES=1 go test -count=1 -timeout 4h -v -run 'Random|Tour|Bank' ./server
	MILLRACE_CONFIGS=all go test -count=10 -timeout 2h ./exec

# A million answers to random queries, held against PostgreSQL's: an hour or two. MILLRACE_SEED=random for others than the last time's.
COMPARISONS ?= 1000000
oracle-long:
	MILLRACE_LONG=1 MILLRACE_REQUIRE_POSTGRES=1 go test -count=1 -timeout 12h -v -run '^TestAnswers$$' ./server -comparisons $(COMPARISONS) -failures 5

long: crash-long random-long oracle-long fuzz-long

# Millrace's parser against PostgreSQL's grammar: a module of its own, which needs a C compiler and builds for a minute.
grammar:
	cd internal/pggrammar && CGO_ENABLED=1 go vet -mod=mod . && CGO_ENABLED=1 go test -mod=mod -count=1 $(TESTFLAGS) .

# The end-to-end suites alone, against Millrace in several configurations.
slt:
	go test -count=1 -timeout 15m ./server -run '^TestSuites$$' -suites '$(abspath $(SUITES))'

bench:
	go run ./bench/nexmark -events $(EVENTS)
	for mode in freshness points copy idle restart; do go run ./bench/serving -mode $$mode || exit 1; done

clean:
	rm -rf bin
	go clean -testcache
