# The rules every library is compiled by. It runs inside the unpacked tree,
# started by firmware/library.sh.
#
# A recipe, NAME.mk, sets
#   SRC    the C files, relative to the tree
#   FLAGS  its preprocessor flags
#   OPT    how to optimise; per file by target-specific variables
#   HEADERS and HEADER_ROOT   what to install, and below which folder
#   ALSO   one more command of the installation
#   PREPARE  a target of its own that must run first (patches, generation)
# or a whole install target of its own.

HERE := $(dir $(lastword $(MAKEFILE_LIST)))
include $(HERE)../target.mk

OPT = -Os
OBJ = $(SRC:%.c=obj/%.o)

default: install

include $(HERE)$(NAME).mk

print-cc:
	@echo $(CROSS)gcc

apply = patch -p1 --forward --silent -i $(PATCHES)/$(1)

ifndef OWN_INSTALL
install: obj/$(NAME).a
	mkdir -p $(OUT)/include
	cd $(HEADER_ROOT) && cp --parents -t $(OUT)/include $(HEADERS)
	cp obj/$(NAME).a $(OUT)
	$(ALSO)

obj/$(NAME).a: $(OBJ)
	rm -f $@
	$(CROSS)ar rcsD $@ $(sort $(OBJ))
endif

obj/%.o: %.c $(PREPARE)
	@mkdir -p $(@D)
	$(TARGET_CC) $(CODE) $(OPT) $(WIDE) -ffile-prefix-map=$(CURDIR)=$(NAME) \
		$(FLAGS) -c -o $@ $<
