/* Punycode: the samples of RFC 3492 section 7.1, and whole domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/puny.h"
#include "vector.h"

int puny_test(void);

struct sample {
	const char *text;
	const char *coded;
};

/* (A) to (S); the case that digits may carry, as in (I), is not given. */
static const struct sample samples[] = {
	{ "\u0644\u064a\u0647\u0645\u0627\u0628\u062a\u0643\u0644"
	    "\u0645\u0648\u0634\u0639\u0631\u0628\u064a\u061f",
	    "egbpdaj6bu4bxfgehfvwxn" },
	{ "\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587",
	    "ihqwcrb4cv8a8dqg056pqjye" },
	{ "\u4ed6\u5011\u7232\u4ec0\u9ebd\u4e0d\u8aaa\u4e2d\u6587",
	    "ihqwctvzc91f659drss3x8bo0yb" },
	{ "Pro\u010dprost\u011bnemluv\u00ed\u010desky",
	    "Proprostnemluvesky-uyb24dma41a" },
	{ "\u05dc\u05de\u05d4\u05d4\u05dd\u05e4\u05e9\u05d5\u05d8\u05dc"
	    "\u05d0\u05de\u05d3\u05d1\u05e8\u05d9\u05dd\u05e2\u05d1\u05e8"
	    "\u05d9\u05ea", "4dbcagdahymbxekheh6e0a7fei0b" },
	{ "\u092f\u0939\u0932\u094b\u0917\u0939\u093f\u0928\u094d\u0926"
	    "\u0940\u0915\u094d\u092f\u094b\u0902\u0928\u0939\u0940\u0902"
	    "\u092c\u094b\u0932\u0938\u0915\u0924\u0947\u0939\u0948\u0902",
	    "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd" },
	{ "\u306a\u305c\u307f\u3093\u306a\u65e5\u672c\u8a9e\u3092\u8a71"
	    "\u3057\u3066\u304f\u308c\u306a\u3044\u306e\u304b",
	    "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa" },
	{ "\uc138\uacc4\uc758\ubaa8\ub4e0\uc0ac\ub78c\ub4e4\uc774\ud55c"
	    "\uad6d\uc5b4\ub97c\uc774\ud574\ud55c\ub2e4\uba74\uc5bc\ub9c8"
	    "\ub098\uc88b\uc744\uae4c",
	    "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879c"
	    "cm6fea98c" },
	{ "\u043f\u043e\u0447\u0435\u043c\u0443\u0436\u0435\u043e\u043d"
	    "\u0438\u043d\u0435\u0433\u043e\u0432\u043e\u0440\u044f\u0442"
	    "\u043f\u043e\u0440\u0443\u0441\u0441\u043a\u0438",
	    "b1abfaaepdrnnbgefbadotcwatmq2g4l" },
	{ "Porqu\u00e9nopuedensimplementehablarenEspa\u00f1ol",
	    "PorqunopuedensimplementehablarenEspaol-fmd56a" },
	{ "T\u1ea1isaoh\u1ecdkh\u00f4ngth\u1ec3ch\u1ec9n\u00f3iti\u1ebfng"
	    "Vi\u1ec7t", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g" },
	{ "3\u5e74B\u7d44\u91d1\u516b\u5148\u751f",
	    "3B-ww4c5e180e575a65lsy2b" },
	{ "\u5b89\u5ba4\u5948\u7f8e\u6075-with-SUPER-MONKEYS",
	    "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n" },
	{ "Hello-Another-Way-\u305d\u308c\u305e\u308c\u306e\u5834\u6240",
	    "Hello-Another-Way--fc4qua05auwb3674vfr0b" },
	{ "\u3072\u3068\u3064\u5c4b\u6839\u306e\u4e0b2",
	    "2-u9tlzr9756bt3uc0v" },
	{ "Maji\u3067Koi\u3059\u308b5\u79d2\u524d",
	    "MajiKoi5-783gue6qz075azm5e" },
	{ "\u30d1\u30d5\u30a3\u30fcde\u30eb\u30f3\u30d0",
	    "de-jg4avhby1noc0d" },
	{ "\u305d\u306e\u30b9\u30d4\u30fc\u30c9\u3067",
	    "d9juau41awczczp" },
	{ "-> $1.00 <-", "-> $1.00 <--" },
};

static void
test_samples(void **state)
{
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(samples); i++) {
		buf_clear(&out);
		assert_true(puny_label(&out,
		    vector_guard(str_of(samples[i].text))));
		assert_string_equal(buf_text(&out), samples[i].coded);
	}
	buf_drop(&out);
}

static void
test_domains(void **state)
{
	static const struct sample good[] = {
		{ "example", "example" },
		{ "Mail.EXAMPLE", "mail.example" },
		{ "b\u00fccher.example", "xn--bcher-kva.example" },
		{ "B\u00fcCHER.B\u00fccher", "xn--bcher-kva.xn--bcher-kva" },
		{ "\u4f8b\u3048.\u30c6\u30b9\u30c8",
		    "xn--r8jz45g.xn--zckzah" },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "\U0001f4ee.example", "xn--ku8h.example" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(good); i++) {
		buf_clear(&out);
		assert_true(puny_domain(&out,
		    vector_guard(str_of(good[i].text))));
		assert_string_equal(buf_text(&out), good[i].coded);
	}
	buf_drop(&out);
}

/* What must not come out as a name. */
static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", ".", "a..b", ".a", "a.", "b\xfc" "cher.example",
		"\xed\xa0\x80.example",
		/* a label of 64 octets, and one that becomes that long */
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaa.example",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "\u00fc.example",
	};
	struct str label = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaa.");
	struct buf out, name;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	buf_init(&name, 1000);
	for (i = 0; i < countof(bad); i++) {
		buf_clear(&out);
		assert_false(puny_domain(&out, vector_guard(str_of(bad[i]))));
	}
	/* 63 * 4 + 1 octets are a name, two more are none. */
	for (i = 0; i < 4; i++)
		buf_add(&name, label);
	buf_add_char(&name, 'b');
	assert_int_equal(name.len, PUNY_DOMAIN_MAX);
	buf_clear(&out);
	assert_true(puny_domain(&out, buf_str(&name)));
	buf_add_char(&name, 'b');
	assert_false(puny_domain(&out, buf_str(&name)));
	/* An octet more than any label has in UTF-8. */
	buf_clear(&name);
	for (i = 0; i < 128; i++)
		buf_add_text(&name, "\u00fc");
	assert_false(puny_label(&out, buf_str(&name)));
	buf_drop(&out);
	buf_drop(&name);
	/* No room. */
	buf_init(&out, 8);
	assert_false(puny_domain(&out, STR("b\u00fccher.example")));
	buf_drop(&out);
}

int
puny_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("mail/puny", tests, NULL, NULL);
}
