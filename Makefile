# Everything goes through the environment in .venv; install.py makes it, and returns at once if nothing changed.
.DEFAULT_GOAL := help
.PHONY: help say test lint types train setup setup-test setup-train clean

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif

# A text may hold anything, also $$, quotes and back-ticks: it reaches the shell by the environment, as it was typed.
export SAY_TEXT := $(value TEXT)
export SAY_MODEL := $(value MODEL)
export SAY_PROMPT := $(value PROMPT)
export SAY_TRANSCRIPT := $(value TRANSCRIPT)
export SAY_INSTRUCT := $(value INSTRUCT)
export SAY_SEED := $(value SEED)
export SAY_OUT := $(value OUT)
unexport TEXT MODEL PROMPT TRANSCRIPT INSTRUCT SEED OUT

help:
	@echo 'make say TEXT="…" MODEL=DIR PROMPT=me.wav [TRANSCRIPT="…"] [INSTRUCT="…"] [SEED=0] [OUT=hello.wav]'
	@echo '            speak TEXT with the voice of a recording'
	@echo 'make test   lint, types and tests; make lint, make types: only those'
	@echo 'make train  train the embedded voice again: hours; go on where it was stopped (train/README.md)'
	@echo '            [STAGE="tokenizer speaker"] only these stages, [PLAN=smoke] a minute to see that it runs'
	@echo 'make clean  remove .venv and everything else that was generated (models and voices stay)'
	@echo 'PYTHON=python3.12 chooses the Python that the environment is made with.'

say: setup
	@$(BIN)/cosyvox say \
	    $${SAY_MODEL:+--model "$$SAY_MODEL"} $${SAY_PROMPT:+--prompt "$$SAY_PROMPT"} \
	    $${SAY_TRANSCRIPT:+--transcript "$$SAY_TRANSCRIPT"} $${SAY_INSTRUCT:+--instruct "$$SAY_INSTRUCT"} \
	    $${SAY_SEED:+--seed "$$SAY_SEED"} $${SAY_OUT:+--output "$$SAY_OUT"} \
	    -- "$$SAY_TEXT"

test: lint types
	@$(BIN)/python -m pytest

lint: setup-test
	@$(BIN)/ruff check .

# mypy wants a package's folder to bear the package's name; a clone's may not even be a Python name.
types: setup-test
ifeq ($(OS),Windows_NT)
	@echo 'Types are not checked on Windows: that needs a symbolic link.'
else
	@mkdir -p build/types && ln -sfn ../.. build/types/cosyvox
	@cd build/types && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache \
	    --no-namespace-packages -p cosyvox
	@cd home_assistant/cosyvox_relay && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache \
	    -p wyoming_relay
endif

train: setup-train
	@$(BIN)/python -m cosyvox.train.get_flite
	@$(BIN)/python -m cosyvox.train $(if $(PLAN),--plan "$(PLAN)") $(if $(FOLDER),--folder "$(FOLDER)") $(STAGE)

setup:
	@$(PYTHON) install.py --venv .venv

setup-test:
	@$(PYTHON) install.py --venv .venv --extra test

setup-train:
	@$(PYTHON) install.py --venv .venv --extra train

clean:
	rm -rf .venv build dist cosyvox.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
