/*
 * The libraries' door for everybody but net/tls.c and store/seal.c; keys that
 * sign are in crypto_key.c. All chance comes from getrandom(2): there is no
 * generator of ours or of a library that a fork could copy, and no device
 * that a cage would deny.
 */
#include "base/crypto.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <sodium.h>

#define NAMES_MAX 16
#define NAME_MAX_LEN 253	/* bytes of a host name, RFC 1035 2.3.4 */
#define COMMON_NAME_MAX 64	/* RFC 5280 appendix A.1, ub-common-name */
#define CERT_SECONDS (3652 * 86400LL)	/* ten years */
#define SERIAL_SIZE 16
#define TIME_SIZE 15		/* "20261120213758" and NUL */
#define PEM_SIZE 8192		/* room for 16 long names in base64 */

void
crypto_start(void)
{
	must(sodium_init() >= 0);
	must(psa_crypto_init() == PSA_SUCCESS);
}

void
crypto_random(void *at, size_t size)
{
	unsigned char *next;
	ssize_t got;

	for (next = at; size > 0; next += got, size -= (size_t)got) {
		got = getrandom(next, size, 0);
		if (got < 0 && errno == EINTR)
			got = 0;
		must(got >= 0);
	}
}

int
crypto_rng(void *unused, unsigned char *out, size_t len)
{
	(void)unused;
	crypto_random(out, len);
	return 0;
}

/* What the PSA half of Mbed TLS calls for chance, by this very name. */
psa_status_t
mbedtls_psa_external_get_random(
	mbedtls_psa_external_random_context_t *context, uint8_t *output,
	size_t output_size, size_t *output_length)
{
	(void)context;
	crypto_random(output, output_size);
	*output_length = output_size;
	return PSA_SUCCESS;
}

void
crypto_sha256(struct str s, unsigned char hash[SHA256_SIZE])
{
	must(mbedtls_sha256((const unsigned char *)s.at, s.len, hash, 0) ==
	    0);
}

/* The library's own state, in memory that others can own and copy. */
static mbedtls_sha256_context *
sha256_of(struct sha256 *h)
{
	_Static_assert(sizeof h->state >= sizeof (mbedtls_sha256_context),
	    "struct sha256 is too small");
	return (mbedtls_sha256_context *)(void *)h->state;
}

void
crypto_sha256_init(struct sha256 *h)
{
	mbedtls_sha256_init(sha256_of(h));
	must(mbedtls_sha256_starts(sha256_of(h), 0) == 0);
}

void
crypto_sha256_add(struct sha256 *h, struct str s)
{
	must(mbedtls_sha256_update(sha256_of(h),
	    (const unsigned char *)s.at, s.len) == 0);
}

void
crypto_sha256_end(struct sha256 *h, unsigned char hash[SHA256_SIZE])
{
	must(mbedtls_sha256_finish(sha256_of(h), hash) == 0);
}

bool
crypto_equal(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) == 0;
}

void
crypto_wipe(void *at, size_t size)
{
	sodium_memzero(at, size);
}

/* Whether s can stand in a certificate as the name of a host. */
static bool
is_host_name(struct str s, size_t max)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!char_is_alnum(str_at(s, i)) &&
		    str_find(STR("-._*"), 0, s.at[i]) == STR_NONE)
			return false;
	return s.len > 0 && s.len <= max;
}

/* What a certificate is signed with, kept together until it is. */
struct signing {
	mbedtls_pk_context pair;
	mbedtls_x509write_cert cert;
	mbedtls_x509_san_list san[NAMES_MAX];
};

static int
set_names(struct signing *s, const struct str *names, size_t count)
{
	char subject[3 + COMMON_NAME_MAX + 1] = "CN=";
	size_t i;

	for (i = 0; i < count; i++) {
		s->san[i].node.type = MBEDTLS_X509_SAN_DNS_NAME;
		s->san[i].node.san.unstructured_name.tag =
		    MBEDTLS_ASN1_IA5_STRING;
		s->san[i].node.san.unstructured_name.len = names[i].len;
		/* only ever read, but the library's field is not const */
		memcpy(&s->san[i].node.san.unstructured_name.p, &names[i].at,
		    sizeof names[i].at);
		s->san[i].next = i + 1 < count ? &s->san[i + 1] : NULL;
	}
	memcpy(subject + 3, names[0].at, names[0].len);
	if (mbedtls_x509write_crt_set_subject_name(&s->cert, subject) != 0 ||
	    mbedtls_x509write_crt_set_issuer_name(&s->cert, subject) != 0 ||
	    mbedtls_x509write_crt_set_subject_alternative_name(&s->cert,
	    s->san) != 0)
		return -EINVAL;
	return 0;
}

static int
set_validity(struct signing *s, int64_t now)
{
	char from[TIME_SIZE], to[TIME_SIZE];
	time_t begin, end;
	struct tm tm;

	begin = (time_t)(now - 86400);
	end = (time_t)(begin + CERT_SECONDS);
	if (gmtime_r(&begin, &tm) == NULL ||
	    strftime(from, sizeof from, "%Y%m%d%H%M%S", &tm) == 0 ||
	    gmtime_r(&end, &tm) == NULL ||
	    strftime(to, sizeof to, "%Y%m%d%H%M%S", &tm) == 0 ||
	    mbedtls_x509write_crt_set_validity(&s->cert, from, to) != 0)
		return -EINVAL;
	return 0;
}

