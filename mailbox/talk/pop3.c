/*
 * A POP3 session: greeting, login, commands, goodbye.
 *
 * It knows neither sockets nor the store nor the time: it takes lines, adds
 * replies, and asks for what it cannot do (talk/pop3.h). What it holds to:
 *
 * 1. No name or password is taken before TLS, in whatever command.
 * 2. What the messages were at login they are until the session ends: the
 *    same numbers, sizes and unique-ids (RFC 1939 sections 5 and 7).
 * 3. Only QUIT after a login deletes, all in one commit, and it does not say
 *    +OK unless everything marked is gone (RFC 1939 section 6).
 * 4. A byte that cannot stand in a command line ends the session: what comes
 *    behind it may be somebody else's idea of a command.
 */
#include "talk/pop3_part.h"

#include <stdlib.h>

#include "mail/line.h"

/* When a command is taken. */
enum {
	BEFORE = 1,	/* AUTHORIZATION state */
	AFTER = 2	/* TRANSACTION state */
};

struct verb {
	const char *name;
	unsigned when;
	bool bare;	/* takes no argument */
	void (*run)(struct pop3 *p, struct str arg);
};

void
pop3_reply(struct pop3 *p, const char *text)
{
	buf_add_text(&p->out, text);
	buf_add(&p->out, STR("\r\n"));
}

void
pop3_reply_bad(struct pop3 *p, const char *why)
{
	buf_add(&p->out, STR("-ERR "));
	pop3_reply(p, why);
	if (++p->errors >= POP3_ERRORS_MAX) {
		pop3_reply(p, "-ERR too many errors, goodbye");
		p->state = POP3_OVER;
	}
}

static void
run_capa(struct pop3 *p, struct str arg)
{
	(void)arg;
	pop3_reply(p, "+OK what this box can do\r\n"
	    "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n"
	    "PIPELINING\r\nEXPIRE NEVER\r\nUTF8\r\nLANG");
	if (p->tls)
		pop3_reply(p, "USER\r\nSASL PLAIN LOGIN");
	if (p->tls_offered && !p->tls)
		pop3_reply(p, "STLS");
	/* RFC 2449 section 6.9 lets us keep our name from strangers. */
	if (p->state == POP3_TRANSACTION)
		pop3_reply(p, "IMPLEMENTATION pillarbox");
	pop3_reply(p, ".");
}

static void
run_stls(struct pop3 *p, struct str arg)
{
	(void)arg;
	if (p->tls) {
		pop3_reply_bad(p, "TLS is there already");
	} else if (!p->tls_offered) {
		pop3_reply_bad(p, "no TLS here");
	} else {
		pop3_reply(p, "+OK begin TLS");
		p->state = POP3_IN_TLS;
	}
}

/* Whether a password may be taken; replies when not. */
static bool
secure(struct pop3 *p)
{
	if (p->tls)
		return true;
	pop3_reply_bad(p, p->tls_offered ?
	    "no password without TLS: say STLS first" :
	    "no password without TLS");
	return false;
}

/*
 * Answer what led to the mechanism, or to its end. A refused exchange leaves
 * the session as if AUTH had not been said (RFC 5034 section 4).
 */
static void
sasl_go_on(struct pop3 *p, enum sasl_result result)
{
	switch (result) {
	case SASL_MORE:
		buf_add(&p->out, STR("+ "));
		buf_add(&p->out, buf_str(&p->sasl.challenge));
		pop3_reply(p, "");
		p->state = POP3_IN_SASL;
		return;
	case SASL_DONE:
		buf_wipe(&p->user);
		buf_wipe(&p->secret);
		p->user = p->sasl.user;
		p->secret = p->sasl.secret;
		p->sasl.user = p->sasl.secret = (struct buf){ 0 };
		p->state = POP3_IN_LOGIN;
		break;
	case SASL_CANCEL:
		p->state = POP3_AUTH;
		pop3_reply_bad(p, "cancelled, as you wish");
		break;
	case SASL_BAD:
		p->state = POP3_AUTH;
		pop3_reply_bad(p, "not what the mechanism wants");
		break;
	}
	sasl_drop(&p->sasl);
}

static void
run_auth(struct pop3 *p, struct str arg)
{
	struct str mechanism;
	bool initial;

	if (!secure(p))
		return;
	if (arg.len == 0) {
		/* Older clients ask like this what we know. */
		pop3_reply(p, "+OK\r\nPLAIN\r\nLOGIN\r\n.");
		return;
	}
	initial = str_split(&arg, ' ', &mechanism);
	if (!initial)
		mechanism = arg;
	if (!sasl_knows(mechanism)) {
		pop3_reply_bad(p, "no such mechanism");
		return;
	}
	sasl_go_on(p, sasl_begin(&p->sasl, mechanism, arg, initial));
}

