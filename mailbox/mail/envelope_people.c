/*
 * Writes address lists as ENVELOPE has them. People write anything into To,
 * and all of it must come out as addresses: what lacks a part is told with
 * MISSING_MAILBOX, MISSING_DOMAIN, INVALID_ROUTE or SYNTAX_ERROR in its place,
 * which is what Dovecot says and mail programs know. A list ends where it no
 * longer makes sense.
 */
#include "mail/envelope_part.h"

#include "mail/head.h"

#define WORD_MAX 65536		/* octets of a name or a part of an address */
#define PEOPLE_MAX 10000	/* addresses of a list that are told */

/* How reading went on. */
enum way { WAY_BAD, WAY_END, WAY_ON };

/* ---- words ---- */

/* Pass over white space and comments. */
static enum way
skip_space(struct envelope_reader *r)
{
	int c;

	c = str_at(r->rest, 0);
	if (c == '(')
		buf_clear(&r->comment);
	if ((c == '(' || (c >= 0 && c <= ' ')) &&
	    !head_skip_space(&r->rest, &r->comment)) {
		str_take(&r->rest, r->rest.len);
		return WAY_BAD;
	}
	return r->rest.len > 0 ? WAY_ON : WAY_END;
}

/* RFC 5322 section 3.2.3, atext, and UTF-8. */
static bool
is_atext(int c)
{
	return char_is_alnum(c) || c > 127 || (c > ' ' && c < 127 &&
	    str_find(STR("!#$%&'*+-/=?^_`{|}~"), 0, (char)c) != STR_NONE);
}

static enum way
take_atom(struct envelope_reader *r, struct buf *out, bool dots)
{
	size_t len;

	for (len = 0; is_atext(str_at(r->rest, len)) ||
	    (dots && str_at(r->rest, len) == '.'); len++)
		continue;
	buf_add(out, str_take(&r->rest, len));
	return len == 0 && !dots ? WAY_BAD : skip_space(r);
}

static enum way
take_quoted(struct envelope_reader *r, struct buf *out)
{
	size_t len;

	len = head_closed_span(r->rest, '"');
	if (len == 0) {
		str_take(&r->rest, r->rest.len);
		return WAY_BAD;
	}
	head_unquote(out, str_take(&r->rest, len));
	return skip_space(r);
}

/* Words, dots among them; also none at all. */
static enum way
take_phrase(struct envelope_reader *r, struct buf *out)
{
	enum way way;
	int c;

	if (r->rest.len == 0)
		return WAY_END;
	if (str_at(r->rest, 0) == '.')
		return WAY_BAD;
	for (;;) {
		if (str_at(r->rest, 0) == '"')
			way = take_quoted(r, out);
		else
			way = take_atom(r, out, true);
		c = str_at(r->rest, 0);
		if (way != WAY_ON || (!is_atext(c) && c != '"' && c != '.'))
			return way;
		buf_add_char(out, ' ');
	}
}

/* Milder than RFC 5322 section 3.4.1: dots may stand anywhere. */
static enum way
take_local(struct envelope_reader *r)
{
	enum way way;

	buf_clear(&r->mailbox);
	if (str_at(r->rest, 0) == '"')
		way = take_quoted(r, &r->mailbox);
	else {
		way = WAY_BAD;
		do {
			while (str_skip(&r->rest, '.')) {
				buf_add_char(&r->mailbox, '.');
				way = WAY_ON;
			}
			if (r->rest.len == 0)
				way = WAY_END;
			if (r->rest.len == 0 || str_at(r->rest, 0) == '@')
				break;
			way = take_atom(r, &r->mailbox, false);
		} while (way == WAY_ON && str_at(r->rest, 0) == '.');
	}
	r->has_mailbox = way != WAY_BAD;
	return way;
}

