/* How numbers and texts lie in a summary. */
#include "mail/summary_part.h"

void
summary_add_number(struct buf *out, uint64_t number)
{
	for (; number > 127; number >>= 7)
		buf_add_char(out, (char)(unsigned char)(number | 128));
	buf_add_char(out, (char)(unsigned char)number);
}

bool
summary_take_number(struct str *rest, uint64_t *number)
{
	unsigned shift;
	int c;

	*number = 0;
	for (shift = 0; shift < 64; shift += 7) {
		c = str_at(str_take(rest, 1), 0);
		if (c < 0)
			return false;
		*number |= (uint64_t)(c & 127) << shift;
		if (c < 128)
			return true;
	}
	return false;
}

/* The sign is the lowest bit, so that small ones stay short. */
void
summary_add_signed(struct buf *out, int64_t number)
{
	uint64_t bits;

	bits = (uint64_t)number << 1;
	summary_add_number(out, number < 0 ? ~bits : bits);
}

bool
summary_take_signed(struct str *rest, int64_t *number)
{
	uint64_t bits;

	if (!summary_take_number(rest, &bits))
		return false;
	*number = (int64_t)(bits >> 1);
	if (bits & 1)
		*number = -*number - 1;
	return true;
}

void
summary_add_text(struct buf *out, struct str text)
{
	summary_add_number(out, text.len);
	buf_add(out, text);
}

bool
summary_take_text(struct str *rest, struct str *text)
{
	uint64_t len;

	if (!summary_take_number(rest, &len) || len > rest->len)
		return false;
	*text = str_take(rest, (size_t)len);
	return true;
}
