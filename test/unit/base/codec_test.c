/* Text forms and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "vector.h"

int codec_test(void);

struct pair {
	const char *raw;
	const char *text;
};

static void
test_base64(void **state)
{
	/* RFC 4648 section 10 */
	static const struct pair cases[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zg==\n", "Zm 9",
		"====", "Z===", "=Zg=", "Zm9v=", "Zm-_", "Zm9v====", "Zg=a",
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		base64_encode(&out, vector_guard(str_of(cases[i].raw)));
		assert_string_equal(buf_text(&out), cases[i].text);
		buf_clear(&out);
		assert_true(base64_decode(&out,
		    vector_guard(str_of(cases[i].text))));
		assert_string_equal(buf_text(&out), cases[i].raw);
	}
	for (i = 0; i < countof(bad); i++)
		assert_false(base64_decode(&out,
		    vector_guard(str_of(bad[i]))));
	buf_drop(&out);
}

static void
test_base32(void **state)
{
	static const struct pair cases[] = {
		{ "", "" }, { "f", "my" }, { "fo", "mzxq" },
		{ "foo", "mzxw6" }, { "foob", "mzxw6yq" },
		{ "fooba", "mzxw6ytb" }, { "foobar", "mzxw6ytboi" },
	};
	static const char *const bad[] = {
		"mz!", "m9", "mzx", "m", "mzxw6y", "mzxw6ytba",
		"mzxr", "mb", "\xc3\xa4\xc3\xa4",
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		base32_encode(&out, vector_guard(str_of(cases[i].raw)), 0);
		assert_string_equal(buf_text(&out), cases[i].text);
		buf_clear(&out);
		assert_true(base32_decode(&out,
		    vector_guard(str_of(cases[i].text))));
		assert_string_equal(buf_text(&out), cases[i].raw);
	}
	for (i = 0; i < countof(bad); i++)
		assert_false(base32_decode(&out,
		    vector_guard(str_of(bad[i]))));

	buf_clear(&out);
	base32_encode(&out, STR("foobar"), 4);
	assert_string_equal(buf_text(&out), "mzxw-6ytb-oi");
	buf_clear(&out);
	base32_encode(&out, STR("fooba"), 4);
	assert_string_equal(buf_text(&out), "mzxw-6ytb");
	buf_clear(&out);
	assert_true(base32_decode(&out, STR(" MZXW-6YTB 01-")) == false);
	buf_clear(&out);
	assert_true(base32_decode(&out, STR("MZXW 6YT8-OI")));
	assert_string_equal(buf_text(&out), "foobar");
	buf_clear(&out);
	assert_true(base32_decode(&out, STR("MZXW-6YTB-0I")));
	assert_string_equal(buf_text(&out), "foobar");
	buf_drop(&out);
}

/* Every length, every kind of byte: there and back. */
static void
test_round_trip(void **state)
{
	unsigned char raw[70];
	struct buf text, back;
	struct str s;
	size_t len, i;

	(void)state;
	buf_init(&text, 1000);
	buf_init(&back, 1000);
	for (i = 0; i < sizeof raw; i++)
		raw[i] = (unsigned char)(i * 151 + 13);
	for (len = 0; len <= sizeof raw; len++) {
		s = vector_guard(str_from(raw, len));
		buf_clear(&text);
		buf_clear(&back);
		base64_encode(&text, s);
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_true(base64_decode(&back, buf_str(&text)));
		assert_true(str_equal(buf_str(&back), s));
		buf_clear(&text);
		buf_clear(&back);
		base32_encode(&text, s, 5);
		assert_true(base32_decode(&back, buf_str(&text)));
		assert_true(str_equal(buf_str(&back), s));
	}
	buf_clear(&text);
	hex_encode(&text, STR("\x00\x0f\xa0\xff"));
	assert_string_equal(buf_text(&text), "000fa0ff");
	buf_drop(&text);
	buf_drop(&back);
}

int
codec_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base32),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("base/codec", tests, NULL, NULL);
}
