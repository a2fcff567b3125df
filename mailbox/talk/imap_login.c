/*
 * Who is there: STARTTLS, LOGIN, and AUTHENTICATE with an initial response
 * (RFC 9051 sections 6.2.1 to 6.2.3, RFC 4959).
 */
#include "talk/imap_part.h"

void
imap_run_starttls(struct imap *m, struct imap_words *w)
{
	if (!words_end(w)) {
		imap_finish_wrong(m, w);
	} else if (m->tls || !m->reading->offered) {
		imap_finish(m, IMAP_BAD, STR(""), m->tls ?
		    "TLS is there already." : "There is no TLS here.");
	} else {
		imap_finish(m, IMAP_OK, STR(""), "Begin TLS.");
		if (m->reading->state == IMAP_AT_LINE)
			m->reading->state = IMAP_AT_SECURE;
	}
}

static void
keep_secret(struct buf *b, struct str s)
{
	buf_wipe(b);
	buf_init(b, SASL_NAME_MAX);
	(void)buf_space_secret(b, s.len);
	buf_add(b, s);
}

void
imap_run_login(struct imap *m, struct imap_words *w)
{
	struct str user, secret;

	if (!words_space(w) || !words_astring(w, &user) || !words_space(w) ||
	    !words_astring(w, &secret) || !words_end(w)) {
		imap_finish_wrong(m, w);
		return;
	}
	if (user.len == 0 || secret.len == 0 || user.len > SASL_NAME_MAX ||
	    secret.len > SASL_NAME_MAX || !str_is_utf8(user)) {
		imap_finish(m, IMAP_BAD, STR(""),
		    "A name and a password were expected.");
		return;
	}
	keep_secret(&m->user, user);
	keep_secret(&m->secret, secret);
	m->reading->state = IMAP_AT_ENTER;
}

/* Answer what led to the mechanism, or to its end. */
static void
sasl_go_on(struct imap *m, enum sasl_result result)
{
	struct imap_reading *r = m->reading;

	buf_wipe(&r->text);
	r->tail_len = 0;
	switch (result) {
	case SASL_MORE:
		buf_add(&m->out, STR("+ "));
		buf_add(&m->out, buf_str(&r->sasl.challenge));
		buf_add(&m->out, STR("\r\n"));
		r->state = IMAP_AT_SASL;
		return;
	case SASL_DONE:
		buf_wipe(&m->user);
		buf_wipe(&m->secret);
		m->user = r->sasl.user;
		m->secret = r->sasl.secret;
		r->sasl.user = r->sasl.secret = (struct buf){ 0 };
		r->state = IMAP_AT_ENTER;
		return;
	case SASL_CANCEL:
		imap_finish(m, IMAP_BAD, STR(""), "Cancelled, as you wish.");
		return;
	case SASL_BAD:
		imap_finish(m, IMAP_BAD, STR(""),
		    "That is not what the mechanism wants.");
		return;
	}
}

void
imap_run_authenticate(struct imap *m, struct imap_words *w)
{
	struct str mechanism, initial = STR("");
	bool has_initial;

	if (!words_space(w) || !words_atom(w, &mechanism)) {
		imap_finish_wrong(m, w);
		return;
	}
	if (!sasl_knows(mechanism)) {
		imap_finish(m, IMAP_NO, STR("CANNOT"),
		    "There is no such mechanism.");
		return;
	}
	has_initial = words_skip(w, ' ');
	if (has_initial)
		initial = w->rest;
	else if (!words_end(w)) {
		imap_finish_wrong(m, w);
		return;
	}
	sasl_go_on(m, sasl_begin(&m->reading->sasl, mechanism, initial,
	    has_initial));
}

void
imap_login_line(struct imap *m, struct str line)
{
	sasl_go_on(m, sasl_step(&m->reading->sasl, line));
}
