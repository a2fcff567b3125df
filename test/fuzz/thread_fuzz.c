/*
 * Threads: of whatever messages, each is in one thread, once, and slices
 * change nothing. A line is a message: a letter that is its id (or a space),
 * one that is its subject, in upper case for a reply, one that is its date,
 * and then its references.
 */
#include "talk/thread.h"

#include <string.h>

#define LINES_MAX 2000
#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
add(struct thread *t, struct str lines)
{
	struct thread_message message = { .number = 0 };
	struct str line, subject;
	char references[1024];
	size_t i, len;

	while (message.number < LINES_MAX && str_split(&lines, '\n', &line)) {
		message.id = str_take(&line, 1);
		if (str_equal(message.id, STR(" ")))
			message.id = STR("");
		subject = str_take(&line, 1);
		message.subject = subject;
		message.reply = str_at(subject, 0) >= 'A' &&
		    str_at(subject, 0) <= 'Z';
		message.sent = str_at(str_take(&line, 1), 0);
		len = 0;
		for (i = 0; i < line.len && len < sizeof references; i++) {
			references[len++] = (char)str_at(line, i);
			references[len++] = '\0';
		}
		message.references = str_from(references, len);
		message.number++;
		must(thread_add(t, &message));
	}
	return message.number;
}

static void
check(struct str text, size_t count)
{
	bool seen[LINES_MAX + 1] = { false };
	size_t i, number = 0, numbers = 0, depth = 0;

	for (i = 0; i < text.len; i++) {
		if (char_is_digit(str_at(text, i))) {
			number = number * 10 + (size_t)(str_at(text, i) - '0');
			continue;
		}
		if (number > 0) {
			must(number <= count && !seen[number]);
			seen[number] = true;
			numbers++;
		}
		number = 0;
		if (str_at(text, i) == '(')
			depth++;
		else if (str_at(text, i) == ')')
			must(depth-- > 0);
		else
			must(str_at(text, i) == ' ' && depth > 0);
	}
	must(depth == 0 && numbers == count);
}

static void
run(struct str lines, bool references)
{
	struct thread *t;
	struct buf whole, parts;
	size_t count;

	buf_init(&whole, OUT_MAX);
	buf_init(&parts, OUT_MAX);
	t = thread_new(references, 1);
	count = add(t, lines);
	while (!thread_end(t, SIZE_MAX))
		;
	must(!thread_write(t, &whole, SIZE_MAX));
	thread_drop(t);
	t = thread_new(references, UINT64_MAX);
	(void)add(t, lines);
	while (!thread_end(t, 1))
		;
	while (thread_write(t, &parts, parts.len + 1))
		;
	thread_drop(t);
	must(str_equal(buf_str(&whole), buf_str(&parts)));
	check(buf_str(&whole), count);
	buf_drop(&whole);
	buf_drop(&parts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(str_from(data, size), true);
	run(str_from(data, size), false);
	return 0;
}
