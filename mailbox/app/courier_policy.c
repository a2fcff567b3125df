/*
 * MTA-STS (RFC 8461): what a domain says of TLS to its mail servers. The id
 * in the DNS tells whether the policy that is kept is still the one; if not
 * it is fetched, once for all jobs that wait for it, and handed to the keeper.
 * What cannot be fetched takes nothing away: a policy that is kept holds until
 * it expires, and without one mail goes as to any other domain (section 5).
 */
#include "app/courier_part.h"

#include "base/log.h"
#include "mail/puny.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED_MAX (2 * CARRY_JOBS_MAX)	/* policies */
#define AGAIN_MS (10 * 60 * 1000)	/* after a fetch that failed; section
					   3.3 asks for five minutes */
#define REFRESH_S 86400			/* section 3.3: once a day */

/* What is known of one domain, besides what the keeper knows. */
struct policy {
	struct courier *courier;
	struct list all;	/* of courier->policies; used last: last */
	struct buf domain;	/* of recipients */
	struct buf host;	/* "mta-sts." and its A-labels */
	struct buf id, text;	/* belong together; empty: none */
	int64_t expires;	/* unix s */
	bool due;		/* the keeper has yet to be told */

	struct kit *kit;	/* while it is being fetched, else NULL */
	struct buf asked;	/* the id that is, or last was, fetched */
	struct list askers;	/* jobs that wait for it */
	struct lookup a, aaaa;
	unsigned awaited;
	struct dial_address addresses[COURIER_ADDRESSES_MAX];
	size_t count;
	struct fetch fetch;
	bool failed;		/* what was asked for last */
	int64_t failed_ms;	/* mono */
};

/* The best that is known of a job's domain. */
struct known {
	struct str id, text;
	int64_t expires;
};

static void
policy_free(struct policy *p)
{
	struct courier *c = p->courier;

	list_take(&p->all);
	c->policy_count--;
	lookup_cancel(&p->a);
	lookup_cancel(&p->aaaa);
	fetch_cancel(&p->fetch);
	kit_drop(p->kit);
	buf_drop(&p->domain);
	buf_drop(&p->host);
	buf_drop(&p->id);
	buf_drop(&p->text);
	buf_drop(&p->asked);
	free(p);
}

void
policies_drop(struct courier *c)
{
	while (!list_empty(&c->policies))
		policy_free(list_of(c->policies.next, struct policy, all));
}

static struct policy *
policy_find_here(struct courier *c, struct str domain)
{
	struct list *link;
	struct policy *p;

	for (link = c->policies.next; link != &c->policies;
	    link = link->next) {
		p = list_of(link, struct policy, all);
		if (str_equal(buf_str(&p->domain), domain))
			return p;
	}
	return NULL;
}

/* Forget the one used longest ago that is of no use now. */
static void
policy_forget_one(struct courier *c)
{
	struct list *link;
	struct policy *p;

	for (link = c->policies.next; link != &c->policies;
	    link = link->next) {
		p = list_of(link, struct policy, all);
		if (p->kit == NULL && !p->due) {
			policy_free(p);
			return;
		}
	}
}

static void
set(struct buf *b, struct str s)
{
	buf_clear(b);
	buf_add(b, s);
	must(!b->full);
}

static struct policy *
policy_of(struct job *j)
{
	struct courier *c = j->courier;
	struct policy *p = policy_find_here(c, j->order.domain);

	if (p == NULL) {
		if (c->policy_count >= REMEMBERED_MAX)
			policy_forget_one(c);
		p = xalloc(1, sizeof *p);
		p->courier = c;
		c->policy_count++;
		list_init(&p->askers);
		buf_init(&p->domain, j->order.domain.len);
		buf_init(&p->host, PUNY_DOMAIN_MAX + 16);
		buf_init(&p->id, STS_ID_MAX);
		buf_init(&p->text, POLICY_TEXT_MAX);
		buf_init(&p->asked, STS_ID_MAX);
		set(&p->domain, j->order.domain);
		buf_add_text(&p->host, "mta-sts.");
		buf_add(&p->host, buf_str(&j->name));
	}
	list_take(&p->all);
	list_add(&c->policies, &p->all);
	return p;
}

