/*
 * A letter on its way out, from its first piece to the transaction. The
 * header is gathered whole, since what becomes of it depends on all of it;
 * the body only passes by: at most one header and one piece are in memory.
 */
#include "app/outgoing_part.h"

#include "app/keeper.h"
#include "base/log.h"
#include "store/address.h"
#include "store/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURES_MAX 65536	/* bytes; each has 1 KB and its names */
#define TOO_LARGE "552 5.3.4 The header is too large"

/* Take over the recipients; 0 or negative errno. */
static int
take_recipients(struct outgoing *o)
{
	struct str written = buf_str(&o->start.smtp->recipients);
	struct str canonical = buf_str(&o->start.smtp->canonical);
	struct str wishes = buf_str(&o->start.smtp->wishes), wish;
	struct outgoing_recipient *r;
	enum address_state state;
	int err;

	while (o->count < SMTP_RECIPIENTS_MAX) {
		r = &o->recipients[o->count];
		if (!str_split(&written, '\0', &r->written))
			break;
		must(str_split(&canonical, '\0', &r->canonical));
		must(str_split(&wishes, '\0', &wish) && wish.len > 0);
		r->notify = (unsigned)(str_at(wish, 0) - '0');
		r->orcpt = str_part(wish, 1, wish.len);
		o->count++;
		if (r->canonical.len == 0)
			continue;
		o->own++;
		err = address_state(o->start.db, r->canonical, &state);
		if (err != 0)
			return err;
		r->muted = state == ADDRESS_MUTE;
		o->muted += r->muted ? 1 : 0;
	}
	return 0;
}

/* Without the device key nothing can be queued, and no id be kept secret. */
static int
look_for_key(const struct outgoing *o)
{
	if (device_ready(o->start.db))
		return 0;
	log_event(LOG_ERROR, "outgoing-refused",
	    LOG_N("session", o->start.number), LOG_C("why",
	    "the device key is missing"), LOG_C("do",
	    "log in once with the owner's password"));
	return -ENOKEY;
}

enum smtp_verdict
outgoing_begin(struct outgoing **out, const struct outgoing_start *start)
{
	struct outgoing *o = xalloc(1, sizeof *o);
	int err;

	o->start = *start;
	must(start->id.len <= OUTGOING_ID_MAX);
	memcpy(o->id, start->id.at, start->id.len);
	o->start.id = str_from(o->id, start->id.len);
	submit_init(&o->submit);
	buf_init(&o->head, SUBMIT_HEAD_MAX + PIECE_SIZE);
	buf_init(&o->canonical, ADDR_PATH_MAX);
	buf_init(&o->top, QUEUE_HEAD_MAX);
	buf_init(&o->piece, PIECE_SIZE);
	buf_init(&o->signatures, SIGNATURES_MAX);
	buf_init(&o->part, 4 * OUTGOING_SLICE + 2 * SEVEN_HEAD_MAX);
	err = look_for_key(o);
	if (err == 0)
		err = take_recipients(o);
	if (err == 0)
		err = outgoing_copies_begin(o);
	if (err == 0) {
		*out = o;
		return SMTP_ACCEPT;
	}
	outgoing_drop(o);
	return keeper_verdict(err);
}

/* One line per letter; whom it is for is nobody's business. */
static void
log_outgoing(const struct outgoing *o)
{
	static const char *const by[] = {
		[SUBMIT_BY_FROM] = "from", [SUBMIT_BY_TAG] = "tag",
		[SUBMIT_BY_IDENTITY] = "identity"
	};

	log_event(LOG_INFO, "outgoing", LOG_S("id", o->start.id),
	    LOG_N("session", o->start.number),
	    LOG_C("by", by[o->submit.by]),
	    LOG_S("as", buf_str(&o->submit.chosen)),
	    LOG_N("dropped", o->submit.dropped),
	    LOG_N("local", (int64_t)o->own),
	    LOG_N("remote", (int64_t)(o->count - o->own)),
	    LOG_N("size", (int64_t)o->size));
}

/* The body, as far as it is there. */
static enum smtp_verdict
take_body(struct outgoing *o, struct str body, bool last,
	const char **refusal)
{
	int err = outgoing_copies_body(o, body, last);

	if (err == 0 && last) {
		*refusal = outgoing_copies_sign(o);
		if (*refusal != NULL)
			return SMTP_REFUSE;
		err = outgoing_copies_keep(o);
		if (err == 0)
			log_outgoing(o);
	}
	return err == 0 ? SMTP_ACCEPT : keeper_verdict(err);
}

/* Gather the header; what comes behind it is the body's first part. */
static enum smtp_verdict
take_head(struct outgoing *o, struct str piece, bool last,
	const char **refusal)
{
	enum smtp_verdict verdict;
	struct str text;
	size_t end;

	buf_add(&o->head, piece);
	text = buf_str(&o->head);
	end = submit_head_end(text);
	if (end == STR_NONE && last)
		end = text.len;
	if (end == STR_NONE ? text.len > SUBMIT_HEAD_MAX :
	    end > SUBMIT_HEAD_MAX) {
		*refusal = TOO_LARGE;
		return SMTP_REFUSE;
	}
	if (end == STR_NONE)
		return SMTP_ACCEPT;
	o->headed = true;
	verdict = outgoing_head(o, str_take(&text, end), refusal);
	if (verdict == SMTP_ACCEPT)
		verdict = take_body(o, text, last, refusal);
	buf_wipe(&o->head);
	return verdict;
}

enum smtp_verdict
outgoing_piece(struct outgoing *o, struct str piece, bool last,
	const char **refusal)
{
	enum smtp_verdict verdict;

	verdict = o->headed ? take_body(o, piece, last, refusal) :
	    take_head(o, piece, last, refusal);
	if (verdict == SMTP_REFUSE)
		log_event(LOG_INFO, "outgoing-refused",
		    LOG_S("id", o->start.id),
		    LOG_N("session", o->start.number),
		    LOG_C("why", *refusal));
	return verdict;
}

bool
outgoing_queued(const struct outgoing *o)
{
	return o->queued;
}

void
outgoing_drop(struct outgoing *o)
{
	if (o == NULL)
		return;
	outgoing_copies_drop(o);
	submit_drop(&o->submit);
	buf_wipe(&o->head);
	buf_drop(&o->canonical);
	buf_wipe(&o->top);
	buf_wipe(&o->piece);
	buf_wipe(&o->part);
	buf_drop(&o->signatures);
	free(o);
}
