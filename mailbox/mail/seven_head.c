/*
 * Reads of a part's header what it says of the body (RFC 2045 sections 5 and
 * 6), and writes it anew with another encoding. Where two readers could read
 * it differently it is left alone, and so is its body.
 */
#include "mail/seven_part.h"

#include "mail/head.h"

enum encoding {
	ENCODING_NONE,		/* not said, or 7bit */
	ENCODING_8BIT,
	ENCODING_BINARY,
	ENCODING_OTHER
};

/* The fields that count. */
struct fields {
	struct str type;
	struct str encoding;
	unsigned type_count;
	unsigned encoding_count;
};

/* RFC 2045 section 5.1 */
static struct str
take_token(struct str *s)
{
	size_t len;
	int c;

	for (len = 0;; len++) {
		c = str_at(*s, len);
		if (c <= ' ' || c > '~' || str_find(STR("()<>@,;:\\\"/[]?="),
		    0, (char)c) != STR_NONE)
			return str_take(s, len);
	}
}

/* Whether all line ends are CRLF, the last one too, and there is no NUL. */
static bool
lines_are_sound(struct str head)
{
	size_t end;

	while (head.len > 0) {
		end = str_find_break(head, 0);
		if (str_at(head, end) != '\r' || str_at(head, end + 1) != '\n')
			return false;
		str_take(&head, end + 2);
	}
	return true;
}

/* Find the fields; false when a line is none, or one of them comes twice. */
static bool
fields_find(struct fields *fields, struct str head)
{
	struct head_field field;
	size_t before = head.len;

	*fields = (struct fields){ .type = STR(""), .encoding = STR("") };
	if (!lines_are_sound(head))
		return false;
	while (head_next(&head, &field)) {
		if (field.whole.len != before - head.len ||
		    str_at(field.whole, field.name.len) != ':')
			return false;
		before = head.len;
		if (str_same(field.name, STR("Content-Type"))) {
			fields->type = field.value;
			fields->type_count++;
		} else if (str_same(field.name,
		    STR("Content-Transfer-Encoding"))) {
			fields->encoding = field.value;
			fields->encoding_count++;
		}
	}
	return before == 2 && head.len == 0 && fields->type_count <= 1 &&
	    fields->encoding_count <= 1;
}

static enum encoding
encoding_read(const struct fields *fields)
{
	struct str value = fields->encoding, word;

	if (fields->encoding_count == 0)
		return ENCODING_NONE;
	if (!head_skip_space(&value, NULL))
		return ENCODING_OTHER;
	word = take_token(&value);
	if (!head_skip_space(&value, NULL) || value.len > 0)
		return ENCODING_OTHER;
	if (str_same(word, STR("7bit")))
		return ENCODING_NONE;
	if (str_same(word, STR("8bit")))
		return ENCODING_8BIT;
	return str_same(word, STR("binary")) ? ENCODING_BINARY :
	    ENCODING_OTHER;
}

/* Cut the value of a parameter off *s; false when it cannot be read. */
static bool
take_value(struct str *s, struct buf *value)
{
	size_t len;
	int c;

	buf_clear(value);
	if (str_at(*s, 0) == '"') {
		len = head_closed_span(*s, '"');
		head_unquote(value, str_take(s, len));
		return len > 0 && !value->full;
	}
	for (len = 0;; len++) {
		c = str_at(*s, len);
		if (c <= ' ' || c == ';')
			break;
		/* these say different things to different readers */
		if (str_find(STR("\"()\\,"), 0, (char)c) != STR_NONE)
			return false;
	}
	buf_add(value, str_take(s, len));
	return len > 0 && !value->full;
}

/* RFC 2046 section 5.1.1, and whatever else is printable. */
static bool
boundary_is_fit(struct str boundary)
{
	size_t i;

	for (i = 0; i < boundary.len; i++)
		if (str_at(boundary, i) < ' ' || str_at(boundary, i) > '~')
			return false;
	return boundary.len > 0 && !str_ends(boundary, STR(" "));
}

