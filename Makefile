# `make app` starts the dashboard, `make test` runs every test; both set up what they need first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORACLE := .oracle
RUNTIMES := .runtimes
BENCH := .bench

.PHONY: app test bench bench-environments budget fuzz oracle runtimes lint format clean

app: $(VENV)/app.stamp
	$(BIN)/streamlit run app.py

# Two files at a time; Chromium's alone, as it and its server share the cores as for a person. Where
# a machine was too busy for one of those, that one is tried once more: what is broken fails twice.
# ARGS go to a single pytest: ARGS="tests/graph -x".
test: $(VENV)/dev.stamp
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser"
	$(BIN)/python -m pytest -m browser || $(BIN)/python -m pytest -m browser --last-failed
endif

# The train step beside Keras, PyTorch, JAX, ONNX Runtime, TensorFlow.js and Flex; ARGS="--help".
bench: $(VENV)/dev.stamp bench-environments
	$(BIN)/python -m benchmarks.engines $(ARGS)

# An engine that cannot be installed is left out of the race by name.
bench-environments: $(BENCH)/torch.stamp $(BENCH)/jax.stamp $(BENCH)/onnxruntime.stamp \
		$(BENCH)/charts.stamp $(BENCH)/tfjs.stamp
	-$(MAKE) $(ORACLE)/oracle.stamp

# Has the dashboard become slower? Compares a visit in Chromium with benchmarks/dashboard/budget.json.
budget: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.dashboard.budget $(ARGS)

# Kills workers and servers, damages models, checkpoints and workspaces; ARGS="--help" says more.
fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.faults.fuzz $(ARGS)

# Real Flex (TensorFlow 2.18.1) in an environment of its own: builds the zoo, records every model.
oracle: $(ORACLE)/oracle.stamp
	cd tests/oracle && PYTHONPATH=../.. ../../$(ORACLE)/bin/python record.py $(MODELS)

# What odt writes, on the runtimes that phones still have, each in an environment of its own.
runtimes: $(VENV)/dev.stamp $(patsubst tests/runtimes/packages/%.txt,$(RUNTIMES)/%.stamp, \
		$(wildcard tests/runtimes/packages/*.txt))
	PYTHONPATH=tests/oracle $(BIN)/python -m tests.runtimes

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(ORACLE) $(RUNTIMES) $(BENCH) build .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/app.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/app.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(ORACLE)/bin/python:
	$(PYTHON) -m venv $(ORACLE)

$(ORACLE)/oracle.stamp: tests/oracle/requirements.txt | $(ORACLE)/bin/python
	$(ORACLE)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(RUNTIMES)/%.stamp: tests/runtimes/packages/%.txt
	$(PYTHON) -m venv $(RUNTIMES)/$*
	$(RUNTIMES)/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(BENCH)/%.stamp: benchmarks/engines/requirements/%.txt
	$(PYTHON) -m venv $(BENCH)/$*
	$(BENCH)/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $< \
		&& touch $@ || echo "$* cannot be installed"

$(BENCH)/tfjs.stamp: benchmarks/engines/requirements/tfjs.json
	mkdir -p $(BENCH)/tfjs
	cp $< $(BENCH)/tfjs/package.json
	npm install --silent --no-audit --no-fund --prefix $(BENCH)/tfjs \
		&& touch $@ || echo "TensorFlow.js cannot be installed"
