/* A small shell around the SMTP machine, for its tests. */
#ifndef TEST_UNIT_TALK_SMTP_WORLD_H
#define TEST_UNIT_TALK_SMTP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk/smtp.h"
#include "vector.h"

#define WORLD_NOW 1700000000

#define WORLD_GREETING "220 mx.example.test ESMTP pillarbox\r\n"
#define WORLD_EHLO_HEAD "250-mx.example.test\r\n250-PIPELINING\r\n" \
	"250-SIZE 2000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n" \
	"250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
#define WORLD_EHLO_TAIL "250-LIMITS RCPTMAX=100 MAILMAX=1000\r\n250 DSN\r\n"
#define WORLD_EHLO WORLD_EHLO_HEAD "250-STARTTLS\r\n" WORLD_EHLO_TAIL

/* Submission, behind TLS unless it says otherwise. */
#define WORLD_SUBMIT_EHLO WORLD_EHLO_HEAD "250-AUTH PLAIN LOGIN\r\n" \
	"250-REQUIRETLS\r\n" WORLD_EHLO_TAIL
#define WORLD_LOG_IN "EHLO client.example\r\nAUTH PLAIN AG1lAHJpZ2h0\r\n"
#define WORLD_LOG_IN_HEARD WORLD_SUBMIT_EHLO \
	"{login me right}235 2.7.0 Welcome\r\n"
#define WORLD_QUEUED "250 2.0.0 Queued as id1\r\n"

#define WORLD_SENDER "250 2.1.0 Sender noted\r\n"
#define WORLD_RECIPIENT "250 2.1.5 Recipient noted\r\n"
#define WORLD_GO "354 Go on, end with a lone dot\r\n"
#define WORLD_STORED "250 2.0.0 Stored as id1\r\n"
#define WORLD_CHUNK "250 2.0.0 Chunk taken\r\n"
#define WORLD_FULL "452 4.3.1 No room now, try again later\r\n"
#define WORLD_LATER "451 4.3.0 Not possible now, try again later\r\n"

/* A session up to the text: what is said, and what is heard. */
#define WORLD_TO_DATA "EHLO mail.example\r\n" \
	"MAIL FROM:<sender@mail.example>\r\nRCPT TO:<shop@example.test>\r\n"
#define WORLD_TO_DATA_HEARD WORLD_GREETING WORLD_EHLO WORLD_SENDER \
	"{rcpt shop@example.test}" WORLD_RECIPIENT
#define WORLD_OPEN "{open sender@mail.example: shop@example.test}"

/*
 * What the machine meets. Recipients fare by how their name begins: closed,
 * full and later are not accepted.
 */
struct smtp_world {
	struct smtp smtp;
	struct smtp_policy policy;
	bool secure;			/* begins behind STARTTLS */
	bool brief;			/* tell sizes of messages, not texts */
	enum smtp_verdict open, piece, store;
	const char *refuse_open, *refuse_piece, *refuse_store;	/* instead */
	struct buf message;		/* what was given for storing */
	size_t trace_len;
	bool holding;			/* opened, not stored nor aborted */
};

static inline struct smtp_world
smtp_world(void)
{
	static const struct str names[] = {
		{ "example.test", 12 }, { "other.example", 13 }
	};
	static const struct domains domains = { names, 2, false };

	return (struct smtp_world){ .policy = {
		.host = STR("mx.example.test"),
		.domains = &domains,
		.size_max = 2000,
		.line_max = 1000,
		.tls = true,
		.own_sender_refused = true,
	} };
}

/* The same for the owner's own letters, with a sender elsewhere. */
static inline struct smtp_world
smtp_world_submission(void)
{
	static const struct str listed[] = {
		{ "me@elsewhere.example", 20 }, { "@mine.example", 13 }
	};
	struct smtp_world w = smtp_world();

	w.secure = true;
	w.policy.submission = true;
	w.policy.listed = listed;
	w.policy.listed_count = countof(listed);
	return w;
}

static inline void
smtp_world_begin(void *at)
{
	struct smtp_world *w = at;
	struct str in = STR("STARTTLS\r\n");

	smtp_init(&w->smtp, &w->policy, STR("192.0.2.1"));
	buf_init(&w->message, 8 << 20);
	w->holding = false;
	if (!w->secure)
		return;
	assert_int_equal(smtp_step(&w->smtp, &in), SMTP_STARTTLS);
	smtp_secured(&w->smtp, STR("TLSv1.3"), STR("TLS_AES_128_GCM_SHA256"));
	buf_clear(&w->smtp.out);
}

/* A login is good with the password "right"; "later" is for later. */
static inline void
smtp_world_login(struct smtp_world *w, struct buf *out)
{
	struct str secret = buf_str(&w->smtp.secret);

	assert_true(w->policy.submission && w->smtp.secure);
	assert_true(w->smtp.user.len > 0 && secret.len > 0);
	buf_add_text(out, "{login ");
	buf_add(out, buf_str(&w->smtp.user));
	buf_add_char(out, ' ');
	buf_add(out, secret);
	buf_add_char(out, '}');
	smtp_login(&w->smtp, str_equal(secret, STR("right")) ? SMTP_WELCOME :
	    str_equal(secret, STR("later")) ? SMTP_LOGIN_LATER :
	    SMTP_LOGIN_REFUSED);
	assert_int_equal(w->smtp.secret.room, 0);
}

static inline void
smtp_world_list(struct buf *out, struct str list)
{
	struct str one;

	while (str_split(&list, '\0', &one)) {
		buf_add_char(out, ' ');
		buf_add(out, one);
	}
}

