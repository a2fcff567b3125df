# pillarbox
#
#   make              build the release binary for this kind of machine
#   make TARGET=...   the same for amd64, armv6 or arm64
#   make run          build, and start a demo on loopback ports
#   make check        build for the tests, run all of them, print the counts
#   make unit-FLOOR   the unit tests of one floor, such as unit-mail
#   make help         the rest
#
# Missing packages are installed, and the pinned libraries fetched and built,
# by whatever target needs them (firmware/README.md). BUILD=dir builds there.

HOST := $(shell uname -m)
TARGET ?= $(if $(filter aarch64,$(HOST)),arm64,amd64)
BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 30
VERSION = 0.1

ifeq ($(filter $(TARGET),amd64 armv6 arm64 dev fuzz),)
$(error TARGET is amd64, armv6 or arm64, not $(TARGET))
endif

OUT := $(BUILD)/$(TARGET)
CODE_TARGET := $(TARGET)
MUSL = $(OUT)/lib/musl

# Dev and fuzz are builds with the compiler and libc of this machine.
ifneq ($(filter dev fuzz,$(TARGET)),)
LIBRARY_TARGET = host
undefine MUSL
else
LIBRARY_TARGET = $(TARGET)
endif
override TARGET := $(LIBRARY_TARGET)
include firmware/target.mk

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

# How each build compiles and links.
WARNINGS = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wundef -Werror
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
CC_dev = gcc
CODE_dev = -O1 -g $(SANITIZE)
LINK_dev = $(SANITIZE)
CC_fuzz = clang
CODE_fuzz = -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LINK_fuzz = $(SANITIZE) -fsanitize=fuzzer
RELEASE_LINK = -static-pie -Wl,--gc-sections -Wl,-z,relro,-z,now \
	-Wl,-z,noexecstack -Wl,--build-id=none
LINK_armv6 = -Wl,-z,max-page-size=4096
LINK_arm64 = -Wl,-z,max-page-size=16384

ifeq ($(LIBRARY_TARGET),host)
COMPILE = $(CC_$(CODE_TARGET)) $(CODE_$(CODE_TARGET))
LINK = $(COMPILE) $(LINK_$(CODE_TARGET))
else
# At -Os gcc sees paths that are none; the dev build has this warning.
COMPILE = $(TARGET_CC) $(CODE) -Os -g
QUIET = -Wno-maybe-uninitialized
LINK = $(COMPILE) $(RELEASE_LINK) $(LINK_$(CODE_TARGET))
endif
COMPILE += -std=c11 $(WARNINGS) $(QUIET) -MMD -MP -ffile-prefix-map=$(CURDIR)=.

