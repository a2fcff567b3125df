/* A scripted server and a small shell around the sending SMTP machine. */
#ifndef TEST_UNIT_TALK_SMTP_CLIENT_WORLD_H
#define TEST_UNIT_TALK_SMTP_CLIENT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk/smtp_args.h"
#include "talk/smtp_client.h"
#include "vector.h"

#define CLIENT_OUT_MAX (1 << 22)

/* How what the server says is cut. */
enum client_cut { CUT_LINES, CUT_BYTES, CUT_AWAITED };

struct client_world {
	struct smtp_client client;
	struct smtp_client_setup setup;
	struct smtp_letter *letters;	/* sent one after the other */
	size_t letter_count;
	const char *body;		/* of all letters */
	size_t piece;			/* bytes at a time */
	enum smtp_client_downgrade downgrade;
	bool verified;
	bool brief;			/* do not tell texts */
	enum client_cut cut;

	struct str script;		/* lines of the server still to come */
	struct str rest;		/* of the body */
	size_t next;			/* letter */
};

static inline struct client_world
client_world(struct smtp_letter *letters, size_t count)
{
	return (struct client_world){
		.setup = { .host = STR("box.example.test"),
		    .tls = SMTP_CLIENT_MAYBE, .chunks = true },
		.letters = letters,
		.letter_count = count,
		.body = "Hi.\r\n",
		.piece = PIECE_SIZE,
		.verified = true,
	};
}

/* Tell one outcome, as "delivered 250 2.0.0 Queued". */
static inline void
client_world_outcome(struct buf *out, const struct smtp_outcome *o)
{
	static const char *const fates[] = {
		"UNDECIDED", "delivered", "temporary", "permanent"
	};

	buf_add_format(out, "%s %u ", fates[o->fate], o->code);
	smtp_status_add(out, o->status);
	buf_add_format(out, " %s%s%s%s", o->said, o->unknown ? " unknown" : "",
	    o->again ? " again" : "", o->reports ? " reports" : "");
}

static inline void
client_world_letter(struct buf *out, const struct smtp_letter *letter)
{
	size_t i;

	for (i = 0; i < letter->count; i++) {
		buf_add_char(out, '{');
		buf_add(out, letter->recipients[i].address);
		buf_add_char(out, ' ');
		client_world_outcome(out, &letter->recipients[i].outcome);
		buf_add_text(out, "}\n");
	}
}

/* Add what the client says, CRLF as LF. */
static inline void
client_world_said(struct client_world *w, struct buf *out)
{
	struct buf *said = &w->client.out;
	size_t i;

	for (i = 0; i < said->len && !w->brief; i++)
		if (said->at[i] != '\r')
			buf_add_char(out, said->at[i]);
	buf_clear(said);
}

/* Add the next lines of the server to in, or hang up. */
static inline void
client_world_more(struct client_world *w, struct buf *in)
{
	size_t lines, i;
	struct str line;

	lines = w->cut == CUT_AWAITED && w->client.awaited > 1 ?
	    w->client.awaited : 1;
	assert_true(smtp_client_wait_ms(&w->client) > 0);
	for (i = 0; i < lines && str_split(&w->script, '\n', &line); i++) {
		buf_add(in, line);
		buf_add_text(in, "\r\n");
	}
	if (i == 0)
		smtp_client_lost(&w->client, "Connection lost");
}

static inline void
client_world_ready(struct client_world *w, struct buf *out)
{
	if (w->next > 0)
		client_world_letter(out, &w->letters[w->next - 1]);
	if (w->next < w->letter_count) {
		w->rest = str_of(w->body);
		smtp_client_send(&w->client, &w->letters[w->next++]);
	} else {
		w->next = 0;
		smtp_client_quit(&w->client);
	}
}

static inline void
client_world_body(struct client_world *w)
{
	struct str piece = str_take(&w->rest, w->piece);

	smtp_client_body(&w->client, piece, w->rest.len == 0);
}

static inline void
client_world_bye(struct client_world *w, struct buf *out)
{
	if (w->next > 0)
		client_world_letter(out, &w->letters[w->next - 1]);
	if (w->client.session.fate != SMTP_UNDECIDED) {
		buf_add_format(out, "{bye %d ", w->client.trouble);
		client_world_outcome(out, &w->client.session);
		buf_add_text(out, "}\n");
	}
}

/* Answer; false when the session is over. */
static inline bool
client_world_answer(struct client_world *w, enum smtp_client_ask ask,
	struct buf *in, struct buf *out)
{
	switch (ask) {
	case SMTP_CLIENT_MORE:
		client_world_more(w, in);
		break;
	case SMTP_CLIENT_DRAIN:
		break;
	case SMTP_CLIENT_STARTTLS:
		buf_add_text(out, "{tls}\n");
		smtp_client_secured(&w->client, w->verified);
		break;
	case SMTP_CLIENT_READY:
		client_world_ready(w, out);
		break;
	case SMTP_CLIENT_DOWNGRADE:
		buf_add_text(out, "{downgrade}\n");
		smtp_client_downgraded(&w->client, w->downgrade, 99);
		break;
	case SMTP_CLIENT_BODY:
		client_world_body(w);
		break;
	case SMTP_CLIENT_BYE:
		client_world_bye(w, out);
		return false;
	}
	return true;
}

static inline void
client_world_run(struct client_world *w, struct str script, struct buf *out)
{
	enum smtp_client_ask ask;
	struct guard guard;
	struct str view;
	struct buf in;
	size_t shown;

	guard_init(&guard, CLIENT_OUT_MAX);
	buf_init(&in, CLIENT_OUT_MAX);
	w->script = script;
	w->next = 0;
	shown = 0;
	smtp_client_init(&w->client, &w->setup);
	do {
		do {
			if (shown < in.len)
				shown = w->cut == CUT_BYTES ? shown + 1 :
				    in.len;
			view = guard_place(&guard,
			    str_part(buf_str(&in), 0, shown));
			ask = smtp_client_step(&w->client, &view);
			buf_eat(&in, shown - view.len);
			shown = view.len;
			client_world_said(w, out);
		} while (ask == SMTP_CLIENT_MORE && shown < in.len);
	} while (client_world_answer(w, ask, &in, out));
	buf_drop(&in);
	guard_drop(&guard);
	smtp_client_drop(&w->client);
	smtp_client_drop(&w->client);
}

/* Play a script in every cut; what is told must be want. */
static inline void
client_world_play(struct client_world w, const char *script,
	const char *want)
{
	struct buf out;

	for (w.cut = CUT_LINES; w.cut <= CUT_AWAITED; w.cut++) {
		buf_init(&out, CLIENT_OUT_MAX);
		client_world_run(&w, str_of(script), &out);
		assert_false(out.full);
		assert_string_equal(buf_text(&out), want);
		buf_drop(&out);
	}
}

#endif
