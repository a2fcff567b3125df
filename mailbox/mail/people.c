/*
 * Reads address lists by the grammar of RFC 5322 sections 3.4 and 4.4 with
 * the UTF-8 of RFC 6532. A mailbox is read twice: once to find the sign that
 * tells what it is, then part by part. Comments nest, so their depth is
 * counted; nothing else does.
 */
#include "mail/people.h"

#include "mail/head.h"
#include "mail/word.h"

#define RAW_MAX (4 * PERSON_TEXT_MAX)	/* octets before they are decoded */
#define ODD "an address is not well-formed"

enum token_kind {
	TOKEN_END,
	TOKEN_ATOM,
	TOKEN_QUOTED,
	TOKEN_LITERAL,
	TOKEN_SIGN,
	TOKEN_BAD
};

struct token {
	enum token_kind kind;
	struct str text;	/* with its quotes or brackets */
	int sign;		/* of TOKEN_SIGN */
	bool spaced;		/* white space or a comment before it */
};

void
person_init(struct person *person)
{
	*person = (struct person){ .grouped = false };
	buf_init(&person->name, RAW_MAX);
	buf_init(&person->comment, RAW_MAX);
	buf_init(&person->mailbox, ADDR_PATH_MAX);
}

void
person_drop(struct person *person)
{
	buf_drop(&person->name);
	buf_drop(&person->comment);
	buf_drop(&person->mailbox);
}

/* RFC 5322 section 3.2.3, and RFC 6532 section 3.2. */
static bool
is_atext(int c)
{
	return char_is_alnum(c) || c > 127 ||
	    str_find(STR("!#$%&'*+-/=?^_`{|}~"), 0, (char)c) != STR_NONE;
}

static size_t
atom_span(struct str s)
{
	size_t len;

	len = str_starts(s, STR("=?")) ? word_span(s) : 0;
	while (is_atext(str_at(s, len)))
		len++;
	return len;
}

/* Cut the next token off *s. */
static void
take_token(struct str *s, struct buf *comment, struct token *token)
{
	size_t before, len;

	before = s->len;
	*token = (struct token){ .kind = TOKEN_BAD, .text = STR("") };
	if (!head_skip_space(s, comment))
		return;
	token->spaced = s->len < before;
	token->sign = str_at(*s, 0);
	if (token->sign < 0) {
		token->kind = TOKEN_END;
		return;
	}
	if (token->sign == '"' || token->sign == '[') {
		len = head_closed_span(*s, token->sign == '"' ? '"' : ']');
		if (len > 0)
			token->kind = token->sign == '"' ? TOKEN_QUOTED :
			    TOKEN_LITERAL;
	} else {
		len = atom_span(*s);
		token->kind = len > 0 ? TOKEN_ATOM : TOKEN_SIGN;
		if (len == 0)
			len = 1;
	}
	token->text = str_take(s, len);
}

/* Make raw text what is read of it: words decoded, runs of spaces one. */
static void
tidy(struct buf *text)
{
	struct buf decoded;
	struct str s;
	size_t i;

	buf_init(&decoded, PERSON_TEXT_MAX);
	word_decode(&decoded, buf_str(text));
	text->full = text->full || decoded.full;
	if (!text->full)
		buf_clear(text);
	s = str_trim(buf_str(&decoded));
	for (i = 0; i < s.len; i++)
		if (str_at(s, i) != ' ' || str_at(s, i + 1) != ' ')
			buf_add(text, str_part(s, i, 1));
	buf_drop(&decoded);
}

/* Read a phrase, obsolete ones with dots included, into person->name. */
static void
read_name(struct person *person, struct str phrase)
{
	struct token token;

	for (;;) {
		take_token(&phrase, &person->comment, &token);
		if (token.kind == TOKEN_END || token.kind == TOKEN_BAD)
			break;
		if (token.spaced && person->name.len > 0)
			buf_add_char(&person->name, ' ');
		if (token.kind == TOKEN_QUOTED)
			head_unquote(&person->name, token.text);
		else
			buf_add(&person->name, token.text);
	}
	tidy(&person->name);
}

/* Add what a local part stands for, between quotes. */
static void
add_quoted(struct buf *out, struct str plain)
{
	size_t i;

	buf_add_char(out, '"');
	for (i = 0; i < plain.len; i++) {
		if (str_at(plain, i) == '"' || str_at(plain, i) == '\\')
			buf_add_char(out, '\\');
		buf_add(out, str_part(plain, i, 1));
	}
	buf_add_char(out, '"');
}

/* Whether s is atoms with single dots between them. */
static bool
is_dot_atom(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!is_atext(str_at(s, i)) && (str_at(s, i) != '.' ||
		    i == 0 || !is_atext(str_at(s, i + 1))))
			return false;
	return s.len > 0;
}

