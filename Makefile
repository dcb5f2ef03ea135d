# One command for each thing; the work is done by the scripts in tools/. Everything that is made lies in .build/ and .sandbox/.
# Variables: PYTHON=<interpreter> to set up with, ARGS="<more arguments>" for the script behind a target.
.DEFAULT_GOAL := help
.PHONY: help setup demo test unit integration faults contract collection simulators matrices seeds molecule golden schema lint bench bench-report sandbox sandbox-stop clean

RUN := .build/venv/bin/python
# The benchmarks are modules of the collection's tests.
BENCH := PYTHONPATH=.build/collections $(RUN) tools/bench.py
# Where golden copies are compared.
GOLDEN := tests/golden tests/integration/test_playbooks.py tests/integration/test_tenant_offboarding.py

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -e 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

setup: ## Virtual environment, packages, collections and simulators, all in .build/ (done by the others when needed)
	@sh tools/python.sh tools/prepare_venv.py
	@$(RUN) tools/prepare.py

demo: setup ## Onboard the demo's tenants and prove a restore, on simulators that are stopped again
	@$(RUN) tools/demo.py $(ARGS)

test: setup ## All tests
	@$(RUN) tools/run_tests.py $(ARGS)

matrices: setup ## All cells of the matrices of tenants, secrets and hostile input (make test runs a sample), and docs/matrices.md
	@$(RUN) tools/matrices.py $(ARGS)

seeds: setup ## Plant each known defect in a copy of the checkout: its tests must turn red (ARGS="3 J": those of two findings); docs/seeds.md
	@$(RUN) tools/seeds.py $(ARGS)

unit integration faults contract collection simulators molecule: setup
	@$(RUN) tools/run_tests.py --only $@ $(ARGS)

golden: setup ## Write the golden copies of results and evidence (tests/golden) anew; git diff then shows what users will see
	@.build/venv/bin/pytest --renew-golden $(GOLDEN)

schema: setup ## The JSON Schema of specifications (docs/schemas), from the roles' argument specifications
	@PYTHONPATH=.build/collections $(RUN) tools/specification_schema.py

lint: setup ## All linters and ansible-test sanity
	@$(RUN) tools/lint.py $(ARGS)

bench: setup ## How fast it is beside its peers, into build/bench.json (ARGS="--quick", ARGS="--only NAME")
	@$(BENCH) $(ARGS)

bench-report: setup ## The table and plots of docs/performance.md from build/bench.json
	@$(BENCH) --report

sandbox: setup ## Start a simulated Commvault and vCenters and leave them running
	@$(RUN) tools/sandbox.py up $(ARGS)

sandbox-stop: ## Stop them
	@if [ -x .build/venv/bin/python ]; then $(RUN) tools/sandbox.py down; fi

clean: sandbox-stop ## Stop the sandbox and remove everything that was made
	rm -rf .build .sandbox build tests/output