static struct known
known_of(const struct job *j, const struct policy *p)
{
	int64_t now = j->courier->loop->clock.unix_s;

	if (p != NULL && p->text.len > 0 && p->expires > now)
		return (struct known){ buf_str(&p->id), buf_str(&p->text),
		    p->expires };
	if (j->order.policy.len > 0 && j->order.policy_expires > now)
		return (struct known){ j->order.policy_id, j->order.policy,
		    j->order.policy_expires };
	return (struct known){ .expires = 0 };
}

/* What is known now is what holds for this attempt. */
static void
apply(struct job *j, const struct policy *p)
{
	struct known known = known_of(j, p);
	const char *why;

	j->enforce = false;
	if (known.text.len > 0) {
		buf_drop(&j->policy_text);
		buf_init(&j->policy_text, POLICY_TEXT_MAX);
		set(&j->policy_text, known.text);
		j->enforce = sts_policy(buf_str(&j->policy_text),
		    &j->sts_policy, &why) == STS_OK &&
		    j->sts_policy.mode == STS_MODE_ENFORCE;
	}
	try_next(j);
}

/* The fetch has ended, well or not. */
static void
fetched(struct policy *p)
{
	struct job *j;

	kit_drop(p->kit);
	p->kit = NULL;
	while (!list_empty(&p->askers)) {
		j = list_of(p->askers.next, struct job, asks);
		list_take(&j->asks);
		apply(j, p);
	}
}

static void
fetch_failed(struct policy *p, const char *why)
{
	log_event(LOG_INFO, "policy-unfetched",
	    LOG_S("domain", buf_str(&p->domain)),
	    LOG_S("id", buf_str(&p->asked)), LOG_C("why", why));
	p->failed = true;
	p->failed_ms = p->courier->loop->clock.mono_ms;
	fetched(p);
}

static void
on_fetch(struct fetch *f, enum fetch_result result, struct str text,
	const char *why)
{
	struct policy *p = list_of(f, struct policy, fetch);
	struct sts_policy policy;

	if (result != FETCH_DONE) {
		fetch_failed(p, why);
		return;
	}
	if (sts_policy(text, &policy, &why) != STS_OK) {
		fetch_failed(p, why);
		return;
	}
	set(&p->id, buf_str(&p->asked));
	set(&p->text, text);
	p->expires = p->courier->loop->clock.unix_s + policy.max_age_s;
	p->failed = false;
	p->due = true;
	courier_wire_say(p->courier);
	fetched(p);
}

static void
answered(struct policy *p, const struct resolve_answer *answer, size_t ip_len)
{
	struct dial_address *a;
	size_t i;

	for (i = 0; i < answer->count && p->count < COURIER_ADDRESSES_MAX;
	    i++) {
		a = &p->addresses[p->count++];
		memcpy(a->ip, answer->records[i].ip, sizeof a->ip);
		a->ip_len = ip_len;
		a->port = p->kit->setup.config.outbound_https_port;
	}
	if (--p->awaited > 0)
		return;
	if (p->count == 0)
		fetch_failed(p, "the policy's host has no address");
	else
		fetch_begin(p->kit->fetcher, &p->fetch, &(struct fetch_goal){
		    .host = buf_str(&p->host),
		    .addresses = p->addresses, .count = p->count,
		    .path = STR("/.well-known/mta-sts.txt"),
		    .max = POLICY_TEXT_MAX, .type = "text/plain"
		});
}

static void
on_a(struct lookup *l, const struct resolve_answer *answer)
{
	answered(list_of(l, struct policy, a), answer, 4);
}

