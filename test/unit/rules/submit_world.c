/* What the tests of the submission rewriter share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "submit_world.h"
#include "vector.h"

static const struct str names[] = {
	{ "example.test", 12 }, { "other.example", 13 }
};
static const struct domains ours = { names, 2, false };
static const struct str listed[] = {
	{ "me@listed.example", 17 }, { "@mine.example", 13 }
};
const struct submit_policy submit_usual = {
	.domains = &ours,
	.main_address = { "mailbox@example.test", 20 },
	.mailbox = { "mailbox", 7 },
	.listed = listed, .listed_count = 2,
	.identity = { "", 0 },
	.helo = { "desk.isp.example", 16 },
	.secret = { "salt", 4 },
	.id = { "fresh", 5 },
	.now = 1795210678,
};

/*
 * Leave a rewritten header in the folder that SUBMIT_KEEP names, so that
 * others can see whether it is signed as it should (test/live).
 */
static void
keep(struct str head)
{
	static unsigned count;
	const char *folder = getenv("SUBMIT_KEEP");
	char path[1024];
	FILE *file;

	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/%u", folder, count++);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(head.at, 1, head.len, file), head.len);
	assert_int_equal(fclose(file), 0);
}

void
submit_tell(struct buf *out, const struct submit_policy *policy,
	struct str head, const char *sender)
{
	static const char *const by[] = { "from", "tag", "identity" };
	struct submit result;

	submit_init(&result);
	if (submit_rewrite(&result, policy, head, str_of(sender)) ==
	    SUBMIT_OK) {
		assert_null(result.refusal);
		keep(buf_str(&result.head));
		buf_add(out, buf_str(&result.head));
		buf_add_format(out, "%s by %s", buf_text(&result.sender),
		    by[result.by]);
	} else
		buf_add_text(out, result.refusal);
	submit_drop(&result);
	submit_drop(&result);
}

void
submit_check(const struct submit_policy *policy,
	const struct submit_vector *vectors, size_t count)
{
	struct buf head, out;
	size_t i;

	buf_init(&head, 10000);
	buf_init(&out, 100000);
	for (i = 0; i < count; i++) {
		buf_clear(&head);
		buf_clear(&out);
		buf_add_text(&head, vectors[i].head);
		buf_add_text(&head, "\r\n");
		submit_tell(&out, policy, vector_guard(buf_str(&head)),
		    "mailbox@example.test");
		assert_string_equal(buf_text(&out), vectors[i].told);
	}
	buf_drop(&head);
	buf_drop(&out);
}
