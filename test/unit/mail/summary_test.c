/* Summaries: made however a message is cut, and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/summary.h"
#include "vector.h"

int summary_test(void);

/* A summary with the texts it was read from. */
struct made {
	struct buf head_text, body_text;
	struct summary_head head;
	struct summary_body body;
};

static void
make(struct made *made, struct str message)
{
	struct summary_maker *m;

	buf_init(&made->head_text, SUMMARY_MAX);
	buf_init(&made->body_text, SUMMARY_MAX);
	m = summary_new(SUMMARY_MAX);
	while (message.len > 0)
		summary_feed(m, str_take(&message, 65536));
	assert_true(summary_end(m, &made->head_text, &made->body_text));
	summary_drop(m);
	assert_true(summary_read_head(&made->head,
	    vector_guard(buf_str(&made->head_text))));
	assert_true(summary_read_body(&made->body,
	    vector_guard(buf_str(&made->body_text))));
}

static void
drop(struct made *made)
{
	buf_drop(&made->head_text);
	buf_drop(&made->body_text);
}

struct run {
	struct summary_maker *maker;
};

static void
run_begin(void *at)
{
	struct run *run = at;

	run->maker = summary_new(SUMMARY_EARLY_MAX);
}

static bool
run_feed(void *at, struct str *in, struct buf *out)
{
	struct run *run = at;

	(void)out;
	summary_feed(run->maker, *in);
	str_take(in, in->len);
	return true;
}

static void
run_end(void *at, size_t rest, struct buf *out)
{
	struct run *run = at;
	struct buf head, body;

	(void)rest;
	buf_init(&head, SUMMARY_EARLY_MAX);
	buf_init(&body, SUMMARY_EARLY_MAX);
	assert_true(summary_end(run->maker, &head, &body));
	buf_add(out, buf_str(&head));
	buf_add(out, buf_str(&body));
	buf_drop(&head);
	buf_drop(&body);
	summary_drop(run->maker);
}

#define EMPTY "\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\""
#define TAIL " NIL NIL NIL NIL)"

/* Both forms of BODY, with a message that is fed in all ways. */
static void
check(struct str message, const char *structure, const char *plain)
{
	struct run run;
	struct vector_machine machine = { &run, run_begin, run_feed, run_end };
	struct made made;
	struct buf out;

	assert_true(vector_same(&machine, message, &out));
	make(&made, message);
	buf_clear(&out);
	buf_add(&out, made.body.structure);
	assert_string_equal(buf_text(&out), structure);
	buf_clear(&out);
	summary_short(&out, made.body.structure);
	assert_string_equal(buf_text(&out), plain);
	buf_drop(&out);
	drop(&made);
}

static void
test_leaf(void **state)
{
	(void)state;
	check(STR(""), "(" EMPTY " 0 0" TAIL, "(" EMPTY " 0 0)");
	check(STR("a: b\r\n\r\nx\r\ny"), "(" EMPTY " 4 1" TAIL,
	    "(" EMPTY " 4 1)");
	check(STR("Content-Type: image/Png; name=\"a b\"\n"
	    "Content-ID: <i@d>\nContent-Description: d e\n"
	    "Content-Transfer-Encoding: Base64\nContent-MD5: m\n"
	    "Content-Disposition: attachment; filename*0=a; filename*1=b\n"
	    "Content-Language: en, de\nContent-Location: l\n\nxyz"),
	    "(\"image\" \"Png\" (\"name\" \"a b\") \"<i@d>\" \"d e\" "
	    "\"Base64\" 3 \"m\" (\"attachment\" (\"filename\" \"ab\")) "
	    "(\"en\" \"de\") \"l\")",
	    "(\"image\" \"Png\" (\"name\" \"a b\") \"<i@d>\" \"d e\" "
	    "\"Base64\" 3)");
	/* RFC 2045 section 5.2: what is no type is text */
	check(STR("Content-Type: x\n\ny"), "(" EMPTY " 1 0" TAIL,
	    "(" EMPTY " 1 0)");
	/* fields of a header that knows nothing of MIME do not count */
	check(STR("Content-ID: x\nContent-Transfer-Encoding: base64\n\ny"),
	    "(" EMPTY " 1 0" TAIL, "(" EMPTY " 1 0)");
}

