/*
 * What a server must prove: PKIX by roots and name (RFC 6125, RFC 8461
 * section 4.1), or DANE by TLSA records (RFC 7671, RFC 7672). The handshake
 * has shown that it holds the key of the first certificate; here it is decided
 * what that certificate is worth.
 */
#include "net/tls_part.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#define ANCHORS_MAX 8		/* certificates of one chain that pins fit */
#define SHA256_LEN 32
#define SHA512_LEN 64
#define NAME_LEN_MAX 255	/* of a host, RFC 1035 section 2.3.4 */

#define SAN_DNS (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_DNS_NAME)
#define SAN_IP (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_IP_ADDRESS)

/* RFC 6698 section 2.1, by the names of RFC 7218 */
enum { DANE_TA = 2, DANE_EE = 3 };
enum { SELECT_CERT, SELECT_KEY };
enum { MATCH_FULL, MATCH_SHA256, MATCH_SHA512 };

struct tls_demand {
	enum tls_proof proof;
	int64_t now;
	mbedtls_x509_crt *roots;
	struct buf host, other_host;
	struct buf data;		/* of the pins, one behind the other */
	struct tls_pin pins[TLS_PINS_MAX];
	size_t count;
};

/* What of a chain can be at fault, the gravest first. */
static const struct {
	uint32_t flags;
	const char *why;
} faults[] = {
	{ MBEDTLS_X509_BADCERT_NOT_TRUSTED,
	  "certificate is signed by nobody we know" },
	{ MBEDTLS_X509_BADCERT_EXPIRED, "certificate has expired" },
	{ MBEDTLS_X509_BADCERT_FUTURE, "certificate is not valid yet" }
};

bool
tls_pin_usable(const struct tls_pin *pin)
{
	if (pin->usage != DANE_TA && pin->usage != DANE_EE)
		return false;
	if (pin->selector > SELECT_KEY)
		return false;
	if (pin->matching == MATCH_SHA256)
		return pin->data.len == SHA256_LEN;
	if (pin->matching == MATCH_SHA512)
		return pin->data.len == SHA512_LEN;
	return pin->matching == MATCH_FULL && pin->data.len > 0;
}

size_t
tls_ip_read(struct str text, unsigned char ip[16])
{
	char copy[INET6_ADDRSTRLEN] = "";

	if (text.len == 0 || text.len >= sizeof copy ||
	    str_find(text, 0, '\0') != STR_NONE)
		return 0;
	memcpy(copy, text.at, text.len);
	if (inet_pton(AF_INET, copy, ip) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, ip) == 1 ? 16 : 0;
}

static void
pins_keep(struct tls_demand *d, const struct tls_goal *goal)
{
	size_t i, size = 0, from = 0;

	for (i = 0; i < goal->pin_count && d->count < TLS_PINS_MAX; i++)
		if (tls_pin_usable(&goal->pins[i])) {
			d->pins[d->count++] = goal->pins[i];
			must(add_ok(&size, size, goal->pins[i].data.len));
		}
	buf_init(&d->data, size);
	for (i = 0; i < d->count; i++)
		buf_add(&d->data, d->pins[i].data);
	for (i = 0; i < d->count; from += d->pins[i++].data.len)
		d->pins[i].data = str_part(buf_str(&d->data), from,
		    d->pins[i].data.len);
}

struct tls_demand *
tls_demand_make(const struct tls_goal *goal, mbedtls_x509_crt *roots,
	int64_t now)
{
	struct tls_demand *d = xalloc(1, sizeof *d);

	d->proof = goal->proof;
	d->now = now;
	d->roots = roots;
	buf_init(&d->host, NAME_LEN_MAX);
	buf_add(&d->host, goal->host);
	buf_init(&d->other_host, NAME_LEN_MAX);
	buf_add(&d->other_host, goal->other_host);
	pins_keep(d, goal);
	return d;
}

void
tls_demand_drop(struct tls_demand *d)
{
	if (d == NULL)
		return;
	buf_drop(&d->host);
	buf_drop(&d->other_host);
	buf_drop(&d->data);
	free(d);
}

/* Whether an iPAddress of a certificate is this one (RFC 5280 4.2.1.6). */
static bool
ip_fits(const mbedtls_x509_crt *cert, struct str ip)
{
	const mbedtls_x509_sequence *at;

	for (at = &cert->subject_alt_names; at != NULL; at = at->next)
		if (at->buf.tag == SAN_IP &&
		    str_equal(str_from(at->buf.p, at->buf.len), ip))
			return true;
	return false;
}

/* Without any dNSName, the common names are looked at (RFC 7672 3.2.3). */
static bool
common_name_fits(const mbedtls_x509_crt *cert, struct str host)
{
	const mbedtls_x509_sequence *at;
	const mbedtls_x509_name *name;

	for (at = &cert->subject_alt_names; at != NULL; at = at->next)
		if (at->buf.tag == SAN_DNS)
			return false;
	for (name = &cert->subject; name != NULL; name = name->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0 &&
		    tls_name_fits(str_from(name->val.p, name->val.len), host))
			return true;
	return false;
}

static bool
host_fits(const struct tls_demand *d, const mbedtls_x509_crt *cert,
	struct str host)
{
	unsigned char ip[16];
	size_t len;

