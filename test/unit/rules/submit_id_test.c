/* Message-IDs and what refers to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "submit_world.h"
#include "vector.h"

int submit_id_test(void);

static const struct submit_sent sent[] = {
	{ { "a@desk.local", 12 }, { "went@other.example", 18 } },
	{ { "b@public.example", 16 }, { "c@example.test", 14 } },
	{ { "d@desk.local", 12 }, { "mailbox@example.test", 20 } },
	{ { "e @desk", 7 }, { "went@example.test", 17 } },
};

/* Rewrite a header with one more field; tell that field as it goes out. */
static void
tell_field(struct buf *out, const char *field, const char *name)
{
	struct submit_policy policy;
	struct submit result;
	struct str line, rest;
	struct buf head;

	buf_init(&head, 10000);
	submit_init(&result);
	buf_add_text(&head, "From: shop@example.test\r\n");
	buf_add_text(&head, field);
	buf_add_text(&head, "\r\n\r\n");
	policy = submit_usual;
	policy.sent = sent;
	policy.sent_count = countof(sent);
	assert_int_equal(submit_rewrite(&result, &policy,
	    vector_guard(buf_str(&head)), STR("")), SUBMIT_OK);
	/* a null sender stays one (RFC 3834, RFC 8098) */
	assert_int_equal(result.sender.len, 0);
	buf_clear(out);
	rest = buf_str(&result.head);
	while (str_split(&rest, '\n', &line))
		if (str_starts(line, str_of(name)))
			buf_add(out, str_trim(line));
	buf_drop(&head);
	submit_drop(&result);
}

static void
test_private_ids(void **state)
{
	static const char *const private[] = {
		"<a@localhost>", "<a@desk>", "<a@desk.local>", "<a@d.LAN>",
		"<a@d.home>", "<a@d.home.arpa>", "<a@d.fritz.box>",
		"<a@[192.0.2.1]>", "<a@192.0.2.1.internal>", "<a@>", "<a>",
		"<a@desk.isp.example>", "<a@desk.example.test>",
		"<a@other.example>", "<mailbox@example.test>",
		"<a@192.0.2.1>", "<a@b.c.>",
		"<a@desk.ts.net>", "<a@mine.example>",
		"<me@listed.example>",
		/* the login as a word, on either side */
		"<mailbox.1@public.example>", "<1MAILBOX2@public.example>",
		"<x-mailbox_y@example.test>", "<a@mailbox.public.example>",
		"<a@mailbox.example>", "<mail%62ox@public.example>",
	};
	static const char *const public[] = {
		"<a@public.example>", "<a@example.test>", "<a@mylan.example>",
		"<a@notlocalhost.example>", "<a$b.c@x.y.example>",
		"<you@listed.example>", "<a@b4.example>",
		"<mymailbox@public.example>", "<mailboxes@public.example>",
	};
	struct buf out, field;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	buf_init(&field, 10000);
	for (i = 0; i < countof(private) + countof(public); i++) {
		buf_clear(&field);
		buf_add_format(&field, "Message-ID: %s", i < countof(private) ?
		    private[i] : public[i - countof(private)]);
		tell_field(&out, buf_text(&field), "Message-ID:");
		if (i < countof(private)) {
			assert_true(str_ends(buf_str(&out),
			    STR("@example.test>")));
			assert_int_equal(out.len, 12 + 1 + 32 + 14);
		} else
			assert_string_equal(buf_text(&out), buf_text(&field));
	}
	buf_drop(&out);
	buf_drop(&field);
}

/* What could be the id of any letter is none: a fresh one goes out. */
static void
test_unusable_ids(void **state)
{
	static const char *const cases[] = {
		"", " ", "<>", "<@b.c>", "<a b@public.example>", "a b",
		"<a@b.example> x", "<a@b.example><c@d.example>", "<a@b\x7f>",
	};
	struct buf out, field;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	buf_init(&field, 10000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&field);
		buf_add_format(&field, "Message-ID:%s", cases[i]);
		tell_field(&out, buf_text(&field), "Message-ID:");
		assert_string_equal(buf_text(&out),
		    "Message-ID: <fresh@example.test>");
	}
	buf_drop(&out);
	buf_drop(&field);
}

