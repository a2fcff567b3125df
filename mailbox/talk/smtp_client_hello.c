/*
 * The sending half of SMTP: what comes before the first letter. Greeting,
 * EHLO with what it offers, or HELO; STARTTLS; AUTH.
 */
#include "talk/smtp_client_part.h"

#include "base/codec.h"

#define LOGIN_MAX (2 * SMTP_CLIENT_SECRET_MAX + 2)
#define LOGIN_LINE_MAX (2 * LOGIN_MAX)	/* in base64, with its verb */

void
client_hello(struct smtp_client *c, bool extended)
{
	buf_add_text(&c->out, extended ? "EHLO " : "HELO ");
	buf_add(&c->out, c->setup->host);
	client_say(c, "");
	c->state = extended ? CLIENT_IN_EHLO : CLIENT_IN_HELO;
}

/* Add base64 of the name, the secret, or both as RFC 4616 has them. */
static void
login_say(struct smtp_client *c, const char *prefix, bool user, bool secret)
{
	struct buf raw;

	buf_init(&raw, LOGIN_MAX);
	/* at its final size at once: what a buf outgrows is not wiped */
	must(buf_space(&raw, LOGIN_MAX) != NULL &&
	    buf_space(&c->out, LOGIN_LINE_MAX) != NULL);
	if (user && secret)
		buf_add_char(&raw, '\0');
	if (user)
		buf_add(&raw, c->setup->user);
	if (user && secret)
		buf_add_char(&raw, '\0');
	if (secret)
		buf_add(&raw, c->setup->secret);
	must(!raw.full);
	buf_add_text(&c->out, prefix);
	base64_encode(&c->out, buf_str(&raw));
	client_say(c, "");
	buf_wipe(&raw);
}

static void
login_begin(struct smtp_client *c)
{
	c->state = CLIENT_IN_AUTH;
	if (c->offers.auth_plain) {
		c->auth = CLIENT_PLAIN;
		login_say(c, "AUTH PLAIN ", true, true);
	} else if (c->offers.auth_login) {
		c->auth = CLIENT_LOGIN;
		client_say(c, "AUTH LOGIN");
	} else {
		client_judge_alone(&c->session, SMTP_PERMANENT, 7, 4,
		    "The server offers no login that we know");
		client_give_up(c, SMTP_CLIENT_NO_LOGIN);
	}
}

/* What comes when EHLO or HELO went well. */
static void
greeted(struct smtp_client *c)
{
	bool clear = c->setup->tls == SMTP_CLIENT_CLEAR;

	if (!c->secure && !clear && !c->tls_tried && c->offers.starttls) {
		c->tls_tried = true;
		client_say(c, "STARTTLS");
		c->state = CLIENT_IN_STARTTLS;
	} else if (!c->secure && (c->setup->tls == SMTP_CLIENT_ALWAYS ||
	    c->setup->user.len > 0)) {
		client_judge_alone(&c->session, SMTP_TEMPORARY, 7, 10,
		    c->tls_tried ? "The server refused STARTTLS" :
		    "The server offers no TLS");
		client_give_up(c, SMTP_CLIENT_NO_TLS);
	} else if (c->setup->user.len > 0 && !c->logged_in) {
		login_begin(c);
	} else {
		c->state = CLIENT_IDLE;
	}
}

/* The mechanisms of "AUTH PLAIN LOGIN", or of the old "AUTH=PLAIN LOGIN". */
static void
offer_auth(struct smtp_offers *o, struct str words)
{
	struct str word;

	while (words.len > 0) {
		if (!str_split(&words, ' ', &word))
			word = str_take(&words, words.len);
		if (str_same(word, STR("PLAIN")))
			o->auth_plain = true;
		if (str_same(word, STR("LOGIN")))
			o->auth_login = true;
	}
}

/* "RCPTMAX=100" among others (RFC 9422 section 4). */
static void
offer_limits(struct smtp_offers *o, struct str words)
{
	struct str word;
	uint64_t number;

	while (words.len > 0) {
		if (!str_split(&words, ' ', &word))
			word = str_take(&words, words.len);
		if (str_skip_word(&word, STR("RCPTMAX=")) &&
		    str_number(word, 999999, &number))
			o->recipients_max = number;
	}
}

