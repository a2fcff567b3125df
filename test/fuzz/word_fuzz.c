/*
 * Encoded-words: what is decoded is clean UTF-8; who looks closely sees no
 * less; what is composed of it reads back the same, in lines that are not too
 * long. The first byte of the input tells whether UTF-8 may stand as it is.
 */
#include "mail/compose.h"
#include "mail/head.h"
#include "mail/word.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* UTF-8 without control characters but the marks, which come in pairs. */
static void
check_clean(struct str s)
{
	bool kept;
	size_t i;
	int c;

	must(str_is_utf8(s));
	kept = false;
	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		must(c != 127);
		if (c == WORD_KEPT || c == WORD_KEPT_END) {
			must(kept == (c == WORD_KEPT_END));
			kept = !kept;
		} else
			must(c >= 32 && (!kept || c < 127));
	}
	must(!kept);
}

static void
compose(struct buf *out, struct str text, bool utf8)
{
	struct compose c;

	compose_begin(&c, out, "Subject", utf8);
	compose_text(&c, text);
	compose_end(&c);
}

static void
check_field(struct str field, bool utf8)
{
	struct str line;

	must(utf8 || str_is_ascii(field));
	must(str_ends(field, STR("\r\n")));
	while (str_split(&field, '\n', &line)) {
		must(line.len > 1 && str_trim(line).len > 0);
		must(line.len - 1 <= COMPOSE_LINE_MAX);
		must(str_find(line, 0, '\r') == line.len - 1);
	}
	must(field.len == 0);
}

/* The text with each run of spaces as one, and none at the ends. */
static void
add_single(struct buf *out, struct str s)
{
	size_t i;

	s = str_trim(s);
	for (i = 0; i < s.len; i++)
		if (str_at(s, i) != ' ' || str_at(s, i + 1) != ' ')
			buf_add(out, str_part(s, i, 1));
}

/* Compose text; what reads back, composed again, is the same field. */
static void
check_round(struct str text, bool utf8)
{
	struct buf field, again, back, left, right;
	struct head_field found;
	struct str block;

	buf_init(&field, OUT_MAX);
	buf_init(&again, OUT_MAX);
	buf_init(&back, OUT_MAX);
	buf_init(&left, OUT_MAX);
	buf_init(&right, OUT_MAX);
	compose(&field, text, utf8);
	check_field(buf_str(&field), utf8);
	block = buf_str(&field);
	must(head_next(&block, &found) && block.len == 0);
	word_decode(&back, found.value);
	add_single(&left, text);
	add_single(&right, buf_str(&back));
	must(str_equal(buf_str(&left), buf_str(&right)));
	compose(&again, buf_str(&left), utf8);
	check_field(buf_str(&again), utf8);
	buf_drop(&field);
	buf_drop(&again);
	buf_drop(&back);
	buf_drop(&left);
	buf_drop(&right);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf decoded, look, text;
	struct str input;

	if (size < 1)
		return 0;
	input = str_from(data + 1, size - 1);
	must(word_span(input) <= input.len);
	buf_init(&decoded, OUT_MAX);
	buf_init(&look, OUT_MAX);
	buf_init(&text, OUT_MAX);
	word_decode(&decoded, input);
	word_look(&look, input);
	word_text(&text, input);
	check_clean(buf_str(&decoded));
	check_clean(buf_str(&look));
	check_clean(buf_str(&text));
	must(str_find(buf_str(&text), 0, WORD_KEPT) == STR_NONE);
	must(look.len <= 3 * input.len);
	must(str_find(buf_str(&look), 0, WORD_KEPT) == STR_NONE);
	check_round(buf_str(&decoded), data[0] & 1);
	buf_drop(&decoded);
	buf_drop(&look);
	buf_drop(&text);
	return 0;
}