	if (host.len == 0)
		return false;
	len = tls_ip_read(host, ip);
	if (len > 0)
		return ip_fits(cert, str_from(ip, len));
	return tls_cert_fits(cert, host) ||
	    (d->proof == TLS_PINNED && common_name_fits(cert, host));
}

/* The time that counts is the one we were given, not the library's. */
static int
on_cert(void *at, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
	const mbedtls_x509_time *now = at;

	(void)depth;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED |
	    MBEDTLS_X509_BADCERT_FUTURE);
	if (mbedtls_x509_time_cmp(&cert->valid_to, now) < 0)
		*flags |= MBEDTLS_X509_BADCERT_EXPIRED;
	if (mbedtls_x509_time_cmp(&cert->valid_from, now) > 0)
		*flags |= MBEDTLS_X509_BADCERT_FUTURE;
	return 0;
}

/* Whether a chain leads to one of trusted, is in time, and is for host. */
static const char *
chain_judge(const struct tls_demand *d, const mbedtls_x509_crt *chain,
	mbedtls_x509_crt *trusted)
{
	/* a copy of the head, since the library's parameter is not const */
	mbedtls_x509_crt first = *chain;
	mbedtls_x509_time now;
	uint32_t flags;
	size_t i;

	must(mbedtls_x509_time_gmtime((mbedtls_time_t)d->now, &now) == 0);
	if (mbedtls_x509_crt_verify_with_profile(&first, trusted, NULL,
	    &mbedtls_x509_crt_profile_default, NULL, &flags, on_cert,
	    &now) != 0) {
		for (i = 0; i < countof(faults); i++)
			if ((flags & faults[i].flags) != 0)
				return faults[i].why;
		return "certificate is too weak";
	}
	if (!host_fits(d, chain, buf_str(&d->host)) &&
	    (d->proof != TLS_PINNED ||
	    !host_fits(d, chain, buf_str(&d->other_host))))
		return "certificate is for another name";
	if (mbedtls_x509_crt_check_key_usage(chain,
	    MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
	    mbedtls_x509_crt_check_extended_key_usage(chain,
	    MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(
	    MBEDTLS_OID_SERVER_AUTH)) != 0)
		return "certificate is not for servers";
	return NULL;
}

static bool
pin_fits(const struct tls_pin *pin, const mbedtls_x509_crt *cert)
{
	const mbedtls_x509_buf *part = pin->selector == SELECT_CERT ?
	    &cert->raw : &cert->pk_raw;
	unsigned char hash[SHA512_LEN];

	if (pin->matching == MATCH_SHA256) {
		must(mbedtls_sha256(part->p, part->len, hash, 0) == 0);
		return str_equal(pin->data, str_from(hash, SHA256_LEN));
	}
	if (pin->matching == MATCH_SHA512) {
		must(mbedtls_sha512(part->p, part->len, hash, 0) == 0);
		return str_equal(pin->data, str_from(hash, SHA512_LEN));
	}
	return str_equal(pin->data, str_from(part->p, part->len));
}

/* Both digests are strong, so any will do (RFC 7671 section 9 prefers one). */
static bool
pinned(const struct tls_demand *d, unsigned usage,
	const mbedtls_x509_crt *cert)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if (d->pins[i].usage == usage && pin_fits(&d->pins[i], cert))
			return true;
	return false;
}

/* Certificates that records give whole need not be presented: RFC 7671
 * section 5.2.2. */
static void
given_read(const struct tls_demand *d, mbedtls_x509_crt *given)
{
	const struct tls_pin *pin;

	for (pin = d->pins; pin < d->pins + d->count; pin++)
		if (pin->usage == DANE_TA && pin->selector == SELECT_CERT &&
		    pin->matching == MATCH_FULL)
			(void)mbedtls_x509_crt_parse_der(given,
			    (const unsigned char *)pin->data.at,
			    pin->data.len);
}

/* DANE-TA: what the records fit takes the place of the roots. */
static const char *
anchors_judge(const struct tls_demand *d, const mbedtls_x509_crt *chain)
{
	mbedtls_x509_crt anchors[ANCHORS_MAX], given;
	const mbedtls_x509_crt *cert;
	const char *why;
	size_t count = 0;

	mbedtls_x509_crt_init(&given);
	given_read(d, &given);
	for (cert = chain->next; cert != NULL && count < ANCHORS_MAX;
	    cert = cert->next) {
		if (!pinned(d, DANE_TA, cert))
			continue;
		anchors[count] = *cert;
		anchors[count].next = given.version != 0 ? &given : NULL;
		if (count > 0)
			anchors[count - 1].next = &anchors[count];
		count++;
	}
	if (count == 0 && given.version == 0)
		why = "certificate is not the one that TLSA tells of";
	else
		why = chain_judge(d, chain, count > 0 ? anchors : &given);
	mbedtls_x509_crt_free(&given);
	return why;
}

const char *
tls_demand_judge(const struct tls_demand *d, const mbedtls_x509_crt *chain)
{
	if (chain == NULL)
		return "no certificate";
	if (d->proof == TLS_NAME)
		return chain_judge(d, chain, d->roots);
	/* neither name nor time counts: RFC 7672 section 3.1.1 */
	if (pinned(d, DANE_EE, chain))
		return NULL;
	return anchors_judge(d, chain);
}
