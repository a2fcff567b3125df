/*
 * Structure of messages: the same whole and cut; parts lie within the message
 * and end in order; the text told of a leaf is the text that lies there. The
 * first byte of the input chooses the cut.
 */
#include "mail/mime.h"

#define OUT_MAX (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A walk over one message; the text of the open leaf is told so far. */
struct run {
	struct mime *mime;
	struct str message;
	struct buf told;	/* of a leaf, then of all */
	size_t text_from;
	unsigned depth;
};

static void
check_end(struct run *run, const struct mime_part *part)
{
	struct str body;
	uint64_t lines;
	size_t at;

	must(part->head <= part->body && part->body <= part->end);
	must(part->end <= run->message.len);
	body = str_part(run->message, part->body, part->end - part->body);
	if (part->kind == MIME_LEAF)
		must(str_equal(body, str_part(buf_str(&run->told),
		    run->text_from, run->told.len)));
	lines = 0;
	for (at = 0; (at = str_find(body, at, '\n')) != STR_NONE; at++)
		lines++;
	must(lines == part->lines);
	buf_add_format(&run->told, "<%u %u %u>", (unsigned)part->head,
	    (unsigned)part->body, (unsigned)part->end);
	run->depth--;
}

static void
take_event(struct run *run, enum mime_event event)
{
	const struct mime_part *part;

	part = mime_part(run->mime);
	must(event == MIME_DONE || part->depth < MIME_DEPTH_MAX);
	switch (event) {
	case MIME_BEGIN:
		must(part->depth == run->depth++);
		break;
	case MIME_FIELD:
		buf_add(&run->told, mime_name(run->mime));
		buf_add_char(&run->told, ':');
		buf_add(&run->told, mime_value(run->mime));
		must(str_find(mime_name(run->mime), 0, ':') == STR_NONE);
		break;
	case MIME_HEAD:
		run->text_from = run->told.len;
		break;
	case MIME_TEXT:
		must(part->kind == MIME_LEAF);
		must(part->depth + 1 == run->depth);
		buf_add(&run->told, mime_text(run->mime));
		break;
	case MIME_END:
		check_end(run, part);
		break;
	case MIME_MORE:
	case MIME_DONE:
		break;
	}
}

static void
walk(struct run *run, struct str message, size_t step)
{
	enum mime_event event;
	struct str in;

	*run = (struct run){ .mime = mime_new(), .message = message };
	buf_init(&run->told, OUT_MAX);
	do {
		in = str_take(&message, step);
		if (in.len == 0)
			mime_end(run->mime);
		do {
			event = mime_step(run->mime, &in);
			take_event(run, event);
		} while (event != MIME_MORE && event != MIME_DONE);
		must(in.len == 0);
	} while (event != MIME_DONE);
	must(run->depth == 0);
	mime_drop(run->mime);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, cut;
	struct str input;

	if (size < 1)
		return 0;
	input = str_from(data + 1, size - 1);
	walk(&whole, input, input.len + 1);
	walk(&cut, input, data[0] % 67 + 1u);
	must(str_equal(buf_str(&whole.told), buf_str(&cut.told)));
	buf_drop(&whole.told);
	buf_drop(&cut.told);
	return 0;
}
