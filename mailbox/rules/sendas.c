/*
 * Finds, judges and removes sendas tags. Two readers: sendas_take() knows the
 * tag as the manual has it and honours it or says why not; sendas_like() sees
 * whatever resembles one, for the callers to refuse, as a tag that is passed
 * over sends the letter under the wrong name. It does not know who may send
 * as whom beyond the domain.
 */
#include "rules/sendas.h"

#include "mail/sign.h"

static const struct str letters = { "sendas", 6 };

#define MAILBOX_MAX 600		/* octets before it is looked at closely */
#define TAG_MAX 400		/* octets in which a tag's end is looked for */

#define OPEN "550 5.6.0 A sendas tag in the Subject is not closed with ]"
#define FORM "550 5.6.0 A sendas tag in the Subject holds no address: " \
	"write [sendas:name] or [sendas:Your Name <name>]"
#define UNSEEN "550 5.6.0 A sendas tag in the Subject holds signs that " \
	"cannot be seen, or a character set that is not known here"
#define FOREIGN "550 5.6.0 A sendas tag in the Subject names an address " \
	"of another domain"
#define SEVERAL "550 5.6.0 The sendas tags in the Subject do not agree"
#define LATER "550 5.6.0 In a reply the sendas tag stands first in the " \
	"Subject, before Re:"
#define LONG "550 5.6.0 A sendas tag in the Subject is too long"

void
sendas_init(struct sendas *tag)
{
	*tag = (struct sendas){ .why = NULL };
	buf_init(&tag->mailbox, MAILBOX_MAX);
	buf_init(&tag->name, SENDAS_NAME_MAX);
}

void
sendas_drop(struct sendas *tag)
{
	buf_drop(&tag->mailbox);
	buf_drop(&tag->name);
}

static void
skip_spaces(struct str *s)
{
	size_t len;

	while (s->len > 0 && sign_is_space(sign_at(*s, &len)))
		str_take(s, len);
}

/* Cut "[sendas:" off the front of *s. */
static bool
skip_opening(struct str *s)
{
	if (!str_skip(s, '['))
		return false;
	skip_spaces(s);
	if (!str_skip_word(s, STR("sendas")))
		return false;
	skip_spaces(s);
	return str_skip(s, ':');
}

/* Whether all of s can be seen, white space in it being plain spaces. */
static bool
is_plain(struct str s)
{
	unsigned point;
	size_t len;

	while (s.len > 0) {
		point = sign_at(s, &len);
		if (sign_is_unseen(point) ||
		    (point != ' ' && sign_is_space(point)))
			return false;
		str_take(&s, len);
	}
	return true;
}

/* Cut the name off "Name <address>", leaving the address. */
static bool
split_name(struct str *content, struct str *name)
{
	struct str rest;

	*name = STR("");
	if (!str_ends(*content, STR(">")))
		return str_find(*content, 0, '<') == STR_NONE;
	rest = str_part(*content, 0, content->len - 1);
	if (!str_split(&rest, '<', name))
		return false;
	*content = sign_trim(rest);
	*name = sign_trim(*name);
	if (name->len > 1 && str_starts(*name, STR("\"")) &&
	    str_ends(*name, STR("\"")))
		*name = sign_trim(str_part(*name, 1, name->len - 2));
	return true;
}

static void
add_lower(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		buf_add_char(out,
		    (char)(unsigned char)char_lower(str_at(s, i)));
}

/*
 * Judge what stands in one tag.
 *
 * Returns:  NULL, what it says added to tag; else why it is bad.
 */
static const char *
judge(struct sendas *tag, struct str content, const struct domains *domains,
	struct str domain)
{
	struct str name, local;
	struct addr addr;
	const char *why;

	content = sign_trim(content);
	if (!is_plain(content))
		return UNSEEN;
	if (!split_name(&content, &name) || content.len == 0)
		return FORM;
	local = content;
	if (str_find(content, 0, '@') != STR_NONE) {
		while (str_find(content, 0, '@') != STR_NONE)
			str_take(&content, str_find(content, 0, '@') + 1);
		local = sign_trim(str_part(local, 0,
		    local.len - content.len - 1));
		domain = sign_trim(content);
	}
	buf_add(&tag->mailbox, local);
	buf_add_char(&tag->mailbox, '@');
	add_lower(&tag->mailbox, domain);
	buf_add(&tag->name, name);
	if (tag->mailbox.full || tag->name.full)
		return LONG;
	if (addr_mailbox(buf_str(&tag->mailbox), &addr, &why) != ADDR_OK)
		return FORM;
	return domains_hold(domains, addr.domain) ? NULL : FOREIGN;
}

