/*
 * The receiving half of SMTP: the session, its lines and its simple commands.
 * MAIL and RCPT are in smtp_mail.c, DATA and BDAT in smtp_text.c, AUTH is in
 * smtp_auth.c.
 *
 * Knows nothing of sockets, of time, or of where messages go. Invariants:
 * 1. At most one ask is open: s->asked. Nothing is read until it is answered,
 *    so replies keep the order of the commands (RFC 2920 section 3.2).
 * 2. s->opened says whether the shell holds a message that is neither handed
 *    over by SMTP_STORE nor taken back by SMTP_ABORT.
 * 3. No byte from the client is ever part of a reply.
 */
#include "talk/smtp_args.h"
#include "talk/smtp_part.h"

#include <string.h>

#define OUT_MAX (SMTP_OUT_STOP + 2048)	/* the EHLO list is the longest */
#define MAILBOX_MAX (ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX)
/* Each with its NUL, and one more that is being judged. */
#define RECIPIENT_LIST_MAX ((SMTP_RECIPIENTS_MAX + 1) * (MAILBOX_MAX + 1))
#define WISH_LIST_MAX ((SMTP_RECIPIENTS_MAX + 1) * (1 + SMTP_ORCPT_MAX + 1))

void
smtp_say(struct smtp *s, const char *reply)
{
	buf_add_text(&s->out, reply);
	buf_add_text(&s->out, "\r\n");
	must(!s->out.full);
}

void
smtp_good(struct smtp *s, const char *reply)
{
	s->progress++;
	smtp_say(s, reply);
}

/* Count an error; false when it was one too many and the session is over. */
static bool
error_count(struct smtp *s)
{
	if (++s->errors < SMTP_ERRORS_MAX)
		return true;
	smtp_end(s, "421 4.7.0 Too many errors");
	return false;
}

void
smtp_fault(struct smtp *s, const char *reply)
{
	s->complaint = reply;
	if (reply[0] != '5' || error_count(s))
		smtp_say(s, reply);
}

void
smtp_fault_because(struct smtp *s, const char *codes, const char *why)
{
	s->complaint = why;
	if (!error_count(s))
		return;
	buf_add_text(&s->out, codes);
	buf_add_char(&s->out, ' ');
	smtp_say(s, why);
}

void
smtp_forget(struct smtp *s)
{
	if (s->opened)
		s->asked = SMTP_ABORT;
	s->opened = s->have_mail = s->smtputf8 = s->require_tls = false;
	s->by_chunks = s->chunk_last = s->chunk_failed = false;
	s->doom = NULL;
	s->size = s->text_size = s->chunk_left = 0;
	s->recipient_count = 0;
	s->ret = SMTP_RET_NONE;
	s->recipient = str_from(NULL, 0);
	/* A session that goes on idle holds no memory of what it said. */
	buf_drop(&s->reverse_path);
	buf_drop(&s->recipients);
	buf_drop(&s->canonical);
	buf_drop(&s->wishes);
	buf_drop(&s->envid);
	buf_drop(&s->piece);
}

void
smtp_end(struct smtp *s, const char *reply)
{
	if (reply[0] != '2')
		s->complaint = reply;
	smtp_say(s, reply);
	smtp_forget(s);
	s->state = SMTP_OVER;
}

bool
smtp_answered(struct smtp *s, enum smtp_ask ask)
{
	if (s->state == SMTP_OVER)
		return false;
	must(s->asked == ask);
	s->asked = SMTP_MORE;
	return true;
}

void
smtp_init(struct smtp *s, const struct smtp_policy *policy,
	struct str client_ip)
{
	must(policy->host.len > 0 && policy->host.len <= ADDR_DOMAIN_MAX);
	must(policy->domains->count > 0);
	*s = (struct smtp){ .policy = policy, .client_ip = client_ip };
	buf_init(&s->out, OUT_MAX);
	buf_init(&s->piece, PIECE_SIZE);
	buf_init(&s->reverse_path, MAILBOX_MAX);
	buf_init(&s->recipients, RECIPIENT_LIST_MAX);
	buf_init(&s->canonical, RECIPIENT_LIST_MAX);
	buf_init(&s->wishes, WISH_LIST_MAX);
	buf_init(&s->envid, SMTP_ENVID_MAX);
	buf_init(&s->helo, SMTP_HELO_MAX);
	buf_add_text(&s->out, "220 ");
	buf_add(&s->out, policy->host);
	smtp_say(s, " ESMTP pillarbox");
}

