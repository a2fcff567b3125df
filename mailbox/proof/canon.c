/*
 * Relaxed canonicalisation. Of a body nothing is kept: what may yet turn out
 * not to count (white space, line ends) is remembered as a flag and a number,
 * and hashed when something follows that does. A CR or LF alone is a byte
 * like others, as it is to those who verify.
 */
#include "proof/canon.h"

void
canon_init(struct canon *c)
{
	*c = (struct canon){ .lines = 0 };
	crypto_sha256_init(&c->hash);
}

/*
 * How many bytes at the front of s stay as they are: no line end, and no
 * white space but a single SP with something behind it.
 */
static size_t
run_len(struct str s)
{
	size_t i;
	int next;

	for (i = 0; i < s.len; i++) {
		if (s.at[i] == '\r' || s.at[i] == '\t')
			break;
		if (s.at[i] != ' ')
			continue;
		next = str_at(s, i + 1);
		if (next == -1 || next == ' ' || next == '\t' || next == '\r')
			break;
	}
	return i;
}

/* Hash bytes that count, and what was held back before them. */
static void
count_in(struct canon *c, struct str run)
{
	if (run.len == 0)
		return;
	for (; c->lines > 0; c->lines--)
		crypto_sha256_add(&c->hash, STR("\r\n"));
	if (c->space)
		crypto_sha256_add(&c->hash, STR(" "));
	crypto_sha256_add(&c->hash, run);
	c->space = false;
	c->filled = true;
}

void
canon_feed(struct canon *c, struct str s)
{
	int next;

	while (s.len > 0) {
		if (c->seen_cr) {
			c->seen_cr = false;
			if (str_skip(&s, '\n')) {
				c->lines++;
				c->space = false;
			} else
				count_in(c, STR("\r"));
			continue;
		}
		/* a space in front may follow another that was held back */
		if (s.at[0] != ' ')
			count_in(c, str_take(&s, run_len(s)));
		next = str_at(str_take(&s, 1), 0);
		c->seen_cr = next == '\r';
		if (next == ' ' || next == '\t')
			c->space = true;
	}
}

void
canon_end(struct canon *c, unsigned char hash[SHA256_SIZE])
{
	if (c->seen_cr)
		count_in(c, STR("\r"));
	if (c->filled)
		crypto_sha256_add(&c->hash, STR("\r\n"));
	crypto_sha256_end(&c->hash, hash);
}

void
canon_field(struct buf *out, const struct head_field *field)
{
	bool space = false, begun = false;
	size_t i;
	char c;

	for (i = 0; i < field->name.len; i++)
		buf_add_char(out, (char)char_lower(field->name.at[i]));
	buf_add_char(out, ':');
	for (i = 0; i < field->value.len; i++) {
		c = field->value.at[i];
		if (c == '\r' || c == '\n')
			continue;
		if (c == ' ' || c == '\t') {
			space = true;
			continue;
		}
		if (space && begun)
			buf_add_char(out, ' ');
		buf_add_char(out, c);
		space = false;
		begun = true;
	}
	buf_add(out, STR("\r\n"));
}
