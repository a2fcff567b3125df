/*
 * Notices: written as messages of one's own into INBOX, with the lines above
 * that a final delivery adds (RFC 5321 section 4.4). They are never sent, so
 * no notice can ever cause another.
 */
#include "app/post_notice.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "mail/date.h"
#include "store/box.h"

#include <inttypes.h>

#define ID_BYTES 12		/* of chance in the id of a notice */
#define PATH_MAX_LEN (ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX)
#define NOTICE_MAX (BOUNCE_MAX + 4 * PATH_MAX_LEN)

static void
add_id(struct buf *out)
{
	unsigned char bytes[ID_BYTES];

	crypto_random(bytes, sizeof bytes);
	hex_encode(out, str_from(bytes, sizeof bytes));
}

static void
add_from(struct buf *out, const struct era *era)
{
	buf_add_text(out, "postmaster@");
	buf_add(out, era->setup.config.domains.names[0]);
}

void
notice_add_top(struct buf *out, struct str sender, const struct str *to,
	size_t count)
{
	size_t i;

	buf_add_text(out, "Return-Path: <");
	buf_add(out, sender);
	buf_add_text(out, ">\r\n");
	for (i = 0; i < count; i++) {
		buf_add_text(out, "Delivered-To: ");
		buf_add(out, to[i]);
		buf_add_text(out, "\r\n");
	}
}

/* Seal a whole text as a message; NULL with the first error. */
static int
write_text(struct db *db, struct str text, struct message_writer **w)
{
	struct str piece;
	int err = message_begin(db, w);
	bool last = err != 0;

	while (!last && err == 0) {
		piece = str_take(&text, PIECE_SIZE);
		last = text.len == 0;
		err = message_piece(*w, piece, last);
		if (err != 0)
			message_abort(*w);
	}
	if (err != 0)
		*w = NULL;
	return err;
}

int
notice_report(const struct notice_desk *desk, struct bounce *b,
	struct message_writer **w)
{
	struct buf text, from, id;
	int err;

	buf_init(&text, NOTICE_MAX);
	buf_init(&from, PATH_MAX_LEN);
	buf_init(&id, 2 * ID_BYTES);
	add_from(&from, desk->era);
	add_id(&id);
	b->host = str_of(desk->era->setup.config.host);
	b->from = buf_str(&from);
	b->id = buf_str(&id);
	b->now = desk->now;
	notice_add_top(&text, STR(""), &b->to, 1);
	bounce_add(&text, b);
	err = write_text(desk->db, buf_str(&text), w);
	buf_wipe(&text);
	buf_drop(&from);
	buf_drop(&id);
	return err;
}

/* The owner's own address, or else the login at the main domain. */
static void
add_owner(struct buf *out, const struct config *config)
{
	buf_add_text(out, config->main_address);
	if (out->len > 0)
		return;
	buf_add_text(out, config->mailbox);
	buf_add_char(out, '@');
	buf_add(out, config->domains.names[0]);
}

static void
add_locked_out(struct buf *out, const struct route *route, unsigned code,
	struct str said)
{
	buf_add_text(out, "Your mail is not being sent.\r\n\r\nThe server ");
	buf_add(out, route->host);
	buf_add_format(out, ", port %u, by which it goes,\r\nhas refused the "
	    "name or the password that this box has for it:\r\n\r\n    ",
	    route->port);
	if (code > 0)
		buf_add_format(out, "%u ", code);
	buf_add(out, said);
	buf_add_text(out, "\r\n\r\n"
	    "Nothing is lost: all mail that goes by it is held, and nothing\r\n"
	    "is tried until you say so.\r\n\r\n"
	    "If the password has changed, give the box the new one:\r\n\r\n"
	    "    pillarbox smarthost set ");
	buf_add(out, route->host);
	buf_add_format(out, ":%u --user ", route->port);
	buf_add(out, route->user);
	if (!str_equal(route->domain, STR(ROUTE_ALL))) {
		buf_add_text(out, " --for ");
		buf_add(out, route->domain);
	}
	buf_add_text(out, "\r\n\r\n"
	    "which sends what is held as well. If it was the server's "
	    "fault:\r\n\r\n"
	    "    pillarbox queue retry\r\n\r\n"
	    "To see what is held:\r\n\r\n"
	    "    pillarbox queue list\r\n");
}

