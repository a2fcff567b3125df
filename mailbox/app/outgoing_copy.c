/*
 * The copies of a letter: one in INBOX for all recipients that are ours, one
 * in the queue for all others. Both carry the same header and body; above
 * them stand the lines of a delivery here, and the signatures there.
 *
 * What fails after the first change dooms the transaction, so that nothing is
 * ever kept by halves.
 */
#include "app/outgoing_part.h"

#include "app/post_notice.h"
#include "base/log.h"
#include "proof/sign.h"
#include "store/address.h"
#include "store/box.h"
#include "store/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 8		/* that sign one letter */
#define TOO_MANY "550 5.6.0 The header holds too many fields"

int
outgoing_copies_begin(struct outgoing *o)
{
	int err = 0;

	canon_init(&o->canon);
	if (o->own > o->muted)
		err = message_begin(o->start.db, &o->message);
	if (err == 0 && o->count > o->own)
		err = queue_begin(o->start.db, &o->queue);
	return err;
}

/* Add to the copy that is ours, which wants whole pieces. */
static int
local_add(struct outgoing *o, struct str text)
{
	int err = 0;

	if (o->message == NULL)
		return 0;
	while (text.len > 0 && err == 0) {
		if (o->piece.len == PIECE_SIZE) {
			err = message_piece(o->message, buf_str(&o->piece),
			    false);
			buf_clear(&o->piece);
		}
		buf_add(&o->piece, str_take(&text,
		    PIECE_SIZE - o->piece.len));
	}
	return err;
}

int
outgoing_copies_head(struct outgoing *o)
{
	struct str own[SMTP_RECIPIENTS_MAX];
	struct buf lines;
	size_t i, count = 0;
	int err;

	o->size = o->top.len;
	if (o->message == NULL)
		return 0;
	for (i = 0; i < o->count; i++)
		if (o->recipients[i].canonical.len > 0)
			own[count++] = o->recipients[i].canonical;
	buf_init(&lines, QUEUE_HEAD_MAX);
	notice_add_top(&lines, buf_str(&o->submit.sender), own, count);
	err = local_add(o, buf_str(&lines));
	if (err == 0)
		err = local_add(o, buf_str(&o->top));
	buf_drop(&lines);
	return err;
}

/* Some of the body, as it goes out. */
static int
body_add(struct outgoing *o, struct str text)
{
	struct str part;
	int err = local_add(o, text);

	o->size += text.len;
	if (o->queue == NULL)
		return err;
	canon_feed(&o->canon, text);
	while (text.len > 0 && err == 0) {
		part = str_take(&text, PIECE_SIZE);
		err = queue_piece(o->queue, part);
	}
	return err;
}

int
outgoing_copies_body(struct outgoing *o, struct str body, bool last)
{
	struct str slice;
	bool end = false;
	int err = 0;

	if (o->seven == NULL)
		return body_add(o, body);
	while (err == 0 && !end) {
		slice = str_take(&body, OUTGOING_SLICE);
		end = body.len == 0;
		buf_clear(&o->part);
		seven_feed(o->seven, slice, end && last, &o->part);
		must(!o->part.full);
		err = body_add(o, buf_str(&o->part));
	}
	return err;
}

const char *
outgoing_copies_sign(struct outgoing *o)
{
	struct sign_key keys[KEYS_MAX];
	struct signer signer = { .keys = keys };
	unsigned char hash[SHA256_SIZE];

	if (o->queue == NULL)
		return NULL;
	canon_end(&o->canon, hash);
	signer.now = o->start.clock->unix_s;
	signer.count = signing_find(o->start.signing,
	    buf_str(&o->canonical), keys, KEYS_MAX, &signer.domain);
	if (signer.count > 0)
		return sign_add(&o->signatures, &signer, buf_str(&o->top),
		    hash) == SIGN_DONE ? NULL : TOO_MANY;
	log_event(LOG_INFO, "unsigned", LOG_S("id", o->start.id),
	    LOG_C("why", "its domain has no key: make one with: "
	    "pillarbox dkim new"));
	return NULL;
}

/* The domain of a recipient, as its route: in lower case. */
static struct str
add_route(struct buf *out, struct str address)
{
	size_t from = out->len, i;
	struct addr addr;
	const char *why;

	if (addr_mailbox(address, &addr, &why) != ADDR_OK)
		must(false);
	if (str_ends(addr.domain, STR(".")))
		addr.domain.len--;
	for (i = 0; i < addr.domain.len; i++)
		buf_add_char(out, (char)char_lower(str_at(addr.domain, i)));
	return str_from(out->at + from, out->len - from);
}

