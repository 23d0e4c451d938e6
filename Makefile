# make demo: hear a song, from a bare clone.   make lab: the same in JupyterLab.   make test: everything.

PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed-dev
FRAMES := .venv/frames
BENCH := .venv/bench
BEGAN := $(shell date +%s)

# What a person's shell has set for the real service stays out of demonstrations and tests;
# modules are compiled once, not by each of hundreds of processes; and of those that work side by
# side none starts a thread per core for its algebra.
OFFLINE := env -u SOUNDPIECE_API_KEY -u SOUNDPIECE_BASE_URL -u SOUNDPIECE_HOME -u JPY_SESSION_NAME \
	-u PYTHONDONTWRITEBYTECODE OPENBLAS_NUM_THREADS=1

# Tests of decisions and of the journal: without kernels, browsers or music.
FAST := tests/api tests/journal tests/audio tests/engine/test_runner.py tests/engine/test_retrying.py \
	tests/engine/test_sending.py tests/engine/test_run_state.py tests/engine/test_explanations.py \
	tests/engine/test_stopping_short.py tests/engine/test_engine.py tests/test_typing.py \
	tests/test_observability.py tests/test_callback.py tests/test_credentials.py tests/test_ratings.py \
	tests/test_sweep.py tests/test_waiting.py tests/test_locked_property.py tests/test_docs.py \
	tests/analysis/test_rated_words.py tests/server/test_webhook.py

# Jupyter wants to be told when it runs as root, as it does in many containers.
AS_ROOT := $(shell test "$$(id -u)" = 0 && echo --allow-root)

.PHONY: demo lab test quick check stub browser frames coverage mutants bench soak picture clean

# What each part needs, and no more: `installed-demo`, `installed-lab`, `installed-dev`.
.venv/installed-%: pyproject.toml environment.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found." >&2; exit 1; }
	@$(PYTHON) environment.py $*

# The oldest pandas that is promised, and what reads its frames, for the tests that ask for them:
# .venv itself is without them, as most people's environments are.
$(FRAMES)/installed: $(INSTALLED)
	@$(BIN)/python environment.py --into $(FRAMES)/pandas-2.2 --no-deps 'pandas==2.2.*' pytz
	@$(BIN)/python environment.py --into $(FRAMES)/readers pyarrow polars duckdb openpyxl
	@touch $@

# What the benchmarks measure the project beside stays apart from it.
$(BENCH)/installed-bench: .venv/installed-demo
	@$(BIN)/python environment.py bench --venv $(BENCH)

frames: $(FRAMES)/installed

demo: .venv/installed-demo
	@$(OFFLINE) $(BIN)/python notebooks/demo.py --began $(BEGAN)

lab: .venv/installed-lab
	$(OFFLINE) $(BIN)/jupyter lab $(AS_ROOT) notebooks/quickstart.ipynb

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd tests && ../$(BIN)/python -m support.type_stub --check

# The types that editors see, made from the routes.
stub: $(INSTALLED)
	cd tests && ../$(BIN)/python -m support.type_stub

# The checks, and the tests that take milliseconds each: for every change, under two minutes.
quick: check
	$(OFFLINE) $(BIN)/python -m pytest $(FAST) --ignore tests/journal/test_frames_everywhere.py \
		-m "not measured" --numprocesses 2 --dist loadfile

browser: $(INSTALLED)
	cd tests && ../$(BIN)/python -m support.install_browser

# What asserts on time runs alone, all else several at a time: much of it waits.
test: check browser frames
	$(OFFLINE) $(BIN)/python -m pytest -m "not measured" --numprocesses 5 --dist loadfile --no-loadscope-reorder
	$(OFFLINE) $(BIN)/python -m pytest -m measured

# By branch, of each of the three; the embedded sandbox's tests are the engine's too.
coverage: $(INSTALLED) frames
	$(OFFLINE) $(BIN)/python -m pytest tests/api tests/engine tests/journal tests/test_embedded_sandbox.py \
		-m "not measured" --numprocesses 3 --dist loadfile --cov --cov-report=
	for each in api journal engine; do \
		$(BIN)/coverage report --include "soundpiece_nb/$$each/*" --fail-under 95 || exit 1; done

# What becomes of each small change to a decision; `mutmut show NAME` shows one that nobody noticed.
mutants: $(INSTALLED)
	rm -rf mutants
	$(OFFLINE) $(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(BENCH)/installed-bench
	$(OFFLINE) $(BENCH)/bin/python -m bench

soak: $(INSTALLED)
	$(OFFLINE) $(BIN)/python bench/soak.py

picture: browser
	$(OFFLINE) $(BIN)/python notebooks/picture.py
	$(BIN)/python docs/draw_styles.py

clean:
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf mutants .coverage htmlcov