/* Write a notice of our own to the owner. */
static int
write_notice(const struct notice_desk *desk, const char *subject,
	struct str words, struct message_writer **w)
{
	const struct config *config = &desk->era->setup.config;
	struct buf text, owner;
	struct str to;
	int err;

	buf_init(&text, NOTICE_MAX);
	buf_init(&owner, PATH_MAX_LEN);
	add_owner(&owner, config);
	to = buf_str(&owner);
	notice_add_top(&text, STR(""), &to, 1);
	buf_add_text(&text, "From: Mail delivery <");
	add_from(&text, desk->era);
	buf_add_text(&text, ">\r\nTo: <");
	buf_add(&text, buf_str(&owner));
	buf_add_text(&text, ">\r\nSubject: ");
	buf_add_text(&text, subject);
	buf_add_text(&text, "\r\nDate: ");
	date_add(&text, desk->now);
	buf_add_text(&text, "\r\nMessage-ID: <");
	add_id(&text);
	buf_add_char(&text, '@');
	buf_add_text(&text, config->host);
	/* RFC 3834 section 5 */
	buf_add_text(&text, ">\r\nAuto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n");
	buf_add(&text, words);
	err = write_text(desk->db, buf_str(&text), w);
	buf_wipe(&text);
	buf_drop(&owner);
	return err;
}

int
notice_locked_out(const struct notice_desk *desk, const struct route *route,
	unsigned code, struct str said, struct message_writer **w)
{
	struct buf words;
	int err;

	buf_init(&words, BOUNCE_MAX);
	add_locked_out(&words, route, code, said);
	err = write_notice(desk,
	    "Your mail is held: its server refuses the password",
	    buf_str(&words), w);
	buf_drop(&words);
	return err;
}

int
notice_unreadable(const struct notice_desk *desk,
	const struct queue_letter *letter, struct message_writer **w)
{
	struct buf words;
	int err;

	buf_init(&words, BOUNCE_MAX);
	buf_add_text(&words, "A letter of yours is not being sent.\r\n\r\n"
	    "Its text cannot be read: it was changed, damaged or lost on the "
	    "disk of\r\nthis box. It was handed in on ");
	date_add(&words, letter->queued);
	buf_add_text(&words, "\r\nby <");
	buf_add(&words, letter->sender);
	buf_add_format(&words, ">. To see to whom it was to go:\r\n\r\n"
	    "    pillarbox queue show %" PRIu64 "\r\n\r\n"
	    "Send it anew, and remove this one:\r\n\r\n"
	    "    pillarbox queue drop %" PRIu64 "\r\n", letter->id,
	    letter->id);
	err = write_notice(desk, "A letter is held: it cannot be read",
	    buf_str(&words), w);
	buf_drop(&words);
	return err;
}

int
notice_no_password(const struct notice_desk *desk, struct str domain,
	struct message_writer **w)
{
	struct buf words;
	int err;

	buf_init(&words, BOUNCE_MAX);
	buf_add_text(&words, "Some of your mail is not being sent.\r\n\r\n"
	    "The password of the server by which mail to ");
	buf_add(&words, domain);
	buf_add_text(&words, "\r\ngoes cannot be read: it was changed or "
	    "damaged on the disk of this box.\r\n"
	    "Nothing is lost: all mail that goes by it is held.\r\n\r\n"
	    "To see which server that is:\r\n\r\n"
	    "    pillarbox smarthost list\r\n\r\n"
	    "Give the box its password anew with\r\n\r\n"
	    "    pillarbox smarthost set\r\n\r\n"
	    "which sends what is held as well.\r\n");
	err = write_notice(desk,
	    "Your mail is held: a password cannot be read",
	    buf_str(&words), w);
	buf_drop(&words);
	return err;
}

int
notice_keep(const struct notice_desk *desk, struct message_writer *w)
{
	const struct message_start start = {
		.box = BOX_INBOX, .received = desk->now
	};

	return w == NULL ? 0 : message_keep(w, &start, NULL);
}
