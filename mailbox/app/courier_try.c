/*
 * One attempt at a letter: address after address, host after host, until every
 * recipient is settled or there is nobody left to ask. Each recipient keeps
 * the most telling word that was heard of it (rules/mx.h).
 */
#include "app/courier_part.h"

#include "base/log.h"

#include <string.h>

static const char *const proven_names[] = {
	[PROVEN_NOT] = "no", [PROVEN_ROUTE] = "yes", [PROVEN_STS] = "sts",
	[PROVEN_DANE] = "dane"
};

/* Whether one more server may be tried for a recipient. */
static bool
is_left(const struct job *j, const struct parcel *p)
{
	return !p->settled && !j->unreadable && !j->late &&
	    mx_goes_on(p->word, j->heard);
}

static bool
any_left(const struct job *j)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		if (is_left(j, &j->parcels[i]))
			return true;
	return false;
}

static void
hear(struct parcel *p, enum mx_word word, const struct smtp_outcome *outcome,
	struct str host)
{
	if (p->settled || !mx_outweighs(word, p->word))
		return;
	p->word = word;
	p->outcome = *outcome;
	p->host = host;
	p->settled = word == MX_FINAL;
}

void
try_hear_all(struct job *j, enum mx_word word,
	const struct smtp_outcome *outcome)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		hear(&j->parcels[i], word, outcome,
		    outcome->code == 0 ? str_from(NULL, 0) : j->place.host);
}

static void
log_end(const struct job *j)
{
	int64_t counts[SMTP_PERMANENT + 1] = { 0 };
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		counts[j->parcels[i].outcome.fate]++;
	log_event(LOG_INFO, "carried", LOG_N("job", j->number),
	    LOG_N("letter", (int64_t)j->order.letter),
	    LOG_S("domain", j->order.domain), LOG_S("host", j->log_host),
	    LOG_C("tls", j->log_tls[0] != '\0' ? j->log_tls : "no"),
	    LOG_C("verified", proven_names[j->log_proven]),
	    LOG_N("ok", counts[SMTP_DELIVERED]),
	    LOG_N("later", counts[SMTP_TEMPORARY]),
	    LOG_N("failed", counts[SMTP_PERMANENT]),
	    LOG_N("ms", j->courier->loop->clock.mono_ms - j->began_ms));
}

/* What was heard last is how it is. */
static void
end(struct job *j)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++) {
		must(j->parcels[i].word != MX_NOTHING);
		j->parcels[i].settled = true;
	}
	log_end(j);
	job_over(j);
}

void
try_unroutable(struct job *j, enum smtp_fate fate, const unsigned at[2],
	const char *why)
{
	struct smtp_outcome outcome = {
		.fate = fate,
		.status = { fate == SMTP_PERMANENT ? 5 : 4, at[0], at[1] }
	};
	struct str text = str_of(why);

	must(text.len <= SMTP_CLIENT_SAID_MAX);
	memcpy(outcome.said, text.at, text.len);
	try_hear_all(j, fate == SMTP_PERMANENT ? MX_LACKING : MX_SILENT,
	    &outcome);
	end(j);
}

/* What an outcome tells of the server that it came from. */
static enum mx_word
word_of(const struct smtp_outcome *o)
{
	if (o->fate == SMTP_DELIVERED || o->unknown)
		return MX_FINAL;
	if (o->fate == SMTP_TEMPORARY)
		return o->code != 0 ? MX_LATER : MX_SILENT;
	/* addresses that are none are so everywhere */
	if (o->code != 0 || (o->status[1] == 1 &&
	    (o->status[2] == 3 || o->status[2] == 7)))
		return MX_FINAL;
	return MX_LACKING;
}

/*
 * Whether those who were too many are to be sent to at once: somebody was
 * served, and nobody was put off.
 */
static bool
is_worth_more(const struct job *j)
{
	bool put_off = false, settled = false;
	size_t i;

	for (i = 0; i < j->letter.count; i++) {
		const struct smtp_outcome *o = &j->batch[i].outcome;

		if (o->fate == SMTP_DELIVERED)
			return true;
		put_off = put_off || (o->fate == SMTP_TEMPORARY && !o->again);
		settled = settled || o->fate == SMTP_PERMANENT;
	}
	return settled && !put_off;
}

/* No fault of the server's. */
static const struct smtp_outcome unreadable = {
	.fate = SMTP_TEMPORARY, .status = { 4, 3, 0 },
	.said = "The message could not be read"
};

/* Hear what was decided of the batch; what is left of it is to go again. */
static void
hear_batch(struct job *j, bool more)
{
	size_t i, kept = 0;

	more = more && is_worth_more(j);
	for (i = 0; i < j->letter.count; i++) {
		const struct smtp_outcome *o = &j->batch[i].outcome;

		if (o->code != 0 && !j->heard_here) {
			j->heard_here = true;
			j->heard++;
		}
		if (o->again && more) {
			j->batch[kept] = j->batch[i];
			j->batch_of[kept++] = j->batch_of[i];
			continue;
		}
		if (o->code == 0 && j->unreadable)
			o = &unreadable;
		hear(&j->parcels[j->batch_of[i]], word_of(o), o,
		    o->code == 0 ? str_from(NULL, 0) : j->place.host);
	}
	j->letter.count = kept;
	j->sending = false;
	job_report(j);
}

