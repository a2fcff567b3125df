/*
 * i;unicode-casemap. ASCII goes a word at a time; other letters are looked up
 * in fold_table.h, Hangul syllables are computed.
 */
#include "mail/fold.h"

#include <string.h>

#include "mail/charset.h"
#include "mail/fold_table.h"

#define ONES (~0ULL / 255)	/* 0x01 in every octet */
#define PIECE 512		/* octets folded before they are added */
#define FEW 16			/* octets of ASCII in a row that are not worth
				   leaving add_letters() for */

/* Hangul syllables: a leading consonant, a vowel, a trailing consonant
   (The Unicode Standard, section 3.12). */
#define HANGUL 0xAC00
#define HANGUL_COUNT 11172
#define HANGUL_L 0x1100
#define HANGUL_V 0x1161
#define HANGUL_V_COUNT 21
#define HANGUL_T 0x11A7
#define HANGUL_T_COUNT 28

static int
ascii_fold(int c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static void
add_ascii(struct buf *out, struct str run)
{
	uint64_t word, from_a, past_z;
	size_t i;
	char *to;

	to = buf_space(out, run.len);
	if (to == NULL)
		return;
	for (i = 0; run.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, run.at + i, sizeof word);
		/* the high bit of each octet says whether it is so */
		from_a = word + ONES * (128 - 'a');
		past_z = word + ONES * (127 - 'z');
		word -= (from_a & ~past_z & ONES * 128) >> 2;
		memcpy(to + i, &word, sizeof word);
	}
	for (; i < run.len; i++)
		to[i] = (char)ascii_fold(run.at[i]);
	buf_grew(out, run.len);
}

/* A conjoining jamo: U+1100 to U+11FF have three octets. */
static size_t
put_jamo(char *to, uint32_t point)
{
	to[0] = (char)(unsigned char)0xE1;
	to[1] = (char)(unsigned char)(0x80 | (point >> 6 & 63));
	to[2] = (char)(unsigned char)(0x80 | (point & 63));
	return 3;
}

static size_t
put_hangul(char *to, uint32_t syllable)
{
	uint32_t vowel, tail;
	size_t len;

	tail = syllable % HANGUL_T_COUNT;
	vowel = syllable / HANGUL_T_COUNT;
	len = put_jamo(to, HANGUL_L + vowel / HANGUL_V_COUNT);
	len += put_jamo(to + len, HANGUL_V + vowel % HANGUL_V_COUNT);
	if (tail > 0)
		len += put_jamo(to + len, HANGUL_T + tail);
	return len;
}

/* Write what the letter, with this code point, folds to; how many octets. */
static size_t
put_letter(char *to, struct str letter, uint32_t point)
{
	size_t where, len;

	where = 0;
	if (point >= HANGUL && point < HANGUL + HANGUL_COUNT)
		return put_hangul(to, point - HANGUL);
	if (point < fold_table_end)
		where = fold_table_blocks[fold_table_tops[
		    point >> FOLD_TABLE_BITS]][
		    point & ((1 << FOLD_TABLE_BITS) - 1)];
	if (where == 0) {
		memcpy(to, letter.at, letter.len);
		return letter.len;
	}
	len = fold_table_texts[where];
	memcpy(to, fold_table_texts + where + 1, len);
	return len;
}

/* Fold letters off the front of *text until ASCII is in the majority. */
static void
add_letters(struct buf *out, struct str *text)
{
	char piece[PIECE];
	uint32_t point;
	size_t len, run;
	int c;

	len = run = 0;
	while (text->len > 0 && run < FEW) {
		if (len > PIECE - 4 * FOLD_GROWTH) {
			buf_add(out, str_from(piece, len));
			len = 0;
		}
		c = str_at(*text, 0);
		if (c < 128) {
			piece[len++] = (char)ascii_fold(c);
			str_take(text, 1);
			run++;
			continue;
		}
		run = charset_point(*text, &point);
		/* a stray octet stays; U+FFFD folds to itself */
		len += put_letter(piece + len, str_take(text, run), point);
		run = 0;
	}
	buf_add(out, str_from(piece, len));
}

void
fold_text(struct buf *out, struct str text)
{
	size_t run;

	while (text.len > 0) {
		run = charset_ascii(text);
		if (run > 0)
			add_ascii(out, str_take(&text, run));
		if (text.len > 0)
			add_letters(out, &text);
	}
}

int
fold_compare(struct str a, struct str b)
{
	size_t len;
	int order;

	len = a.len < b.len ? a.len : b.len;
	order = len == 0 ? 0 : memcmp(a.at, b.at, len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}
