/*
 * Every place of the pattern that the name read so far can have led to is
 * kept at once, so that no wildcard is ever tried twice.
 */
#include "talk/imap_pattern.h"

#include <stdlib.h>

#define INBOX_LEN 5	/* octets */

/* What a name is matched against, and how far it may have come. */
struct pattern {
	struct str reference, text;	/* the one follows the other */
	size_t len;			/* of both */
	bool *reached;			/* len + 1: all before it matches */
};

static int
pattern_at(const struct pattern *p, size_t i)
{
	return i < p->reference.len ? str_at(p->reference, i) :
	    str_at(p->text, i - p->reference.len);
}

static bool
is_wild(int c)
{
	return c == '*' || c == '%';
}

/*
 * Go on by an octet of the name, or to the beginning when c is -1. In the
 * letters of INBOX case does not matter (RFC 9051 section 5.1).
 *
 * Returns:  whether any place is reached still.
 */
static bool
pattern_step(struct pattern *p, int c, bool inbox)
{
	bool before = false, here, any = false;
	int wild = 0, now, other;
	size_t i;

	for (i = 0; i <= p->len; i++) {
		now = pattern_at(p, i);
		other = i == 0 ? -1 : pattern_at(p, i - 1);
		here = p->reached[i];
		/* a wildcard takes c, the one before takes nothing */
		p->reached[i] = (here && (now == '*' ||
		    (now == '%' && c != '/')) && c >= 0) || (wild != 0);
		if (before && !is_wild(other) && (other == c ||
		    (inbox && char_lower(other) == char_lower(c))))
			p->reached[i] = true;
		if (c < 0 && i == 0)
			p->reached[i] = true;
		wild = p->reached[i] && is_wild(now);
		any = any || p->reached[i];
		before = here;
	}
	return any;
}

/* Whether a name is INBOX or below it. */
static bool
in_inbox(struct str name)
{
	return str_starts(name, STR("INBOX")) &&
	    (name.len == INBOX_LEN || str_at(name, INBOX_LEN) == '/');
}

static enum imap_match
pattern_run(struct pattern *p, struct str name)
{
	bool inbox = in_inbox(name);
	size_t i;

	(void)pattern_step(p, -1, false);
	for (i = 0; i < name.len; i++)
		if (!pattern_step(p, str_at(name, i), inbox && i < INBOX_LEN))
			return IMAP_MATCH_NO;
	if (p->reached[p->len])
		return IMAP_MATCH_YES;
	(void)pattern_step(p, '/', false);
	for (i = 0; i < p->len; i++)
		if (p->reached[i])
			return IMAP_MATCH_BELOW;
	return IMAP_MATCH_NO;
}

enum imap_match
imap_pattern_match(struct str reference, struct str pattern, struct str name)
{
	struct pattern p = { .reference = reference, .text = pattern };
	enum imap_match result;

	must(add_ok(&p.len, reference.len, pattern.len));
	p.reached = xalloc(p.len + 1, sizeof *p.reached);
	result = pattern_run(&p, name);
	free(p.reached);
	return result;
}