/* Read words with single dots between them into person->mailbox. */
static bool
read_local(struct person *person, struct str text)
{
	struct token token;
	struct buf plain;
	bool word;

	buf_init(&plain, ADDR_LOCAL_MAX);
	word = false;
	for (;;) {
		take_token(&text, &person->comment, &token);
		if (token.kind == TOKEN_END)
			break;
		if (word ? token.sign != '.' : token.kind != TOKEN_ATOM &&
		    token.kind != TOKEN_QUOTED)
			break;
		word = !word;
		if (token.kind == TOKEN_QUOTED)
			head_unquote(&plain, token.text);
		else
			buf_add(&plain, token.text);
	}
	if (is_dot_atom(buf_str(&plain)))
		buf_add(&person->mailbox, buf_str(&plain));
	else
		add_quoted(&person->mailbox, buf_str(&plain));
	word = word && !plain.full && token.kind == TOKEN_END;
	buf_drop(&plain);
	return word;
}

/*
 * Read the domain at the front of *rest into person->mailbox, and the sign
 * behind it, 0 for the end, into *sign.
 */
static bool
read_domain(struct str *rest, struct person *person, int *sign)
{
	struct token token;
	bool word;

	buf_add_char(&person->mailbox, '@');
	word = false;
	for (;;) {
		take_token(rest, &person->comment, &token);
		*sign = token.kind == TOKEN_SIGN ? token.sign : 0;
		if (token.kind == TOKEN_END || (*sign != 0 && *sign != '.'))
			return word;
		if (word ? *sign != '.' : token.kind != TOKEN_ATOM &&
		    token.kind != TOKEN_LITERAL)
			return false;
		word = !word;
		buf_add(&person->mailbox, token.text);
	}
}

/*
 * Cut off *rest what stands before the next sign that is no dot.
 *
 * Returns:  the sign, 0 for the end, -1 when something is not closed.
 */
static int
take_part(struct str *rest, struct str *part, bool *empty)
{
	struct token token;
	struct str from;

	from = *rest;
	*empty = true;
	for (;;) {
		take_token(rest, NULL, &token);
		*part = str_part(from, 0,
		    from.len - rest->len - token.text.len);
		if (token.kind == TOKEN_END)
			return 0;
		if (token.kind == TOKEN_BAD)
			return -1;
		if (token.kind == TOKEN_SIGN && token.sign != '.')
			return token.sign;
		*empty = false;
	}
}

/* Read "[@route:]local@domain>" and what must follow. */
static bool
read_angle(struct people *p, struct person *person, int *sign)
{
	struct str part;
	bool empty;
	int found;

	found = take_part(&p->rest, &part, &empty);
	if (found == '@' && empty) {
		/* RFC 5322 section 4.4, obs-route */
		while (found == '@' || found == ',')
			found = take_part(&p->rest, &part, &empty);
		if (found != ':')
			return false;
		found = take_part(&p->rest, &part, &empty);
	}
	if (found != '@' || !read_local(person, part) ||
	    !read_domain(&p->rest, person, sign) || *sign != '>')
		return false;
	*sign = take_part(&p->rest, &part, &empty);
	return empty && head_skip_space(&part, &person->comment);
}

/* Read the mailbox of which part is the front and sign what follows it. */
static enum people_result
read_mailbox(struct people *p, struct person *person, struct str part,
	int sign, const char **why)
{
	bool well;

	if (sign == '<') {
		read_name(person, part);
		well = read_angle(p, person, &sign);
	} else
		well = read_local(person, part) &&
		    read_domain(&p->rest, person, &sign);
	tidy(&person->comment);
	if (person->name.full || person->comment.full) {
		*why = "a name is too long";
		return PEOPLE_BAD;
	}
	*why = ODD;
	if (!well || person->mailbox.full || (sign != 0 && sign != ',' &&
	    (sign != ';' || !p->in_group)))
		return PEOPLE_BAD;
	person->grouped = p->in_group;
	if (sign == ';')
		p->in_group = false;
	if (addr_mailbox(buf_str(&person->mailbox), &person->addr, why) !=
	    ADDR_OK)
		return PEOPLE_BAD;
	return PEOPLE_ONE;
}

void
people_begin(struct people *p, struct str value)
{
	*p = (struct people){ .rest = value };
}

enum people_result
people_next(struct people *p, struct person *person, const char **why)
{
	struct str part;
	bool empty;
	int sign;

	buf_clear(&person->name);
	buf_clear(&person->comment);
	buf_clear(&person->mailbox);
	for (;;) {
		sign = take_part(&p->rest, &part, &empty);
		if (sign == '<' || (sign == '@' && !empty))
			break;
		*why = sign < 0 ? "a quote, bracket or comment is not closed" :
		    sign == 0 && !empty ? "an address has no @" : ODD;
		if (sign == 0 && empty && !p->in_group)
			return PEOPLE_END;
		if (sign == ':' && !empty && !p->in_group)
			p->in_group = true;
		else if (sign == ';' && empty && p->in_group)
			p->in_group = false;
		else if (sign != ',' || !empty)
			return PEOPLE_BAD;
	}
	if (++p->count > PEOPLE_MAX) {
		*why = "there are too many addresses";
		return PEOPLE_BAD;
	}
	return read_mailbox(p, person, part, sign, why);
}