/* Whether two mailboxes, well-formed, are the same to the address book. */
static bool
is_same(struct str left, struct str right)
{
	struct buf one, two;
	struct addr addr;
	const char *why;
	bool same;

	buf_init(&one, 2 * MAILBOX_MAX);
	buf_init(&two, 2 * MAILBOX_MAX);
	if (addr_mailbox(left, &addr, &why) == ADDR_OK)
		addr_canonical(&one, &addr, STR(""));
	if (addr_mailbox(right, &addr, &why) == ADDR_OK)
		addr_canonical(&two, &addr, STR(""));
	same = str_equal(buf_str(&one), buf_str(&two));
	buf_drop(&one);
	buf_drop(&two);
	return same;
}

/* Join another tag to what was found; NULL or why they do not go together. */
static const char *
join(struct sendas *tag, const struct sendas *more)
{
	if (tag->mailbox.len == 0)
		buf_add(&tag->mailbox, buf_str(&more->mailbox));
	if (!is_same(buf_str(&tag->mailbox), buf_str(&more->mailbox)))
		return SEVERAL;
	if (tag->name.len == 0)
		buf_add(&tag->name, buf_str(&more->name));
	return more->name.len == 0 || str_equal(buf_str(&tag->name),
	    buf_str(&more->name)) ? NULL : SEVERAL;
}

/* Read the content of a tag off the front of *s, its bracket included. */
static const char *
take_tag(struct sendas *tag, struct str *s, const struct domains *domains,
	struct str domain)
{
	struct sendas more;
	struct str content;
	const char *why;

	if (!str_split(s, ']', &content))
		return OPEN;
	sendas_init(&more);
	why = judge(&more, content, domains, domain);
	if (why == NULL)
		why = join(tag, &more);
	sendas_drop(&more);
	return why;
}

/* Add a byte, but never a space first or behind another. */
static void
add_single(struct buf *out, int c)
{
	if (c != ' ' || (out->len > 0 && out->at[out->len - 1] != ' '))
		buf_add_char(out, (char)(unsigned char)c);
}

/* What a code point resembles: '[', ']', ':', '(' for other brackets. */
static int
resembled(unsigned point)
{
	static const struct {
		unsigned point;
		int sign;
	} alike[] = {
		{ '{', '(' }, { '<', '(' }, { 0xAB, '(' },
		{ 0x2045, '[' }, { 0x2046, ']' },
		{ 0x27E6, '[' }, { 0x27E7, ']' },
		{ 0x3008, '(' }, { 0x300A, '(' }, { 0x300C, '(' },
		{ 0x3010, '[' }, { 0x3011, ']' },
		{ 0x3014, '[' }, { 0x3015, ']' },
		{ 0x3016, '[' }, { 0x3017, ']' },
		{ 0x301A, '[' }, { 0x301B, ']' },
		{ 0x2D0, ':' }, { 0x589, ':' }, { 0x2236, ':' },
		{ 0xA789, ':' }, { 0xFE13, ':' }, { 0xFE30, ':' },
		/* letters of other scripts, like those of the word */
		{ 0x17F, 's' }, { 0x3C2, 's' }, { 0x405, 's' },
		{ 0x421, 's' }, { 0x441, 's' }, { 0x455, 's' },
		{ 0xA731, 's' }, { 0x395, 'e' }, { 0x3B5, 'e' },
		{ 0x401, 'e' }, { 0x415, 'e' }, { 0x435, 'e' },
		{ 0x451, 'e' }, { 0x454, 'e' }, { 0x274, 'n' },
		{ 0x39D, 'n' }, { 0x3B7, 'n' }, { 0x41D, 'n' },
		{ 0x41F, 'n' }, { 0x43D, 'n' }, { 0x43F, 'n' },
		{ 0x578, 'n' }, { 0x394, 'd' }, { 0x3B4, 'd' },
		{ 0x414, 'd' }, { 0x434, 'd' }, { 0x501, 'd' },
		{ 0x251, 'a' }, { 0x391, 'a' }, { 0x3B1, 'a' },
		{ 0x410, 'a' }, { 0x430, 'a' },
	};
	size_t i;

	point = sign_narrow(point);
	for (i = 0; i < countof(alike); i++)
		if (alike[i].point == point)
			return alike[i].sign;
	return point < 128 ? char_lower((int)point) : '?';
}

/* Write text in the few signs that matter, unseen ones left out. */
static void
add_skeleton(struct buf *out, struct str text)
{
	unsigned point;
	size_t len;

	while (text.len > 0) {
		point = sign_at(text, &len);
		str_take(&text, len);
		if (sign_is_space(point))
			add_single(out, ' ');
		else if (!sign_is_unseen(point))
			buf_add_char(out, (char)resembled(point));
	}
}

