# Forwards to tasks.py, which does the work and explains itself: make help
PYTHON ?= python3

# As typed: make would expand a `$` in them, and a shell would take their backslashes. They reach
# tasks.py through the environment and stand in no recipe.
ifneq ($(origin LOGDIR),undefined)
override LOGDIR := $(value LOGDIR)
export LOGDIR
endif
ifneq ($(origin JOBS),undefined)
override JOBS := $(value JOBS)
export JOBS
endif
ifneq ($(origin SECONDS),undefined)
override SECONDS := $(value SECONDS)
export SECONDS
endif

TARGETS := help html test lab tensorboard linkcheck bench fuzz logdir lock clean

.PHONY: $(TARGETS)
$(TARGETS):
	@"$(PYTHON)" tasks.py $@