/* What the shell looks for is what a private id went out as. */
static void
test_mapped(void **state)
{
	struct buf out, mapped;

	(void)state;
	buf_init(&out, 10000);
	buf_init(&mapped, 1000);
	tell_field(&out, "Message-ID: <a@desk.local>", "Message-ID:");
	buf_add_text(&mapped, "Message-ID: <");
	assert_true(submit_id_mapped(&submit_usual, STR("a@desk.local"),
	    STR("Example.TEST"), &mapped));
	buf_add_text(&mapped, ">");
	assert_string_equal(buf_text(&out), buf_text(&mapped));
	buf_clear(&mapped);
	assert_true(submit_id_mapped(&submit_usual, STR("a@desk.local"),
	    STR("other.example"), &mapped));
	assert_true(str_equal(str_part(buf_str(&out), 13, 32),
	    str_part(buf_str(&mapped), 0, 32)));
	assert_true(str_ends(buf_str(&mapped), STR("@other.example")));
	assert_true(submit_id_mapped(&submit_usual, STR("a@example.test"),
	    STR("other.example"), &mapped));
	buf_clear(&mapped);
	assert_false(submit_id_mapped(&submit_usual, STR("a@example.test"),
	    STR("example.test"), &mapped));
	assert_false(submit_id_mapped(&submit_usual, STR("a@public.example"),
	    STR("example.test"), &mapped));
	assert_false(submit_id_mapped(&submit_usual, STR(""),
	    STR("example.test"), &mapped));
	assert_int_equal(mapped.len, 0);
	buf_drop(&out);
	buf_drop(&mapped);
}

/* What a letter of ours went out as is what refers to it. */
static void
test_threads(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	tell_field(&out, "In-Reply-To:  <a@desk.local>", "In-Reply-To:");
	assert_string_equal(buf_text(&out),
	    "In-Reply-To: <went@other.example>");
	tell_field(&out, "References: <x@y.example>\r\n <a@desk.local>"
	    "<b@public.example>", "References:");
	assert_string_equal(buf_text(&out), "References: <x@y.example> "
	    "<went@other.example> <c@example.test>");
	tell_field(&out, "In-Reply-To: <e @desk>", "In-Reply-To:");
	assert_string_equal(buf_text(&out),
	    "In-Reply-To: <went@example.test>");
	tell_field(&out, "In-Reply-To: <d@desk.local>", "In-Reply-To:");
	assert_true(str_ends(buf_str(&out), STR("@example.test>")));
	assert_null(strstr(buf_text(&out), "mailbox"));
	tell_field(&out, "references:  <x@y.example>", "references:");
	assert_string_equal(buf_text(&out), "references:  <x@y.example>");
	tell_field(&out, "In-Reply-To: mail of mailbox@example.test "
	    "<x@y.example> today", "In-Reply-To:");
	assert_string_equal(buf_text(&out), "In-Reply-To: <x@y.example>");
	tell_field(&out, "In-Reply-To: <x@y.example> today", "In-Reply-To:");
	assert_string_equal(buf_text(&out), "In-Reply-To: <x@y.example>");
	tell_field(&out, "In-Reply-To: your mail", "In-Reply-To:");
	assert_string_equal(buf_text(&out), "");
	tell_field(&out, "References: <><x@y.example><a b@c>", "References:");
	assert_string_equal(buf_text(&out), "References: <x@y.example>");
	tell_field(&out, "References: <open", "References:");
	assert_string_equal(buf_text(&out), "");
	buf_drop(&out);
}

/* The ids of correspondents stay, unless they tell of the owner. */
static void
test_correspondents(void **state)
{
	static const struct {
		const char *id;
		bool stays;
	} cases[] = {
		{ "a@desk", true }, { "a@mail.local", true },
		{ "a@[192.0.2.1]", true }, { "a", true }, { "a@", true },
		{ "a@localhost", true }, { "a@isp.example", true },
		{ "a@x.isp.example", true }, { "x@other.example", true },
		{ "a@sub.example.test", true }, { "mailboxes@b.example", true },
		{ "a@Desk.isp.example", false },
		{ "a.desk.isp.example@b.example", false },
		{ "mailbox@example.test", false },
		{ "mailbox@other.example", false },
		{ "mailbox%40example.test@b.example", false },
		{ "mailbox.77@b.example", false },
		{ "77mailbox@b.example", false },
		{ "a@mailbox.b.example", false }, { "mailbox", false },
	};
	struct buf out, field;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	buf_init(&field, 10000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&field);
		buf_add_format(&field, "References: <%s>", cases[i].id);
		tell_field(&out, buf_text(&field), "References:");
		if (str_equal(buf_str(&out), buf_str(&field)) !=
		    cases[i].stays)
			fail_msg("%s became %s", cases[i].id, buf_text(&out));
	}
	buf_drop(&out);
	buf_drop(&field);
}