void
smtp_drop(struct smtp *s)
{
	buf_drop(&s->out);
	buf_drop(&s->piece);
	buf_drop(&s->reverse_path);
	buf_drop(&s->recipients);
	buf_drop(&s->canonical);
	buf_drop(&s->wishes);
	buf_drop(&s->envid);
	buf_drop(&s->helo);
	buf_wipe(&s->user);
	buf_wipe(&s->secret);
	sasl_drop(&s->sasl);
}

void
smtp_secure_from_start(struct smtp *s, struct str version, struct str cipher)
{
	must(!s->greeted && s->commands == 0 && s->asked == SMTP_MORE);
	s->secure = true;
	s->tls_version = version;
	s->tls_cipher = cipher;
}

void
smtp_secured(struct smtp *s, struct str version, struct str cipher)
{
	if (!smtp_answered(s, SMTP_STARTTLS))
		return;
	smtp_forget(s);
	buf_clear(&s->helo);
	s->greeted = s->extended = s->skipping = false;
	s->secure = true;
	s->tls_version = version;
	s->tls_cipher = cipher;
}

void
smtp_close(struct smtp *s, const char *why)
{
	/* An opening on its way is taken back too; a commit no longer is. */
	if (s->asked == SMTP_OPEN)
		s->opened = true;
	if (s->asked != SMTP_ABORT)
		s->asked = SMTP_MORE;
	if (s->state == SMTP_OVER)
		return;
	buf_add_text(&s->out, "421 ");
	smtp_end(s, why);
}

void
smtp_turn_away(struct smtp *s, const char *why)
{
	must(!s->greeted && s->commands == 0 && s->asked == SMTP_MORE);
	buf_clear(&s->out);
	buf_add_text(&s->out, "554 ");
	smtp_end(s, why);
}

/* Any one word: a name that is not ours to judge (RFC 5321 section 4.1.4). */
static bool
helo_is_fit(struct str name)
{
	size_t i;

	if (name.len == 0 || name.len > SMTP_HELO_MAX || !str_is_utf8(name))
		return false;
	for (i = 0; i < name.len; i++)
		if (str_at(name, i) <= ' ' || str_at(name, i) == 127)
			return false;
	return true;
}

static bool
greet(struct smtp *s, struct str name, bool extended)
{
	if (!helo_is_fit(name)) {
		smtp_fault(s, "501 5.5.4 Say your host name with it");
		return false;
	}
	smtp_forget(s);
	buf_clear(&s->helo);
	buf_add(&s->helo, name);
	s->greeted = true;
	s->extended = extended;
	s->progress++;
	buf_add_text(&s->out, extended ? "250-" : "250 ");
	buf_add(&s->out, s->policy->host);
	smtp_say(s, "");
	return true;
}

static void
command_helo(struct smtp *s, struct str args)
{
	greet(s, args, false);
}

static void
command_ehlo(struct smtp *s, struct str args)
{
	if (!greet(s, args, true))
		return;
	smtp_say(s, "250-PIPELINING");
	buf_add_text(&s->out, "250-SIZE ");
	buf_add_number(&s->out, s->policy->size_max);
	smtp_say(s, "");
	smtp_say(s, "250-8BITMIME");
	smtp_say(s, "250-SMTPUTF8");
	smtp_say(s, "250-ENHANCEDSTATUSCODES");
	smtp_say(s, "250-CHUNKING");
	if (s->policy->tls && !s->secure)
		smtp_say(s, "250-STARTTLS");
	if (s->policy->submission && s->secure) {
		smtp_say(s, "250-AUTH PLAIN LOGIN");
		smtp_say(s, "250-REQUIRETLS");
	}
	buf_add_format(&s->out, "250-LIMITS RCPTMAX=%d MAILMAX=%d",
	    SMTP_RECIPIENTS_MAX, SMTP_MAILS_MAX);
	smtp_say(s, "");
	smtp_say(s, "250 DSN");
}

static void
command_starttls(struct smtp *s, struct str args)
{
	if (args.len > 0)
		smtp_fault(s, "501 5.5.4 STARTTLS stands alone");
	else if (s->secure)
		smtp_fault(s, "503 5.5.1 TLS is on already");
	else if (!s->policy->tls)
		smtp_fault(s, "502 5.5.1 No TLS here");
	else if (s->opened)
		smtp_fault(s, "503 5.5.1 Finish the message first");
	else {
		smtp_good(s, "220 2.0.0 Go ahead");
		s->asked = SMTP_STARTTLS;
	}
}

static void
command_rset(struct smtp *s, struct str args)
{
	if (args.len > 0) {
		smtp_fault(s, "501 5.5.4 RSET stands alone");
		return;
	}
	smtp_forget(s);
	smtp_good(s, "250 2.0.0 Forgotten");
}

static void
command_noop(struct smtp *s, struct str args)
{
	(void)args;
	smtp_good(s, "250 2.0.0 Here");
}