/* Put the copy for others into the queue. */
static int
queue_copy(struct outgoing *o)
{
	struct queue_letter letter = {
		.sender = buf_str(&o->submit.sender),
		.has_8bit = seven_has_8bit(o->seven),
		.utf8 = o->submit.smtputf8,
		.require_tls = o->start.smtp->require_tls,
		.ret = o->start.smtp->ret,
		.envid = buf_str(&o->start.smtp->envid)
	};
	struct queue_recipient *recipients = xalloc(o->count,
	    sizeof *recipients);
	const struct outgoing_recipient *r;
	struct buf routes, head;
	size_t i, count = 0;
	int err;

	/* all room at once: the routes are views into it */
	buf_init(&routes, SMTP_RECIPIENTS_MAX * (ADDR_DOMAIN_MAX + 1));
	must(buf_space(&routes, routes.max) != NULL);
	for (i = 0; i < o->count; i++) {
		r = &o->recipients[i];
		if (r->canonical.len == 0)
			recipients[count++] = (struct queue_recipient){
				.address = r->written, .notify = r->notify,
				.orcpt = r->orcpt,
				.route = add_route(&routes, r->written)
			};
	}
	buf_init(&head, QUEUE_HEAD_MAX);
	buf_add(&head, buf_str(&o->signatures));
	buf_add(&head, buf_str(&o->top));
	must(!head.full);
	err = queue_keep(o->queue, &letter, buf_str(&head), recipients,
	    count);
	o->queue = NULL;
	o->queued = err == 0;
	free(recipients);
	buf_drop(&routes);
	buf_wipe(&head);
	return err;
}

/* Write the report that NOTIFY=SUCCESS asks for (RFC 3461 section 5.2.3). */
static int
write_report(struct outgoing *o, const struct notice_desk *desk,
	struct message_writer **w)
{
	struct bounce_recipient told[SMTP_RECIPIENTS_MAX];
	struct bounce b = {
		.kind = BOUNCE_DELIVERED, .to = buf_str(&o->submit.sender),
		.envid = buf_str(&o->start.smtp->envid),
		.head = buf_str(&o->top), .queued = desk->now,
		.recipients = told
	};
	const struct outgoing_recipient *r;
	size_t i;

	for (i = 0; i < o->count; i++) {
		r = &o->recipients[i];
		if (r->canonical.len == 0 ||
		    !bounce_is_due(b.to, r->notify, b.kind))
			continue;
		told[b.count++] = (struct bounce_recipient){
			.address = r->written, .orcpt = r->orcpt,
			.status = { 2, 1, 5 }, .tried = desk->now
		};
	}
	return b.count > 0 ? notice_report(desk, &b, w) : 0;
}

/* Remember by which address the letter is known, under both its ids. */
static int
note_ids(struct outgoing *o)
{
	const struct str ids[] = {
		buf_str(&o->submit.new_id), buf_str(&o->submit.old_id)
	};
	size_t i;
	int err = 0;

	for (i = 0; i < countof(ids) && err == 0; i++) {
		if (ids[i].len == 0 || (i > 0 && str_equal(ids[i], ids[0])))
			continue;
		err = identity_note_sent(o->start.db, ids[i],
		    buf_str(&o->canonical));
		/* it costs no more than a guess later */
		if (err == -ENOKEY)
			err = 0;
	}
	return err;
}

/* Put the copy for us into the box, and count it for its addresses. */
static int
local_copy(struct outgoing *o)
{
	const struct message_start start = {
		.box = BOX_INBOX, .received = o->start.clock->unix_s
	};
	struct message_writer *w = o->message;
	size_t i;
	int err = 0;

	o->message = NULL;
	if (w != NULL)
		err = message_keep(w, &start, NULL);
	for (i = 0; i < o->count && err == 0; i++)
		if (o->recipients[i].canonical.len > 0)
			err = address_received(o->start.db,
			    o->recipients[i].canonical,
			    o->recipients[i].muted);
	return err;
}

int
outgoing_copies_keep(struct outgoing *o)
{
	const struct notice_desk desk = {
		.db = o->start.db, .era = o->start.era,
		.now = o->start.clock->unix_s
	};
	struct message_writer *report = NULL;
	int err = write_report(o, &desk, &report);

	if (err == 0 && o->message != NULL)
		err = message_piece(o->message, buf_str(&o->piece), true);
	if (err != 0) {
		message_abort(report);
		return err;
	}
	err = local_copy(o);
	if (err == 0)
		err = notice_keep(&desk, report);
	else
		message_abort(report);
	if (err == 0)
		err = note_ids(o);
	if (err == 0 && o->queue != NULL)
		err = queue_copy(o);
	return err != 0 ? db_doom(o->start.db, err) : 0;
}

void
outgoing_copies_drop(struct outgoing *o)
{
	message_abort(o->message);
	o->message = NULL;
	queue_abort(o->queue);
	o->queue = NULL;
	seven_drop(o->seven);
	o->seven = NULL;
}
