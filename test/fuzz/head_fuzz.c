/*
 * Headers: fields lie in the block one behind the other, unfolded values are
 * one line, the count of hops does not depend on how the text is cut. The
 * first byte of the input chooses the cut.
 */
#include "mail/head.h"

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_field(const struct head_field *field)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	head_unfold(&out, field->value);
	must(str_find(buf_str(&out), 0, '\n') == STR_NONE);
	must(str_find(buf_str(&out), 0, '\r') == STR_NONE);
	must(field->name.len > 0 && field->name.at == field->whole.at);
	must(str_find(field->name, 0, ':') == STR_NONE);
	must(field->value.len < field->whole.len);
	buf_drop(&out);
}

static void
check_fields(struct str input)
{
	struct head_field field, found;
	struct str block;
	size_t before;

	block = input;
	before = block.len;
	while (head_next(&block, &field)) {
		must(block.len < before);
		must(field.whole.at + field.whole.len == block.at);
		before = block.len;
		check_field(&field);
		must(head_find(input, field.name, &found));
		must(found.whole.at <= field.whole.at);
	}
	must(block.at + block.len == input.at + input.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hops whole, cut;
	struct str input;
	size_t step;

	if (size < 1)
		return 0;
	step = data[0] + 1u;
	input = str_from(data + 1, size - 1);
	check_fields(input);
	whole = cut = (struct hops){ 0 };
	hops_feed(&whole, input);
	while (input.len > 0)
		hops_feed(&cut, str_take(&input, step));
	must(whole.count == cut.count && whole.ended == cut.ended);
	return 0;
}