static inline void
smtp_world_open(struct smtp_world *w, struct buf *out)
{
	assert_false(w->holding);
	buf_add_text(out, "{open ");
	buf_add(out, buf_str(&w->smtp.reverse_path));
	buf_add_char(out, ':');
	smtp_world_list(out, buf_str(&w->smtp.recipients));
	if (w->policy.submission) {
		buf_add_char(out, ';');
		smtp_world_list(out, buf_str(&w->smtp.canonical));
		buf_add_char(out, ';');
		smtp_world_list(out, buf_str(&w->smtp.wishes));
		buf_add_format(out, "; %s %u%s%s", buf_text(&w->smtp.envid),
		    w->smtp.ret, w->smtp.require_tls ? " tls" : "",
		    w->smtp.smtputf8 ? " utf8" : "");
	}
	buf_add_char(out, '}');
	if (w->refuse_open != NULL)
		smtp_refused(&w->smtp, w->refuse_open);
	else
		smtp_opened(&w->smtp, w->open, STR("id1"), WORLD_NOW);
	w->holding = w->open == SMTP_ACCEPT && w->refuse_open == NULL;
	w->trace_len = w->smtp.piece.len;
	buf_clear(&w->message);
}

static inline void
smtp_world_piece(struct smtp_world *w)
{
	assert_true(w->holding);
	assert_int_equal(w->smtp.piece.len, PIECE_SIZE);
	buf_add(&w->message, buf_str(&w->smtp.piece));
	if (w->refuse_piece != NULL)
		smtp_refused(&w->smtp, w->refuse_piece);
	else
		smtp_pieced(&w->smtp, w->piece);
	w->holding = w->piece == SMTP_ACCEPT && w->refuse_piece == NULL;
	assert_int_equal(w->smtp.piece.len, 0);
}

static inline void
smtp_world_store(struct smtp_world *w, struct buf *out)
{
	assert_true(w->holding);
	assert_true(w->smtp.piece.len < PIECE_SIZE);
	buf_add(&w->message, buf_str(&w->smtp.piece));
	assert_int_equal(w->smtp.size, w->message.len);
	if (w->brief)
		buf_add_format(out, "{store %zu}",
		    w->message.len - w->trace_len);
	else {
		buf_add_text(out, "{store ");
		buf_add(out, str_part(buf_str(&w->message), w->trace_len,
		    w->message.len));
		buf_add_char(out, '}');
	}
	if (w->refuse_store != NULL)
		smtp_refused(&w->smtp, w->refuse_store);
	else
		smtp_stored(&w->smtp, w->store);
	w->holding = false;
}

static inline enum smtp_verdict
smtp_world_judge(struct str recipient)
{
	if (str_starts(recipient, STR("closed")))
		return SMTP_REFUSE;
	if (str_starts(recipient, STR("full")))
		return SMTP_FULL;
	if (str_starts(recipient, STR("later")))
		return SMTP_LATER;
	return SMTP_ACCEPT;
}

/* Answer one ask; false when the session is over. */
static inline bool
smtp_world_answer(struct smtp_world *w, enum smtp_ask ask, struct buf *out)
{
	switch (ask) {
	case SMTP_MORE:
	case SMTP_DRAIN:
		break;
	case SMTP_STARTTLS:
		buf_add_text(out, "{tls}");
		smtp_secured(&w->smtp, STR("TLSv1.3"), STR("CIPHER"));
		break;
	case SMTP_LOGIN:
		smtp_world_login(w, out);
		break;
	case SMTP_RCPT:
		buf_add_text(out, "{rcpt ");
		buf_add(out, w->smtp.recipient);
		buf_add_text(out, "}");
		smtp_judged(&w->smtp, smtp_world_judge(w->smtp.recipient));
		break;
	case SMTP_OPEN:
		smtp_world_open(w, out);
		break;
	case SMTP_PIECE:
		smtp_world_piece(w);
		break;
	case SMTP_STORE:
		smtp_world_store(w, out);
		break;
	case SMTP_ABORT:
		assert_true(w->holding);
		w->holding = false;
		buf_add_text(out, "{abort}");
		break;
	case SMTP_BYE:
		assert_false(w->holding);
		buf_add_text(out, "{bye}");
		return false;
	}
	return true;
}

static inline bool
smtp_world_feed(void *at, struct str *in, struct buf *out)
{
	struct smtp_world *w = at;
	enum smtp_ask ask;

	do {
		ask = smtp_step(&w->smtp, in);
		buf_add(out, buf_str(&w->smtp.out));
		buf_clear(&w->smtp.out);
		if (ask == SMTP_STARTTLS)
			*in = str_part(*in, in->len, 0);
		if (!smtp_world_answer(w, ask, out))
			return false;
	} while (ask != SMTP_MORE);
	return true;
}

static inline void
smtp_world_end(void *at, size_t rest, struct buf *out)
{
	struct smtp_world *w = at;

	(void)rest;
	(void)out;
	smtp_drop(&w->smtp);
	smtp_drop(&w->smtp);
	buf_drop(&w->message);
}

/* Play input in every way; what comes out must be want. */
static inline void
smtp_world_play(struct smtp_world w, struct str input, const char *want)
{
	struct vector_machine machine =
	    { &w, smtp_world_begin, smtp_world_feed, smtp_world_end };
	struct buf out;

	assert_true(vector_same(&machine, input, &out));
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/* Feed input once and add what is heard to out, which the caller drops. */
static inline bool
smtp_world_hear(struct smtp_world *w, struct str input, struct buf *out)
{
	return smtp_world_feed(w, &input, out);
}

#endif
