/* Paths, mailboxes, domains and literals, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/addr.h"
#include "vector.h"

int addr_test(void);

/* A path, and what it is in canonical form; NULL when it is bad. */
struct path_case {
	const char *path;
	const char *canonical;
	const char *rest;
};

static const struct path_case paths[] = {
	{ "<a@b.example>", "a@b.example", "" },
	{ "<a@b.example> SIZE=1", "a@b.example", " SIZE=1" },
	{ "  <a@b.example>x", "a@b.example", "x" },
	{ "<>", "", "" },
	{ "<> BODY=8BITMIME", "", " BODY=8BITMIME" },
	{ "<postmaster>", "postmaster@home.example", "" },
	{ "<PostMaster>", "postmaster@home.example", "" },
	{ "<Postmaster@Shop.Example>", "postmaster@shop.example", "" },
	{ "<Shop.One+Tag@Example.TEST>", "shop.one+tag@example.test",
	    "" },
	{ "<a@localhost>", "a@localhost", "" },
	{ "<a@b>", "a@b", "" },
	{ "<a@my_host.example>", "a@my_host.example", "" },
	{ "<a@1.example>", "a@1.example", "" },
	{ "<a@x--y.example>", "a@x--y.example", "" },
	{ "<!#$%&'*+-/=?^_`{|}~@b.example>",
	    "!#$%&'*+-/=?^_`{|}~@b.example", "" },
	/* source routes are read and dropped */
	{ "<@a.example:u@b.example>", "u@b.example", "" },
	{ "<@a.example,@c.example:u@b.example> X", "u@b.example",
	    " X" },
	{ "<@[192.0.2.1],@c.example:u@b.example>", "u@b.example", "" },
	{ "<@a.example:postmaster>", "postmaster@home.example", "" },
	/* quoted local parts */
	{ "<\"a b\"@b.example>", "\"a b\"@b.example", "" },
	{ "<\"A.b\"@b.example>", "a.b@b.example", "" },
	{ "<\"\\A\\.b\"@b.example>", "a.b@b.example", "" },
	{ "<\"a>b\"@b.example>", "\"a>b\"@b.example", "" },
	{ "<\"a@b\"@b.example>", "\"a@b\"@b.example", "" },
	{ "<\"a\\\"b\\\\c\"@b.example>", "\"a\\\"b\\\\c\"@b.example",
	    "" },
	{ "<\"Joe\\,Smith\"@b.example>", "\"joe,smith\"@b.example",
	    "" },
	{ "<\"\"@b.example>", "\"\"@b.example", "" },
	{ "<\"a..b\"@b.example>", "\"a..b\"@b.example", "" },
	{ "<\".a\"@b.example>", "\".a\"@b.example", "" },
	{ "<\"gr\xc3\xbc\xc3\x9f\"@b.example>",
	    "gr\xc3\xbc\xc3\x9f@b.example", "" },
	/* UTF-8 */
	{ "<gr\xc3\xbc\xc3\x9f@example.test>",
	    "gr\xc3\xbc\xc3\x9f@example.test", "" },
	{ "<\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.example>",
	    "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.example", "" },
	{ "<\xf0\x9f\x93\xae@example.test>",
	    "\xf0\x9f\x93\xae@example.test", "" },
	/* literals */
	{ "<a@[192.0.2.1]>", "a@[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:DB8::1]>", "a@[ipv6:2001:db8::1]", "" },
	{ "<a@[x-tag:any!thing]>", "a@[x-tag:any!thing]", "" },

	/* bad ones */
	{ "", NULL, NULL },
	{ "<", NULL, NULL },
	{ "a@b.example", NULL, NULL },
	{ "<a@b.example", NULL, NULL },
	{ "<a@b.example >", NULL, NULL },
	{ "< a@b.example>", NULL, NULL },
	{ "< >", NULL, NULL },
	{ "<a>", NULL, NULL },
	{ "<@b.example>", NULL, NULL },
	{ "<a@>", NULL, NULL },
	{ "<a@b@c.example>", NULL, NULL },
	{ "<.a@b.example>", NULL, NULL },
	{ "<a.@b.example>", NULL, NULL },
	{ "<a..b@b.example>", NULL, NULL },
	{ "<a\x7f@b.example>", NULL, NULL },
	{ "<a b@b.example>", NULL, NULL },
	{ "<a(c)@b.example>", NULL, NULL },
	{ "<a,b@b.example>", NULL, NULL },
	{ "<\"a@b.example>", NULL, NULL },
	{ "<\"a\"b@b.example>", NULL, NULL },
	{ "<\"a\"\"b\"@b.example>", NULL, NULL },
	{ "<\"a\\\"@b.example>", NULL, NULL },
	{ "<\"a\\", NULL, NULL },
	{ "<\"a\tb\"@b.example>", NULL, NULL },
	{ "<\"a\\\tb\"@b.example>", NULL, NULL },
	{ "<\"a\x7f\"@b.example>", NULL, NULL },
	{ "<\"a\\\xc3\xbc\"@b.example>", NULL, NULL },
	{ "<\"postmaster\">", NULL, NULL },
	{ "<a@.b.example>", NULL, NULL },
	{ "<a@b.example.>", NULL, NULL },
	{ "<a@b..example>", NULL, NULL },
	{ "<a@-b.example>", NULL, NULL },
	{ "<a@b-.example>", NULL, NULL },
	{ "<a@b/c.example>", NULL, NULL },
	{ "<a@192.0.2.1]>", NULL, NULL },
	{ "<a@[192.0.2.1>", NULL, NULL },
	{ "<a@[192.0.2.1].example>", NULL, NULL },
	{ "<a@[]>", NULL, NULL },
	{ "<a\xff@b.example>", NULL, NULL },
	{ "<a\xc0\xaf@b.example>", NULL, NULL },
	{ "<a\xc2\x85@b.example>", NULL, NULL },
	{ "<a@b\xed\xa0\x80.example>", NULL, NULL },
	{ "<\"a\xe2\x82\"@b.example>", NULL, NULL },
	{ "<@a.example u@b.example>", NULL, NULL },
	{ "<@a.example,u@b.example>", NULL, NULL },
	{ "<@a.example,@:u@b.example>", NULL, NULL },
	{ "<@a.example:>", NULL, NULL },
	{ "<@:u@b.example>", NULL, NULL },
	{ "<\r@b.example>", NULL, NULL },
};

