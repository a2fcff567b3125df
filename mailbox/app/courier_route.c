/*
 * Which hosts may have a letter (RFC 5321 section 5.1): the smart host, the
 * address in brackets, the domain's MX in their order, or, where there are
 * none, the domain itself.
 */
#include "app/courier_part.h"

#include "base/crypto.h"
#include "base/log.h"
#include "mail/addr.h"
#include "mail/puny.h"

/* RFC 3463 sections 3.2 and 3.5, and RFC 7505 section 4.2. */
static const unsigned no_such_domain[] = { 1, 2 };
static const unsigned null_mx[] = { 1, 10 };
static const unsigned dns_failed[] = { 4, 3 };
static const unsigned no_route[] = { 4, 4 };
static const unsigned loop_found[] = { 4, 6 };

/* Keep hosts in the job; names is large enough for them all. */
static void
hosts_begin(struct job *j, size_t len)
{
	buf_drop(&j->names);
	buf_init(&j->names, len);
	must(buf_space(&j->names, len) != NULL);
	j->host_count = j->host_next = 0;
}

static void
hosts_add(struct job *j, struct str name)
{
	size_t start = j->names.len;

	buf_add(&j->names, name);
	must(!j->names.full);
	j->hosts[j->host_count++] = str_part(buf_str(&j->names), start,
	    name.len);
}

static void
one_host(struct job *j, struct str name)
{
	hosts_begin(j, name.len);
	hosts_add(j, name);
	try_routed(j);
}

/* The domain has no MX: it is its own (RFC 5321 section 5.1). */
static void
implicit(struct job *j)
{
	struct str own = str_of(j->kit->setup.config.host);

	j->by_mx = true;
	if (str_same(buf_str(&j->name), own))
		try_unroutable(j, SMTP_PERMANENT, loop_found,
		    "The domain leads back to this box");
	else
		one_host(j, buf_str(&j->name));
}

/* Take the records that name a host; and the root, which means none. */
static size_t
take_records(const struct resolve_answer *answer, struct mx_record *records)
{
	size_t i, count = 0;

	for (i = 0; i < answer->count; i++) {
		struct str host = answer->records[i].text;

		if (host.len > 0 &&
		    (!addr_is_domain(host) || !str_is_ascii(host)))
			continue;
		records[count] = (struct mx_record){
			.host = host,
			.preference = answer->records[i].preference
		};
		crypto_random(&records[count].draw,
		    sizeof records[count].draw);
		count++;
	}
	return count;
}

static void
use_records(struct job *j, const struct mx_record *records, size_t count)
{
	size_t i, len = 0;

	if (count > countof(j->hosts))
		count = countof(j->hosts);
	for (i = 0; i < count; i++)
		len += records[i].host.len;
	hosts_begin(j, len);
	for (i = 0; i < count; i++)
		hosts_add(j, records[i].host);
	j->by_mx = true;
	try_routed(j);
}

static void
by_records(struct job *j, const struct resolve_answer *answer)
{
	struct mx_record records[RESOLVE_RECORDS_MAX];
	size_t count = take_records(answer, records);

	if (count == 0) {
		try_unroutable(j, SMTP_PERMANENT, no_route,
		    "The domain's MX records name no host");
		return;
	}
	switch (mx_plan(records, &count,
	    str_of(j->kit->setup.config.host))) {
	case MX_TRY:
		use_records(j, records, count);
		break;
	case MX_NULL:
		try_unroutable(j, SMTP_PERMANENT, null_mx,
		    "The domain takes no mail (null MX)");
		break;
	case MX_LOOP:
		try_unroutable(j, SMTP_PERMANENT, loop_found,
		    "The domain's best MX is this box itself");
		break;
	}
}

static void
on_mx(struct lookup *l, const struct resolve_answer *answer)
{
	struct job *j = list_of(l, struct job, mx);

	j->secure = answer->secure;
	switch (answer->result) {
	case RESOLVE_FOUND:
		by_records(j, answer);
		break;
	case RESOLVE_EMPTY:
		implicit(j);
		break;
	case RESOLVE_NONE:
		try_unroutable(j, SMTP_PERMANENT, no_such_domain,
		    "There is no such domain");
		break;
	case RESOLVE_FAILED:
		log_event(LOG_INFO, "mx-unknown",
		    LOG_S("domain", buf_str(&j->name)),
		    LOG_C("why", answer->why));
		try_unroutable(j, SMTP_TEMPORARY, dns_failed,
		    "The DNS does not tell the domain's mail servers now");
		break;
	}
}

void
route_begin(struct job *j)
{
	const struct carry_job *order = &j->order;

	if (order->smart_host.len > 0) {
		one_host(j, order->smart_host);
		return;
	}
	if (str_at(order->domain, 0) == '[') {
		one_host(j, order->domain);
		return;
	}
	buf_drop(&j->name);
	buf_init(&j->name, PUNY_DOMAIN_MAX);
	if (!puny_domain(&j->name, order->domain)) {
		try_unroutable(j, SMTP_PERMANENT, no_such_domain,
		    "The domain is no name that the DNS could know");
		return;
	}
	j->mx.done = on_mx;
	lookup_begin(j->kit->resolver, &j->mx, RESOLVE_MX,
	    buf_str(&j->name));
}

void
route_drop(struct job *j)
{
	lookup_cancel(&j->mx);
}