static void
run_user(struct pop3 *p, struct str arg)
{
	if (!secure(p))
		return;
	buf_wipe(&p->user);
	if (arg.len == 0) {
		pop3_reply_bad(p, "a name is wanted");
		return;
	}
	buf_init(&p->user, POP3_LINE_MAX);
	buf_add(&p->user, arg);
	pop3_reply(p, "+OK and the password?");
}

static void
run_pass(struct pop3 *p, struct str arg)
{
	if (!secure(p))
		return;
	if (p->user.len == 0 || arg.len == 0) {
		pop3_reply_bad(p, p->user.len == 0 ?
		    "USER comes first" : "a password is wanted");
		return;
	}
	buf_wipe(&p->secret);
	buf_init(&p->secret, POP3_LINE_MAX);
	buf_add(&p->secret, arg);
	p->state = POP3_IN_LOGIN;
}

/*
 * A message is sent as it was received, whatever the mode: what could be kept
 * back from a client that did not say UTF8 would be lost to it (a deviation
 * from RFC 6856 section 2.1). So the command changes nothing, and is welcome
 * in both states.
 */
static void
run_utf8(struct pop3 *p, struct str arg)
{
	(void)arg;
	pop3_reply(p, "+OK UTF-8 it is");
}

/* RFC 6856 section 3; ranges are looked up, RFC 4647 section 3.4. */
static void
run_lang(struct pop3 *p, struct str arg)
{
	if (arg.len == 0)
		pop3_reply(p, "+OK\r\nen English\r\n.");
	else if (str_same(arg, STR("en")) || str_equal(arg, STR("*")) ||
	    str_skip_word(&arg, STR("en-")))
		pop3_reply(p, "+OK en English it is");
	else
		pop3_reply(p, "-ERR only English is spoken here");
}

static void
run_noop(struct pop3 *p, struct str arg)
{
	(void)arg;
	pop3_reply(p, "+OK");
}

static void
run_quit(struct pop3 *p, struct str arg)
{
	(void)arg;
	if (p->left_count < p->count) {
		p->state = POP3_IN_COMMIT;
		return;
	}
	pop3_reply(p, "+OK goodbye");
	p->state = POP3_OVER;
}

/* Somebody took us for a web server: nothing that follows is for us. */
static void
run_http(struct pop3 *p, struct str arg)
{
	(void)arg;
	pop3_reply(p, "-ERR this is POP3");
	p->state = POP3_OVER;
}

static const struct verb verbs[] = {
	{ "RETR", AFTER, false, pop3_retr },
	{ "DELE", AFTER, false, pop3_dele },
	{ "TOP", AFTER, false, pop3_top },
	{ "UIDL", AFTER, false, pop3_uidl },
	{ "LIST", AFTER, false, pop3_list },
	{ "STAT", AFTER, true, pop3_stat },
	{ "NOOP", AFTER, true, run_noop },
	{ "RSET", AFTER, true, pop3_rset },
	{ "QUIT", BEFORE | AFTER, true, run_quit },
	{ "CAPA", BEFORE | AFTER, true, run_capa },
	{ "USER", BEFORE, false, run_user },
	{ "PASS", BEFORE, false, run_pass },
	{ "AUTH", BEFORE, false, run_auth },
	{ "STLS", BEFORE, true, run_stls },
	{ "UTF8", BEFORE | AFTER, true, run_utf8 },
	{ "LANG", BEFORE | AFTER, false, run_lang },
	{ "GET", BEFORE | AFTER, false, run_http },
	{ "POST", BEFORE | AFTER, false, run_http },
	{ "HEAD", BEFORE | AFTER, false, run_http },
	{ "PUT", BEFORE | AFTER, false, run_http },
	{ "OPTIONS", BEFORE | AFTER, false, run_http },
	{ "CONNECT", BEFORE | AFTER, false, run_http },
};