static void
test_path(void **state)
{
	struct str in, was;
	struct addr addr;
	const char *why;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(paths); i++) {
		was = in = vector_guard(str_of(paths[i].path));
		why = NULL;
		buf_clear(&out);
		if (paths[i].canonical == NULL) {
			assert_int_equal(addr_path(&in, &addr, &why),
			    ADDR_BAD);
			assert_non_null(why);
			assert_ptr_equal(in.at, was.at);
			assert_int_equal(in.len, was.len);
			continue;
		}
		assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
		assert_true(str_equal(in, str_of(paths[i].rest)));
		addr_canonical(&out, &addr, STR("home.example"));
		assert_string_equal(buf_text(&out), paths[i].canonical);
		assert_int_equal(addr.null, paths[i].canonical[0] == '\0');
	}
	buf_drop(&out);
}

static void
test_parts(void **state)
{
	struct addr addr;
	const char *why;
	struct str in;

	(void)state;
	in = STR("<\"A b\"@[IPv6:::1]>");
	assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
	assert_true(str_equal(addr.local, STR("\"A b\"")));
	assert_true(str_equal(addr.domain, STR("[IPv6:::1]")));
	assert_true(addr.quoted && addr.literal && !addr.utf8 && !addr.null);

	in = STR("<a@gr\xc3\xbcn.example>");
	assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
	assert_true(addr.utf8 && !addr.quoted && !addr.literal);

	in = STR("<Postmaster>");
	assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
	assert_true(str_equal(addr.local, STR("Postmaster")));
	assert_int_equal(addr.domain.len, 0);
}

