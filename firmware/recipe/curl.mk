# Small texts over HTTPS. Which parts is said by firmware/curl_config.h, and
# curl_instead.c stands in for chance and for names. Its Mbed TLS shall believe
# no certificate that ours would not, so the profile is the library's own.

NEEDS = mbedtls
CONFIG = $(abspath $(HERE)..)
SRC := $(shell find lib -name '*.c' 2>/dev/null | sort) lib/instead.c
PREPARE = prepared
FLAGS = -DHAVE_CONFIG_H -DBUILDING_LIBCURL -DCURL_STATICLIB \
	-DCURL_HIDDEN_SYMBOLS -Dgethostbyname=curl_no_host \
	-Iinclude -Ilib -I$(NEED_mbedtls)/include -D_GNU_SOURCE -w
HEADER_ROOT = include
HEADERS = curl/*.h

lib/instead.c: prepared
prepared:
	while read -r patch; do $(call apply,$$patch) || exit 1; \
		done <$(PATCHES)/series
	cp $(CONFIG)/curl_config.h lib
	cp $(CONFIG)/curl_instead.c lib/instead.c
	sed -i 's/&mbedtls_x509_crt_profile_fr)/\&mbedtls_x509_crt_profile_default)/' \
		lib/vtls/mbedtls.c
	grep -q profile_default lib/vtls/mbedtls.c
	touch $@
