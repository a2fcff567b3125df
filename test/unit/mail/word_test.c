/* Encoded-words: decoding, what is kept, looking closely, encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/word.h"
#include "vector.h"

int word_test(void);

struct pair {
	const char *text;
	const char *read;
};

static void
check_all(const struct pair *pairs, size_t count,
	void (*decode)(struct buf *, struct str))
{
	struct buf out;
	size_t i;

	buf_init(&out, 10000);
	for (i = 0; i < count; i++) {
		buf_clear(&out);
		decode(&out, vector_guard(str_of(pairs[i].text)));
		assert_string_equal(buf_text(&out), pairs[i].read);
		assert_true(str_is_utf8(buf_str(&out)));
	}
	buf_drop(&out);
}

static void
test_decode(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "folded\r\n text\r\n\tmore", "folded text more" },
		/* RFC 2047 section 8 */
		{ "=?US-ASCII?Q?Keith_Moore?=", "Keith Moore" },
		{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=",
		    "Keld J\xc3\xb8rn Simonsen" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?_b?=", "a b" },
		{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=",
		    "If you can read this yo" },
		/* charsets */
		{ "=?utf-8?q?Caf=c3=a9?=", "Caf\xc3\xa9" },
		{ "=?UTF-8*de?Q?Caf=C3=A9?=", "Caf\xc3\xa9" },
		{ "=?iso-8859-15?Q?=A4=A6=A8=B4=B8=BC=BD=BE=E9?=",
		    "\xe2\x82\xac\xc5\xa0\xc5\xa1\xc5\xbd\xc5\xbe\xc5\x92"
		    "\xc5\x93\xc5\xb8\xc3\xa9" },
		{ "=?windows-1252?Q?=80=93=FF?=",
		    "\xe2\x82\xac\xe2\x80\x9c\xc3\xbf" },
		{ "=?windows-1252?Q?=81?=", "\xef\xbf\xbd" },
		{ "=?iso-8859-15?Q?=81?=", "\xef\xbf\xbd" },
		/* a letter cut in two by two words */
		{ "=?UTF-8?Q?Caf=C3?= =?UTF-8?Q?=A9?=", "Caf\xc3\xa9" },
		{ "=?UTF-8?Q?Caf=C3?= x", "Caf\xef\xbf\xbd x" },
		{ "=?UTF-8?Q?=C2=85?=", "\xef\xbf\xbd" },
		/* control characters neither break lines nor make marks */
		{ "=?UTF-8?Q?a=0D=0AX:_b=00=0E=0F=7F?=", "a  X: b" },
		{ "a\x0e" "b\x0f\x7f" "c", "abc" },
		/* base64 as it comes */
		{ "=?UTF-8?B?YQ?=", "a" },
		{ "=?UTF-8?B?YQ==YQ==?=", "aa" },
		{ "=?UTF-8?B?Y W\r\n Jj?=", "abc" },
		{ "=?UTF-8?B?" "?=", "" },
		/* no words */
		{ "=?", "=?" }, { "=?UTF-8", "=?UTF-8" },
		{ "=?UTF-8?Q?open", "=?UTF-8?Q?open" },
		{ "=?UTF-8?X?a?=", "=?UTF-8?X?a?=" },
		{ "=??Q?a?=", "=??Q?a?=" },
		{ "=?a b?Q?a?=", "=?a b?Q?a?=" },
		{ "=?UTF-8?Q?a?b?=", "=?UTF-8?Q?a?b?=" },
		{ "a=?UTF-8?Q?b?=c", "abc" },
		{ "100 =41 a_b", "100 =41 a_b" },
		{ "=?UTF-8?Q?=4?= =G=41", "=4 =G=41" },
		/* raw letters, well-formed or not */
		{ "Caf\xc3\xa9", "Caf\xc3\xa9" },
		{ "Caf\xe9", "Caf\xef\xbf\xbd" },
		/* other charsets are kept between marks */
		{ "a =?gb2312?B?xOM=?= b",
		    "a \x0e=?gb2312?B?xOM=?=\x0f b" },
		{ "=?gb2312?B?xOM=?= =?UTF-8?Q?c?=",
		    "\x0e=?gb2312?B?xOM=?=\x0f" "c" },
		{ "=?x?Q?a b?=", "=?x?Q?a b?=" },
	};

	(void)state;
	check_all(pairs, countof(pairs), word_decode);
}

static void
test_look(void **state)
{
	static const struct pair pairs[] = {
		{ "a =?UTF-8?Q?b_c?= d", "a b c d" },
		{ "=?gb2312?B?xONhYmM=?=", "abc" },
		{ "=?utf-16le?B?YQBiAGMA?=", "abc" },
		{ "=?x?Q?a b=41?=", "a bA" },
		{ "=?UTF-8?Q?a?b=41?= =42", "a?bA =42" },
		{ "=?UTF-8?Q?open=41", "openA" },
		{ "=?UTF-8?B?YWJj", "abc" },
		{ "=?UTF-8?B?YWJj?x", "abc?x" },
		{ "=?iso-8859-1?Q?=E9?=", "\xc3\xa9" },
	};

	(void)state;
	check_all(pairs, countof(pairs), word_look);
}

