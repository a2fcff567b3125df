/*
 * Certificates that a server presents, and what they prove.
 *
 * Input: pieces of two bytes of length and so many of DER, the server's own
 * certificate first. Properties: its hash as a TLSA record proves it, another
 * hash does not; without roots no name is proven, and with itself for a root
 * no more than its own names are.
 */
#include "base/crypto.h"
#include "net/tls_part.h"

#include <stdint.h>

#define PIECES_MAX 8
#define NOW 2000000000	/* when those of the corpus are valid */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
chain_read(mbedtls_x509_crt *chain, struct str in)
{
	struct str piece;
	size_t i, len;

	mbedtls_x509_crt_init(chain);
	for (i = 0; i < PIECES_MAX && in.len >= 2; i++) {
		len = (size_t)str_at(in, 0) * 256 + (size_t)str_at(in, 1);
		(void)str_take(&in, 2);
		piece = str_take(&in, len);
		(void)mbedtls_x509_crt_parse_der(chain,
		    (const unsigned char *)piece.at, piece.len);
	}
}

static bool
proven(const mbedtls_x509_crt *chain, const struct tls_goal *goal,
	mbedtls_x509_crt *roots)
{
	struct tls_demand *demand = tls_demand_make(goal, roots, NOW);
	bool well = tls_demand_judge(demand, chain) == NULL;

	tls_demand_drop(demand);
	return well;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char hash[SHA256_SIZE] = { 0 };
	struct tls_pin pin = { 3, 1, 1, str_from(hash, sizeof hash) };
	struct tls_goal goal = { .proof = TLS_PINNED,
		.host = STR("mx.example.test"), .pins = &pin,
		.pin_count = 1 };
	mbedtls_x509_crt chain;
	bool named;

	chain_read(&chain, str_from(data, size));
	if (chain.version != 0) {
		crypto_sha256(str_from(chain.pk_raw.p, chain.pk_raw.len),
		    hash);
		must(proven(&chain, &goal, NULL));
		hash[0] ^= 1;
		must(!proven(&chain, &goal, NULL));
		pin.usage = 2;
		must(!proven(&chain, &goal, NULL));
		goal.proof = TLS_NAME;
		must(!proven(&chain, &goal, NULL));
		named = proven(&chain, &goal, &chain);
		must(!named || tls_cert_fits(&chain, goal.host));
		goal.host = STR("192.0.2.1");
		(void)proven(&chain, &goal, &chain);
	}
	mbedtls_x509_crt_free(&chain);
	return 0;
}