/* Paths whose parts are just as long as they may be, and one longer. */
static void
test_lengths(void **state)
{
	struct addr addr;
	const char *why;
	struct buf path, canonical;
	struct str in;
	size_t local, i;

	(void)state;
	buf_init(&path, 4096);
	for (local = 63; local <= ADDR_LOCAL_MAX + 1; local++) {
		buf_clear(&path);
		buf_add_char(&path, '<');
		for (i = 0; i < local; i++)
			buf_add_char(&path, 'x');
		buf_add_text(&path, "@b.example>");
		in = buf_str(&path);
		assert_int_equal(addr_path(&in, &addr, &why),
		    local <= ADDR_LOCAL_MAX ? ADDR_OK : ADDR_BAD);
	}
	buf_clear(&path);
	buf_add_text(&path, "<\"");
	for (i = 2; i < ADDR_LOCAL_MAX; i++)
		buf_add_char(&path, ' ');
	buf_add_text(&path, "\"@b.example>");
	in = buf_str(&path);
	assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
	buf_init(&canonical, 4096);
	addr_canonical(&canonical, &addr, STR(""));
	assert_true(str_equal(buf_str(&canonical),
	    str_part(buf_str(&path), 1, path.len - 2)));
	buf_drop(&canonical);
	for (local = 1; local < 30; local++) {
		buf_clear(&path);
		buf_add_char(&path, '<');
		for (i = 0; i < 90; i++)
			buf_add_text(&path, i == 0 ? "@a.example" :
			    ",@a.example");
		buf_add_char(&path, ':');
		for (i = 0; i < local; i++)
			buf_add_char(&path, 'x');
		buf_add_text(&path, "@b.example>");
		in = buf_str(&path);
		assert_int_equal(addr_path(&in, &addr, &why),
		    path.len <= ADDR_PATH_MAX ? ADDR_OK : ADDR_BAD);
	}
	buf_drop(&path);
}

static void
test_mailbox(void **state)
{
	static const struct path_case cases[] = {
		{ "Shop@Example.Test", "shop@example.test", NULL },
		{ "\"a b\"@example.test", "\"a b\"@example.test", NULL },
		{ "postmaster", "postmaster@home.example", NULL },
		{ "a@[192.0.2.1]", "a@[192.0.2.1]", NULL },
		{ "", NULL, NULL },
		{ "<a@b.example>", NULL, NULL },
		{ "a@b.example>", NULL, NULL },
		{ "a@b.example ", NULL, NULL },
		{ " a@b.example", NULL, NULL },
		{ "@x.example:a@b.example", NULL, NULL },
		{ "a@b.example,c@d.example", NULL, NULL },
		{ "a", NULL, NULL },
		{ "@", NULL, NULL },
	};
	struct addr addr;
	const char *why;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		why = NULL;
		buf_clear(&out);
		if (addr_mailbox(vector_guard(str_of(cases[i].path)), &addr,
		    &why) != ADDR_OK) {
			assert_null(cases[i].canonical);
			assert_non_null(why);
			continue;
		}
		assert_non_null(cases[i].canonical);
		addr_canonical(&out, &addr, STR("Home.Example"));
		assert_string_equal(buf_text(&out), cases[i].canonical);
	}
	buf_drop(&out);
}

struct word_case {
	const char *text;
	bool good;
};