static void
test_params(void **state)
{
	(void)state;
	check(STR("Content-Type: a/b; z*1*=%42; c=1; z*0*=x''%41; Z*2=\"%\""
	    "; y*1=d; x*=u''v\n\n"),
	    "(\"a\" \"b\" (\"c\" \"1\" \"x*\" \"u''v\" \"y*1\" \"d\" "
	    "\"z*\" \"x''%41%42%25\") NIL NIL \"7bit\" 0" TAIL,
	    "(\"a\" \"b\" (\"c\" \"1\" \"x*\" \"u''v\" \"y*1\" \"d\" "
	    "\"z*\" \"x''%41%42%25\") NIL NIL \"7bit\" 0)");
	check(STR("Content-Type: text/html; CharSet=x; a*0=y; a*1*=z\n\n"),
	    "(\"text\" \"html\" (\"CharSet\" \"x\" \"a*\" \"''yz\") NIL NIL "
	    "\"7bit\" 0 0" TAIL,
	    "(\"text\" \"html\" (\"CharSet\" \"x\" \"a*\" \"''yz\") NIL NIL "
	    "\"7bit\" 0 0)");
}

#define ENVELOPE(subject) "(NIL " subject \
	" NIL NIL NIL NIL NIL NIL NIL NIL)"

static void
test_nested(void **state)
{
	(void)state;
	check(STR("Content-Type: multipart/mixed; boundary=b\n"
	    "Content-Language: en\n\n"
	    "--b\n\none\n--b\nContent-Type: message/rfc822\n\n"
	    "Subject: s\n\nt\n\n--b--\n"),
	    "((" EMPTY " 3 0" TAIL
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 14 "
	    ENVELOPE("\"s\"") " (" EMPTY " 2 1" TAIL " 3" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL (\"en\") NIL)",
	    "((" EMPTY " 3 0)"
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 14 "
	    ENVELOPE("\"s\"") " (" EMPTY " 2 1) 3) \"mixed\")");
	/* one part at least, even if there is none */
	check(STR("Content-Type: multipart/Digest\n\nx"),
	    "((" EMPTY " 0 0" TAIL " \"Digest\" NIL NIL NIL NIL)",
	    "((" EMPTY " 0 0) \"Digest\")");
	check(STR("Content-Type: message/global\n\n"
	    "Content-Type: multipart/x; boundary=b\nTo:\n\n--b\n\n"),
	    "(\"message\" \"global\" NIL NIL NIL \"7bit\" 48 "
	    ENVELOPE("NIL") " ((" EMPTY " 0 0" TAIL " \"x\" (\"boundary\" "
	    "\"b\") NIL NIL NIL) 5" TAIL,
	    "(\"message\" \"global\" NIL NIL NIL \"7bit\" 48 "
	    ENVELOPE("NIL") " ((" EMPTY " 0 0) \"x\") 5)");
}

static void
test_head(void **state)
{
	struct made made;

	(void)state;
	make(&made, STR("Date: Sat, 1 Jan 2000 00:30 +0100 (x:y)\r\n"
	    "Subject: a\r\nSubject:\r\n b\r\n\tc\r\n"
	    "To: a@b\r\nCc: x@y\r\nTO: c@d\r\nReferences: <r@1>\r\n"
	    " <r@2> z\r\nIn-Reply-To: <i@j>\r\n\r\nFrom: x\r\n"));
	assert_true(str_equal(made.head.envelope, STR(
	    "(\"Sat, 1 Jan 2000 00:30 +0100 (x:y)\" \"b c\" NIL NIL NIL "
	    "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) "
	    "((NIL NIL \"x\" \"y\")) NIL \"<i@j>\" NIL)")));
	assert_true(str_equal(made.head.references, STR("r@1\0r@2\0")));
	assert_true(made.head.has_sent);
	assert_int_equal(made.head.sent, 946683000);
	assert_int_equal(made.head.sent_day, 10957);
	drop(&made);

	make(&made, STR("Date: 31 Dec 1969 23:00:00 -0500\n"
	    "In-Reply-To: Your <i@j> and <k@l>\nReferences: none\n"));
	assert_true(str_equal(made.head.references, STR("i@j\0")));
	assert_int_equal(made.head.sent, 4 * 3600);
	assert_int_equal(made.head.sent_day, -1);
	drop(&made);

	make(&made, STR("Date: today\nSubject: a\0b\rc\n"));
	assert_false(made.head.has_sent);
	assert_true(str_equal(made.head.envelope, STR("(\"today\" {7}\r\n"
	    "a\xEF\xBF\xBD" "b c NIL NIL NIL NIL NIL NIL NIL NIL)")));
	drop(&made);
}

static void
check_preview(struct str message, const char *words)
{
	struct made made;
	struct buf out;

	make(&made, message);
	buf_init(&out, 1000);
	buf_add(&out, made.body.preview);
	assert_string_equal(buf_text(&out), words);
	buf_drop(&out);
	drop(&made);
}

static void
test_preview(void **state)
{
	(void)state;
	check_preview(STR("\nHello,\n\n  world\n"), "Hello, world");
	check_preview(STR("Content-Type: text/plain; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: quoted-printable\n\nJ=E9=\r\nr\n"),
	    "J\xC3\xA9r");
	check_preview(STR("Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Disposition: attachment\n\nnot this\n"
	    "--b\nContent-Type: image/gif\n\nnor this\n"
	    "--b\n\n  \n--b\nContent-Type: text/html\n"
	    "Content-Transfer-Encoding: base64\n\nPGI+eWVzPC9iPg==\n"
	    "--b\n\nno longer\n--b--\n"), "yes");
}

/* Tell a part as "head body end depth kind". */
static void
check_part(const struct made *made, const char *number, const char *told,
	const char *within_told)
{
	struct mime_part part, within;
	struct buf out;
	uint32_t numbers[9];
	size_t count;
	bool found;

	for (count = 0; number[count] != '\0'; count++)
		numbers[count] = (uint32_t)(number[count] - '0');
	buf_init(&out, 1000);
	found = summary_part(&made->body, numbers, count, &part, &within);
	assert_int_equal(found, told != NULL);
	if (!found)
		return;
	buf_add_format(&out, "%d %d %d %u %c%d", (int)part.head,
	    (int)part.body, (int)part.end, part.depth, "lmr"[part.kind],
	    (int)part.encoding);
	assert_string_equal(buf_text(&out), told);
	buf_clear(&out);
	buf_add_format(&out, "%d %d %d", (int)within.head, (int)within.body,
	    (int)within.end);
	if (within_told != NULL)
		assert_string_equal(buf_text(&out), within_told);
	buf_drop(&out);
	assert_true(summary_part(&made->body, numbers, count, &part, NULL));
}

static void
test_parts(void **state)
{
	struct made made;

	(void)state;
	make(&made, STR("a: b\n\nxyz"));
	check_part(&made, "", "0 6 9 0 l0", "0 6 9");
	check_part(&made, "1", "0 6 9 0 l0", NULL);
	check_part(&made, "2", NULL, NULL);
	check_part(&made, "0", NULL, NULL);
	check_part(&made, "11", NULL, NULL);
	drop(&made);

	make(&made, STR("Content-Type: message/rfc822\n\na: b\n\nxyz"));
	check_part(&made, "", "0 30 39 0 r0", "0 30 39");
	check_part(&made, "1", "0 30 39 0 r0", "30 36 39");
	check_part(&made, "11", "30 36 39 1 l0", NULL);
	check_part(&made, "111", NULL, NULL);
	check_part(&made, "12", NULL, NULL);
	drop(&made);

	make(&made, STR("Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Transfer-Encoding: base64\n\none\n"
	    "--b\nContent-Type: message/rfc822\n\n"
	    "Content-Type: multipart/mixed; boundary=c\n\n"
	    "--c\n\ntwo\n--c\n\nthree\n--c--\n--b--\n"));
	check_part(&made, "", "0 43 195 0 m0", "0 43 195");
	check_part(&made, "1", "47 82 85 1 l4", NULL);
	check_part(&made, "11", NULL, NULL);
	check_part(&made, "2", "90 120 189 1 r0", "120 163 189");
	check_part(&made, "21", "167 168 171 3 l0", NULL);
	check_part(&made, "22", "176 177 182 3 l0", NULL);
	check_part(&made, "23", NULL, NULL);
	check_part(&made, "3", NULL, NULL);
	drop(&made);
}

/* Texts that are damaged, or of another version. */
static void
test_damaged(void **state)
{
	struct summary_head head;
	struct summary_body body;
	struct made made;
	struct str text;
	size_t len;

	(void)state;
	make(&made, STR("Date: 1 Jan 2000 00:00 +0000\nSubject: a\n\nb"));
	text = buf_str(&made.head_text);
	for (len = 0; len < text.len; len++)
		assert_false(summary_read_head(&head,
		    vector_guard(str_part(text, 0, len))));
	text = buf_str(&made.body_text);
	for (len = 0; len < text.len; len++)
		assert_false(summary_read_body(&body,
		    vector_guard(str_part(text, 0, len))));
	made.head_text.at[0]++;
	made.body_text.at[0]++;
	assert_false(summary_read_head(&head, buf_str(&made.head_text)));
	assert_false(summary_read_body(&body, buf_str(&made.body_text)));
	drop(&made);
}

/* Give up early, or make do later; what is made can be read. */
static void
check_rich(struct str message, bool early)
{
	struct summary_maker *m;
	struct buf head, body;
	struct made made;

	buf_init(&head, SUMMARY_EARLY_MAX);
	buf_init(&body, SUMMARY_EARLY_MAX);
	m = summary_new(SUMMARY_EARLY_MAX);
	summary_feed(m, message);
	assert_int_equal(summary_end(m, &head, &body), early);
	assert_true(early || (head.len == 0 && body.len == 0));
	summary_drop(m);
	buf_drop(&head);
	buf_drop(&body);
	make(&made, message);
	assert_true(made.head_text.len < SUMMARY_MAX / 2);
	buf_init(&body, SUMMARY_MAX);
	summary_short(&body, made.body.structure);
	assert_true(str_ends(buf_str(&body), STR(")")));
	buf_drop(&body);
	drop(&made);
}

static void
repeat(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_text(out, text);
}

static void
test_rich(void **state)
{
	struct buf message;
	struct made made;
	size_t i;

	(void)state;
	buf_init(&message, 64 << 20);
	repeat(&message, "X: y\n", 100000);
	check_rich(buf_str(&message), true);
	buf_clear(&message);
	repeat(&message, "To: a@b\nCc: c@d\n", 100000);
	check_rich(buf_str(&message), false);
	buf_clear(&message);
	buf_add_text(&message, "From: ");
	repeat(&message, ",", 100000);
	check_rich(buf_str(&message), false);

	/* parts beyond the last are text of it */
	buf_clear(&message);
	buf_add_text(&message, "Content-Type: multipart/x; boundary=b\n\n");
	repeat(&message, "--b\nContent-Description: a part\n\nx\n", 11000);
	check_rich(buf_str(&message), false);
	make(&made, buf_str(&message));
	assert_int_equal(made.body.part_count, MIME_PARTS_MAX);
	drop(&made);

	/* long fields of many parts are cut */
	buf_clear(&message);
	buf_add_text(&message, "Content-Type: multipart/x; boundary=b\n\n");
	for (i = 0; i < 500; i++) {
		buf_add_text(&message, "--b\nContent-Description: ");
		repeat(&message, "long ", 10000);
		buf_add_text(&message, "\n\nx\n");
	}
	check_rich(buf_str(&message), false);

	/* too deep */
	buf_clear(&message);
	repeat(&message, "Content-Type: message/rfc822\n\n", 200);
	check_rich(buf_str(&message), true);
	make(&made, buf_str(&message));
	assert_int_equal(made.body.part_count, MIME_DEPTH_MAX);
	assert_true(str_find_str(made.body.structure,
	    STR("\"application\" \"octet-stream\"")) != STR_NONE);
	drop(&made);
	buf_drop(&message);
}

int
summary_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_preview),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_rich),
	};

	return cmocka_run_group_tests_name("mail/summary", tests, NULL, NULL);
}
