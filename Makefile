# make        the environment, then the pipeline on the data set that params.yaml names
# make page   labels/queue.html, on which an expert listens to the queue and answers
# make test   the environment and what only the tests need, then lint and tests
# make real   the pipeline on the real recordings in ../shared/real (results in docs/results.md)
# make verify whether the outputs can be made again, byte for byte
# make audit  known vulnerabilities of the requirements (docs/security.md)
# make lock   requirements.txt, requirements-s3.txt and requirements-dask.txt from their .in files

# Never the Python of .venv, which `make .venv/ready` clears: it may be on the search path after a failed installation.
PYTHON ?= $(shell PATH="$$(echo "$$PATH" | tr : '\n' | grep -vxF '$(CURDIR)/.venv/bin' | paste -sd :)"; \
	command -v python3.11 || command -v python3 || echo python3.11)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

all: .venv/ready
	@dvc repro
	@echo
	@echo "labels/queue.csv         the clips that the model cannot decide, most uncertain first"
	@echo "labels/expert.csv        where the answers go"
	@echo "metrics/report.txt       both models on the test clips"
	@echo "metrics/evaluation.json  the same as numbers: dvc metrics show"

.venv/ready: requirements.txt
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed, this is " + sys.version)'
	"$(PYTHON)" -m venv --clear .venv
	pip install --quiet --require-hashes -r requirements.txt
	touch .venv/ready

# S3 as the remote, and a Dask cluster. The pipeline does without; the tests do not.
.venv/tests-ready: requirements-dask.txt .venv/ready
	pip install --quiet --require-hashes -r requirements-dask.txt
	touch .venv/tests-ready

page: .venv/ready
	@python -m tools.label_page

# What the tests need and pip cannot bring, from Debian's packages.
programs:
	@(command -v strace && command -v chromium && command -v chromedriver) >/dev/null || \
		(apt-get update && apt-get install --yes --no-install-recommends strace chromium chromium-driver)

test: .venv/tests-ready programs
	ruff check .
	ruff format --check .
	python -m pytest --numprocesses 2 --dist loadfile

real: .venv/ready
	python -m experiments.real.run --page docs/results.md

verify: .venv/ready
	python -m experiments.verify

audit:
	python3 -m venv --clear .venv/audit
	.venv/audit/bin/pip install --quiet pip-audit
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dask.txt

# All locks must hold the same versions. So the largest is made first; each smaller one starts as a copy of the one before,
# and uv keeps the versions that it finds there.
COMPILE := .venv/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

lock:
	python3 -m venv --clear .venv/lock
	.venv/lock/bin/pip install --quiet uv
	$(COMPILE) requirements-dask.in --upgrade --output-file requirements-dask.txt
	cp requirements-dask.txt requirements-s3.txt
	$(COMPILE) requirements-s3.in --output-file requirements-s3.txt
	cp requirements-s3.txt requirements.txt
	$(COMPILE) requirements.in --output-file requirements.txt

.PHONY: all page programs test real verify audit lock