static void
on_aaaa(struct lookup *l, const struct resolve_answer *answer)
{
	answered(list_of(l, struct policy, aaaa), answer, 16);
}

/* Fetch the policy of an id, unless that failed a short while ago. */
static void
fetch_now(struct policy *p, struct job *j, struct str id)
{
	int64_t now = p->courier->loop->clock.mono_ms;

	if (p->kit != NULL || (p->failed && str_equal(buf_str(&p->asked), id) &&
	    now - p->failed_ms < AGAIN_MS))
		return;
	set(&p->asked, id);
	p->kit = kit_hold(j->kit);
	p->count = 0;
	p->awaited = 2;
	p->a.done = on_a;
	p->aaaa.done = on_aaaa;
	p->fetch.done = on_fetch;
	lookup_begin(p->kit->resolver, &p->a, RESOLVE_A, buf_str(&p->host));
	lookup_begin(p->kit->resolver, &p->aaaa, RESOLVE_AAAA,
	    buf_str(&p->host));
}

/* Whether what is known was fetched more than a day ago. */
static bool
is_old(const struct job *j, const struct known *known)
{
	struct sts_policy policy;
	const char *why;

	return sts_policy(known->text, &policy, &why) != STS_OK ||
	    known->expires - policy.max_age_s + REFRESH_S <
	    j->courier->loop->clock.unix_s;
}

/* The domain has a policy of this id. */
static void
follow(struct job *j, struct str id)
{
	struct policy *p = policy_of(j);
	struct known known = known_of(j, p);
	bool same = known.text.len > 0 && str_equal(known.id, id);

	if (!same || is_old(j, &known))
		fetch_now(p, j, id);
	if (same || p->kit == NULL)
		apply(j, p);
	else
		list_add(&p->askers, &j->asks);
}

static void
on_sts(struct lookup *l, const struct resolve_answer *answer)
{
	struct job *j = list_of(l, struct job, sts);
	struct str records[RESOLVE_RECORDS_MAX], id;
	size_t i;

	for (i = 0; i < answer->count; i++)
		records[i] = answer->records[i].text;
	switch (sts_record(records, answer->count, &id)) {
	case STS_OK:
		follow(j, id);
		return;
	case STS_BAD:
		log_event(LOG_INFO, "policy-garbled",
		    LOG_S("domain", j->order.domain));
		break;
	case STS_NONE:
		break;
	}
	apply(j, policy_find_here(j->courier, j->order.domain));
}

void
policy_begin(struct job *j)
{
	struct buf name;

	buf_init(&name, PUNY_DOMAIN_MAX + 16);
	buf_add_text(&name, "_mta-sts.");
	buf_add(&name, buf_str(&j->name));
	j->sts.done = on_sts;
	lookup_begin(j->kit->resolver, &j->sts, RESOLVE_TXT, buf_str(&name));
	buf_drop(&name);
}

void
policy_drop(struct job *j)
{
	lookup_cancel(&j->sts);
	list_take(&j->asks);
}

static int
say(struct courier *c, const struct policy *p)
{
	const struct wire_head head = { .kind = WIRE_POLICY };
	const struct carry_policy policy = {
		.domain = buf_str(&p->domain), .id = buf_str(&p->id),
		.text = buf_str(&p->text), .expires = p->expires
	};
	struct str body;

	buf_clear(&c->words);
	carry_policy_add(&c->words, &policy);
	body = buf_str(&c->words);
	return wire_send(c->wire.fd, &head, &body, 1, -1);
}

int
policies_say(struct courier *c)
{
	struct list *link;
	struct policy *p;
	int err;

	for (link = c->policies.next; link != &c->policies;
	    link = link->next) {
		p = list_of(link, struct policy, all);
		if (!p->due)
			continue;
		err = say(c, p);
		if (err != 0)
			return err;
		p->due = false;
	}
	return 0;
}
