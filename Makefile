# Works on a machine with Python 3.11+ and make: everything else is installed into .venv from a lock of hashed pins.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(BIN)/uv pip
OTHERS := 3.12 3.13 3.14
LOCKED := --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11

.PHONY: demo test test-all test-under lint bench docs site prove lock clean

demo: $(READY)
	$(BIN)/mps-rules evaluate examples/facet_label.yaml

test: $(READY) lint prove
	PYTHONHASHSEED=1 $(BIN)/pytest -q -n auto tests
	PYTHONHASHSEED=1 $(BIN)/pytest -q src docs README.md
	PYTHONHASHSEED=2 $(BIN)/pytest -q -n auto tests/test_determinism.py
	$(BIN)/python tests/wheel_check.py

test-all: test
	for version in $(OTHERS); do \
	  if python$$version -c '' 2> /dev/null; \
	  then $(MAKE) test-under VENV=.venv-$$version PYTHON=python$$version || exit 1; \
	  else echo "Python $$version is not here: not tried"; fi; \
	done

test-under: $(READY)
	PYTHONHASHSEED=1 $(BIN)/pytest -q -n auto tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict rules examples tests
	$(BIN)/codespell src rules docs examples README.md CHANGELOG.md
	$(BIN)/mps-rules lint rules

bench: $(READY)
	$(BIN)/pytest -q bench -o python_files="bench_*.py" -o python_functions="bench_*" --benchmark-only --benchmark-disable-gc --benchmark-columns=median,iqr,rounds

site: $(READY)
	$(UV) install --quiet --python $(BIN)/python --require-hashes -r site.lock
	$(BIN)/python website/build.py build/site

docs: $(READY)
	rm -rf docs/rules
	$(BIN)/python -m mps_rules.authoring.docgen docs tests/vignettes examples/simple_back_pain.yaml
	$(BIN)/python -m mps_rules.authoring.typegen src/mps_rules/types.py
	$(BIN)/python website/api_page.py > docs/api.md
	$(BIN)/python website/pictures.py answer
	$(BIN)/python tests/code_coverage.py docs/fhir.md
	if test -d ../shared/knowledge; then $(BIN)/python tests/knowledge_rows.py ../shared/knowledge > docs/knowledge.md; fi

prove: $(READY)
	$(BIN)/mps-rules prove --rules rules --kept src/mps_rules/authoring/proofs.json --out docs/proofs.md

$(READY): pyproject.toml requirements.lock bootstrap.lock
	$(PYTHON) -c 'import sys; sys.exit("mps_rules needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r bootstrap.lock
	$(UV) install --quiet --python $(BIN)/python --require-hashes --build-constraints bootstrap.lock -r requirements.lock
	$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $(READY)

lock:
	printf 'uv\nsetuptools\n' | $(UV) compile $(LOCKED) --output-file bootstrap.lock -
	$(UV) compile $(LOCKED) --group dev --output-file requirements.lock pyproject.toml
	$(UV) compile $(LOCKED) --extra service --extra postgres --constraints requirements.lock --output-file service.lock pyproject.toml
	$(UV) compile $(LOCKED) --group site --constraints requirements.lock --output-file site.lock pyproject.toml

clean:
	rm -rf $(VENV) .venv-* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