/* Cut the letters of "sendas" off the front of *s. */
static bool
skip_letters(struct str *s, bool *spaced)
{
	struct str rest;
	size_t i;

	rest = *s;
	*spaced = false;
	for (i = 0; i < letters.len; i++) {
		if (i > 0 && (str_skip(&rest, ' ') || str_skip(&rest, '-') ||
		    str_skip(&rest, '_')))
			*spaced = true;
		if (!str_skip(&rest, (char)str_at(letters, i)))
			return false;
	}
	*s = rest;
	return true;
}

/* Whether s, behind the letters and their colon, is bracketed at its end. */
static bool
is_closed(struct str s)
{
	size_t open, close;

	s = str_part(s, 0, TAG_MAX);
	close = str_find(s, 0, ']');
	open = str_find(s, 0, '[');
	return close != STR_NONE && close < open;
}

/* Whether s, a skeleton behind before, begins with what resembles a tag. */
static bool
is_like(struct str s, int before)
{
	bool spaced;

	if (!skip_letters(&s, &spaced))
		return false;
	if (before == '[' && !spaced)
		return true;
	str_skip(&s, ' ');
	if (!str_skip(&s, ':'))
		return false;
	if (before == '[' || before == '(')
		return true;
	/* "sendas" is a word too: without a bracket more is asked */
	return !spaced && !char_is_alnum(before) &&
	    (is_closed(s) || (s.len > 0 && str_at(s, 0) != ' '));
}

/* Whether two words are the same but for one slip of the hand. */
static bool
is_slip(struct str one, struct str two)
{
	size_t less, front, back;

	less = one.len < two.len ? one.len : two.len;
	for (front = 0; front < less &&
	    str_at(one, front) == str_at(two, front); front++)
		continue;
	for (back = 0; front + back < less && str_at(one, one.len - 1 - back) ==
	    str_at(two, two.len - 1 - back); back++)
		continue;
	if (one.len != two.len)
		return one.len + two.len == 2 * less + 1 &&
		    front + back == less;
	return front + back + 1 >= less || (front + back + 2 == less &&
	    str_at(one, front) == str_at(two, front + 1) &&
	    str_at(one, front + 1) == str_at(two, front));
}

/* Whether s, a skeleton behind a bracket, begins nearly as a tag does. */
static bool
is_near(struct str s)
{
	struct buf word;
	bool near;
	int c;

	/* one more than a slip can have is enough */
	buf_init(&word, letters.len + 2);
	c = str_at(s, 0);
	for (; s.len > 0 && !word.full && c != ':'; c = str_at(s, 0)) {
		if (char_is_alnum(c) || c == '?')
			buf_add_char(&word, (char)c);
		else if (c != ' ' && c != '-' && c != '_')
			break;
		str_take(&s, 1);
	}
	near = c == ':' && is_slip(buf_str(&word), letters);
	buf_drop(&word);
	return near;
}

bool
sendas_like(struct str text)
{
	struct buf skeleton;
	struct str rest;
	int before, sign;
	bool like;

	buf_init(&skeleton, text.len + 1);
	add_skeleton(&skeleton, text);
	like = false;
	before = ' ';
	for (rest = buf_str(&skeleton); rest.len > 0 && !like; ) {
		like = is_like(rest, before);
		sign = str_at(str_take(&rest, 1), 0);
		like = like || (sign == '[' && is_near(rest));
		/* a space behind a bracket does not count */
		if (sign != ' ' || (before != '[' && before != '('))
			before = sign;
	}
	buf_drop(&skeleton);
	return like;
}

enum sendas_result
sendas_take(struct sendas *tag, struct str subject,
	const struct domains *domains, struct str domain, struct buf *rest)
{
	struct str inside;

	while (subject.len > 0) {
		if (rest->len == 0)
			skip_spaces(&subject);
		inside = subject;
		if (!skip_opening(&inside)) {
			add_single(rest, str_at(str_take(&subject, 1), 0));
			continue;
		}
		tag->why = tag->leading && rest->len > 0 ? LATER :
		    take_tag(tag, &inside, domains, domain);
		if (tag->why != NULL)
			return SENDAS_BAD;
		add_single(rest, ' ');
		subject = inside;
	}
	if (rest->len > 0 && rest->at[rest->len - 1] == ' ')
		buf_cut(rest, rest->len - 1);
	if (tag->leading && sendas_like(buf_str(rest))) {
		tag->why = LATER;
		return SENDAS_BAD;
	}
	return tag->mailbox.len > 0 ? SENDAS_FOUND : SENDAS_NONE;
}
