# TLS, certificates, hashes. Which parts is said by firmware/mbedtls_config.h.
# Small, but fast where a handshake or a byte stream spends its time. That file
# takes the place of the library's own, so that nobody has to name it.
# mbedtls_x25519.c takes the place of Everest's multiplication; whoever links
# this library links libsodium behind it.

CONFIG = $(abspath $(HERE)..)/mbedtls_config.h
EVEREST = 3rdparty/everest
SRC := $(sort $(wildcard library/*.c) library/x25519_sodium.c) \
	$(addprefix $(EVEREST)/library/,everest.c x25519.c)
FLAGS = -Iinclude -Ilibrary -I$(EVEREST)/include \
	-I$(EVEREST)/include/everest -I$(EVEREST)/include/everest/kremlib \
	-D_GNU_SOURCE -w
HEADER_ROOT = include
HEADERS = $$(find . -name '*.h')
ALSO = cp -r $(EVEREST)/include/everest $(OUT)/include
PREPARE = configured

FAST = bignum bignum_core bignum_mod bignum_mod_raw ecp ecp_curves ecdh \
	ecdsa rsa aes aesni aesce gcm chacha20 poly1305 chachapoly sha256 \
	constant_time x25519_sodium
$(FAST:%=obj/library/%.o) $(filter obj/$(EVEREST)/%,$(SRC:%.c=obj/%.o)): OPT = -O2

obj/library/psa_crypto_ecp.o: FLAGS += \
	-Dmbedtls_psa_ecp_export_public_key=mbedtls_psa_ecp_export_public_key_slow

# As a client in TLS 1.2 this version refuses RSA-PSS, which it offers and can
# check; upstream mended that after the release (its pull request 10674).
REFUSED = !mbedtls_ssl_sig_alg_is_supported(ssl, sig_alg)
TAKEN = !mbedtls_ssl_tls13_sig_alg_for_cert_verify_is_supported(sig_alg)

library/x25519_sodium.c: configured
configured:
	sed -i 's/if ($(REFUSED))/if ($(REFUSED) \&\& $(TAKEN))/' \
		library/ssl_tls12_client.c
	grep -qF '$(TAKEN)' library/ssl_tls12_client.c
	cp $(CONFIG) include/mbedtls/mbedtls_config.h
	cp $(dir $(CONFIG))mbedtls_x25519.c library/x25519_sodium.c
	touch $@