static void
command_help(struct smtp *s, struct str args)
{
	(void)args;
	smtp_good(s, "214 2.0.0 See RFC 5321");
}

static void
command_vrfy(struct smtp *s, struct str args)
{
	if (args.len == 0)
		smtp_fault(s, "501 5.5.4 VRFY whom?");
	else
		smtp_good(s, "252 2.1.5 Send it, and it will be seen");
}

static void
command_expn(struct smtp *s, struct str args)
{
	(void)args;
	smtp_fault(s, "502 5.5.1 No lists here");
}

static void
command_quit(struct smtp *s, struct str args)
{
	if (args.len > 0)
		smtp_fault(s, "501 5.5.4 QUIT stands alone");
	else
		smtp_end(s, "221 2.0.0 Bye");
}

static const struct verb {
	const char *name;
	void (*run)(struct smtp *s, struct str args);
} verbs[] = {
	{ "EHLO", command_ehlo },
	{ "HELO", command_helo },
	{ "MAIL", smtp_mail },
	{ "RCPT", smtp_rcpt },
	{ "DATA", smtp_data },
	{ "BDAT", smtp_bdat },
	{ "RSET", command_rset },
	{ "NOOP", command_noop },
	{ "QUIT", command_quit },
	{ "STARTTLS", command_starttls },
	{ "VRFY", command_vrfy },
	{ "EXPN", command_expn },
	{ "HELP", command_help },
	{ "AUTH", smtp_auth },
};

/*
 * A browser or a proxy that was talked into speaking to us: every line it
 * sends could be one of an attacker's choice, so not one more is read.
 */
static bool
verb_is_http(struct str verb)
{
	static const char *const methods[] = {
		"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE",
		"PATCH", "TRACE", "PRI"
	};
	size_t i;

	for (i = 0; i < countof(methods); i++)
		if (str_same(verb, str_of(methods[i])))
			return true;
	return false;
}

static void
command_run(struct smtp *s, struct str line)
{
	struct str verb;
	size_t i;

	verb = str_take(&line, str_find(line, 0, ' '));
	line = str_trim(line);
	for (i = 0; i < countof(verbs); i++)
		if (str_same(verb, str_of(verbs[i].name))) {
			verbs[i].run(s, line);
			return;
		}
	if (verb_is_http(verb))
		smtp_end(s, "554 5.5.1 This is SMTP, not HTTP");
	else
		smtp_fault(s, "500 5.5.1 Not a command here");
}

static unsigned
commands_max(const struct smtp *s)
{
	return s->policy->submission && !s->logged_in ? SMTP_EARLY_MAX :
	    SMTP_COMMANDS_MAX;
}

/*
 * A command, or what AUTH is answered.
 *
 * Returns: false when there is no whole line yet.
 */
static bool
line_run(struct smtp *s, struct str *in)
{
	const bool sasl = s->state == SMTP_IN_SASL;
	struct str line;

	switch (line_take(in, sasl ? SASL_LINE_MAX : SMTP_COMMAND_MAX,
	    &s->skipping, &line)) {
	case LINE_MORE:
		return false;
	case LINE_BAD:
		smtp_end(s, "500 5.5.2 Lines end with CR LF and hold no NUL");
		return true;
	case LINE_LONG:
		if (sasl)
			smtp_auth_long(s);
		else
			smtp_fault(s, "500 5.5.2 Line too long");
		return true;
	case LINE_DONE:
		break;
	}
	if (++s->commands > commands_max(s))
		smtp_end(s, "421 4.7.0 Too many commands without a message");
	else if (sasl)
		smtp_auth_line(s, line);
	else
		command_run(s, line);
	return true;
}

enum smtp_ask
smtp_step(struct smtp *s, struct str *in)
{
	enum smtp_ask ask;
	bool going = true;

	must(s->asked == SMTP_MORE || s->asked == SMTP_ABORT);
	while (s->asked == SMTP_MORE && going) {
		if (s->state != SMTP_OVER && s->out.len >= SMTP_OUT_STOP)
			return SMTP_DRAIN;
		switch (s->state) {
		case SMTP_COMMAND:
		case SMTP_IN_SASL:
			going = line_run(s, in);
			break;
		case SMTP_IN_TEXT:
			going = smtp_text_take(s, in);
			break;
		case SMTP_IN_CHUNK:
			going = smtp_chunk_take(s, in);
			break;
		case SMTP_IN_END:
			going = smtp_text_end(s);
			break;
		case SMTP_OVER:
			return SMTP_BYE;
		}
	}
	ask = s->asked;
	if (ask == SMTP_ABORT)
		s->asked = SMTP_MORE;
	return ask;
}
