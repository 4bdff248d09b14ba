# Every command starts from a bare checkout: it calls setup first, which does nothing when nothing changed.
PYTHON := $(shell command -v python3.11 || command -v python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
WORKERS ?= 2
DATA_DIR ?= .fiducial

.DEFAULT_GOAL := help
.PHONY: help setup up demo test check format openapi bench lock peers clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## install everything that is locked, build the frontend; seconds when nothing changed
	@$(PYTHON) scripts/setup.py

up: setup ## the whole platform in the foreground; Ctrl-C stops it
	@exec python -m kernel.launcher up --data-dir $(DATA_DIR)

demo: setup ## the main job without a browser, on a real CT; leaves .fiducial/demo/
	@rm -rf .fiducial/demo-run
	@exec python -m kernel.launcher run --data-dir .fiducial/demo-run -- sh -c \
		'python manage.py migrate --database owner --noinput --verbosity 0 && exec python manage.py demo'

test: setup peers ## the whole suite, browser tests included
	@if [ -d frontend/node_modules ]; then cd frontend && npm run --silent test; fi
	@pytest -n $(WORKERS) --dist worksteal --ignore tests/e2e
	@pytest tests/e2e  # one platform, one browser, journeys in order: not to be spread over workers

peers:
	@scripts/test-peers

check: setup ## linters, types, import contracts, OpenAPI, migrations, licences
	@python scripts/check.py

format: setup ## let ruff write the source as it wants it
	@ruff format . && ruff check --fix .

openapi: setup ## accept the API as it is now: docs/api/openapi.yaml and the frontend's types
	@mkdir -p docs/api
	@DJANGO_SETTINGS_MODULE=config.settings.test python manage.py spectacular --validate --fail-on-warn --file docs/api/openapi.yaml
	@if [ -d frontend/node_modules ]; then cd frontend && npm run --silent types; fi

bench: setup ## the benchmarks, each beside its peer in the same run
	@set -e; for script in tests/benchmarks/[a-z]*.py; do [ -e "$$script" ] || continue; echo "== $$script"; \
		python -m kernel.launcher run -- python "$$script"; done

lock: setup ## compile the locks again from pyproject.toml
	@scripts/lock
	@python scripts/licences.py --write

clean: ## remove what can be made again; kept data in .fiducial stay
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
