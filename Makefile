# Two commands do all the set-up: `make demo` runs the main job, `make test` the tests.
# `make demo ARGS="--headless --owners 1000"` passes arguments on (`kuraban demo --help`).
# Needed beforehand: Python 3.11 or newer with its venv module, and git.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
UV_VERSION := 0.9
export UV_PROJECT_ENVIRONMENT := $(VENV)

.PHONY: setup demo test check bench docs screenshots evaluate clean

setup: $(VENV)/.installed

# uv does the installing; where it is not there already, it is put into the environment itself.
$(VENV)/.installed: uv.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed (python3)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=… to choose one"; exit 1; }
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV) || { echo "on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(RUN)/uv || $(RUN)/python -m pip install --quiet "uv>=$(UV_VERSION)"
	$(RUN)/uv sync --locked --inexact --compile-bytecode --python $(RUN)/python
	@touch $@

demo: setup
	$(RUN)/kuraban demo $(ARGS)

test: setup
	$(RUN)/python -m pytest -n auto --dist worksteal

check: setup
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: setup
	$(RUN)/python -m bench

# The reference pages are made from the code, then the site from all pages; a warning or a load from elsewhere is an error.
docs: $(VENV)/.installed-docs
	$(RUN)/python tools/build_docs.py
	LC_ALL=C $(RUN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going -b html -c docs . build/docs
	$(RUN)/python tools/check_site.py build/docs
	@echo "build/docs/index.html"

# The pictures of the console in docs/images, of a story played for them; needs a Chromium.
screenshots: setup
	$(RUN)/python tools/screenshots.py

$(VENV)/.installed-docs: $(VENV)/.installed
	$(RUN)/uv sync --locked --inexact --group docs --python $(RUN)/python
	@touch $@

evaluate: setup
	$(RUN)/python tools/evaluate.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