static void
test_domain(void **state)
{
	static const struct word_case cases[] = {
		{ "example", true }, { "a.b.c.example", true },
		{ "_dmarc.example", true }, { "gr\xc3\xbcn.example", true },
		{ "xn--grn-hoa.example", true },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		    "12345678901.example", true },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		    "123456789012.example", false },
		{ "", false }, { ".", false }, { "a.", false },
		{ ".a", false }, { "a..b", false }, { "-a", false },
		{ "a-.b", false }, { "a b", false }, { "a\xff", false },
		{ "a,b", false }, { "[192.0.2.1]", false },
		{ "a\xc2\x80.example", false },
	};
	char text[ADDR_DOMAIN_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(addr_is_domain(vector_guard(
		    str_of(cases[i].text))), cases[i].good);
	for (i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(addr_is_domain(str_from(text, ADDR_DOMAIN_MAX)));
	text[0] = text[1] = 'a';
	assert_false(addr_is_domain(str_from(text, ADDR_DOMAIN_MAX + 1)));
}

static void
test_literal(void **state)
{
	static const struct word_case cases[] = {
		{ "[192.0.2.1]", true }, { "[0.0.0.0]", true },
		{ "[255.255.255.255]", true }, { "[192.000.002.001]", true },
		{ "[256.0.0.1]", false }, { "[1.2.3]", false },
		{ "[1.2.3.4.5]", false }, { "[1.2.3.0004]", false },
		{ "[1..3.4]", false }, { "[1.2.3.]", false },
		{ "[IPv6:2001:db8::1]", true }, { "[ipv6:::]", true },
		{ "[IPv6:::1]", true }, { "[IPv6:1::]", true },
		{ "[IPv6:1:2:3:4:5:6:7:8]", true },
		{ "[IPv6:1:2:3:4:5:6:7::]", true },
		{ "[IPv6:::192.0.2.1]", true },
		{ "[IPv6:1:2:3:4:5:6:192.0.2.1]", true },
		{ "[IPv6:1:2:3:4:5::192.0.2.1]", true },
		{ "[IPv6:1:2:3:4:5:6:7]", false },
		{ "[IPv6:1:2:3:4:5:6:7:8:9]", false },
		{ "[IPv6:1:2:3:4:5:6:7:8::]", false },
		{ "[IPv6:1:2:3:4:5:6:7:192.0.2.1]", false },
		{ "[IPv6:1:2:3:4:5:192.0.2.1]", false },
		{ "[IPv6:::192.0.2.1:1]", false },
		{ "[IPv6:1::2::3]", false }, { "[IPv6:1:::2]", false },
		{ "[IPv6::1]", false }, { "[IPv6:1:]", false },
		{ "[IPv6:12345::]", false }, { "[IPv6:g::]", false },
		{ "[IPv6:]", false }, { "[IPv6:192.0.2.1]", false },
		{ "[IPv6:fe80::1%eth0]", false },
		{ "[tag:x]", true }, { "[x-1:!~]", true },
		{ "[tag:]", false }, { "[:x]", false }, { "[t-:x]", false },
		{ "[!tag:x]", false }, { "[tag!:x]", false },
		{ "[tag:a b]", false }, { "[tag:a\\b]", false },
		{ "[tag:a[b]", false }, { "[tag]", false }, { "[]", false },
		{ "[", false }, { "]", false }, { "", false },
		{ "192.0.2.1", false }, { "[192.0.2.1", false },
		{ "[tag:\xc3\xbc]", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(addr_is_literal(vector_guard(
		    str_of(cases[i].text))), cases[i].good);
}

static void
test_same(void **state)
{
	static const struct {
		const char *one, *two;
		bool same;
	} cases[] = {
		{ "a@b.example", "A@B.Example", true },
		{ "a@b.example", "\"\\a\"@b.example", true },
		{ "a@b.example", "a@c.example", false },
		{ "a@b.example", "aa@b.example", false },
		{ "\"a b\"@b.example", "\"a  b\"@b.example", false },
		{ "postmaster", "PostMaster", true },
		{ "postmaster", "postmaster@b.example", false },
	};
	struct addr one, two;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		assert_int_equal(addr_mailbox(str_of(cases[i].one), &one,
		    &why), ADDR_OK);
		assert_int_equal(addr_mailbox(str_of(cases[i].two), &two,
		    &why), ADDR_OK);
		assert_int_equal(addr_same(&one, &two), cases[i].same);
	}
}

int
addr_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests_name("mail/addr", tests, NULL, NULL);
}
