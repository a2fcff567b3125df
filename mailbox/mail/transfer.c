/*
 * Quoted-printable and base64 as they come. A line of quoted-printable is
 * taken in runs: up to the next "=" or line end, white space before a line end
 * left out (RFC 2045 section 6.7 (3)). What cannot be judged yet is held:
 * white space and a CR in space, the beginning of "=XX" in held.
 */
#include "mail/transfer.h"

#define NO 128	/* no letter of base64 */

/* What the letters of base64 stand for. */
static const unsigned char letters[128] = {
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
	NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO
};

void
transfer_begin(struct transfer *t, enum mime_encoding encoding)
{
	t->encoding = encoding;
	t->held_len = 0;
	t->space.max = TRANSFER_SPACE_MAX;
	buf_clear(&t->space);
}

void
transfer_drop(struct transfer *t)
{
	buf_drop(&t->space);
}

int
transfer_hex(int c)
{
	c = char_lower(c);
	if (char_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
transfer_base64(int c)
{
	if (c < 0 || c > 127 || letters[c] == NO)
		return -1;
	return letters[c];
}

static void
add_held_space(struct transfer *t, struct buf *out)
{
	buf_add(out, buf_str(&t->space));
	buf_clear(&t->space);
}

/* Give out the beginning of what turned out to be no "=XX". */
static void
add_held(struct transfer *t, struct buf *out)
{
	buf_add(out, str_from(t->held, t->held_len));
	t->held_len = 0;
	add_held_space(t, out);
}

/* Where white space, and the CR behind it, begins at the end of run. */
static size_t
tail_start(struct str run)
{
	size_t len;

	len = run.len;
	if (len > 0 && str_at(run, len - 1) == '\r')
		len--;
	while (len > 0 && (str_at(run, len - 1) == ' ' ||
	    str_at(run, len - 1) == '\t'))
		len--;
	return len;
}

/*
 * Look at c, behind white space that is held.
 *
 * Returns:  false when it is no part of what is held; nothing is held then.
 */
static bool
space_takes(struct transfer *t, int c, struct buf *out)
{
	bool cr;

	cr = str_at(buf_str(&t->space), t->space.len - 1) == '\r';
	if (c == '\n') {
		buf_clear(&t->space);
		buf_add_text(out, cr ? "\r\n" : "\n");
		return true;
	}
	if (!cr && (c == ' ' || c == '\t' || c == '\r') &&
	    t->space.len < TRANSFER_SPACE_MAX) {
		buf_add_char(&t->space, (char)c);
		return true;
	}
	add_held_space(t, out);
	return false;
}

/*
 * Look at c, behind "=" or "=X".
 *
 * Returns:  false when it is no part of what is held; nothing is held then.
 */
static bool
held_takes(struct transfer *t, int c, struct buf *out)
{
	int value;

	value = transfer_hex(c);
	if (value >= 0 && t->space.len == 0) {
		t->held[t->held_len++] = (unsigned char)c;
		if (t->held_len < 3)
			return true;
		value |= transfer_hex(t->held[1]) << 4;
		buf_add_char(out, (char)(unsigned char)value);
		t->held_len = 0;
		return true;
	}
	if (t->held_len == 1 && c == '\n') {
		/* a soft line break */
		t->held_len = 0;
		buf_clear(&t->space);
		return true;
	}
	if (t->held_len == 1 && (c == ' ' || c == '\t' || c == '\r') &&
	    t->space.len < TRANSFER_SPACE_MAX) {
		buf_add_char(&t->space, (char)c);
		return true;
	}
	add_held(t, out);
	return false;
}

/* Where the first "=" or line end of s stands, or its end. */
static size_t
run_end(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.at[i] == '=' || s.at[i] == '\n')
			break;
	return i;
}

/* Nothing is held: take octets up to and with the next "=" or line end. */
static void
quoted_run(struct transfer *t, struct str *octets, struct buf *out)
{
	struct str run, stop;
	size_t tail;

	run = str_take(octets, run_end(*octets));
	stop = str_take(octets, 1);
	if (str_at(stop, 0) == '=') {
		buf_add(out, run);
		t->held[t->held_len++] = '=';
		return;
	}
	tail = tail_start(run);
	if (stop.len == 0 && run.len - tail > TRANSFER_SPACE_MAX)
		tail = run.len;
	buf_add(out, str_part(run, 0, tail));
	if (stop.len == 0)
		buf_add(&t->space, str_part(run, tail, run.len));
	else
		buf_add_text(out, str_ends(run, STR("\r")) ? "\r\n" : "\n");
}

static void
quoted_feed(struct transfer *t, struct str octets, struct buf *out)
{
	bool taken;

	while (octets.len > 0) {
		taken = false;
		if (t->held_len > 0)
			taken = held_takes(t, str_at(octets, 0), out);
		else if (t->space.len > 0)
			taken = space_takes(t, str_at(octets, 0), out);
		if (taken)
			str_take(&octets, 1);
		else
			quoted_run(t, &octets, out);
	}
}

/* Add the octets of count letters, 2 to 4. */
static char *
put_group(char *to, const unsigned char *held, size_t count)
{
	*to++ = (char)(unsigned char)(held[0] << 2 | held[1] >> 4);
	if (count > 2)
		*to++ = (char)(unsigned char)(held[1] << 4 | held[2] >> 2);
	if (count > 3)
		*to++ = (char)(unsigned char)(held[2] << 6 | held[3]);
	return to;
}

/* Whole groups at the front of s; returns how many letters they have. */
static size_t
base64_groups(char **to, struct str s)
{
	unsigned char held[4];
	size_t i, k;
	unsigned all;

	for (i = 0; s.len - i >= 4; i += 4) {
		all = 0;
		for (k = 0; k < 4; k++) {
			all |= (unsigned char)s.at[i + k];
			held[k] = letters[s.at[i + k] & 127];
		}
		if (((all | held[0] | held[1] | held[2] | held[3]) & NO) != 0)
			break;
		*to = put_group(*to, held, 4);
	}
	return i;
}

static void
base64_feed(struct transfer *t, struct str octets, struct buf *out)
{
	char *to, *from;
	int value;

	to = from = buf_space(out, octets.len / 4 * 3 + 6);
	if (to == NULL)
		return;
	while (octets.len > 0) {
		if (t->held_len == 0)
			str_take(&octets, base64_groups(&to, octets));
		value = transfer_base64(str_at(octets, 0));
		if (value >= 0)
			t->held[t->held_len++] = (unsigned char)value;
		if (t->held_len == 4 || str_at(octets, 0) == '=') {
			if (t->held_len > 1)
				to = put_group(to, t->held, t->held_len);
			t->held_len = 0;
		}
		str_take(&octets, 1);
	}
	buf_grew(out, (size_t)(to - from));
}

void
transfer_feed(struct transfer *t, struct str octets, struct buf *out)
{
	switch (t->encoding) {
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
	case MIME_UNKNOWN:
		buf_add(out, octets);
		return;
	case MIME_QUOTED_PRINTABLE:
		quoted_feed(t, octets, out);
		return;
	case MIME_BASE64:
		base64_feed(t, octets, out);
		return;
	}
}

void
transfer_end(struct transfer *t, struct buf *out)
{
	char group[3];

	if (t->encoding == MIME_BASE64) {
		if (t->held_len > 1)
			buf_add(out, str_from(group, (size_t)(put_group(group,
			    t->held, t->held_len) - group)));
	} else if (t->held_len == 2)
		buf_add(out, str_from(t->held, 2));
	else if (t->held_len == 0 && str_ends(buf_str(&t->space), STR("\r")))
		buf_add_char(out, '\r');
	transfer_begin(t, t->encoding);
}
