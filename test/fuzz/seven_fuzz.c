/*
 * The converter to 7-bit text: what it makes of a message reads, decoded, as
 * the message does; it does not depend on how the body is cut; nothing is left
 * to be done for a second time; and what it says of 8-bit text is true. The
 * first byte of the input chooses the cut.
 */
#include "mail/head.h"
#include "mail/seven.h"

#include "base/codec.h"

#define OUT_MAX (1 << 24)
#define LEVELS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Convert, the body in steps. */
static void
convert(struct buf *out, struct str message, size_t step)
{
	size_t end = str_find_str(message, STR("\r\n\r\n")), before;
	struct seven *s;
	struct str part;

	buf_init(out, OUT_MAX);
	end = str_starts(message, STR("\r\n")) ? 2 :
	    end == STR_NONE ? message.len : end + 4;
	s = seven_new(str_take(&message, end), out);
	do {
		part = str_take(&message, step);
		before = out->len;
		seven_feed(s, part, message.len == 0, out);
		must(out->len - before <= 4 * part.len + SEVEN_HEAD_MAX);
	} while (message.len > 0);
	must(!out->full);
	must(seven_has_8bit(s) == !str_is_ascii(buf_str(out)));
	seven_drop(s);
}

/* A reader of messages, line by line, that shares nothing with it. */
struct reader {
	struct buf *out;
	struct buf head, body;
	struct buf boundaries[LEVELS_MAX];
	bool digests[LEVELS_MAX];
	size_t depth;
	bool in_head, digest, overflow;
	enum { PLAIN, QUOTED, BASE64 } coding;
};

static int
hex_value(int c)
{
	c = char_lower(c);
	return char_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : -1;
}

static void
read_quoted(struct buf *out, struct str text)
{
	int high, low;

	while (text.len > 0) {
		high = hex_value(str_at(text, 1));
		low = hex_value(str_at(text, 2));
		if (str_starts(text, STR("=\r\n")))
			str_take(&text, 3);
		else if (str_at(text, 0) == '=' && high >= 0 && low >= 0) {
			buf_add_char(out, (char)(unsigned char)(
			    high * 16 + low));
			str_take(&text, 3);
		} else
			buf_add(out, str_take(&text, 1));
	}
}

static void
read_base64(struct buf *out, struct str text)
{
	struct buf packed;
	size_t i;

	buf_init(&packed, text.len);
	for (i = 0; i < text.len; i++)
		if (str_at(text, i) > ' ')
			buf_add(&packed, str_part(text, i, 1));
	base64_decode(out, buf_str(&packed));
	buf_drop(&packed);
}

/* Without comments and white space; false when something is not closed. */
static bool
pack(struct buf *out, struct str value)
{
	size_t depth = 0;
	bool quoted = false;
	int c;

	while (value.len > 0) {
		c = str_at(str_take(&value, 1), 0);
		if (c == '\\' && (quoted || depth > 0)) {
			c = str_at(str_take(&value, 1), 0);
			if (quoted)
				buf_add_char(out, (char)c);
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
			/* a sign that stands nowhere else */
			buf_add_char(out, '\n');
		} else if (!quoted && c == '(') {
			depth++;
		} else if (!quoted && c == ')' && depth > 0) {
			depth--;
		} else if (c != '\r' && c != '\n' && depth == 0 &&
		    (quoted || (c != ' ' && c != '\t')))
			buf_add_char(out, (char)c);
	}
	return !quoted && depth == 0;
}

/* Find the boundary in a packed type; empty if there is none. */
static struct str
find_boundary(struct str type)
{
	struct str value;
	size_t i;
	bool quoted = false;

	for (i = 0; i < type.len; i++) {
		if (str_at(type, i) == '\n')
			quoted = !quoted;
		if (quoted || str_at(type, i) != ';')
			continue;
		value = str_part(type, i + 1, type.len);
		if (!str_skip_word(&value, STR("boundary=")))
			continue;
		quoted = str_skip(&value, '\n');
		i = str_find(value, 0, quoted ? '\n' : ';');
		return str_part(value, 0, i == STR_NONE ? value.len : i);
	}
	return STR("");
}

static void
push(struct reader *r, struct str boundary, bool digest)
{
	size_t i;

	for (i = 0; i < r->depth; i++)
		if (str_equal(buf_str(&r->boundaries[i]), boundary))
			return;
	if (r->depth == LEVELS_MAX) {
		r->overflow = true;
		return;
	}
	r->digests[r->depth] = digest;
	buf_init(&r->boundaries[r->depth], boundary.len);
	buf_add(&r->boundaries[r->depth++], boundary);
}

