/*
 * The search matcher: what it finds does not depend on how the message is cut
 * nor on what else is looked for; finding agrees with the plain way. The first
 * octet tells how long the needle is, the second how long the pieces are; the
 * needle comes next, then the message.
 */
#include "unit/mail/look_text.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Look for one needle in the body, the head, and both: a bit for each. */
static uint32_t
look(struct look *l, struct str message, size_t piece)
{
	while (message.len > 0)
		if (!look_feed(l, str_take(&message, piece)))
			break;
	return look_end(l);
}

static void
check_message(const struct needle *n, struct str message, size_t piece)
{
	const struct needle *needles[] = { n, n, n };
	const unsigned where[] = {
		LOOK_BODY, LOOK_HEAD, LOOK_BODY | LOOK_HEAD
	};
	struct look *l;
	uint32_t found, alone;
	size_t i;

	l = look_new(needles, where, countof(needles));
	found = look(l, message, message.len);
	must(found == look(l, message, piece));
	must(found >> 2 == ((found & 3) != 0));
	look_free(l);
	alone = 0;
	for (i = 0; i < countof(needles); i++) {
		l = look_new(&needles[i], &where[i], 1);
		alone |= look(l, message, piece) << i;
		look_free(l);
	}
	must(alone == found);
}

static void
check_text(const struct needle *n, struct str needle, struct str text)
{
	struct buf left, right;
	struct str rest;
	bool found;

	buf_init(&left, OUT_MAX);
	buf_init(&right, OUT_MAX);
	fold_text(&left, needle);
	fold_text(&right, text);
	found = left.len == 0;
	for (rest = buf_str(&right); !found && rest.len > 0; str_take(&rest, 1))
		found = str_starts(rest, buf_str(&left));
	must(found == is_in_text(n, text));
	(void)look_in_field(n, text);
	buf_drop(&left);
	buf_drop(&right);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct needle n = { 0 };
	struct str in, needle;

	if (size < 2)
		return 0;
	in = str_from(data + 2, size - 2);
	needle = str_take(&in, data[0]);
	look_needle(&n, needle);
	check_text(&n, needle, in);
	check_message(&n, in, 1 + data[1]);
	look_needle_drop(&n);
	return 0;
}
