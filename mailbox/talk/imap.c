/*
 * An IMAP session: what is asked and what is answered.
 *
 * It knows neither sockets nor the store nor the time: it takes octets, adds
 * replies, and asks for what it cannot do (talk/imap.h). What it holds to:
 *
 * 1. No name or password is taken before TLS, in whatever command.
 * 2. Before a login it reads IMAP_EARLY_MAX octets in all and keeps no more.
 * 3. A command is whole before any of it is obeyed; only the text of a message
 *    goes by as it comes.
 * 4. Every command gets one tagged reply, and while one is under way none that
 *    comes behind it is looked at.
 * 5. Whoever was asked IMAP_TAKE is asked IMAP_DO or IMAP_FORGET at the end.
 */
#include "talk/imap_part.h"

#include <stdlib.h>

#define CODE_MAX 1024	/* octets of a response code that has to wait */
#define TEXT_KEPT 1024	/* octets of memory a session keeps for commands */

void
imap_leave(struct imap *m, const char *text)
{
	buf_add_format(&m->out, "* BYE %s\r\n", text);
	m->idling = false;
	m->reading->state = IMAP_OVER;
}

/* Forget the command; a password may be in it. */
static void
command_drop(struct imap *m)
{
	struct imap_reading *r = m->reading;

	if (!r->authenticated || r->text.room > TEXT_KEPT)
		buf_wipe(&r->text);
	else
		buf_clear(&r->text);
	buf_clear(&r->tag);
	buf_drop(&r->pass_code);
	sasl_drop(&r->sasl);
	r->tail_len = 0;
	r->passing = false;
	r->messages = 0;
	m->idling = false;
	arena_wipe(&m->command.arena);
	m->command = (struct imap_command){ .verb = IMAP_NOOP };
	arena_init(&m->command.arena, IMAP_TREE_MAX);
	m->append = (struct imap_append){ .number = 0 };
}

void
imap_finish(struct imap *m, enum imap_end end, struct str code,
	const char *text)
{
	static const char *const words[] = { "OK", "NO", "BAD" };
	struct imap_reading *r = m->reading;
	bool forget = r->messages > 0 && r->state != IMAP_AT_DO;

	if (r->tag.len > 0)
		buf_add(&m->out, buf_str(&r->tag));
	else
		buf_add_char(&m->out, '*');
	buf_add_format(&m->out, " %s ", words[end]);
	if (code.len > 0) {
		buf_add_char(&m->out, '[');
		buf_add(&m->out, code);
		buf_add(&m->out, STR("] "));
	}
	buf_add_text(&m->out, text);
	buf_add(&m->out, STR("\r\n"));
	command_drop(m);
	r->errors = end == IMAP_BAD ? r->errors + 1 : 0;
	r->state = forget ? IMAP_AT_FORGET : IMAP_AT_LINE;
	if (r->errors >= IMAP_ERRORS_MAX)
		imap_leave(m, "Too many errors, goodbye.");
}

void
imap_finish_wrong(struct imap *m, const struct imap_words *w)
{
	imap_finish(m, w->end, str_of(w->code), w->why);
}

struct imap_words
imap_words_from(struct imap *m, size_t from)
{
	return (struct imap_words){
		.rest = str_part(buf_str(&m->reading->text), from, SIZE_MAX),
		.arena = &m->command.arena, .enabled = m->enabled
	};
}

void
imap_init(struct imap *m, bool tls, bool offer)
{
	struct imap_reading *r = xalloc(1, sizeof *r);

	*m = (struct imap){ .tls = tls, .reading = r };
	buf_init(&m->out, IMAP_OUT_MAX);
	arena_init(&m->command.arena, IMAP_TREE_MAX);
	r->offered = offer;
	buf_init(&r->text, IMAP_COMMAND_MAX);
	buf_init(&r->tag, IMAP_TAG_MAX);
	buf_init(&r->pass_code, CODE_MAX);
	buf_add(&m->out, STR("* OK [CAPABILITY "));
	imap_capabilities(m, &m->out);
	buf_add(&m->out, STR("] IMAP at your service.\r\n"));
}

void
imap_drop(struct imap *m)
{
	struct imap_reading *r = m->reading;

	buf_wipe(&m->out);
	buf_wipe(&m->user);
	buf_wipe(&m->secret);
	arena_wipe(&m->command.arena);
	if (r != NULL) {
		buf_wipe(&r->text);
		buf_drop(&r->tag);
		buf_drop(&r->pass_code);
		sasl_drop(&r->sasl);
		free(r);
	}
	*m = (struct imap){ .selected = false };
}