static void
test_kept_max(void **state)
{
	struct buf text, out;
	size_t i;

	(void)state;
	buf_init(&text, 2000);
	buf_init(&out, 2000);
	buf_add_text(&text, "=?x?Q?");
	for (i = 0; i < WORD_KEPT_MAX; i++)
		buf_add_char(&text, 'a');
	buf_add_text(&text, "?=");
	word_decode(&out, buf_str(&text));
	assert_true(str_equal(buf_str(&out), buf_str(&text)));
	buf_drop(&text);
	/* what does not fit is said to be full */
	buf_init(&text, 10);
	word_decode(&text, buf_str(&out));
	assert_true(text.full);
	buf_drop(&text);
	buf_drop(&out);
}

static void
test_span(void **state)
{
	(void)state;
	assert_int_equal(word_span(STR("=?a?q?b?= c")), 9);
	assert_int_equal(word_span(STR("=?a?q?b,(c?=")), 12);
	assert_int_equal(word_span(STR(" =?a?q?b?=")), 0);
	assert_int_equal(word_span(STR("=?a?q?b?")), 0);
}

/* Encode all of text, and tell the words one per line. */
static void
encode_all(struct buf *out, struct str text, size_t room)
{
	size_t before;

	while (text.len > 0) {
		before = out->len;
		str_take(&text, word_encode(out, text, room));
		assert_true(out->len - before <= room);
		assert_true(out->len - before <= WORD_MAX);
		buf_add_char(out, '\n');
	}
}

static void
test_encode(void **state)
{
	static const struct {
		const char *text;
		size_t room;
		const char *words;
	} cases[] = {
		{ "a", 75, "=?UTF-8?Q?a?=\n" },
		{ "Caf\xc3\xa9 au lait", 75,
		    "=?UTF-8?Q?Caf=C3=A9_au_lait?=\n" },
		{ "a_=?bcdefghij", 75,
		    "=?UTF-8?Q?a=5F=3D=3Fbcdefghij?=\n" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 75,
		    "=?UTF-8?B?5pel5pys?=\n" },
		{ "\xf0\x9f\x93\xae\xf0\x9f\x93\xae\xf0\x9f\x93\xae", 24,
		    "=?UTF-8?B?8J+TrvCfk64=?=\n=?UTF-8?B?8J+Trg==?=\n" },
		{ "ab\xc3\xa9" "cdefghijklm", 24,
		    "=?UTF-8?Q?ab=C3=A9cdef?=\n=?UTF-8?Q?ghijklm?=\n" },
	};
	struct buf out, back;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	buf_init(&back, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		buf_clear(&back);
		encode_all(&out, vector_guard(str_of(cases[i].text)),
		    cases[i].room);
		assert_string_equal(buf_text(&out), cases[i].words);
		buf_cut(&out, out.len - 1);
		word_decode(&back, buf_str(&out));
		assert_string_equal(buf_text(&back), cases[i].text);
	}
	buf_drop(&out);
	buf_drop(&back);
}

static void
test_text(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" }, { "plain\r\n folded\t.", "plain folded ." },
		{ "=?gb2312?B?xOM=?= =?gb2312?Q?=BA=C3?= x",
		    "\xe4\xbd\xa0\xe5\xa5\xbd x" },
		/* letters cut in two by words; not by plain text between */
		{ "=?big5?Q?=A7?= =?Big5*zh?Q?A?=", "\xe4\xbd\xa0" },
		{ "=?big5?Q?=A7?=x=?big5?Q?A?=", "\xef\xbf\xbd" "xA" },
		{ "=?UTF-8?Q?Caf=C3?= =?UTF-8?Q?=A9?=", "Caf\xc3\xa9" },
		{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=",
		    "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "=?utf-7?Q?+AOk-?= =?koi8-r?Q?=F0?=", "\xc3\xa9\xd0\x9f" },
		/* a charset that nobody knows; raw octets */
		{ "=?x-unknown?Q?a=E9b?=", "a\xc3\xa9" "b" },
		{ "Caf\xe9 \xc3\xa9", "Caf\xc3\xa9 \xc3\xa9" },
		/* no control character, whatever the charset */
		{ "=?utf-16be?B?AAEADQAKAGEADgCF?=", "  a\xef\xbf\xbd" },
		{ "=?gb2312?Q?open", "=?gb2312?Q?open" },
	};

	(void)state;
	check_all(pairs, countof(pairs), word_text);
}

int
word_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_kept_max),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests_name("mail/word", tests, NULL, NULL);
}
