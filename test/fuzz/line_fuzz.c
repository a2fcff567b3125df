/*
 * Framing: however the input is cut, the outcome is the same; what comes out
 * holds no bare CR or LF and no NUL; what text_dot() writes, text_undot()
 * reads back. The first byte of the input chooses the cut.
 */
#include "mail/line.h"

#define LINE_MAX_LEN 100
#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cut all lines off input, of which first bytes come before the others. */
static void
take_all(struct str input, size_t first, struct buf *told)
{
	enum line_result result;
	struct str in, line;
	bool skipping;

	skipping = false;
	in = str_part(input, 0, first);
	for (;;) {
		result = line_take(&in, LINE_MAX_LEN, &skipping, &line);
		must(str_find_break(line, 0) == line.len);
		must(line.len + 2 <= LINE_MAX_LEN);
		if (result == LINE_MORE && first == input.len)
			break;
		if (result == LINE_MORE) {
			in = str_part(input, first - in.len, input.len);
			first = input.len;
			continue;
		}
		buf_add_number(told, result);
		buf_add(told, line);
		if (result == LINE_BAD)
			break;
	}
	buf_add_number(told, first - in.len);
}

static enum text_result
read_all(struct text *t, struct str input, size_t step, struct buf *out)
{
	enum text_result result;
	struct str in;

	while (input.len > 0) {
		in = str_take(&input, step);
		result = text_undot(t, &in, LINE_MAX_LEN, out, out->max);
		if (result != TEXT_MORE)
			return result;
		must(in.len == 0);
	}
	return TEXT_MORE;
}

/* Whether s is whole lines within their limit. */
static bool
is_clean(struct str s)
{
	struct str line;

	while (str_split(&s, '\n', &line))
		if (line.len == 0 || line.len + 1 > LINE_MAX_LEN ||
		    str_find_break(line, 0) != line.len - 1 ||
		    str_at(line, line.len - 1) != '\r')
			return false;
	return s.len == 0;
}

/* Put dots into whole lines and take them out again. */
static void
check_dots(struct str lines, size_t step)
{
	struct buf dotted, back;
	struct text text;
	bool at_start;

	buf_init(&dotted, OUT_MAX);
	buf_init(&back, OUT_MAX);
	at_start = true;
	text_dot(&dotted, lines, &at_start);
	must(at_start);
	buf_add_text(&dotted, ".\r\n");
	text = (struct text){ 0 };
	must(read_all(&text, buf_str(&dotted), step, &back) == TEXT_END);
	must(str_equal(buf_str(&back), lines));
	buf_drop(&dotted);
	buf_drop(&back);
}

static void
check_text(struct str input, size_t step)
{
	struct text whole_text, cut_text;
	enum text_result result;
	struct buf whole, cut;

	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	whole_text = cut_text = (struct text){ 0 };
	result = read_all(&whole_text, input, input.len + 1, &whole);
	must(read_all(&cut_text, input, step, &cut) == result);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	must(whole_text.state == cut_text.state);
	if (result == TEXT_END ||
	    (result == TEXT_MORE && text_closed(&whole_text))) {
		must(is_clean(buf_str(&whole)));
		check_dots(buf_str(&whole), step);
	}
	buf_drop(&whole);
	buf_drop(&cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut;
	struct str input;
	size_t step;

	if (size < 1)
		return 0;
	step = data[0] + 1u;
	input = str_from(data + 1, size - 1);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	take_all(input, input.len, &whole);
	take_all(input, step < input.len ? step : input.len, &cut);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	buf_drop(&whole);
	buf_drop(&cut);
	check_text(input, step);
	return 0;
}
