# What each TARGET is: its compiler and the flags that the program and the
# libraries share.
#
# amd64, armv6, arm64   the release: musl, static-pie, small
# host                  the compiler of this machine and its own libc; the
#                       tests and the fuzzers link these libraries

HOST_MACHINE := $(shell uname -m)

CROSS_amd64 = x86_64-linux-gnu-
CROSS_armv6 = arm-linux-gnueabi-
CROSS_arm64 = aarch64-linux-gnu-
CROSS := $(CROSS_$(TARGET))

# Every 32-bit Pi has at least an ARM1176: soft-float calls, VFP inside.
MACHINE_armv6 = -mcpu=arm1176jzf-s -mfpu=vfp -mfloat-abi=softfp -marm
MACHINE_arm64 = -mbranch-protection=standard
MACHINE := $(MACHINE_$(TARGET))

ifeq ($(TARGET),host)
CODE = -g -fPIE
else
CODE = -ffunction-sections -fdata-sections -fPIE -fstack-protector-strong \
	-fstack-clash-protection $(MACHINE)
endif

# 64-bit files and times, also where libc still has the narrow ones.
WIDE = -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64

# Set by whoever includes this: the folder that holds the built musl.
ifdef MUSL
LIBC = -specs $(MUSL)/lib/musl-gcc.specs
endif
TARGET_CC = $(CROSS)gcc $(LIBC)
