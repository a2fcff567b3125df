/* A mailbox of three messages around the POP3 machine, for its tests. */
#ifndef TEST_UNIT_TALK_POP3_WORLD_H
#define TEST_UNIT_TALK_POP3_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "talk/pop3.h"
#include "vector.h"

/* Three login lines that every test of the mailbox begins with. */
#define WORLD_LOGIN "USER mailbox@example.test\r\nPASS right\r\n"

#define WORLD_HELLO "+OK POP3 at your service\r\n"
#define WORLD_WELCOME WORLD_HELLO "+OK and the password?\r\n" \
	"{login mailbox@example.test right}" "+OK 3 messages (88 octets)\r\n"

/* What the machine meets. */
struct world {
	struct pop3 pop3;
	bool tls, offer;
	size_t piece;			/* bytes given to pop3_body() at once */
	enum pop3_login login;		/* for any password but "right" */
	bool commit_fails;
	int open_fails;			/* -1 no, else after so many pieces */
};

static inline struct str
world_message(size_t index)
{
	switch (index) {
	case 0:
		return STR("Subject: one\r\n\r\n.dot\r\n..two\r\nend\r\n");
	case 1:
		return STR("Subject: two\r\n\r\nl1\r\n\r\n.\r\nl4\r\n");
	default:
		return STR("Subject: no body at all\r\n");
	}
}

static inline void
world_login(struct world *w)
{
	struct pop3_item *items;
	size_t i;

	if (!str_equal(buf_str(&w->pop3.secret), STR("right"))) {
		pop3_login(&w->pop3, w->login, NULL, 0, 0);
		return;
	}
	items = xalloc(3, sizeof *items);
	for (i = 0; i < 3; i++) {
		items[i].size = world_message(i).len;
		items[i].uid = 10 + (uint32_t)i;
	}
	pop3_login(&w->pop3, POP3_WELCOME, items, 3, 0x1234abcd);
}

static inline void
world_send(struct world *w)
{
	struct str text = world_message(w->pop3.index);
	int pieces = 0;

	while (text.len > 0 && pieces++ != w->open_fails)
		if (!pop3_body(&w->pop3, str_take(&text, w->piece)))
			break;
	pop3_body_end(&w->pop3, w->open_fails >= 0);
}

static inline void
world_begin(void *at)
{
	struct world *w = at;

	pop3_init(&w->pop3, w->tls, w->offer);
}

static inline void
world_told(struct world *w, struct buf *out)
{
	buf_add(out, buf_str(&w->pop3.out));
	buf_clear(&w->pop3.out);
}

static inline bool
world_feed(void *at, struct str *in, struct buf *out)
{
	struct world *w = at;
	enum pop3_ask ask;

	for (;;) {
		ask = pop3_step(&w->pop3, in);
		world_told(w, out);
		switch (ask) {
		case POP3_MORE:
			return true;
		case POP3_DRAIN:
			break;
		case POP3_STARTTLS:
			buf_add_text(out, "{tls}");
			pop3_secured(&w->pop3);
			break;
		case POP3_LOGIN:
			buf_add_format(out, "{login %s %s}",
			    buf_text(&w->pop3.user),
			    buf_text(&w->pop3.secret));
			world_login(w);
			assert_null(w->pop3.secret.at);
			break;
		case POP3_OPEN:
			world_send(w);
			break;
		case POP3_COMMIT:
			buf_add_text(out, "{commit}");
			pop3_committed(&w->pop3, !w->commit_fails);
			break;
		case POP3_BYE:
			buf_add_text(out, "{bye}");
			return false;
		}
	}
}

static inline void
world_end(void *at, size_t rest, struct buf *out)
{
	struct world *w = at;

	(void)rest;
	world_told(w, out);
	pop3_drop(&w->pop3);
}

static inline struct world
world_secure(void)
{
	return (struct world){ .tls = true, .piece = 7, .open_fails = -1,
	    .login = POP3_REFUSED };
}

/* Play input in every way; what comes out must be want. */
static inline void
world_play(struct world w, struct str input, const char *want)
{
	struct vector_machine machine =
	    { &w, world_begin, world_feed, world_end };
	struct buf out;

	assert_true(vector_same(&machine, input, &out));
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

#endif