/* A domain, or an address-literal, with the '@' before it. */
static enum way
take_domain(struct envelope_reader *r, struct buf *out)
{
	enum way way;
	size_t len;

	str_skip(&r->rest, '@');
	if (skip_space(r) != WAY_ON)
		return WAY_BAD;
	if (str_at(r->rest, 0) == '[') {
		len = head_closed_span(r->rest, ']');
		buf_add(out, str_take(&r->rest, len));
		return len == 0 ? WAY_BAD : skip_space(r);
	}
	while ((way = take_atom(r, out, false)) == WAY_ON &&
	    str_skip(&r->rest, '.')) {
		buf_add_char(out, '.');
		if (skip_space(r) != WAY_ON)
			return WAY_BAD;
	}
	return way;
}

static enum way
take_host(struct envelope_reader *r)
{
	enum way way;

	buf_clear(&r->host);
	way = take_domain(r, &r->host);
	r->has_host = way != WAY_BAD;
	return way;
}

/* ---- addresses ---- */

static void
begin_address(struct envelope_reader *r)
{
	buf_clear(&r->name);
	buf_clear(&r->route);
	buf_clear(&r->mailbox);
	buf_clear(&r->host);
	r->has_mailbox = r->has_host = r->has_route = false;
}

/* RFC 5322 section 4.4, obs-route; false when there is something else. */
static bool
take_route(struct envelope_reader *r)
{
	while (str_at(r->rest, 0) == '@') {
		if (r->route.len > 0)
			buf_add_char(&r->route, ',');
		buf_add_char(&r->route, '@');
		if (take_domain(r, &r->route) != WAY_ON)
			return false;
		while (str_skip(&r->rest, ','))
			if (skip_space(r) != WAY_ON)
				return false;
	}
	return str_skip(&r->rest, ':');
}

/* "<local@domain>", a route before it. */
static enum way
take_angle(struct envelope_reader *r)
{
	enum way way;

	str_skip(&r->rest, '<');
	if (skip_space(r) != WAY_ON)
		return WAY_BAD;
	if (str_at(r->rest, 0) == '@') {
		r->has_route = true;
		if (!take_route(r)) {
			buf_clear(&r->route);
			buf_add_text(&r->route, "INVALID_ROUTE");
		}
		if (skip_space(r) != WAY_ON)
			return WAY_BAD;
	}
	if (str_at(r->rest, 0) != '>') {
		way = take_local(r);
		if (way == WAY_ON && str_at(r->rest, 0) == '@')
			way = take_host(r);
		if (way != WAY_ON)
			return WAY_BAD;
	}
	return str_skip(&r->rest, '>') ? skip_space(r) : WAY_BAD;
}

/*
 * What stands where "local@domain" is wanted has no domain: words are a name,
 * a single one is a mailbox.
 */
static void
take_for_name(struct envelope_reader *r, bool quoted)
{
	size_t len;

	buf_add(&r->name, buf_str(&r->mailbox));
	len = r->name.len;
	if (len > 0)
		buf_add_char(&r->name, ' ');
	take_phrase(r, &r->name);
	if (str_trim(buf_str(&r->name)).len > len || quoted)
		r->has_mailbox = false;
	else
		buf_clear(&r->name);
}

/* "local@domain (Name)" */
static enum way
take_plain(struct envelope_reader *r)
{
	enum way way;
	bool quoted, at;

	buf_clear(&r->comment);
	quoted = str_at(r->rest, 0) == '"';
	way = take_local(r);
	at = way != WAY_END && str_at(r->rest, 0) == '@';
	if (at)
		way = take_host(r);
	if (r->comment.len > 0)
		envelope_unescape(&r->name, buf_str(&r->comment));
	else if (!at) {
		take_for_name(r, quoted);
		way = WAY_BAD;
	}
	return way;
}

/* ---- writing ---- */

static void
add_part(struct buf *out, bool there, struct buf *part, const char *instead)
{
	buf_add_char(out, ' ');
	if (there && part->len > 0)
		envelope_string(out, buf_str(part));
	else
		envelope_string(out, str_of(instead));
}

static void
write_address(struct envelope_reader *r, struct buf *out)
{
	buf_add_char(out, '(');
	if (r->name.len > 0)
		envelope_human(out, buf_str(&r->name));
	else
		buf_add_text(out, "NIL");
	add_part(out, r->has_route, &r->route, NULL);
	add_part(out, r->has_mailbox, &r->mailbox, "MISSING_MAILBOX");
	add_part(out, r->has_host, &r->host, "MISSING_DOMAIN");
	buf_add_char(out, ')');
	r->count++;
}