/* Show the next octets of a message; false when there are none. */
static bool
text_show(struct imap *m, struct str in)
{
	struct imap_reading *r = m->reading;

	m->text = str_part(in, 0, r->left < in.len ? (size_t)r->left : in.len);
	return m->text.len > 0;
}

/* Cut off what the shell has seen of a message. */
static void
text_pass(struct imap *m, struct str *in)
{
	struct imap_reading *r = m->reading;

	str_take(in, r->used);
	r->used = 0;
}

enum imap_ask
imap_step(struct imap *m, struct str *in)
{
	struct imap_reading *r = m->reading;

	text_pass(m, in);
	for (;;) {
		switch (r->state) {
		case IMAP_AT_LINE:
		case IMAP_AT_LITERAL:
		case IMAP_AT_PASSED:
		case IMAP_AT_SASL:
		case IMAP_AT_IDLE:
			if (m->out.len >= IMAP_OUT_STOP)
				return IMAP_DRAIN;
			if (!imap_read(m, in))
				return IMAP_MORE;
			break;
		case IMAP_AT_SECURE:
			/* RFC 9051 section 6.2.1: nothing may follow it */
			str_take(in, in->len);
			return IMAP_SECURE;
		case IMAP_AT_ENTER:
			return IMAP_ENTER;
		case IMAP_AT_DO:
			return IMAP_DO;
		case IMAP_AT_TAKE:
			return IMAP_TAKE;
		case IMAP_AT_TEXT:
			return text_show(m, *in) ? IMAP_TEXT : IMAP_MORE;
		case IMAP_AT_TEXT_END:
			return IMAP_TEXT_END;
		case IMAP_AT_FORGET:
			return IMAP_FORGET;
		case IMAP_OVER:
			return IMAP_BYE;
		}
	}
}

void
imap_secured(struct imap *m)
{
	must(m->reading->state == IMAP_AT_SECURE);
	m->tls = true;
	m->reading->state = IMAP_AT_LINE;
}

void
imap_login(struct imap *m, enum imap_login result)
{
	struct imap_reading *r = m->reading;
	struct buf code;

	must(r->state == IMAP_AT_ENTER);
	buf_wipe(&m->secret);
	switch (result) {
	case IMAP_WELCOME:
		r->authenticated = true;
		buf_wipe(&r->text);
		buf_init(&code, IMAP_OUT_MAX);
		buf_add(&code, STR("CAPABILITY "));
		imap_capabilities(m, &code);
		imap_finish(m, IMAP_OK, buf_str(&code), "Welcome.");
		buf_drop(&code);
		return;
	case IMAP_REFUSED:
		imap_finish(m, IMAP_NO, STR("AUTHENTICATIONFAILED"),
		    "Wrong name or password.");
		break;
	case IMAP_TOO_MANY:
		imap_finish(m, IMAP_NO, STR("UNAVAILABLE"),
		    "Too many failures, try later.");
		break;
	case IMAP_FAULT:
		imap_finish(m, IMAP_NO, STR("UNAVAILABLE"),
		    "No login now, try later.");
		break;
	}
	buf_wipe(&m->user);
	if (++r->tries >= IMAP_TRIES_MAX)
		imap_leave(m, "Too many failures, goodbye.");
}

void
imap_done(struct imap *m, enum imap_end end, struct str code,
	const char *text)
{
	must(m->reading->state == IMAP_AT_DO);
	imap_finish(m, end, code, text);
}

void
imap_take(struct imap *m, enum imap_end end, struct str code,
	const char *text)
{
	struct imap_reading *r = m->reading;
	struct imap_words w = { .why = text, .end = end };
	struct buf kept;

	must(r->state == IMAP_AT_TAKE);
	if (end == IMAP_OK) {
		if (r->literal.sync)
			buf_add(&m->out, STR("+ Go on.\r\n"));
		r->state = r->left > 0 ? IMAP_AT_TEXT : IMAP_AT_TEXT_END;
		return;
	}
	buf_init(&kept, CODE_MAX);
	buf_add(&kept, code);
	w.code = kept.len > 0 ? buf_text(&kept) : NULL;
	imap_read_refuse(m, &r->literal, &w);
	buf_drop(&kept);
}

void
imap_text_used(struct imap *m)
{
	struct imap_reading *r = m->reading;

	if (r->state == IMAP_AT_TEXT) {
		r->used = m->text.len;
		r->left -= m->text.len;
		m->text = STR("");
		m->progress++;
		if (r->left == 0)
			r->state = IMAP_AT_TEXT_END;
		return;
	}
	must(r->state == IMAP_AT_TEXT_END || r->state == IMAP_AT_FORGET);
	r->state = IMAP_AT_LINE;
}

void
imap_bye(struct imap *m, const char *text)
{
	imap_leave(m, text);
}
