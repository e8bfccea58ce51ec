# make        the environment, then the pipeline on the data set that params.yaml names
# make test   the environment, then lint and tests
# make real   the pipeline on the real recordings in ../shared/real (results in docs/results.md)
# make lock   requirements.txt from requirements.in

PYTHON ?= $(shell command -v python3.11 || command -v python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

all: .venv/ready
	@dvc repro
	@echo
	@echo "labels/queue.csv         the clips that the model cannot decide, most uncertain first"
	@echo "labels/expert.csv        where the answers go"
	@echo "metrics/report.txt       both models on the test clips"
	@echo "metrics/evaluation.json  the same as numbers: dvc metrics show"

.venv/ready: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed, this is " + sys.version)'
	$(PYTHON) -m venv --clear .venv
	pip install --quiet --require-hashes -r requirements.txt
	touch .venv/ready

test: .venv/ready
	ruff check .
	ruff format --check .
	python -m pytest

real: .venv/ready
	python -m experiments.real.run --page docs/results.md

lock:
	python3 -m venv .venv-lock
	.venv-lock/bin/pip install --quiet uv
	.venv-lock/bin/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --quiet --output-file requirements.txt
	rm -r .venv-lock

.PHONY: all test real lock