static void
offer(struct smtp_offers *o, struct str line)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "PIPELINING", &o->pipelining },
		{ "8BITMIME", &o->eight },
		{ "SMTPUTF8", &o->utf8 },
		{ "DSN", &o->dsn },
		{ "CHUNKING", &o->chunking },
		{ "STARTTLS", &o->starttls },
		{ "REQUIRETLS", &o->require_tls },
		{ "SIZE", &o->size },
	};
	struct str word;
	size_t i;

	if (str_skip_word(&line, STR("AUTH="))) {
		offer_auth(o, line);
		return;
	}
	if (!str_split(&line, ' ', &word))
		word = str_take(&line, line.len);
	for (i = 0; i < countof(flags); i++)
		if (str_same(word, str_of(flags[i].name)))
			*flags[i].flag = true;
	if (str_same(word, STR("SIZE")))
		(void)str_number(str_trim(line), UINT64_MAX, &o->size_max);
	if (str_same(word, STR("AUTH")))
		offer_auth(o, line);
	if (str_same(word, STR("LIMITS")))
		offer_limits(o, line);
}

void
client_ehlo_heard(struct smtp_client *c)
{
	struct str rest = buf_str(&c->reply.text), line;

	c->offers = (struct smtp_offers){ .size_max = 0 };
	if (c->reply.code >= 500) {
		client_hello(c, false);
		return;
	}
	if (c->reply.code != 250) {
		client_give_up_by_reply(c, SMTP_CLIENT_UNWELCOME,
		    SMTP_TEMPORARY);
		return;
	}
	/* the first line is the server's name */
	str_take(&rest, str_find(rest, 0, '\n'));
	while (str_skip(&rest, '\n')) {
		line = str_part(rest, 0, str_find(rest, 0, '\n'));
		str_take(&rest, line.len);
		offer(&c->offers, line);
	}
	greeted(c);
}

/*
 * A server that turns everybody away is passed over like one that is not
 * there, unless it says that it never takes mail (RFC 7504 section 3).
 */
void
client_greeting_heard(struct smtp_client *c)
{
	if (c->reply.code == 220)
		client_hello(c, true);
	else
		client_give_up_by_reply(c, SMTP_CLIENT_UNWELCOME,
		    c->reply.code == 521 ? SMTP_PERMANENT : SMTP_TEMPORARY);
}

void
client_starttls_heard(struct smtp_client *c, const struct str *in)
{
	if (c->reply.code != 220)
		greeted(c);
	else if (in->len > 0)
		/* RFC 3207 section 6: said by whom, before TLS? */
		client_nonsense(c, "The server talked on behind STARTTLS");
	else
		c->state = CLIENT_IN_HANDSHAKE;
}

void
client_auth_heard(struct smtp_client *c)
{
	unsigned code = c->reply.code;

	if (c->out.len == 0)
		buf_wipe(&c->out);
	if (code == 235) {
		c->logged_in = true;
		c->state = CLIENT_IDLE;
	} else if (code == 334 && c->auth == CLIENT_PLAIN) {
		/* it did not see the initial response */
		c->auth = CLIENT_PLAIN_SAID;
		login_say(c, "", true, true);
	} else if (code == 334 && c->auth == CLIENT_LOGIN) {
		c->auth = CLIENT_LOGIN_NAME;
		login_say(c, "", true, false);
	} else if (code == 334 && c->auth == CLIENT_LOGIN_NAME) {
		c->auth = CLIENT_LOGIN_SECRET;
		login_say(c, "", false, true);
	} else if (code < 400) {
		client_nonsense(c, "The server's login does not end");
	} else if (code == 504 && c->auth == CLIENT_PLAIN &&
	    c->offers.auth_login) {
		c->offers.auth_plain = false;
		login_begin(c);
	} else {
		client_give_up_by_reply(c, SMTP_CLIENT_NO_LOGIN,
		    client_fate(code));
	}
}

void
client_helo_heard(struct smtp_client *c)
{
	if (c->reply.code == 250)
		greeted(c);
	else
		client_give_up_by_reply(c, SMTP_CLIENT_UNWELCOME,
		    SMTP_TEMPORARY);
}