static void
fill_batch(struct job *j)
{
	const struct carry_job *order = &j->order;
	size_t i, n = 0;

	for (i = 0; i < j->parcel_count; i++) {
		if (!is_left(j, &j->parcels[i]))
			continue;
		j->batch[n] = (struct smtp_client_recipient){
			.address = order->recipients[i].address,
			.notify = order->recipients[i].notify,
			.orcpt = order->recipients[i].orcpt
		};
		j->batch_of[n++] = i;
	}
	j->letter = (struct smtp_letter){
		.sender = order->sender,
		.recipients = j->batch, .count = n,
		.size = order->size,
		.has_8bit = order->has_8bit, .utf8 = order->utf8,
		.require_tls = order->require_tls,
		.ret = order->ret, .envid = order->envid
	};
}

/* For the line in the log. */
static void
note_server(struct job *j)
{
	const struct tls *tls = conn_tls(&j->link->conn);
	struct str version;

	if (tls == NULL)
		return;
	version = str_part(tls_version(tls), 0, sizeof j->log_tls - 1);
	memcpy(j->log_tls, version.at, version.len);
	j->log_tls[version.len] = '\0';
	j->log_proven = j->place.by;
}

struct smtp_letter *
try_letter(struct job *j)
{
	if (j->sending) {
		hear_batch(j, true);
		if (j->letter.count == 0)
			return NULL;
	} else {
		note_server(j);
		fill_batch(j);
	}
	text_begin(j);
	j->sending = true;
	return &j->letter;
}

/*
 * The session ended before the letter could begin. A refused login is the
 * owner's to mend: nobody's mail is lost for it.
 */
static void
hear_session(struct job *j, const struct parting *parting)
{
	struct smtp_outcome o = parting->why;
	enum mx_word word = o.code != 0 ? MX_LATER : MX_SILENT;
	bool strict = j->order.require_tls && j->order.sender.len > 0;

	if (o.fate == SMTP_PERMANENT)
		word = MX_LACKING;
	if (parting->trouble == SMTP_CLIENT_NO_LOGIN) {
		j->locked_out = o.fate == SMTP_PERMANENT;
		o.fate = SMTP_TEMPORARY;
		o.status[0] = 4;
		word = MX_FINAL;
	} else if (parting->trouble == SMTP_CLIENT_NO_TLS && strict) {
		/* RFC 8689 section 4.2.1 */
		o.fate = SMTP_PERMANENT;
		o.status[0] = 5;
		o.status[1] = 7;
		o.status[2] = 10;
		o.code = 0;
		word = MX_LACKING;
	}
	try_hear_all(j, word, &o);
}

void
try_parted(struct job *j, const struct parting *parting)
{
	j->link = NULL;
	text_drop(j);
	j->fresh = parting->stale;
	if (parting->stale && !j->unreadable && !j->late) {
		j->sending = false;
		j->place.next--;
		j->tried--;
	} else if (j->sending) {
		hear_batch(j, false);
	} else if (parting->why.fate != SMTP_UNDECIDED) {
		hear_session(j, parting);
	}
	job_report(j);
	try_next(j);
}

static void
reach_next(struct job *j)
{
	struct place *p = &j->place;
	struct link *l = NULL;
	unsigned char key[SHA256_SIZE];

	link_key(key, j);
	j->heard_here = false;
	j->log_host = p->host;
	j->log_tls[0] = '\0';
	j->log_proven = PROVEN_NOT;
	j->tried++;
	p->next++;
	if (!j->fresh)
		l = pool_find(j, key);
	if (l != NULL)
		link_take_up(l, j);
	else
		link_begin(j, &p->addresses[p->next - 1], key);
}

void
try_next(struct job *j)
{
	struct place *p = &j->place;

	while (any_left(j) && j->tried < COURIER_ADDRESSES_MAX) {
		if (p->next < p->count && p->next < p->share) {
			reach_next(j);
			return;
		}
		if (j->host_next == j->host_count)
			break;
		if (place_begin(j, j->hosts[j->host_next++]))
			return;
	}
	end(j);
}

static const struct smtp_outcome too_late = {
	.fate = SMTP_TEMPORARY, .status = { 4, 4, 2 },
	.said = "The mail servers took too long"
};

/* Whoever keeps us waiting so long keeps others waiting too. */
static void
on_still(struct timer *t)
{
	struct job *j = list_of(t, struct job, stillness);

	j->late = true;
	if (j->sending) {
		link_lost(j->link, too_late.said);
		return;
	}
	if (j->link != NULL)
		link_drop(j->link);
	j->link = NULL;
	try_hear_all(j, MX_SILENT, &too_late);
	end(j);
}

void
try_moved(struct job *j)
{
	j->stillness.fire = on_still;
	timer_set(j->courier->loop, &j->stillness, COURIER_STILL_MS);
}

void
try_routed(struct job *j)
{
	if (j->by_mx)
		policy_begin(j);
	else
		try_next(j);
}
