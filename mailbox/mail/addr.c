/*
 * Reads mailboxes by the letter of RFC 5321 section 4.1.2 with the UTF-8 of
 * RFC 6531 section 3.3, and is milder than that in three places: spaces
 * before the '<', an underscore in a domain, and the length of a local part.
 * It does not judge whose a mailbox is.
 */
#include "mail/addr.h"

#define LABEL_MAX 63	/* octets; RFC 1035 section 2.3.4 */
/* Bytes of a canonical mailbox, quoted anew: more than it can come to. */
#define CANONICAL_MAX (2 * ADDR_LOCAL_MAX + ADDR_DOMAIN_MAX + 3)

static bool
is_high(int c)
{
	return c > 127;
}

/* RFC 5321 section 4.1.2, Atom; RFC 6531 section 3.3 adds UTF-8. */
static bool
is_atext(int c)
{
	return char_is_alnum(c) || is_high(c) ||
	    str_find(STR("!#$%&'*+-/=?^_`{|}~"), 0, (char)c) != STR_NONE;
}

static bool
is_domain_char(int c)
{
	return char_is_alnum(c) || is_high(c) || c == '-' || c == '_' ||
	    c == '.';
}

/* Well-formed UTF-8 without the control characters U+0080 to U+009F. */
static bool
is_clean(struct str s)
{
	size_t i;

	if (!str_is_utf8(s))
		return false;
	for (i = 0; i < s.len; i++)
		if (str_at(s, i) == 0xC2 && str_at(s, i + 1) < 0xA0)
			return false;
	return true;
}

/* Atoms with single dots between them. */
static bool
is_dot_string(struct str s)
{
	size_t i;

	if (s.len == 0 || str_at(s, 0) == '.' || str_at(s, s.len - 1) == '.')
		return false;
	for (i = 0; i < s.len; i++)
		if (str_at(s, i) == '.' ? str_at(s, i + 1) == '.' :
		    !is_atext(str_at(s, i)))
			return false;
	return true;
}

static bool
is_label(struct str s)
{
	size_t i;

	if (s.len == 0 || s.len > LABEL_MAX || str_at(s, 0) == '-' ||
	    str_at(s, s.len - 1) == '-')
		return false;
	for (i = 0; i < s.len; i++)
		if (!is_domain_char(str_at(s, i)))
			return false;
	return true;
}

bool
addr_is_domain(struct str s)
{
	struct str label;

	if (s.len > ADDR_DOMAIN_MAX || !is_clean(s))
		return false;
	while (str_split(&s, '.', &label))
		if (!is_label(label))
			return false;
	return is_label(s);
}

/* Four numbers of one to three digits, 0 to 255. */
static bool
is_ipv4(struct str s)
{
	struct str part;
	uint64_t number;
	int dots;

	for (dots = 0; dots < 3; dots++)
		if (!str_split(&s, '.', &part) || part.len > 3 ||
		    !str_number(part, 255, &number))
			return false;
	return s.len <= 3 && str_number(s, 255, &number);
}

static bool
is_hex(int c)
{
	return char_is_digit(c) ||
	    (char_lower(c) >= 'a' && char_lower(c) <= 'f');
}

/* Cut one to four hexadecimal digits off *s. */
static bool
skip_group(struct str *s)
{
	size_t len;

	for (len = 0; len < 4 && is_hex(str_at(*s, len)); len++)
		continue;
	str_take(s, len);
	return len > 0;
}

/* RFC 4291 section 2.2; "::" stands for one group or more. */
static bool
is_ipv6(struct str s)
{
	int groups;
	bool gap;

	gap = str_starts(s, STR("::"));
	if (gap)
		str_take(&s, 2);
	for (groups = 0; s.len > 0; groups++) {
		if (is_ipv4(s)) {
			groups += 2;
			break;
		}
		if (groups == 8 || !skip_group(&s))
			return false;
		if (s.len == 0) {
			groups++;
			break;
		}
		if (!str_skip(&s, ':') || s.len == 0)
			return false;
		if (str_skip(&s, ':')) {
			if (gap)
				return false;
			gap = true;
		}
	}
	return gap ? groups <= 7 : groups == 8;
}

/* "tag:content", as a form that is yet to be invented has it. */
static bool
is_general(struct str s)
{
	struct str tag;
	size_t i;
	int c;

	if (!str_split(&s, ':', &tag) || tag.len == 0 || s.len == 0 ||
	    str_at(tag, tag.len - 1) == '-')
		return false;
	for (i = 0; i < tag.len; i++)
		if (!char_is_alnum(str_at(tag, i)) && str_at(tag, i) != '-')
			return false;
	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c < 33 || c > 126 || c == '[' || c == '\\' || c == ']')
			return false;
	}
	return true;
}

bool
addr_is_literal(struct str s)
{
	if (s.len > ADDR_DOMAIN_MAX || !str_skip(&s, '[') ||
	    !str_ends(s, STR("]")))
		return false;
	s.len--;
	if (str_skip_word(&s, STR("IPv6:")))
		return is_ipv6(s);
	return is_ipv4(s) || is_general(s);
}

/* Cut the domain or literal at the front of *in off. */
static bool
take_domain(struct str *in, struct str *domain)
{
	size_t len;

	if (str_at(*in, 0) == '[') {
		len = str_find(*in, 0, ']');
		if (len == STR_NONE)
			return false;
		*domain = str_take(in, len + 1);
		return addr_is_literal(*domain);
	}
	for (len = 0; is_domain_char(str_at(*in, len)); len++)
		continue;
	*domain = str_take(in, len);
	return addr_is_domain(*domain);
}

