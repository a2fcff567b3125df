/* A world for the IMAP machine: it answers all asks, and tells them. */
#ifndef TEST_UNIT_TALK_IMAP_WORLD_H
#define TEST_UNIT_TALK_IMAP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/imap.h"
#include "talk/imap_dump.h"
#include "vector.h"

struct world {
	/* the scene */
	bool tls, offer;
	bool inside;		/* logged in already, nothing of it told */
	bool selected;
	unsigned enabled;
	enum imap_login login;
	unsigned refuse;	/* this message and those behind it; 0: none */

	struct imap imap;
	bool in_text;		/* its octets are being told */
};

/* Tell what the machine has said since. */
static inline void
world_told(struct world *w, struct buf *out)
{
	assert_false(w->imap.out.full);
	buf_add(out, buf_str(&w->imap.out));
	buf_clear(&w->imap.out);
}

static inline void
world_begin(void *at)
{
	static const char login[] = "a LOGIN u p\r\n";
	struct world *w = at;
	struct str in = str_of(login);

	imap_init(&w->imap, w->tls || w->inside, w->offer);
	w->imap.append_limit = 1000;
	w->in_text = false;
	if (!w->inside)
		return;
	assert_int_equal(imap_step(&w->imap, &in), IMAP_ENTER);
	imap_login(&w->imap, IMAP_WELCOME);
	buf_clear(&w->imap.out);
	w->imap.selected = w->selected;
	w->imap.enabled = w->enabled;
}

static inline void
world_do(struct world *w, struct buf *out)
{
	struct imap *m = &w->imap;

	buf_add_text(out, "{do ");
	dump_command(out, &m->command);
	buf_add_text(out, "}\n");
	assert_true(m->command.tag.len > 0);
	if (m->command.verb == IMAP_SELECT)
		m->selected = true;
	if (str_equal(m->command.mailbox, STR("none")))
		imap_done(m, IMAP_NO, STR("NONEXISTENT"), "No.");
	else
		imap_done(m, IMAP_OK, STR(""), "Done.");
}

static inline void
world_take(struct world *w, struct buf *out)
{
	struct imap *m = &w->imap;

	buf_add_text(out, "{take ");
	if (m->append.number == 0) {
		dump_command(out, &m->command);
		buf_add_char(out, ' ');
	}
	dump_append(out, &m->append);
	buf_add_text(out, "}\n");
	if (w->refuse > 0 && m->append.number + 1 >= w->refuse)
		imap_take(m, IMAP_NO, STR("LIMIT"), "Not that one.");
	else
		imap_take(m, IMAP_OK, STR(""), NULL);
}

/* Answer an ask; false: it is more input that is wanted, or all is over. */
static inline bool
world_answer(struct world *w, enum imap_ask ask, struct buf *out)
{
	struct imap *m = &w->imap;

	switch (ask) {
	case IMAP_MORE:
		return false;
	case IMAP_DRAIN:
		break;
	case IMAP_SECURE:
		buf_add_text(out, "{secure}\n");
		imap_secured(m);
		break;
	case IMAP_ENTER:
		buf_add_format(out, "{enter %s %s}\n", buf_text(&m->user),
		    buf_text(&m->secret));
		assert_true(m->tls);
		imap_login(m, w->login);
		assert_null(m->secret.at);
		break;
	case IMAP_DO:
		world_do(w, out);
		break;
	case IMAP_TAKE:
		world_take(w, out);
		break;
	case IMAP_TEXT:
		buf_add(out, m->text);
		imap_text_used(m);
		break;
	case IMAP_TEXT_END:
		buf_add_text(out, "{end}\n");
		imap_text_used(m);
		break;
	case IMAP_FORGET:
		buf_add_text(out, "{forget}\n");
		imap_text_used(m);
		break;
	case IMAP_BYE:
		buf_add_text(out, "{bye}\n");
		return false;
	}
	return true;
}

static inline bool
world_feed(void *at, struct str *in, struct buf *out)
{
	struct world *w = at;
	enum imap_ask ask;

	do {
		ask = imap_step(&w->imap, in);
		world_told(w, out);
	} while (world_answer(w, ask, out));
	return ask != IMAP_BYE;
}

static inline void
world_end(void *at, size_t rest, struct buf *out)
{
	struct world *w = at;

	(void)rest;
	world_told(w, out);
	imap_drop(&w->imap);
	imap_drop(&w->imap);
}

static inline struct world
world_secure(void)
{
	return (struct world){ .tls = true, .login = IMAP_REFUSED };
}

static inline struct world
world_inside(void)
{
	return (struct world){ .inside = true };
}

static inline struct world
world_selected(void)
{
	return (struct world){ .inside = true, .selected = true };
}

/* Play input in every way; returned owned: what came out. */
static inline struct buf
world_run(struct world w, struct str input)
{
	struct vector_machine machine =
	    { &w, world_begin, world_feed, world_end };
	struct buf out;

	assert_true(vector_same(&machine, input, &out));
	return out;
}

/* The same; what comes out must be want. */
static inline void
world_play(struct world w, struct str input, const char *want)
{
	struct buf out = world_run(w, input);

	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/*
 * A command without tag and CRLF that the shell gets to do, or is refused:
 * want is its tree, or the reply without tag.
 */
static inline void
world_command(struct world w, const char *command, const char *want)
{
	struct buf input, expected, out;

	buf_init(&input, 100000);
	buf_init(&expected, 100000);
	buf_add_format(&input, "x %s\r\n", command);
	if (str_starts(str_of(want), STR("BAD ")) ||
	    str_starts(str_of(want), STR("NO ")))
		buf_add_format(&expected, "x %s\r\n", want);
	else
		buf_add_format(&expected, "{do %s}\nx OK Done.\r\n", want);
	out = world_run(w, buf_str(&input));
	assert_string_equal(buf_text(&out), buf_text(&expected));
	buf_drop(&input);
	buf_drop(&expected);
	buf_drop(&out);
}

#endif
