# DEFLATE for connections (RFC 4978). Without its file functions.

SRC = adler32.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c \
	trees.c zutil.c
FLAGS = -DHAVE_UNISTD_H -DHAVE_HIDDEN -D_LARGEFILE64_SOURCE=1 -w
HEADER_ROOT = .
HEADERS = zlib.h zconf.h