# The floors and what each may stand on (test/floors.sh reads the includes).
FLOORS = base mail rules proof talk net store web app
UNDER_base = base
UNDER_mail = mail $(UNDER_base)
UNDER_rules = rules $(UNDER_mail)
UNDER_proof = proof $(UNDER_mail)
UNDER_talk = talk $(UNDER_rules)
UNDER_net = net $(UNDER_base)
UNDER_store = store $(UNDER_mail)
UNDER_web = web talk rules $(UNDER_store)
UNDER_app = app web talk proof rules net store mail base
HERE_web = web
source = $(wildcard $(or $(HERE_$(1)),mailbox/$(1))/*.c)
objects = $(patsubst %.c,$(OUT)/obj/%.o,$(call source,$(1)))
archives = $(foreach f,$(UNDER_$(1)),$(if $(call source,$f),$(OUT)/$f.a))

# Mbed TLS comes from base/crypto*.c and so is under everything.
LIBRARIES = sqlite3 libconfig curl mbedtls libsodium c-ares zlib unicode-data
LIBRARY_FILES = $(foreach l,$(LIBRARIES),$(OUT)/lib/$l/$l.a)
READY = $(LIBRARIES:%=$(OUT)/lib/%.ready)
INCLUDE = -Imailbox -I. $(LIBRARIES:%=-isystem $(OUT)/lib/%/include)

# V=1 shows the commands.
Q = $(if $(V),,@)
told = $(if $(V),,@echo "  $(1) $@";)

all: $(OUT)/pillarbox

# ---- compile ----

# The pure wing sees C11 and nothing else; the effect wing sees Linux.
PURE = $(filter-out %/base/log.o $(OUT)/obj/mailbox/base/crypto%,$(foreach f,\
	base mail rules proof talk,$(call objects,$f)))
EFFECT = $(filter-out $(PURE),$(foreach f,$(FLOORS),$(call objects,$f)))
$(PURE): WING = -Imailbox
$(EFFECT): WING = -D_GNU_SOURCE $(WIDE) $(INCLUDE) \
	-DPILLARBOX_VERSION='"$(VERSION)"'
$(EFFECT): | $(READY)
ifneq ($(LIBRARY_TARGET),host)
$(PURE): | $(READY)
endif

$(OUT)/obj/%.o: %.c Makefile firmware/target.mk | packages
	@mkdir -p $(@D)
	$(call told,CC)$(COMPILE) $(WING) -c -o $@ $<

define archive
$(OUT)/$(1).a: $(call objects,$(1))
	@rm -f $$@
	$$(Q)$(CROSS)ar rcsD $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call archive,$f)))

# ---- link ----

$(OUT)/pillarbox.debug: $(call archives,app) $(READY) Makefile
	$(call told,LD)$(LINK) -o $@ $(call archives,app) $(LIBRARY_FILES)

# The debug symbols stay beside; the address sanitizer wants them inside.
$(OUT)/pillarbox: $(OUT)/pillarbox.debug
ifeq ($(LIBRARY_TARGET),host)
	$(Q)cp $< $@
else
	$(Q)$(CROSS)objcopy --strip-all $< $@.part
	@mv $@.part $@
	@echo "$@: $$(stat -c %s $@) bytes"
endif

# ---- libraries and packages ----

# A link into the cache that leads nowhere is built again.
$(foreach l,$(LIBRARIES) cmocka,$(if $(wildcard $(OUT)/lib/$l/include),,\
	$(shell rm -f $(OUT)/lib/$l.ready)))

$(OUT)/lib/%.ready: firmware/deps.lock firmware/recipe/%.mk \
		firmware/recipe/compile.mk firmware/target.mk \
		firmware/library.sh $(wildcard firmware/*.[ch]) | packages
	@mkdir -p $(@D)
	+@firmware/library.sh $(LIBRARY_TARGET) $* $(OUT)/lib/$*
	@touch $@

packages:
	@firmware/packages.sh base $(filter-out host,$(LIBRARY_TARGET))

# ---- test programs ----

# One program per floor. Its main calls every test/unit/FLOOR/NAME_test.c
# through the int NAME_test(void) that the file defines.
TESTED = $(foreach f,$(FLOORS),$(if $(wildcard test/unit/$f/*_test.c),$f))
TEST_FLAGS = -D_GNU_SOURCE -DHAVE_UINTPTR_T $(WIDE) $(INCLUDE) -Itest -Itest/unit \
	-isystem $(OUT)/lib/cmocka/include
TEST_OBJECTS = $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard test/*.c test/unit/*.c \
	test/unit/*/*.c test/fuzz/*.c))
$(TEST_OBJECTS): WING = $(TEST_FLAGS)
$(TEST_OBJECTS): | $(READY) $(OUT)/lib/cmocka.ready

$(OUT)/obj/test/unit/%_main.c: Makefile
	@mkdir -p $(@D)
	@{ for t in $(call tests,$*); do echo "int $$t(void);"; done; \
	echo 'int main(void); int main(void) { int failed = 0;'; \
	for t in $(call tests,$*); do echo "	failed += $$t();"; done; \
	echo '	return failed ? 1 : 0; }'; } >$@
tests = $(sort $(basename $(notdir $(wildcard test/unit/$(1)/*_test.c))))

$(OUT)/obj/%_main.o: $(OUT)/obj/%_main.c | packages $(OUT)/lib/cmocka.ready
	$(call told,CC)$(COMPILE) -c -o $@ $<

define unit
$(OUT)/obj/test/unit/$(1)_main.c: $(wildcard test/unit/$(1))
$(OUT)/test/unit_$(1): $(OUT)/obj/test/unit/$(1)_main.o \
		$(patsubst %.c,$(OUT)/obj/%.o,$(wildcard test/unit/$(1)/*.c \
		test/unit/*.c)) $(call archives,$(1)) $(READY) \
		$(OUT)/lib/cmocka.ready
	@mkdir -p $$(@D)
	$$(call told,LD)$(LINK) -o $$@ $$(filter %.o %.a,$$^) $(LIBRARY_FILES) \
		$(OUT)/lib/cmocka/cmocka.a
endef
$(foreach f,$(TESTED),$(eval $(call unit,$f)))

# The player of test/talk, and whatever else is named test/talk*.
UNDER_pure = talk proof $(UNDER_rules)
$(OUT)/test/talk_pure: $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard \
		test/talk*.c)) $(call archives,pure) $(READY)
	@mkdir -p $(@D)
	$(call told,LD)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBRARY_FILES)

# What test/live/test_dkim.py has signed.
$(OUT)/test/dkim_sign: $(OUT)/obj/test/dkim_sign.o $(call archives,pure) \
		$(READY)
	@mkdir -p $(@D)
	$(call told,LD)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBRARY_FILES)

# Fuzz targets: replayed by a plain main, or driven by libFuzzer.
FUZZERS = $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c))
REPLAY = $(if $(filter dev,$(CODE_TARGET)),$(OUT)/obj/test/fuzz/replay.o)
$(OUT)/fuzz/%: $(OUT)/obj/test/fuzz/%_fuzz.o $(REPLAY) \
		$(call archives,app) $(READY)
	@mkdir -p $(@D)
	$(call told,LD)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBRARY_FILES)

# The power cuts: test/crash is one program over the whole house. What it
# defines itself, such as the disk, takes the place of what the archives have.
CRASH = $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard test/crash/*.c))
$(CRASH): WING = $(TEST_FLAGS)
$(CRASH): | $(READY) $(OUT)/lib/cmocka.ready
$(OUT)/test/crash: $(CRASH) $(call archives,app) $(READY)
	@mkdir -p $(@D)
	$(call told,LD)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBRARY_FILES)

units: $(TESTED:%=$(OUT)/test/unit_%)
fuzzers: $(FUZZERS:%=$(OUT)/fuzz/%)
programs: units fuzzers $(OUT)/test/dkim_sign \
	$(if $(wildcard test/talk_pure.c),$(OUT)/test/talk_pure) \
	$(if $(CRASH),$(OUT)/test/crash) \
	$(if $(call source,app),$(OUT)/pillarbox)
objects: $(PURE) $(EFFECT)

# ---- things to run ----

run: $(OUT)/pillarbox
	@firmware/packages.sh demo
	+@firmware/demo.sh $(OUT)/pillarbox

check:
	@firmware/packages.sh base test
	+@BUILD=$(BUILD) test/check.sh

check-arm:
	@firmware/packages.sh base armv6 arm64 qemu test
	+@BUILD=$(BUILD) test/arm.sh

unit-%:
	@$(MAKE) --no-print-directory TARGET=dev BUILD=$(BUILD) \
		$(BUILD)/dev/test/unit_$*
	$(BUILD)/dev/test/unit_$*

dev:
	@$(MAKE) --no-print-directory TARGET=dev BUILD=$(BUILD) programs

reproducible:
	+@TARGET=$(CODE_TARGET) test/reproducible.sh

fuzz:
	@firmware/packages.sh base fuzz
	@$(MAKE) --no-print-directory TARGET=fuzz BUILD=$(BUILD) fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) test/fuzz.sh $(BUILD)/fuzz/fuzz

crash: $(OUT)/pillarbox
	@firmware/packages.sh test
	@$(MAKE) --no-print-directory TARGET=dev BUILD=$(BUILD) \
		$(BUILD)/dev/pillarbox $(BUILD)/dev/test/crash
	+@BUILD=$(BUILD) PILLARBOX=$(abspath $(OUT)/pillarbox) test/crash.sh

flood: $(OUT)/pillarbox
	@firmware/packages.sh test
	FLOOD=full PILLARBOX=$(abspath $(OUT)/pillarbox) /usr/bin/python3 -m \
		pytest -q -s -p no:cacheprovider test/live/test_hostile.py \
		-k 'flood or memory'

soak: $(OUT)/pillarbox
	@firmware/packages.sh test
	IMAP_SOAK=600 IMAP_MANY=10000 PILLARBOX=$(abspath $(OUT)/pillarbox) \
		/usr/bin/python3 -m pytest -q -s -p no:cacheprovider \
		--timeout 3000 test/live/test_imap_soak.py \
		test/live/test_imap_clients.py

# The load generator is no part of the program and links what it likes.
BENCH = $(BUILD)/bench/load
$(BENCH): $(wildcard test/bench/*.[ch])
	@firmware/packages.sh base test bench
	@mkdir -p $(@D)
	$(call told,LD)gcc -std=c11 -O2 -g -D_GNU_SOURCE $(WARNINGS) -o $@ \
		$(filter %.c,$^) -lssl -lcrypto -lpthread

bench: $(OUT)/pillarbox $(BENCH)
	@firmware/packages.sh test bench
	/usr/bin/python3 test/bench/bench.py --load $(BENCH) \
		--pillarbox $(OUT)/pillarbox

install: $(OUT)/pillarbox
	install -D -m 755 $(OUT)/pillarbox $(DESTDIR)$(PREFIX)/bin/pillarbox
	install -D -m 644 firmware/pillarbox.sysusers \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/pillarbox.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,@PREFIX@,$(PREFIX),' firmware/pillarbox.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/pillarbox.service

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^# \?//; 1,11p' Makefile
	@echo "  make check-arm      the ARM binaries under qemu-user"
	@echo "  make reproducible   build twice in two folders and compare"
	@echo "  make fuzz           libFuzzer, FUZZ_SECONDS=30 per target"
	@echo "  make crash          kill -9 and torn writes, many rounds"
	@echo "  make flood          the whole flood, memory held to its budget"
	@echo "  make soak           twenty IMAP clients for ten minutes, and large mailboxes"
	@echo "  make bench          measure, beside Postfix and Dovecot"
	@echo "  make install        into DESTDIR and PREFIX"
	@echo "  make clean          remove BUILD ($(BUILD))"

.PHONY: all packages units fuzzers programs objects run check check-arm dev \
	reproducible fuzz crash flood soak bench install clean help

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