/* What the client calls itself, and its network. */
static void
test_networks(void **state)
{
	static const struct {
		const char *helo;
		const char *id;
		bool stays;
	} cases[] = {
		{ "desk.lan", "a@desk.lan", false },
		{ "desk.lan", "a@nas.lan", false },
		{ "desk.lan", "a@lan", false },
		{ "desk.lan", "a@nas.local", true },
		{ "desk.lan", "a@mylan", true },
		{ "desk.fritz.box", "a@nas.fritz.box", false },
		{ "desk.fritz.box", "a@nas.box", true },
		{ "pc", "a@pc", false }, { "pc", "a@x.pc.example", true },
		{ "localhost", "a@localhost", true },
		{ "[192.0.2.9]", "a@192.0.2.9", false },
		{ "[192.0.2.9]", "a@[192.0.2.9]", false },
		{ "example.test", "a@example.test", true },
	};
	struct submit_policy policy;
	struct buf head, out;
	size_t i;

	(void)state;
	policy = submit_usual;
	buf_init(&head, 1000);
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&head);
		buf_clear(&out);
		buf_add_format(&head, "From: shop@example.test\r\n"
		    "References: <%s>\r\n\r\n", cases[i].id);
		policy.helo = str_of(cases[i].helo);
		submit_tell(&out, &policy, buf_str(&head), "");
		if ((strstr(buf_text(&out), cases[i].id) != NULL) !=
		    cases[i].stays)
			fail_msg("%s: %s", cases[i].helo, cases[i].id);
	}
	buf_drop(&head);
	buf_drop(&out);
}

/* What would grow beyond all measure is refused. */
static void
test_growth(void **state)
{
	struct buf head, out;

	(void)state;
	buf_init(&head, SUBMIT_HEAD_MAX);
	buf_init(&out, 1000);
	buf_add_text(&head, SHOP "References:\r\n");
	while (head.len < SUBMIT_HEAD_MAX - 40)
		buf_add_text(&head, " <mailbox><mailbox><mailbox>\r\n");
	buf_add_text(&head, "\r\n");
	submit_tell(&out, &submit_usual, buf_str(&head), "");
	assert_string_equal(buf_text(&out),
	    "552 5.3.4 The header is too large");
	buf_drop(&head);
	buf_drop(&out);
}

static void
test_references(void **state)
{
	static const char head[] = "References: <1@a> <2@a>\r\n\t<3@a>\r\n"
	    "in-reply-to: your mail <4@a> (<5@a>)\r\n\r\n";
	static const char *const want[] = {
		"4@a", "5@a", "3@a", "2@a", "1@a"
	};
	struct submit_references r;
	struct buf many;
	struct str id;
	size_t i;

	(void)state;
	submit_references_begin(&r, vector_guard(str_of(head)));
	for (i = 0; i < countof(want); i++) {
		assert_true(submit_references_next(&r, &id));
		assert_true(str_equal(id, str_of(want[i])));
	}
	assert_false(submit_references_next(&r, &id));
	submit_references_begin(&r, STR("Subject: <a@b>\r\n"));
	assert_false(submit_references_next(&r, &id));
	submit_references_begin(&r, STR("References: a> <b\r\n"));
	assert_false(submit_references_next(&r, &id));
	buf_init(&many, 10000);
	buf_add_text(&many, "References:");
	for (i = 0; i <= SUBMIT_IDS_MAX; i++)
		buf_add_text(&many, " <a@b>");
	submit_references_begin(&r, vector_guard(buf_str(&many)));
	for (i = 0; i < SUBMIT_IDS_MAX; i++)
		assert_true(submit_references_next(&r, &id));
	assert_false(submit_references_next(&r, &id));
	buf_drop(&many);
}

int
submit_id_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_ids),
		cmocka_unit_test(test_unusable_ids),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_correspondents),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests_name("rules/submit_id", tests,
	    NULL, NULL);
}