/* Find the boundary among the parameters; false unless it is just one. */
static bool
boundary_find(struct str params, struct buf *boundary)
{
	struct buf value;
	struct str name;
	bool good = true, found = false;

	buf_init(&value, params.len);
	while (good && params.len > 0) {
		good = str_skip(&params, ';') &&
		    head_skip_space(&params, NULL);
		if (!good || params.len == 0 || str_at(params, 0) == ';')
			continue;
		name = take_token(&params);
		good = name.len > 0 && head_skip_space(&params, NULL) &&
		    str_skip(&params, '=') && head_skip_space(&params, NULL) &&
		    take_value(&params, &value) &&
		    head_skip_space(&params, NULL);
		if (str_same(name, STR("boundary"))) {
			good = good && !found;
			found = true;
			buf_clear(boundary);
			buf_add(boundary, buf_str(&value));
		} else if (str_skip_word(&name, STR("boundary*")))
			good = false;	/* RFC 2231 */
	}
	buf_drop(&value);
	return good && found && !boundary->full &&
	    boundary_is_fit(buf_str(boundary));
}

/* What stands in a multipart; false when it is not to be looked into. */
static bool
multipart_read(struct seven_plan *plan, struct str subtype, struct str params)
{
	/* RFC 1847: not a byte may change below these. */
	if (str_same(subtype, STR("signed")) ||
	    str_same(subtype, STR("encrypted")))
		return false;
	plan->kind = SEVEN_MULTIPART;
	plan->digest = str_same(subtype, STR("digest"));
	return boundary_find(params, &plan->boundary);
}

/* The same for a message/SUBTYPE. */
static bool
message_read(struct seven_plan *plan, struct str subtype)
{
	/* RFC 6532 section 3.7: only these may be encoded. */
	if (str_skip_word(&subtype, STR("global")))
		return true;
	plan->kind = SEVEN_MESSAGE;
	return str_same(subtype, STR("rfc822"));
}

/* What the type makes of the body; false when it is to be left alone. */
static bool
type_read(struct seven_plan *plan, struct str value)
{
	struct str type, subtype;

	if (!head_skip_space(&value, NULL))
		return false;
	if (value.len == 0)
		return true;
	type = take_token(&value);
	if (type.len == 0 || !head_skip_space(&value, NULL))
		return false;
	if (!str_same(type, STR("multipart")) &&
	    !str_same(type, STR("message")))
		return value.len == 0 || str_at(value, 0) == '/';
	if (!str_skip(&value, '/') || !head_skip_space(&value, NULL))
		return false;
	subtype = take_token(&value);
	if (!head_skip_space(&value, NULL))
		return false;
	return str_same(type, STR("message")) ? message_read(plan, subtype) :
	    multipart_read(plan, subtype, value);
}

/* Choose the encoding of what is labelled with one that must not be. */
static void
encoding_choose(struct seven_plan *plan, enum encoding encoding)
{
	if (encoding != ENCODING_8BIT && encoding != ENCODING_BINARY)
		return;
	if (plan->kind != SEVEN_LEAF) {
		plan->encoding = "7bit";
	} else if (encoding == ENCODING_8BIT) {
		plan->coding = SEVEN_QUOTED;
		plan->encoding = "quoted-printable";
	} else {
		plan->coding = SEVEN_BASE64;
		plan->encoding = "base64";
	}
}

void
seven_head_keep(struct seven_plan *plan)
{
	plan->kind = SEVEN_LEAF;
	plan->coding = SEVEN_AS_IS;
	plan->encoding = NULL;
}

void
seven_head_read(struct seven_plan *plan, struct str head, bool digest)
{
	enum encoding encoding;
	struct fields fields;
	bool good;

	seven_head_keep(plan);
	good = fields_find(&fields, head);
	encoding = encoding_read(&fields);
	if (good && fields.type_count > 0)
		good = type_read(plan, fields.type);
	else if (digest)
		plan->kind = SEVEN_MESSAGE;
	if (good && (plan->kind == SEVEN_LEAF || encoding != ENCODING_OTHER))
		encoding_choose(plan, encoding);
	else
		seven_head_keep(plan);
}

void
seven_head_write(const struct seven_plan *plan, struct str head,
	struct buf *out)
{
	struct head_field field;
	struct str rest = head;

	while (plan->encoding != NULL && head_next(&rest, &field)) {
		if (str_same(field.name, STR("Content-Transfer-Encoding")))
			buf_add_format(out,
			    "Content-Transfer-Encoding: %s\r\n",
			    plan->encoding);
		else
			buf_add(out, field.whole);
		head = rest;
	}
	buf_add(out, head);
}
