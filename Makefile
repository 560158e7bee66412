# Forwards to tasks.py, which does the work and explains itself: make help
PYTHON ?= python3

# As typed: make would expand a `$` in them, and a shell would take their backslashes. They reach
# tasks.py through the environment and stand in no recipe.
define hand_on
ifneq ($$(origin $(1)),undefined)
override $(1) := $$(value $(1))
export $(1)
endif
endef
$(foreach setting,LOGDIR NAME JOBS SECONDS LONG,$(eval $(call hand_on,$(setting))))

TARGETS := help html experiment test lab tensorboard repeat linkcheck verify bench fuzz logdir lock clean

.PHONY: $(TARGETS)
$(TARGETS):
	@"$(PYTHON)" tasks.py $@
