/* Tags in the Subject: what is honoured, refused, and taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/sendas.h"
#include "vector.h"

int sendas_test(void);

static const struct str names[] = {
	{ "example.test", 12 }, { "other.example", 13 }
};

static const struct domains ours = { names, 2, false };

/* Tell "mailbox|name|rest", "-" for none, or the refusal. */
static void
tell(struct buf *out, struct str subject)
{
	enum sendas_result found;
	struct sendas tag;
	struct buf rest;

	buf_init(&rest, 10000);
	sendas_init(&tag);
	found = sendas_take(&tag, subject, &ours, STR("example.test"), &rest);
	if (found == SENDAS_BAD)
		buf_add_text(out, tag.why);
	else if (found == SENDAS_NONE)
		buf_add_text(out, "-");
	else
		buf_add_format(out, "%s|%s|%s", buf_text(&tag.mailbox),
		    buf_text(&tag.name), buf_text(&rest));
	sendas_drop(&tag);
	sendas_drop(&tag);
	buf_drop(&rest);
}

static void
test_found(void **state)
{
	static const struct {
		const char *subject;
		const char *told;
	} cases[] = {
		{ "", "-" }, { "Re: order", "-" }, { "[list] sendas", "-" },
		{ "[sendas:shop]", "shop@example.test||" },
		{ "Re: order [sendas:shop]",
		    "shop@example.test||Re: order" },
		{ "[sendas:shop] Re: order",
		    "shop@example.test||Re: order" },
		{ "Re: [sendas:shop] order",
		    "shop@example.test||Re: order" },
		{ "Re:[sendas:shop]order", "shop@example.test||Re: order" },
		{ "  a   b  [sendas:shop]", "shop@example.test||a b" },
		{ "Re: [SendAs:   Shop.Name_1-x]",
		    "Shop.Name_1-x@example.test||Re:" },
		{ "[sendas:shop ]", "shop@example.test||" },
		{ "[ sendas : shop ] x", "shop@example.test||x" },
		{ "[sendas\xc2\xa0:\xc2\xa0shop\xe3\x80\x80]",
		    "shop@example.test||" },
		{ "[sendas:a+b=c_d-e.f]", "a+b=c_d-e.f@example.test||" },
		{ "[sendas:j\xc3\xbcrgen]", "j\xc3\xbcrgen@example.test||" },
		{ "[sendas:shop@example.test]", "shop@example.test||" },
		{ "[sendas:shop@Other.Example]", "shop@other.example||" },
		{ "[sendas: shop @ other.example ]", "shop@other.example||" },
		{ "[sendas:My Shop <shop>]", "shop@example.test|My Shop|" },
		{ "[sendas:My Shop<shop@other.example>]",
		    "shop@other.example|My Shop|" },
		{ "[sendas: \"My, Shop\" < shop > ]",
		    "shop@example.test|My, Shop|" },
		{ "[sendas:<shop>]", "shop@example.test||" },
		{ "[sendas:\"a b\"]", "\"a b\"@example.test||" },
		{ "[sendas:J\xc3\xbcrgen <j>]",
		    "j@example.test|J\xc3\xbcrgen|" },
		/* several that agree */
		{ "a [sendas:shop] b [SENDAS:Shop@example.test] c",
		    "shop@example.test||a b c" },
		{ "[sendas:shop][sendas:My Shop <shop>]",
		    "shop@example.test|My Shop|" },
		{ "[sendas:My Shop <shop>][sendas:shop]",
		    "shop@example.test|My Shop|" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		tell(&out, vector_guard(str_of(cases[i].subject)));
		assert_string_equal(buf_text(&out), cases[i].told);
	}
	buf_drop(&out);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *subject;
		const char *word;	/* of the sentence */
	} cases[] = {
		{ "[sendas:]", "holds no address" },
		{ "[sendas: ]", "holds no address" },
		{ "[sendas:shop", "not closed" },
		{ "[sendas:a b]", "holds no address" },
		{ "[sendas:a..b]", "holds no address" },
		{ "[sendas:shop@]", "holds no address" },
		{ "[sendas:@example.test]", "holds no address" },
		{ "[sendas:Shop <>]", "holds no address" },
		{ "[sendas:Shop <shop]", "holds no address" },
		{ "[sendas:<shop> Shop]", "holds no address" },
		{ "[sendas:[sendas:a]]", "holds no address" },
		{ "[sendas:shop@[192.0.2.1]]", "holds no address" },
		{ "[sendas:shop@foreign.example]", "another domain" },
		{ "[sendas:shop@sub.example.test]", "another domain" },
		{ "[sendas:postmaster@]", "holds no address" },
		{ "[sendas:one] hi [sendas:two]", "do not agree" },
		{ "[sendas:A <one>][sendas:B <one>]", "do not agree" },
		{ "[sendas:sh\xe2\x80\x8bop]", "cannot be seen" },
		{ "[sendas:sh\xc2\xa0op]", "cannot be seen" },
		{ "[sendas:\x0e=?x?q?y?=\x0f]", "cannot be seen" },
		{ "[sendas:sh\xef\xbf\xbdop]", "cannot be seen" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		tell(&out, vector_guard(str_of(cases[i].subject)));
		assert_true(str_starts(buf_str(&out), STR("550 5.6.0 ")));
		assert_non_null(strstr(buf_text(&out), cases[i].word));
	}
	buf_clear(&out);
	buf_add_text(&out, "[sendas:");
	for (i = 0; i < 700; i++)
		buf_add_char(&out, 'a');
	buf_add_char(&out, ']');
	i = out.len;
	tell(&out, vector_guard(buf_str(&out)));
	assert_non_null(strstr(buf_text(&out) + i, "too long"));
	buf_drop(&out);
}

static void
test_like(void **state)
{
	static const char *const like[] = {
		"[sendas:", "[sendas:shop]", "x [SENDAS : shop] y",
		"[ sendas:x", "[sendas shop]", "[sendas]", "[sendas;shop]",
		"[sendasshop]", "(sendas:shop)", "{sendas: x}",
		"( sendas: x )", "[ sendas ]", "<sendas:x>",
		"sendas:shop", "sendas:shop]", "Re: sendas: shop] x",
		"[send as: shop]", "[s e n d a s : shop]",
		"[s\xc2\xad" "e\xe2\x80\x8bn\x01" "das:x]",
		"\xef\xbc\xbbsendas:x]", "[sendas\xef\xbc\x9ax]",
		"(sendas \xef\xbc\x9a x)",
		"[\xef\xbd\x93\xef\xbd\x85\xef\xbd\x8e\xef\xbd\x84\xef\xbd"
		    "\x81\xef\xbd\x93:x]",
		"\xe3\x80\x90sendas:x\xe3\x80\x91",
		"[send-as:shop]", "[send_as:shop]", "[sendsa:shop]",
		"[senda:shop]", "[sends:x]", "[sendass:x]", "[xsendas:x]",
		"[sen-ads: x]", "(send-as:shop)", "[s\xc3\xa9ndas:x]",
		"[\xd1\x95\xd0\xb5\xd0\xbf\xd4\x81\xd0\xb0\xd1\x95:x]",
		"[\xd0\x85" "END\xce\x91S:x]", "(send\xd0\xb0s:x)",
		"[\xc2\xa0sendas:x]", "[[sendas:x]]", "[send[sendas:x]as:y]",
	};
	static const char *const unlike[] = {
		"", "sendas", "Sendas: revista de viajes",
		"las sendas perdidas",
		"(sendas perdidas)", "[send as attachment]", "send as: PDF",
		"prebendas: x", "msendas:x", "[senda]", "[list] sendas: x",
		"Las sendas: x [y]", "send", "[", "[s e n d a s]",
		"[send:", "[send: x]", "[ads: x]", "[as:x]", "[sandals: x]",
		"[senda x]", "[Robert sends: x]", "[send-as attachment]",
		"[senses: x]", "[end: x]", "[", "[:", "[agenda: x]",
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(like); i++)
		if (!sendas_like(vector_guard(str_of(like[i]))))
			fail_msg("not seen: %s", like[i]);
	for (i = 0; i < countof(unlike); i++)
		if (sendas_like(vector_guard(str_of(unlike[i]))))
			fail_msg("seen: %s", unlike[i]);
}

int
sendas_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_like),
	};

	return cmocka_run_group_tests_name("rules/sendas", tests, NULL, NULL);
}