/* A server's certificate and nobody's authority (RFC 5280 section 4.2.1). */
static int
set_uses(struct signing *s)
{
	static char server_auth[] = MBEDTLS_OID_SERVER_AUTH;
	unsigned char serial[SERIAL_SIZE];
	mbedtls_asn1_sequence use;

	use = (mbedtls_asn1_sequence){ .buf = { .tag = MBEDTLS_ASN1_OID,
	    .len = sizeof server_auth - 1,
	    .p = (unsigned char *)server_auth } };
	crypto_random(serial, sizeof serial);
	/* positive, and of this length */
	serial[0] = (unsigned char)((serial[0] & 0x3F) | 0x40);
	mbedtls_x509write_crt_set_version(&s->cert,
	    MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&s->cert, MBEDTLS_MD_SHA256);
	if (mbedtls_x509write_crt_set_serial_raw(&s->cert, serial,
	    sizeof serial) != 0 ||
	    mbedtls_x509write_crt_set_basic_constraints(&s->cert, 0, -1) !=
	    0 ||
	    mbedtls_x509write_crt_set_key_usage(&s->cert,
	    MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
	    mbedtls_x509write_crt_set_ext_key_usage(&s->cert, &use) != 0)
		return -EINVAL;
	return 0;
}

static int
make_pair(struct signing *s)
{
	if (mbedtls_pk_setup(&s->pair,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
	    mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
	    mbedtls_pk_ec(s->pair), crypto_rng, NULL) != 0)
		return -EINVAL;
	mbedtls_x509write_crt_set_subject_key(&s->cert, &s->pair);
	mbedtls_x509write_crt_set_issuer_key(&s->cert, &s->pair);
	return 0;
}

static int
write_pem(struct signing *s, struct buf *key, struct buf *cert)
{
	char pem[PEM_SIZE];
	unsigned char *out;
	int result;

	result = -EINVAL;
	out = (unsigned char *)pem;
	if (mbedtls_x509write_crt_pem(&s->cert, out, sizeof pem, crypto_rng,
	    NULL) != 0)
		return result;
	buf_add_text(cert, pem);
	if (mbedtls_pk_write_key_pem(&s->pair, out, sizeof pem) == 0) {
		buf_add_text(key, pem);
		result = key->full || cert->full ? -EINVAL : 0;
	}
	crypto_wipe(pem, sizeof pem);
	return result;
}

int
crypto_self_sign(const struct str *names, size_t count, int64_t now,
	struct buf *key, struct buf *cert)
{
	struct signing s;
	size_t i;
	int result;

	if (count == 0 || count > NAMES_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++)
		if (!is_host_name(names[i],
		    i == 0 ? COMMON_NAME_MAX : NAME_MAX_LEN))
			return -EINVAL;
	memset(&s, 0, sizeof s);
	mbedtls_pk_init(&s.pair);
	mbedtls_x509write_crt_init(&s.cert);
	result = make_pair(&s);
	if (result == 0)
		result = set_names(&s, names, count);
	if (result == 0)
		result = set_validity(&s, now);
	if (result == 0)
		result = set_uses(&s);
	if (result == 0)
		result = write_pem(&s, key, cert);
	mbedtls_x509write_crt_free(&s.cert);
	mbedtls_pk_free(&s.pair);
	return result;
}

/* The library wants PEM with the NUL counted; a buf always has one. */
static int
parse_cert(mbedtls_x509_crt *into, struct str pem)
{
	struct buf text;
	int result;

	buf_init(&text, pem.len);
	buf_add(&text, pem);
	result = mbedtls_x509_crt_parse(into,
	    (const unsigned char *)buf_text(&text), text.len + 1);
	buf_drop(&text);
	return result == 0 ? 0 : -EBADMSG;
}

static int
parse_key(mbedtls_pk_context *into, struct str pem)
{
	struct buf text;
	int result;

	buf_init(&text, pem.len);
	buf_add(&text, pem);
	result = mbedtls_pk_parse_key(into,
	    (const unsigned char *)buf_text(&text), text.len + 1, NULL, 0,
	    crypto_rng, NULL);
	buf_wipe(&text);
	return result == 0 ? 0 : -EBADMSG;
}

static int64_t
unix_from_x509(const mbedtls_x509_time *t)
{
	struct tm tm;

	tm = (struct tm){ .tm_year = t->year - 1900, .tm_mon = t->mon - 1,
	    .tm_mday = t->day, .tm_hour = t->hour, .tm_min = t->min,
	    .tm_sec = t->sec };
	return timegm(&tm);
}

int
crypto_check_pair(struct str cert, struct str key, int64_t *expires)
{
	mbedtls_x509_crt chain;
	mbedtls_pk_context pair;
	int result;

	mbedtls_x509_crt_init(&chain);
	mbedtls_pk_init(&pair);
	result = parse_cert(&chain, cert);
	if (result == 0) {
		*expires = unix_from_x509(&chain.valid_to);
		result = parse_key(&pair, key);
	}
	if (result == 0 && mbedtls_pk_check_pair(&chain.pk, &pair,
	    crypto_rng, NULL) != 0)
		result = -EKEYREJECTED;
	mbedtls_pk_free(&pair);
	mbedtls_x509_crt_free(&chain);
	return result;
}
