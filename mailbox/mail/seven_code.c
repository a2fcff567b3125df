/*
 * Quoted-printable (RFC 2045 section 6.7) and base64 (section 6.8) of a body
 * that comes in pieces. Only CRLF is a line end; a CR or LF alone is a byte
 * like any other. A line of quoted-printable that begins in the middle of one
 * of the text never begins with "-", so that no delimiter comes to be.
 */
#include "mail/seven_part.h"

#include "base/codec.h"

#define COLUMNS 75		/* beside the "=" that ends a soft line */

void
seven_code_begin(struct seven_coder *c, enum seven_coding coding)
{
	const bool has_8bit = c->has_8bit;

	*c = (struct seven_coder){ .coding = coding, .has_8bit = has_8bit };
}

static void
add_code(struct seven_coder *c, int byte, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";

	if (c->column + 3 > COLUMNS) {
		buf_add_text(out, "=\r\n");
		c->column = 0;
	}
	buf_add_char(out, '=');
	buf_add_char(out, digits[byte >> 4]);
	buf_add_char(out, digits[byte & 15]);
	c->column += 3;
}

static void
add_plain(struct seven_coder *c, int byte, struct buf *out)
{
	if (c->column + 1 > COLUMNS) {
		buf_add_text(out, "=\r\n");
		c->column = 0;
		if (byte == '-') {
			add_code(c, byte, out);
			return;
		}
	}
	buf_add_char(out, (char)byte);
	c->column++;
}

/* A line ends: white space before it would be lost on the way. */
static void
quoted_line_end(struct seven_coder *c, struct buf *out)
{
	if (c->space != '\0')
		add_code(c, c->space, out);
	c->space = '\0';
	buf_add_text(out, "\r\n");
	c->column = 0;
}

/* Give out what was held: it stands within a line. */
static void
quoted_release(struct seven_coder *c, struct buf *out)
{
	if (c->space != '\0')
		add_plain(c, c->space, out);
	c->space = '\0';
	if (c->cr)
		add_code(c, '\r', out);
	c->cr = false;
}

static void
quoted_byte(struct seven_coder *c, int byte, struct buf *out)
{
	if (c->cr && byte == '\n') {
		c->cr = false;
		quoted_line_end(c, out);
		return;
	}
	if (byte == '\r' && !c->cr) {
		c->cr = true;
		return;
	}
	quoted_release(c, out);
	if (byte == '\r')
		c->cr = true;
	else if (byte == ' ' || byte == '\t')
		c->space = (char)byte;
	else if (byte > ' ' && byte <= '~' && byte != '=')
		add_plain(c, byte, out);
	else
		add_code(c, byte, out);
}

static void
base64_line(struct seven_coder *c, struct buf *out)
{
	if (c->begun)
		buf_add_text(out, "\r\n");
	base64_encode(out, str_from(c->raw, c->raw_len));
	c->begun = true;
	c->raw_len = 0;
}

static void
base64_put(struct seven_coder *c, int byte, struct buf *out)
{
	if (c->raw_len == SEVEN_RAW)
		base64_line(c, out);
	c->raw[c->raw_len++] = (char)(unsigned char)byte;
}

/* Put what was held. */
static void
base64_release(struct seven_coder *c, struct buf *out)
{
	if (c->cr || c->line_end)
		base64_put(c, '\r', out);
	if (c->line_end)
		base64_put(c, '\n', out);
	c->cr = c->line_end = false;
}

static void
base64_byte(struct seven_coder *c, int byte, struct buf *out)
{
	if (c->cr && byte == '\n') {
		c->cr = false;
		c->line_end = true;
		return;
	}
	base64_release(c, out);
	if (byte == '\r')
		c->cr = true;
	else
		base64_put(c, byte, out);
}

void
seven_code(struct seven_coder *c, struct str bytes, struct buf *out)
{
	size_t i;

	switch (c->coding) {
	case SEVEN_AS_IS:
		c->has_8bit = c->has_8bit || !str_is_ascii(bytes);
		buf_add(out, bytes);
		break;
	case SEVEN_QUOTED:
		for (i = 0; i < bytes.len; i++)
			quoted_byte(c, str_at(bytes, i), out);
		break;
	case SEVEN_BASE64:
		for (i = 0; i < bytes.len; i++)
			base64_byte(c, str_at(bytes, i), out);
		break;
	}
}

static void
base64_end(struct seven_coder *c, bool delimited, struct buf *out)
{
	const bool line_end = delimited && c->line_end;

	if (line_end)
		c->line_end = false;
	base64_release(c, out);
	if (c->raw_len > 0)
		base64_line(c, out);
	if (line_end || (!delimited && c->begun))
		buf_add_text(out, "\r\n");
}

void
seven_code_end(struct seven_coder *c, bool delimited, struct buf *out)
{
	switch (c->coding) {
	case SEVEN_AS_IS:
		break;
	case SEVEN_QUOTED:
		if (c->space != '\0' && !c->cr) {
			add_code(c, c->space, out);
			c->space = '\0';
		}
		quoted_release(c, out);
		break;
	case SEVEN_BASE64:
		base64_end(c, delimited, out);
		break;
	}
}