/* The header is whole: note its fields, and what follows. */
static void
end_head(struct reader *r)
{
	struct head_field field;
	struct str block = buf_str(&r->head), kind, boundary;
	struct buf type, encoding;
	bool typed = false;

	buf_init(&type, r->head.len);
	buf_init(&encoding, r->head.len);
	while (head_next(&block, &field)) {
		if (str_same(field.name, STR("Content-Transfer-Encoding")))
			pack(&encoding, field.value);
		else
			buf_add(r->out, field.whole);
		if (str_same(field.name, STR("Content-Type"))) {
			typed = true;
			pack(&type, field.value);
		}
	}
	buf_add_text(r->out, "|");
	kind = buf_str(&type);
	r->coding = str_same(buf_str(&encoding), STR("quoted-printable")) ?
	    QUOTED : str_same(buf_str(&encoding), STR("base64")) ? BASE64 :
	    PLAIN;
	r->in_head = false;
	if (str_skip_word(&kind, STR("multipart/"))) {
		r->coding = PLAIN;
		boundary = find_boundary(kind);
		if (boundary.len > 0 && !str_skip_word(&kind, STR("signed;")) &&
		    !str_skip_word(&kind, STR("encrypted;")))
			push(r, boundary, str_skip_word(&kind, STR("digest;")));
	} else if ((r->digest && !typed) ||
	    (str_skip_word(&kind, STR("message/rfc822")) &&
	    (kind.len == 0 || str_at(kind, 0) == ';')))
		r->in_head = r->coding == PLAIN;
	r->digest = false;
	buf_clear(&r->head);
	buf_drop(&type);
	buf_drop(&encoding);
}

static void
end_part(struct reader *r, bool delimited)
{
	struct str body = buf_str(&r->body);
	bool line_end = delimited && str_ends(body, STR("\r\n"));

	if (line_end)
		body.len -= 2;
	buf_add(r->out, buf_str(&r->head));
	switch (r->coding) {
	case PLAIN:
		buf_add(r->out, body);
		break;
	case QUOTED:
		read_quoted(r->out, body);
		break;
	case BASE64:
		read_base64(r->out, body);
		break;
	}
	buf_add_text(r->out, line_end ? "\n|" : "|");
	buf_clear(&r->head);
	buf_clear(&r->body);
}

/* Go on behind a delimiter; false when the line is none. */
static bool
delimit(struct reader *r, struct str line)
{
	struct str boundary;
	size_t i;
	bool closing;

	if (!str_skip_word(&line, STR("--")))
		return false;
	while (str_ends(line, STR(" ")) || str_ends(line, STR("\t")))
		line.len--;
	for (i = r->depth; i-- > 0;) {
		boundary = buf_str(&r->boundaries[i]);
		closing = str_ends(line, STR("--")) &&
		    line.len == boundary.len + 2;
		if (!str_starts(line, boundary) ||
		    (!closing && line.len != boundary.len))
			continue;
		end_part(r, true);
		r->in_head = !closing;
		r->digest = r->digests[i];
		r->coding = PLAIN;
		while (r->depth > i + 1 - closing)
			buf_drop(&r->boundaries[--r->depth]);
		return true;
	}
	return false;
}

/* Add what a message says; false when it cannot be told. */
static bool
read_message(struct buf *out, struct str message)
{
	struct reader r = { .out = out, .in_head = true };
	struct str line;
	size_t end;

	buf_init(out, OUT_MAX);
	buf_init(&r.head, OUT_MAX);
	buf_init(&r.body, OUT_MAX);
	while (message.len > 0) {
		end = str_find_str(message, STR("\r\n"));
		line = str_part(message, 0, end == STR_NONE ? message.len :
		    end);
		message = str_part(message, line.len, message.len);
		if (delimit(&r, line)) {
			buf_add(out, line);
			buf_add(out, str_take(&message, 2));
			continue;
		}
		buf_add(r.in_head ? &r.head : &r.body, line);
		buf_add(r.in_head ? &r.head : &r.body,
		    str_take(&message, 2));
		if (r.in_head && line.len == 0)
			end_head(&r);
	}
	end_part(&r, false);
	buf_drop(&r.head);
	buf_drop(&r.body);
	while (r.depth > 0)
		buf_drop(&r.boundaries[--r.depth]);
	return !r.overflow && !out->full;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut, again, before, after;
	struct str message;

	if (size < 1)
		return 0;
	message = str_from(data + 1, size - 1);
	convert(&whole, message, size);
	convert(&cut, message, data[0] + 1u);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	convert(&again, buf_str(&whole), size);
	must(str_equal(buf_str(&whole), buf_str(&again)));
	if (read_message(&before, message) &&
	    read_message(&after, buf_str(&whole)))
		must(str_equal(buf_str(&before), buf_str(&after)));
	buf_drop(&whole);
	buf_drop(&cut);
	buf_drop(&again);
	buf_drop(&before);
	buf_drop(&after);
	return 0;
}
