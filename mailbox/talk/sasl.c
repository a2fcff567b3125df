/*
 * SASL PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login).
 *
 * Reads what a client sends in base64 into a name and a password; whether
 * they are right, and whether the line is safe enough to be asked for them,
 * is the business of whoever asks. Both mechanisms leave the mailbox to the
 * name: an authorization identity is taken only when it says the same.
 *
 * Secrets are decoded into memory of their final size at once, so that no
 * growing buffer leaves a copy behind, and wiped when done with.
 */
#include "talk/sasl.h"

#include "base/codec.h"

/* A decoder may ask for the room that padding turns out not to need. */
#define PADDING 2

/* Two NULs between three strings: RFC 4616 section 2. */
#define PLAIN_MAX (3 * SASL_NAME_MAX + 2 + PADDING)

static void
forget(struct sasl *s)
{
	buf_wipe(&s->challenge);
	buf_wipe(&s->user);
	buf_wipe(&s->secret);
}

static enum sasl_result
bad(struct sasl *s)
{
	forget(s);
	return SASL_BAD;
}

/* Decode without ever moving the bytes; false when text is not base64. */
static bool
decode(struct buf *out, struct str text)
{
	return buf_space(out, text.len / 4 * 3) != NULL &&
	    base64_decode(out, text);
}

/* RFC 4616 section 2: 1*SAFE, which is UTF-8 without NUL. */
static bool
safe(struct str s)
{
	return s.len > 0 && s.len <= SASL_NAME_MAX &&
	    str_find(s, 0, '\0') == STR_NONE && str_is_utf8(s);
}

static void
keep(struct buf *b, struct str s)
{
	buf_clear(b);
	buf_add(b, s);
}

/* message = [authzid] NUL authcid NUL passwd */
static enum sasl_result
plain(struct sasl *s, struct str line)
{
	struct buf raw = { 0 };
	struct str rest, as, user;
	bool good;

	buf_init(&raw, PLAIN_MAX);
	good = decode(&raw, line);
	rest = buf_str(&raw);
	good = good && str_split(&rest, '\0', &as) &&
	    str_split(&rest, '\0', &user) && safe(user) && safe(rest) &&
	    (as.len == 0 || str_equal(as, user));
	if (good) {
		keep(&s->user, user);
		keep(&s->secret, rest);
	}
	buf_wipe(&raw);
	return good ? SASL_DONE : bad(s);
}

static enum sasl_result
login(struct sasl *s, struct str line)
{
	struct buf *into = s->step == SASL_FIRST ? &s->user : &s->secret;

	buf_clear(into);
	if (!decode(into, line) || !safe(buf_str(into)))
		return bad(s);
	if (s->step == SASL_SECOND)
		return SASL_DONE;
	s->step = SASL_SECOND;
	keep(&s->challenge, STR("UGFzc3dvcmQ6"));	/* Password: */
	return SASL_MORE;
}

bool
sasl_knows(struct str mechanism)
{
	return str_same(mechanism, STR("PLAIN")) ||
	    str_same(mechanism, STR("LOGIN"));
}

enum sasl_result
sasl_begin(struct sasl *s, struct str mechanism, struct str initial,
	bool has_initial)
{
	sasl_drop(s);
	if (!sasl_knows(mechanism))
		return SASL_BAD;
	s->mechanism = str_same(mechanism, STR("PLAIN")) ?
	    SASL_PLAIN : SASL_LOGIN;
	s->step = SASL_FIRST;
	buf_init(&s->challenge, 16);
	buf_init(&s->user, SASL_NAME_MAX + PADDING);
	buf_init(&s->secret, SASL_NAME_MAX + PADDING);
	if (has_initial)
		return sasl_step(s, str_equal(initial, STR("=")) ?
		    STR("") : initial);
	if (s->mechanism == SASL_LOGIN)
		keep(&s->challenge, STR("VXNlcm5hbWU6"));	/* Username: */
	return SASL_MORE;
}

enum sasl_result
sasl_step(struct sasl *s, struct str line)
{
	if (str_equal(line, STR("*"))) {
		forget(s);
		return SASL_CANCEL;
	}
	switch (s->mechanism) {
	case SASL_PLAIN:
		return plain(s, line);
	case SASL_LOGIN:
		return login(s, line);
	}
	must(false);
	return SASL_BAD;
}

void
sasl_drop(struct sasl *s)
{
	forget(s);
	*s = (struct sasl){ 0 };
}
