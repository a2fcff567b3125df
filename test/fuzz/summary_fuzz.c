/*
 * Summaries: the same whole and cut, early and late; both texts can be read,
 * what is on the wire is well-formed, and each part is found by its number.
 * The first byte of the input chooses the cut. The input itself is read as
 * summary texts too.
 */
#include "mail/envelope_part.h"
#include "mail/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct texts {
	struct buf head, body;
};

static bool
make(struct texts *texts, struct str message, size_t step, size_t max)
{
	struct summary_maker *m;
	bool made;

	buf_init(&texts->head, max);
	buf_init(&texts->body, max);
	m = summary_new(max);
	while (message.len > 0)
		summary_feed(m, str_take(&message, step));
	made = summary_end(m, &texts->head, &texts->body);
	summary_drop(m);
	return made;
}

static void
drop(struct texts *texts)
{
	buf_drop(&texts->head);
	buf_drop(&texts->body);
}

/* One list, and nothing behind it. */
static void
check_wire(struct str s)
{
	struct str token;

	must(envelope_take(&s, &token) == ENVELOPE_OPEN);
	envelope_leave(&s);
	must(s.len == 0 && str_equal(str_part(token, 0, 1), STR("(")));
}

/* All that reads an envelope. */
static void
read_envelope(struct str envelope)
{
	struct envelope_person person = { .has_name = false };
	struct envelope_people people;
	struct buf out;
	unsigned i;

	buf_init(&out, SUMMARY_MAX);
	for (i = 0; i < ENVELOPE_COUNT; i++) {
		(void)envelope_text(&out, envelope, (enum envelope_field)i);
		envelope_people(&people, envelope, (enum envelope_field)i);
		while (envelope_next(&people, &person))
			continue;
	}
	envelope_person_drop(&person);
	buf_drop(&out);
}

static void
read_head(struct str text)
{
	struct summary_head head;

	if (summary_read_head(&head, text))
		read_envelope(head.envelope);
}

/* All that reads the second text. */
static void
read_body(struct str text, bool ours)
{
	static const uint32_t numbers[][3] = {
		{ 1, 1, 1 }, { 2, 1, 2 }, { 1, 2, 1 }, { 3, 1, 1 },
	};
	struct mime_part part, within;
	struct summary_body body;
	struct buf out;
	size_t i, count;

	if (!summary_read_body(&body, text)) {
		must(!ours);
		return;
	}
	buf_init(&out, SUMMARY_MAX);
	summary_short(&out, body.structure);
	if (ours) {
		check_wire(body.structure);
		check_wire(buf_str(&out));
		must(summary_part(&body, numbers[0], 0, &part, &within));
	}
	for (i = 0; i < countof(numbers); i++)
		for (count = 0; count <= 3; count++)
			(void)summary_part(&body, numbers[i], count, &part,
			    &within);
	buf_drop(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct texts late, early;
	struct summary_head head;
	struct str input;

	if (size < 1)
		return 0;
	input = str_from(data + 1, size - 1);
	read_head(input);
	read_body(input, false);
	must(make(&late, input, input.len + 1, SUMMARY_MAX));
	must(summary_read_head(&head, buf_str(&late.head)));
	check_wire(head.envelope);
	read_envelope(head.envelope);
	read_body(buf_str(&late.body), true);
	if (make(&early, input, data[0] % 67 + 1u, SUMMARY_EARLY_MAX)) {
		must(str_equal(buf_str(&early.head), buf_str(&late.head)));
		must(str_equal(buf_str(&early.body), buf_str(&late.body)));
	}
	drop(&early);
	drop(&late);
	return 0;
}