/* The length of the Quoted-string that s begins with, or 0. */
static size_t
quoted_len(struct str s)
{
	size_t i;
	int c;

	for (i = 1; i < s.len; i++) {
		c = str_at(s, i);
		if (c == '"')
			return i + 1;
		if (c == '\\')
			c = str_at(s, ++i) < 128 ? str_at(s, i) : 0;
		if (c < 32 || c == 127)
			return 0;
	}
	return 0;
}

/* Cut the local part at the front of *in off. */
static bool
take_local(struct str *in, struct addr *addr)
{
	size_t len;

	addr->quoted = str_at(*in, 0) == '"';
	if (addr->quoted) {
		len = quoted_len(*in);
		addr->local = str_take(in, len);
		return len > 0 && is_clean(addr->local);
	}
	for (len = 0; is_atext(str_at(*in, len)) || str_at(*in, len) == '.';
	    len++)
		continue;
	addr->local = str_take(in, len);
	return is_dot_string(addr->local) && is_clean(addr->local);
}

/* Cut a mailbox off the front of *in. */
static enum addr_result
take_mailbox(struct str *in, struct addr *addr, const char **why)
{
	if (!take_local(in, addr)) {
		*why = "the part before the @ is not well-formed";
		return ADDR_BAD;
	}
	if (addr->local.len > ADDR_LOCAL_MAX) {
		*why = "the part before the @ is too long";
		return ADDR_BAD;
	}
	if (!str_skip(in, '@')) {
		if (!addr->quoted &&
		    str_same(addr->local, STR("postmaster")))
			return ADDR_OK;
		*why = "the address has no domain";
		return ADDR_BAD;
	}
	addr->literal = str_at(*in, 0) == '[';
	if (!take_domain(in, &addr->domain)) {
		*why = "the part behind the @ is not a domain";
		return ADDR_BAD;
	}
	addr->utf8 = !str_is_ascii(addr->local) ||
	    !str_is_ascii(addr->domain);
	return ADDR_OK;
}

/* Cut a source route "@a,@b:" off the front of *in, if there is one. */
static bool
skip_route(struct str *in)
{
	struct str hop;

	if (str_at(*in, 0) != '@')
		return true;
	do
		if (!str_skip(in, '@') || !take_domain(in, &hop))
			return false;
	while (str_skip(in, ','));
	return str_skip(in, ':');
}

enum addr_result
addr_path(struct str *in, struct addr *addr, const char **why)
{
	struct str s;
	size_t before;

	s = *in;
	*addr = (struct addr){ .local = STR(""), .domain = STR("") };
	while (str_skip(&s, ' '))
		continue;
	before = s.len;
	if (!str_skip(&s, '<')) {
		*why = "the address must stand between < and >";
		return ADDR_BAD;
	}
	if (str_skip(&s, '>')) {
		addr->null = true;
		*in = s;
		return ADDR_OK;
	}
	if (!skip_route(&s)) {
		*why = "the route before the address is not well-formed";
		return ADDR_BAD;
	}
	if (take_mailbox(&s, addr, why) != ADDR_OK)
		return ADDR_BAD;
	if (!str_skip(&s, '>')) {
		*why = "the address must end with >";
		return ADDR_BAD;
	}
	if (before - s.len > ADDR_PATH_MAX) {
		*why = "the address is too long";
		return ADDR_BAD;
	}
	*in = s;
	return ADDR_OK;
}

enum addr_result
addr_mailbox(struct str text, struct addr *addr, const char **why)
{
	*addr = (struct addr){ .local = STR(""), .domain = STR("") };
	if (take_mailbox(&text, addr, why) != ADDR_OK)
		return ADDR_BAD;
	if (text.len > 0) {
		*why = "something follows the address";
		return ADDR_BAD;
	}
	return ADDR_OK;
}

static void
add_lower(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		buf_add_char(out,
		    (char)(unsigned char)char_lower(str_at(s, i)));
}

/* What a Quoted-string stands for, into plain; returns its length. */
static size_t
unquote(struct str quoted, char plain[ADDR_LOCAL_MAX])
{
	size_t i, len;

	must(quoted.len >= 2 && quoted.len <= ADDR_LOCAL_MAX);
	len = 0;
	for (i = 1; i < quoted.len - 1; i++) {
		if (str_at(quoted, i) == '\\')
			i++;
		plain[len++] = (char)(unsigned char)str_at(quoted, i);
	}
	return len;
}

/* Add plain, which is no Dot-string, between quotes. */
static void
add_quoted(struct buf *out, struct str plain)
{
	size_t i;

	buf_add_char(out, '"');
	for (i = 0; i < plain.len; i++) {
		if (str_at(plain, i) == '"' || str_at(plain, i) == '\\')
			buf_add_char(out, '\\');
		add_lower(out, str_part(plain, i, 1));
	}
	buf_add_char(out, '"');
}

void
addr_canonical(struct buf *out, const struct addr *addr,
	struct str domain_if_bare)
{
	char plain[ADDR_LOCAL_MAX];
	struct str local;

	if (addr->null)
		return;
	local = addr->local;
	if (addr->quoted)
		local = str_from(plain, unquote(local, plain));
	if (is_dot_string(local))
		add_lower(out, local);
	else
		add_quoted(out, local);
	buf_add_char(out, '@');
	add_lower(out, addr->domain.len > 0 ? addr->domain : domain_if_bare);
}

bool
addr_same(const struct addr *one, const struct addr *two)
{
	struct buf left, right;
	bool same;

	buf_init(&left, CANONICAL_MAX);
	buf_init(&right, CANONICAL_MAX);
	addr_canonical(&left, one, STR(""));
	addr_canonical(&right, two, STR(""));
	same = str_equal(buf_str(&left), buf_str(&right));
	buf_drop(&left);
	buf_drop(&right);
	return same;
}
