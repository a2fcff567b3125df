/*
 * What an answer of the DNS says, out of c-ares' form into ours. c-ares has
 * parsed it and knows it for an answer to our question.
 */
#include "net/resolve_part.h"

#include <netinet/in.h>
#include <string.h>

#include <ares.h>

#define CHAIN_MAX 16	/* CNAMEs that are followed */

unsigned
resolve_number(enum resolve_type type)
{
	switch (type) {
	case RESOLVE_A:
		return ARES_REC_TYPE_A;
	case RESOLVE_AAAA:
		return ARES_REC_TYPE_AAAA;
	case RESOLVE_MX:
		return ARES_REC_TYPE_MX;
	case RESOLVE_TXT:
		return ARES_REC_TYPE_TXT;
	case RESOLVE_TLSA:
		return ARES_REC_TYPE_TLSA;
	case RESOLVE_PTR:
		break;
	}
	return ARES_REC_TYPE_PTR;
}

/* A host of a record; a name that can be no host's is of no use. */
static bool
host_add(struct buf *texts, struct resolve_record *record, const char *name)
{
	struct str host = str_of(name);
	size_t i;
	int c;

	if (name == NULL || host.len > RESOLVE_NAME_MAX)
		return false;
	for (i = 0; i < host.len; i++) {
		c = str_at(host, i);
		if (!char_is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	for (i = 0; i < host.len; i++)
		buf_add_char(texts, (char)char_lower(str_at(host, i)));
	record->text.len = host.len;
	return true;
}

static bool
text_add(struct buf *texts, struct resolve_record *record,
	const ares_dns_rr_t *rr, ares_dns_rr_key_t key)
{
	size_t len = 0;
	const unsigned char *at = ares_dns_rr_get_bin(rr, key, &len);

	if (at == NULL || len > RESOLVE_TEXT_MAX)
		return false;
	buf_add(texts, str_from(at, len));
	record->text.len = len;
	return true;
}

/* Returns:  false when the record is of no use. */
static bool
record_read(struct buf *texts, struct resolve_record *record,
	enum resolve_type type, const ares_dns_rr_t *rr)
{
	switch (type) {
	case RESOLVE_A:
		memcpy(record->ip, ares_dns_rr_get_addr(rr, ARES_RR_A_ADDR),
		    sizeof (struct in_addr));
		return true;
	case RESOLVE_AAAA:
		memcpy(record->ip, ares_dns_rr_get_addr6(rr,
		    ARES_RR_AAAA_ADDR), sizeof (struct in6_addr));
		return true;
	case RESOLVE_MX:
		record->preference = ares_dns_rr_get_u16(rr,
		    ARES_RR_MX_PREFERENCE);
		return host_add(texts, record, ares_dns_rr_get_str(rr,
		    ARES_RR_MX_EXCHANGE));
	case RESOLVE_TXT:
		return text_add(texts, record, rr, ARES_RR_TXT_DATA);
	case RESOLVE_TLSA:
		record->usage = ares_dns_rr_get_u8(rr,
		    ARES_RR_TLSA_CERT_USAGE);
		record->selector = ares_dns_rr_get_u8(rr,
		    ARES_RR_TLSA_SELECTOR);
		record->matching = ares_dns_rr_get_u8(rr, ARES_RR_TLSA_MATCH);
		return text_add(texts, record, rr, ARES_RR_TLSA_DATA);
	case RESOLVE_PTR:
		break;
	}
	return host_add(texts, record, ares_dns_rr_get_str(rr,
	    ARES_RR_PTR_DNAME));
}

static bool
rr_is(const ares_dns_rr_t *rr, const char *name, ares_dns_rec_type_t type)
{
	return ares_dns_rr_get_type(rr) == type &&
	    ares_dns_rr_get_class(rr) == ARES_CLASS_IN &&
	    str_same(str_of(ares_dns_rr_get_name(rr)), str_of(name));
}

/*
 * Where the CNAMEs of an answer lead to (RFC 1034 section 3.6.2), in whatever
 * order they stand.
 *
 * Returns:  NULL when they run in a circle, or very far.
 */
static const char *
chain_end(const ares_dns_record_t *dns)
{
	size_t count = ares_dns_record_rr_cnt(dns, ARES_SECTION_ANSWER);
	const ares_dns_rr_t *rr = NULL;
	const char *name = NULL;
	size_t hops, i;

	must(ares_dns_record_query_get(dns, 0, &name, NULL, NULL) ==
	    ARES_SUCCESS);
	for (hops = 0; hops <= CHAIN_MAX && name != NULL; hops++) {
		for (i = 0; i < count; i++) {
			rr = ares_dns_record_rr_get_const(dns,
			    ARES_SECTION_ANSWER, i);
			if (rr_is(rr, name, ARES_REC_TYPE_CNAME))
				break;
		}
		if (i == count)
			return name;
		name = ares_dns_rr_get_str(rr, ARES_RR_CNAME_CNAME);
	}
	return NULL;
}

/* Texts may move while it grows, so it is viewed when it is whole. */
static void
records_read(struct resolve_answer *answer, struct buf *texts,
	enum resolve_type type, const ares_dns_record_t *dns, const char *name)
{
	size_t count = ares_dns_record_rr_cnt(dns, ARES_SECTION_ANSWER);
	const ares_dns_rr_t *rr;
	size_t i, at;

	buf_init(texts, RESOLVE_RECORDS_MAX * RESOLVE_TEXT_MAX);
	answer->result = RESOLVE_EMPTY;
	for (i = 0; i < count && answer->count < RESOLVE_RECORDS_MAX; i++) {
		rr = ares_dns_record_rr_get_const(dns, ARES_SECTION_ANSWER, i);
		if (!rr_is(rr, name, resolve_number(type)))
			continue;
		answer->result = RESOLVE_FOUND;
		if (record_read(texts, &answer->records[answer->count], type,
		    rr))
			answer->count++;
	}
	for (i = 0, at = 0; i < answer->count; i++) {
		answer->records[i].text = str_part(buf_str(texts), at,
		    answer->records[i].text.len);
		at += answer->records[i].text.len;
	}
}

void
resolve_read(struct resolve_answer *answer, struct buf *texts,
	enum resolve_type type, const struct ares_dns_record *dns)
{
	ares_dns_rcode_t rcode = ares_dns_record_get_rcode(dns);
	const char *end = chain_end(dns);

	answer->secure = (ares_dns_record_get_flags(dns) & ARES_FLAG_AD) != 0;
	if (rcode == ARES_RCODE_NXDOMAIN) {
		answer->result = RESOLVE_NONE;
	} else if (rcode != ARES_RCODE_NOERROR) {
		answer->result = RESOLVE_FAILED;
		answer->why = "the DNS server did not take the question";
	} else if (end == NULL) {
		answer->result = RESOLVE_FAILED;
		answer->why = "the CNAMEs of the DNS answer have no end";
	} else {
		records_read(answer, texts, type, dns, end);
	}
}