static const struct verb *
find_verb(struct str name)
{
	size_t i;

	for (i = 0; i < countof(verbs); i++)
		if (str_same(name, str_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

static struct str
without_spaces(struct str s)
{
	while (s.len > 0 && str_at(s, s.len - 1) == ' ')
		s.len--;
	return s;
}

static void
command(struct pop3 *p, struct str line)
{
	unsigned now = p->state == POP3_TRANSACTION ? AFTER : BEFORE;
	const struct verb *verb;
	struct str name;

	if (now == BEFORE && ++p->commands > POP3_EARLY_MAX) {
		pop3_reply(p, "-ERR too many commands, goodbye");
		p->state = POP3_OVER;
		return;
	}
	if (!str_split(&line, ' ', &name))
		name = str_take(&line, line.len);
	verb = find_verb(name);
	/* A password may well end in spaces (RFC 1939 section 7). */
	if (verb == NULL || verb->run != run_pass)
		line = without_spaces(line);
	if (verb == NULL)
		pop3_reply_bad(p, "no such command");
	else if ((verb->when & now) == 0)
		pop3_reply_bad(p, now == AFTER ? "you are logged in already" :
		    "log in first");
	else if (verb->bare && line.len > 0)
		pop3_reply_bad(p, "this command takes no argument");
	else
		verb->run(p, line);
}

/* Read and obey one line; false when there is no whole one. */
static bool
take(struct pop3 *p, struct str *in)
{
	bool sasl = p->state == POP3_IN_SASL;
	struct str line;

	switch (line_take(in, sasl ? SASL_LINE_MAX : POP3_LINE_MAX,
	    &p->skipping, &line)) {
	case LINE_MORE:
		return false;
	case LINE_DONE:
		p->progress++;
		if (sasl)
			sasl_go_on(p, sasl_step(&p->sasl, line));
		else
			command(p, line);
		break;
	case LINE_LONG:
		if (sasl) {
			sasl_drop(&p->sasl);
			p->state = POP3_AUTH;
		}
		pop3_reply_bad(p, "that line was too long");
		break;
	case LINE_BAD:
		pop3_reply(p, "-ERR a line ends with CR LF and holds no NUL");
		p->state = POP3_OVER;
		break;
	}
	return true;
}

enum pop3_ask
pop3_step(struct pop3 *p, struct str *in)
{
	for (;;) {
		if (p->state != POP3_OVER && p->out.len >= POP3_OUT_STOP)
			return POP3_DRAIN;
		switch (p->state) {
		case POP3_AUTH:
		case POP3_IN_SASL:
		case POP3_TRANSACTION:
			if (!take(p, in))
				return POP3_MORE;
			break;
		case POP3_IN_LIST:
			if (pop3_list_go_on(p))
				p->state = POP3_TRANSACTION;
			break;
		case POP3_IN_TLS:
			/* RFC 2595 section 4: nothing may follow STLS. */
			str_take(in, in->len);
			return POP3_STARTTLS;
		case POP3_IN_LOGIN:
			return POP3_LOGIN;
		case POP3_IN_BODY:
			return POP3_OPEN;
		case POP3_IN_COMMIT:
			return POP3_COMMIT;
		case POP3_OVER:
			return POP3_BYE;
		}
	}
}

void
pop3_init(struct pop3 *p, bool tls, bool offer)
{
	*p = (struct pop3){ .tls = tls, .tls_offered = offer };
	buf_init(&p->out, POP3_OUT_MAX);
	pop3_reply(p, "+OK POP3 at your service");
}

void
pop3_drop(struct pop3 *p)
{
	buf_wipe(&p->out);
	buf_wipe(&p->user);
	buf_wipe(&p->secret);
	sasl_drop(&p->sasl);
	free(p->items);
	*p = (struct pop3){ .state = POP3_OVER };
}

void
pop3_secured(struct pop3 *p)
{
	must(p->state == POP3_IN_TLS);
	p->tls = true;
	p->state = POP3_AUTH;
}

void
pop3_login(struct pop3 *p, enum pop3_login result, struct pop3_item *items,
	size_t count, uint32_t uidvalidity)
{
	must(p->state == POP3_IN_LOGIN);
	buf_wipe(&p->secret);
	p->state = result == POP3_WELCOME ? POP3_TRANSACTION : POP3_AUTH;
	switch (result) {
	case POP3_WELCOME:
		p->items = items;
		p->count = count;
		p->uidvalidity = uidvalidity;
		pop3_unmark(p);
		pop3_reply_count(p);
		return;
	case POP3_REFUSED:
		pop3_reply(p, "-ERR [AUTH] wrong name or password");
		break;
	case POP3_TOO_MANY:
		pop3_reply(p, "-ERR [SYS/TEMP] too many failures, try later");
		break;
	case POP3_FAULT:
		pop3_reply(p, "-ERR [SYS/TEMP] no login now, try later");
		break;
	}
	buf_wipe(&p->user);
	if (++p->tries >= POP3_TRIES_MAX)
		p->state = POP3_OVER;
}

void
pop3_committed(struct pop3 *p, bool done)
{
	must(p->state == POP3_IN_COMMIT);
	pop3_reply(p, done ? "+OK goodbye" :
	    "-ERR [SYS/TEMP] some messages could not be deleted");
	p->state = POP3_OVER;
}
