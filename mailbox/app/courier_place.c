/*
 * Where a host is: its addresses, in the order in which they are tried, and
 * what it has to prove when it is talked to.
 */
#include "app/courier_part.h"

#include "base/log.h"
#include "mail/addr.h"
#include "mail/puny.h"

#include <string.h>

/* The names of RFC 3463 sections 3.5 and 3.8. */
static const struct smtp_outcome no_address = {
	.fate = SMTP_PERMANENT, .status = { 5, 4, 4 },
	.said = "The mail server's name has no address"
};
static const struct smtp_outcome dns_failed = {
	.fate = SMTP_TEMPORARY, .status = { 4, 4, 3 },
	.said = "The DNS does not tell the mail server's address now"
};
static const struct smtp_outcome not_named = {
	.fate = SMTP_TEMPORARY, .status = { 4, 7, 5 },
	.said = "The domain's policy (MTA-STS) does not name this server"
};

#define SMART_TLS_PORT 465	/* RFC 8314 section 3.3 */

static unsigned
port_of(const struct job *j)
{
	return j->order.smart_host.len > 0 ? j->order.smart_port :
	    j->kit->setup.config.outbound_port;
}

static void
add_all(struct place *p, const struct dial_address *from, size_t count)
{
	size_t i;

	for (i = 0; i < count && p->count < countof(p->addresses); i++)
		p->addresses[p->count++] = from[i];
}

/* RFC 1918, RFC 4193, and this machine itself. */
static bool
is_private(const struct dial_address *a)
{
	if (a->ip_len == sizeof a->ip)
		return (a->ip[0] & 0xfe) == 0xfc || memcmp(a->ip,
		    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", sizeof a->ip) == 0;
	return a->ip[0] == 10 || a->ip[0] == 127 ||
	    (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
	    (a->ip[0] == 192 && a->ip[1] == 168);
}

/*
 * The owner named this server: it must be the one, unless it stands in the
 * same house and is told no password. Only an address tells where it stands:
 * where a name leads to is for the DNS to say, and so for strangers.
 */
static void
need_of_smart_host(struct job *j)
{
	struct place *p = &j->place;
	bool trusted = j->order.user.len == 0 && p->literal &&
	    is_private(&p->addresses[0]);

	p->proof = trusted ? TLS_ANY : TLS_NAME;
	p->by = trusted ? PROVEN_NOT : PROVEN_ROUTE;
	if (j->order.smart_port == SMART_TLS_PORT)
		p->tls = SMTP_CLIENT_TLS_ON;
	else
		p->tls = trusted ? SMTP_CLIENT_MAYBE : SMTP_CLIENT_ALWAYS;
}

/* What the server has to prove, but for what TLSA records may say. */
static void
need(struct job *j)
{
	struct place *p = &j->place;

	p->tls = SMTP_CLIENT_MAYBE;
	p->proof = TLS_ANY;
	p->by = PROVEN_NOT;
	if (j->order.smart_host.len > 0) {
		need_of_smart_host(j);
	} else if (j->enforce) {
		p->tls = SMTP_CLIENT_ALWAYS;
		p->proof = TLS_NAME;
		p->by = PROVEN_STS;
	} else if (j->order.require_tls && j->by_mx && j->secure) {
		/* RFC 8689 section 4.2.1: a validated MX, a known name */
		p->tls = SMTP_CLIENT_ALWAYS;
		p->proof = TLS_NAME;
		p->by = PROVEN_ROUTE;
	}
}

/* All addresses are there. */
static void
found(struct job *j)
{
	struct place *p = &j->place;

	if (j->kit->setup.config.ipv6_first)
		add_all(p, p->aaaa_found, p->aaaa_count);
	add_all(p, p->a_found, p->a_count);
	if (!j->kit->setup.config.ipv6_first)
		add_all(p, p->aaaa_found, p->aaaa_count);
	need(j);
	if (p->count == 0)
		try_hear_all(j, p->failed ? MX_SILENT : MX_LACKING,
		    p->failed ? &dns_failed : &no_address);
	if (p->count > 0 && p->secure && j->secure && j->by_mx)
		pins_begin(j);
	else
		try_next(j);
}

static void
answered(struct job *j, const struct resolve_answer *answer,
	struct dial_address *into, size_t *count)
{
	struct place *p = &j->place;
	size_t i;

	if (answer->result == RESOLVE_FAILED) {
		log_event(LOG_INFO, "address-unknown", LOG_S("host", p->host),
		    LOG_C("why", answer->why));
		p->failed = true;
	} else if (!answer->secure) {
		p->secure = false;
	}
	for (i = 0; i < answer->count && i < COURIER_ADDRESSES_MAX; i++) {
		memcpy(into[i].ip, answer->records[i].ip, sizeof into[i].ip);
		into[i].ip_len = into == p->a_found ? 4 : 16;
		into[i].port = port_of(j);
	}
	*count = i;
	if (--p->awaited == 0)
		found(j);
}

static void
on_a(struct lookup *l, const struct resolve_answer *answer)
{
	struct place *p = list_of(l, struct place, a);

	answered(list_of(p, struct job, place), answer, p->a_found,
	    &p->a_count);
}

static void
on_aaaa(struct lookup *l, const struct resolve_answer *answer)
{
	struct place *p = list_of(l, struct place, aaaa);

	answered(list_of(p, struct job, place), answer, p->aaaa_found,
	    &p->aaaa_count);
}

static void
look_up(struct job *j, struct str name)
{
	struct place *p = &j->place;

	p->secure = true;
	p->awaited = 2;
	p->a.done = on_a;
	p->aaaa.done = on_aaaa;
	lookup_begin(j->kit->resolver, &p->a, RESOLVE_A, name);
	lookup_begin(j->kit->resolver, &p->aaaa, RESOLVE_AAAA, name);
}

/* An address in brackets; that of a smart host also stands without. */
static bool
is_address(const struct job *j, struct str host, struct dial_address *a)
{
	struct buf text;
	bool is;

	buf_init(&text, ADDR_DOMAIN_MAX + 2);
	if (j->order.smart_host.len > 0 && str_at(host, 0) != '[') {
		buf_add_char(&text, '[');
		buf_add(&text, host);
		buf_add_char(&text, ']');
	} else {
		buf_add(&text, host);
	}
	is = mx_literal(buf_str(&text), a->ip, &a->ip_len);
	a->port = port_of(j);
	buf_drop(&text);
	return is;
}

bool
place_begin(struct job *j, struct str host)
{
	struct place *p = &j->place;
	struct buf name;

	place_drop(p);
	*p = (struct place){
		.host = host,
		.share = mx_share(COURIER_ADDRESSES_MAX - j->tried,
		    j->host_count - j->host_next)
	};
	if (j->by_mx && j->enforce && !sts_names(&j->sts_policy, host)) {
		try_hear_all(j, MX_SILENT, &not_named);
		return false;
	}
	if (is_address(j, host, &p->addresses[0])) {
		p->count = 1;
		p->literal = true;
		need(j);
		return false;
	}
	buf_init(&name, PUNY_DOMAIN_MAX);
	if (puny_domain(&name, host))
		look_up(j, buf_str(&name));
	else
		try_hear_all(j, MX_LACKING, &no_address);
	buf_drop(&name);
	return p->awaited > 0;
}

void
place_drop(struct place *p)
{
	lookup_cancel(&p->a);
	lookup_cancel(&p->aaaa);
	lookup_cancel(&p->tlsa);
	buf_drop(&p->pin_data);
}
