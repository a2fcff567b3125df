# The C library of the release. Debian's patches make static-pie link and fix
# qsort and iconv (CVE-2025-26519).

OWN_INSTALL = 1

KERNEL_amd64 = /usr/include
KERNEL_armv6 = /usr/arm-linux-gnueabi/include
KERNEL_arm64 = /usr/aarch64-linux-gnu/include
TRIPLE_amd64 = x86_64-linux-musl
TRIPLE_armv6 = arm-linux-musleabi
TRIPLE_arm64 = aarch64-linux-musl

# The headers of the kernel come from the host's linux-libc-dev; on a machine
# of the same kind they lie in its own folders.
KERNEL = $(firstword $(wildcard $(KERNEL_$(TARGET))/linux/..) /usr/include)
ASM = $(firstword $(wildcard $(KERNEL)/asm) \
	$(wildcard /usr/include/$(patsubst %-,%,$(CROSS))/asm))

install:
	while read -r patch; do $(call apply,$$patch) || exit 1; \
		done <$(PATCHES)/series
	CC="$(CROSS)gcc" CFLAGS="$(CODE) -fno-stack-protector" \
		./configure --target=$(TRIPLE_$(TARGET)) --prefix=$(PLACE) \
		--syslibdir=$(PLACE)/lib --disable-shared --enable-wrapper=gcc \
		CROSS_COMPILE=$(CROSS) AR="$(CROSS)ar" RANLIB="$(CROSS)ranlib"
	$(MAKE) -f Makefile
	$(MAKE) -f Makefile DESTDIR=$(OUT) install
	ln -s $(KERNEL)/linux $(OUT)$(PLACE)/include/linux
	ln -s $(KERNEL)/asm-generic $(OUT)$(PLACE)/include/asm-generic
	ln -s $(ASM) $(OUT)$(PLACE)/include/asm