/* RFC 9051 section 7.5.2: a group begins and ends as if it were an address. */
static void
write_group(struct buf *out, struct str name)
{
	buf_add_text(out, "(NIL NIL ");
	envelope_string(out, name);
	buf_add_text(out, " NIL)");
}

/*
 * Read a name up to the sign that tells what it is the name of: '<', or ':' of
 * a group, in which there are no others. Before anything else it is no name,
 * and nothing is read.
 */
static int
take_name(struct envelope_reader *r)
{
	struct str start;
	int c;

	begin_address(r);
	start = r->rest;
	c = take_phrase(r, &r->name) == WAY_ON ? str_at(r->rest, 0) : 0;
	if (c == '<' || (c == ':' && !r->in_group))
		return c;
	buf_clear(&r->name);
	r->rest = start;
	return 0;
}

/* "Name <local@domain>", behind the name. */
static enum way
take_named(struct envelope_reader *r)
{
	if (take_angle(r) == WAY_BAD) {
		buf_clear(&r->host);
		buf_add_text(&r->host, "SYNTAX_ERROR");
		r->has_host = true;
	}
	return r->rest.len > 0 ? WAY_ON : WAY_END;
}

/* A mailbox, behind the name it may have, which sign ended. */
static enum way
tell_mailbox(struct envelope_reader *r, struct buf *out, int sign)
{
	enum way way;

	way = sign == '<' ? take_named(r) : take_plain(r);
	write_address(r, out);
	return way;
}

/* "Name: addresses;", behind the name. */
static enum way
tell_group(struct envelope_reader *r, struct buf *out)
{
	enum way way;

	str_skip(&r->rest, ':');
	r->in_group = true;
	write_group(out, r->name.len > 0 ? buf_str(&r->name) : STR(""));
	way = skip_space(r);
	if (way == WAY_ON && str_at(r->rest, 0) != ';') {
		do {
			tell_mailbox(r, out, take_name(r));
		} while (r->count < PEOPLE_MAX && str_skip(&r->rest, ',') &&
		    (way = skip_space(r)) == WAY_ON);
	}
	write_group(out, str_from(NULL, 0));
	r->in_group = false;
	if (way == WAY_END || !str_skip(&r->rest, ';'))
		return way == WAY_END ? WAY_END : WAY_ON;
	return skip_space(r) == WAY_END ? WAY_END : WAY_ON;
}

static enum way
tell_address(struct envelope_reader *r, struct buf *out)
{
	int sign;

	sign = take_name(r);
	return sign == ':' ? tell_group(r, out) : tell_mailbox(r, out, sign);
}

static void
tell_list(struct envelope_reader *r, struct buf *out)
{
	enum way way;

	way = skip_space(r);
	while (way == WAY_ON && r->count < PEOPLE_MAX &&
	    tell_address(r, out) != WAY_END && str_skip(&r->rest, ',')) {
		way = skip_space(r);
		if (way != WAY_BAD)
			continue;
		/* something is there */
		begin_address(r);
		write_address(r, out);
	}
}

void
envelope_reader_drop(struct envelope_reader *r)
{
	buf_drop(&r->comment);
	buf_drop(&r->name);
	buf_drop(&r->route);
	buf_drop(&r->mailbox);
	buf_drop(&r->host);
}

void
envelope_write_people(struct buf *out, struct envelope_reader *r,
	struct str lists)
{
	size_t start;

	start = out->len;
	buf_add_char(out, '(');
	r->comment.max = r->name.max = r->route.max = WORD_MAX;
	r->mailbox.max = r->host.max = WORD_MAX;
	r->count = 0;
	while (str_split(&lists, '\n', &r->rest))
		tell_list(r, out);
	r->rest = lists;
	tell_list(r, out);
	if (out->len > start + 1)
		buf_add_char(out, ')');
	else if (!out->full) {
		buf_cut(out, start);
		buf_add_text(out, "NIL");
	}
}
