# The configuration file. No xlocale.h: musl has none and newlocale suffices.

SRC = $(addprefix lib/,grammar.c libconfig.c scanctx.c scanner.c strbuf.c \
	strvec.c util.c)
FLAGS = -D_GNU_SOURCE -DHAVE_NEWLOCALE -DHAVE_USELOCALE -DHAVE_FREELOCALE \
	-DHAVE_UNISTD_H -DHAVE_STDINT_H -Ilib -w
HEADER_ROOT = lib
HEADERS = libconfig.h
