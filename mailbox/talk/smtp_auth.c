/*
 * AUTH: who may submit (RFC 4954, RFC 6409 section 4.3). No name or password
 * is taken before TLS; what a mechanism says is read by talk/sasl.c, whether
 * it is right is for the shell to find out (SMTP_LOGIN).
 */
#include "talk/smtp_part.h"

/*
 * Go by what a line led to. An exchange that fails leaves the session as if
 * AUTH had not been said (RFC 4954 section 4).
 */
static void
auth_go_on(struct smtp *s, enum sasl_result result)
{
	s->state = SMTP_COMMAND;
	switch (result) {
	case SASL_MORE:
		s->state = SMTP_IN_SASL;
		buf_add_text(&s->out, "334 ");
		buf_add(&s->out, buf_str(&s->sasl.challenge));
		smtp_good(s, "");
		return;
	case SASL_DONE:
		buf_wipe(&s->user);
		buf_wipe(&s->secret);
		s->user = s->sasl.user;
		s->secret = s->sasl.secret;
		s->sasl.user = s->sasl.secret = (struct buf){ .max = 0 };
		s->asked = SMTP_LOGIN;
		break;
	case SASL_CANCEL:
		smtp_fault(s, "501 5.7.0 Cancelled, as you wish");
		break;
	case SASL_BAD:
		smtp_fault(s, "501 5.5.2 Not what the mechanism wants");
		break;
	}
	sasl_drop(&s->sasl);
}

/* Why nobody can log in here and now, or NULL. */
static const char *
auth_judge(const struct smtp *s)
{
	if (!s->policy->submission)
		return "502 5.5.1 No AUTH on this port";
	if (!s->secure)
		return SMTP_NEEDS_TLS;
	if (!s->extended)
		return "503 5.5.1 Say EHLO first";
	if (s->logged_in)
		return "503 5.5.1 You are logged in already";
	return NULL;
}

void
smtp_auth(struct smtp *s, struct str args)
{
	const char *why = auth_judge(s);
	struct str mechanism;
	bool initial;

	if (why != NULL) {
		smtp_fault(s, why);
		return;
	}
	initial = str_split(&args, ' ', &mechanism);
	if (!initial)
		mechanism = args;
	if (mechanism.len == 0)
		smtp_fault(s, "501 5.5.4 Say AUTH PLAIN or AUTH LOGIN");
	else if (!sasl_knows(mechanism))
		smtp_fault(s, "504 5.5.4 PLAIN and LOGIN are all we know");
	else
		auth_go_on(s, sasl_begin(&s->sasl, mechanism, str_trim(args),
		    initial));
}

void
smtp_auth_line(struct smtp *s, struct str line)
{
	auth_go_on(s, sasl_step(&s->sasl, line));
}

void
smtp_auth_long(struct smtp *s)
{
	sasl_drop(&s->sasl);
	s->state = SMTP_COMMAND;
	smtp_fault(s, "500 5.5.6 Line too long");
}

void
smtp_login(struct smtp *s, enum smtp_login result)
{
	buf_wipe(&s->secret);
	if (!smtp_answered(s, SMTP_LOGIN))
		return;
	switch (result) {
	case SMTP_WELCOME:
		s->logged_in = true;
		smtp_good(s, "235 2.7.0 Welcome");
		return;
	case SMTP_LOGIN_REFUSED:
		smtp_fault(s, "535 5.7.8 Wrong name or password");
		break;
	case SMTP_LOGIN_LATER:
		smtp_fault(s, "454 4.7.0 No login now, try again later");
		break;
	}
	buf_wipe(&s->user);
	if (++s->tries >= SMTP_TRIES_MAX && s->state != SMTP_OVER)
		smtp_end(s, "421 4.7.0 Too many failed logins");
}
