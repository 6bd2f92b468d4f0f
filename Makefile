# Two commands start everything: `make run` and `make test`. Both need python3.11 (with venv), make and git, no more.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
DEMO ?= 1
TESTS_AT_ONCE ?= $(shell expr $$(nproc) + 1)

compile = CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

babel = $(CURDIR)/.venv/bin/pybabel --quiet
catalogues = -D django -d src/everyhand/locale
found = $(CURDIR)/src/everyhand/locale/found.pot

.PHONY: help run test check messages screenshots lock clean

help: ## what can be made (this list)
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: .venv/for-running ## start Everyhand on http://127.0.0.1:8000, with a small company to look at (DEMO=0: without)
	@exec .venv/bin/everyhand serve $(if $(filter 0,$(DEMO)),,--with-demo)

test: .venv/for-developing ## run every test, on SQLite and on PostgreSQL, against real servers and a real browser
	tests/install-servers
	tests/run-all $(TESTS_AT_ONCE)

check: .venv/for-developing ## read the code for style, types, floors and templates
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/djlint src --lint --quiet

messages: .venv/for-running ## gather what is to be translated into every catalogue, and compile them (NEW=fr: begin one)
	cd src/everyhand && $(babel) extract --mapping-file locale/gathering.cfg --keywords "gettext_lazy gettext_noop" \
		--add-location file --no-wrap --sort-by-file --project Everyhand --output-file $(found) .
	$(if $(NEW),$(babel) init --locale $(NEW) $(catalogues) --input-file $(found) --no-wrap)
	$(babel) update $(catalogues) --input-file $(found) --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(babel) compile $(catalogues)
	rm $(found)

screenshots: .venv/for-developing ## take the pictures of docs/screenshots again
	.venv/bin/python -m docs.screenshots.take

lock: .venv/for-developing ## choose the newest allowed versions of everything we depend on
	$(compile) --upgrade --extra postgresql --extra anymail --output-file requirements/run.txt requirements/run.in pyproject.toml
	$(compile) --upgrade --output-file requirements/develop.txt requirements/develop.in
	$(foreach desk,django-helpdesk roundup,$(compile) --upgrade --output-file bench/peers/requirements/$(desk).txt bench/peers/requirements/$(desk).in &&) true

clean: ## forget what was built and installed here; data in var/ stays
	rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A file in .venv remembers which locked requirements are installed, so a second start installs nothing.
.venv/for-running: requirements/run.txt pyproject.toml
	test -x .venv/bin/pip || $(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --require-hashes --requirement requirements/run.txt
	.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/for-developing: .venv/for-running requirements/develop.txt
	.venv/bin/pip install --quiet --require-hashes --requirement requirements/develop.txt
	touch $@
