/* The header of a submitted letter: tags, identities, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "submit_world.h"
#include "vector.h"

int submit_test(void);

/* What the model of this feature does wrong or right, case by case. */
static void
test_tags(void **state)
{
	static const struct submit_vector vectors[] = {
		{ ME "Subject: Re: order [sendas:shop]\r\n",
		    SHOP "Subject: Re: order\r\n" TAIL BY_TAG },
		{ ME "Subject: [sendas:shop] Re: order\r\n",
		    SHOP "Subject: Re: order\r\n" TAIL BY_TAG },
		{ ME "Subject: Re: [sendas:shop] order\r\n",
		    SHOP "Subject: Re: order\r\n" TAIL BY_TAG },
		{ ME "Subject: Re: [SendAs:   Shop.Name_1-x]\r\n",
		    "From: Robert <Shop.Name_1-x@example.test>\r\n"
		    "Subject: Re:\r\n" TAIL
		    "Shop.Name_1-x@example.test by tag" },
		{ ME "Subject: [sendas:shop]\r\n",
		    SHOP "Subject:\r\n" TAIL BY_TAG },
		{ ME "Subject: [sendas:shop ]\r\n",
		    SHOP "Subject:\r\n" TAIL BY_TAG },
		{ ME "Subject: hi [sendas:a+b]\r\n",
		    "From: Robert <a+b@example.test>\r\nSubject: hi\r\n" TAIL
		    "a+b@example.test by tag" },
		{ ME "Subject: hi [sendas:shop@example.test]\r\n",
		    SHOP "Subject: hi\r\n" TAIL BY_TAG },
		{ ME "Subject: a line\r\n [sendas:shop] and more\r\n",
		    SHOP "Subject: a line and more\r\n" TAIL BY_TAG },
		{ ME "Subject: a line [sendas:\r\n\tshop] and more\r\n",
		    SHOP "Subject: a line and more\r\n" TAIL BY_TAG },
		{ ME "Subject: =?UTF-8?B?Q2Fmw6kgW3NlbmRhczpzaG9wXQ==?=\r\n",
		    SHOP "Subject: =?UTF-8?B?Q2Fmw6k=?=\r\n" TAIL BY_TAG },
		{ ME "Subject: =?UTF-8?Q?Caf=C3=A9_[sendas:shop]?=\r\n",
		    SHOP "Subject: =?UTF-8?B?Q2Fmw6k=?=\r\n" TAIL BY_TAG },
		{ ME "Subject: =?UTF-8?Q?[sen?= =?UTF-8?B?ZGFzOnNob3Bd?= x\r\n",
		    SHOP "Subject: x\r\n" TAIL BY_TAG },
		{ ME "Subject: =?gb2312?B?xOM=?= [sendas:shop]\r\n",
		    SHOP "Subject: =?gb2312?B?xOM=?=\r\n" TAIL BY_TAG },
		{ ME "subject: hi [sendas:shop]\r\n",
		    SHOP "Subject: hi\r\n" TAIL BY_TAG },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

static void
test_from(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "From: mailbox@example.test\r\nSubject: [sendas:shop]\r\n",
		    "From: shop@example.test\r\nSubject:\r\n" TAIL BY_TAG },
		{ "From: Robert\r\n <mailbox@example.test>\r\n"
		    "Subject: [sendas:shop]\r\n",
		    SHOP "Subject:\r\n" TAIL BY_TAG },
		{ "FROM: Robert <mailbox@example.test>\r\n"
		    "SUBJECT: [sendas:shop]\r\n",
		    SHOP "Subject:\r\n" TAIL BY_TAG },
		{ "From: <mailbox@example.test> (Robert)\r\n"
		    "Subject: [sendas:shop]\r\n",
		    SHOP "Subject:\r\n" TAIL BY_TAG },
		{ ME "Subject: [sendas:My Shop <shop@other.example>]\r\n",
		    "From: My Shop <shop@other.example>\r\nSubject:\r\n"
		    "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n"
		    "Message-ID: <fresh@other.example>\r\n\r\n"
		    "shop@other.example by tag" },
		{ "From: x@other.example\r\nSubject: [sendas:shop]\r\n",
		    "From: shop@other.example\r\nSubject:\r\n"
		    "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n"
		    "Message-ID: <fresh@other.example>\r\n\r\n"
		    "shop@other.example by tag" },
		/* no tag: nothing but From is written anew */
		{ ME "Subject:  Re:   order\r\n",
		    "From: Robert <mailbox@example.test>\r\n"
		    "Subject:  Re:   order\r\n" TAIL
		    "mailbox@example.test by from" },
		{ ME, "From: Robert <mailbox@example.test>\r\n" TAIL
		    "mailbox@example.test by from" },
		{ "From: g: Robert <shop@example.test>;\r\n",
		    SHOP TAIL "shop@example.test by from" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

#define LIKE "550 5.6.0 A header field holds what looks like a sendas tag " \
	"and cannot be honoured: write [sendas:name] in the Subject"
#define MANY "550 5.6.0 The From field must name one address, not more"
#define BAD "550 5.6.0 The From field is not a well-formed address"
#define FOREIGN "553 5.7.1 The address in From is not one of yours"
#define EIGHT "550 5.6.0 The header holds letters outside of ASCII: " \
	"they must be encoded, or sent with SMTPUTF8"
#define SHOWN "550 5.7.1 A header field shows your main address, which " \
	"would go out under another name"

static void
test_refused(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "", "550 5.6.0 There is no From field" },
		{ "Subject: [sendas:shop]\r\n",
		    "550 5.6.0 There is no From field" },
		{ ME ME, "550 5.6.0 There is more than one From field" },
		{ ME "Subject: a\r\nSUBJECT: [sendas:shop]\r\n",
		    "550 5.6.0 There is more than one Subject field" },
		{ "From: a@example.test, b@example.test\r\n"
		    "Subject: [sendas:shop]\r\n", MANY },
		{ "From: a@example.test, b\r\n", BAD },
		{ "From: Robert\r\n", BAD }, { "From:\r\n", BAD },
		{ "From: <>\r\n", BAD }, { "From: none:;\r\n", BAD },
		{ "From: a@foreign.example\r\n", FOREIGN },
		{ "From: a@foreign.example\r\nSubject: [sendas:shop]\r\n",
		    FOREIGN },
		{ "From: a@[192.0.2.1]\r\n", FOREIGN },
		{ "From: you@listed.example\r\n", FOREIGN },
		{ ME "nonsense\r\n", "550 5.6.0 A line of the header is no "
		    "header field" },
		{ "nonsense\r\n" ME, "550 5.6.0 A line of the header is no "
		    "header field" },
		{ " first\r\n" ME, "550 5.6.0 A line of the header is no "
		    "header field" },
		{ ME "A: \rb\r\n", "550 5.6.0 The header holds a bare CR, a "
		    "bare LF or a NUL" },
		{ ME "A: b\n", "550 5.6.0 The header holds a bare CR, a bare "
		    "LF or a NUL" },
		{ ME "Subject: Caf\xc3\xa9\r\n", EIGHT },
		{ ME "Subject: Caf\xe9\r\n", EIGHT },
		{ ME "X-Pillarbox-Identity: shop\r\n",
		    "550 5.6.0 X-Pillarbox-Identity may only say as-is" },
		{ ME "Subject: [sendas:]\r\n", "550 5.6.0 A sendas tag in the "
		    "Subject holds no address: write [sendas:name] or "
		    "[sendas:Your Name <name>]" },
		{ ME "Subject: [sendas:one] hi [sendas:two]\r\n",
		    "550 5.6.0 The sendas tags in the Subject do not agree" },
		{ ME "Subject: [sendas:a@foreign.example]\r\n",
		    "550 5.6.0 A sendas tag in the Subject names an address "
		    "of another domain" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

static void
test_hidden(void **state)
{
	static const struct submit_vector vectors[] = {
		/* what only resembles a tag, wherever it hides */
		{ ME "Subject: [send\r\n as:shop]\r\n", LIKE },
		{ ME "Subject: [sendas shop]\r\n", LIKE },
		{ ME "Subject: [sendas:a] sendas:b\r\n", LIKE },
		{ ME "Subject: [send[sendas:a]as:b]\r\n", LIKE },
		{ SHOP "Subject: =?gb2312?Q?=5Bsendas:shop]?=\r\n", LIKE },
		{ SHOP "Subject: =?utf-16le?B?WwBzAGUAbgBkAGEAcwA6AHgAXQA=?="
		    "\r\n", LIKE },
		{ ME "Subject: =?UTF-8?Q?a?b_=5Bsendas:shop=5D?=\r\n", LIKE },
		{ ME "Subject: =?UTF-8?B?W3NlbmRhczpzaG9w\r\n", LIKE },
		{ "From: \"[sendas:shop]\" <mailbox@example.test>\r\n", LIKE },
		{ "From: mailbox@example.test ([sendas:shop])\r\n", LIKE },
		{ ME "To: \"[sendas:shop]\" <a@b.example>\r\n", LIKE },
		{ ME "X-Subject: [sendas:shop]\r\n", LIKE },
		{ ME "Comments: =?UTF-8?B?W3NlbmRhczpzaG9wXQ==?=\r\n", LIKE },
		/* the main address where nothing can be left out */
		{ ME "Subject: [sendas:shop] of mailbox@example.test\r\n",
		    "550 5.7.1 The Subject shows your main address, which "
		    "would go out under another name" },
		{ "From: mailbox@example.test\r\n"
		    "Subject: of mailbox@other.example\r\n",
		    "550 5.7.1 The Subject shows your main address, which "
		    "would go out under another name" },
		{ "From: shop@example.test\r\n"
		    "Subject: so ...mailbox@example.test\r\n",
		    "550 5.7.1 The Subject shows your main address, which "
		    "would go out under another name" },
		{ "From: shop@example.test\r\n"
		    "Subject: so \"mailbox\"@example.test\r\n",
		    "550 5.7.1 The Subject shows your main address, which "
		    "would go out under another name" },
		{ ME "Subject: [sendas:shop] =?x?Q?mailbox=40example.test?="
		    "\r\n",
		    "550 5.7.1 The Subject shows your main address, which "
		    "would go out under another name" },
		{ ME "Subject: [sendas:shop]\r\nContent-Type: text/plain;\r\n"
		    " x=mailbox@example.test\r\n", SHOWN },
		{ ME "Subject: [sendas:shop]\r\nList-Unsubscribe: "
		    "<mailto:mailbox%40example.test>\r\n", SHOWN },
		{ ME "Subject: [sendas:mailbox@example.test <shop>]\r\n",
		    "550 5.7.1 The name in From shows another address of "
		    "yours" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

static void
test_identity(void **state)
{
	static const struct submit_vector vectors[] = {
		{ ME, SHOP TAIL "shop@example.test by identity" },
		{ "From: Robert <MAILBOX@Example.test>\r\n",
		    SHOP TAIL "shop@example.test by identity" },
		{ ME "X-Pillarbox-Identity: as-is\r\n",
		    "From: Robert <mailbox@example.test>\r\n" TAIL
		    "mailbox@example.test by from" },
		{ "From: mailbox@other.example\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by identity" },
		{ "From: other@example.test\r\n",
		    "From: other@example.test\r\n" TAIL
		    "other@example.test by from" },
		{ ME "Subject: [sendas:mailbox]\r\n",
		    "From: Robert <mailbox@example.test>\r\nSubject:\r\n" TAIL
		    "mailbox@example.test by tag" },
		{ ME "X-Pillarbox-Identity: as-is\r\nSubject: [sendas:a]\r\n",
		    "From: Robert <a@example.test>\r\nSubject:\r\n" TAIL
		    "a@example.test by tag" },
	};
	static const struct submit_vector unfit[] = {
		{ ME, "From: Robert <mailbox@example.test>\r\n" TAIL
		    "mailbox@example.test by from" },
	};
	struct submit_policy policy;

	(void)state;
	policy = submit_usual;
	policy.identity = STR("shop@example.test");
	submit_check(&policy, vectors, countof(vectors));
	policy.identity = STR("a@foreign.example");
	submit_check(&policy, unfit, 1);
	policy.identity = STR("postmaster");
	submit_check(&policy, unfit, 1);
}

static void
test_utf8(void **state)
{
	static const struct submit_vector said[] = {
		{ ME "Subject: Caf\xc3\xa9 [sendas:J\xc3\xbc <j\xc3\xbc>]\r\n",
		    "From: J\xc3\xbc <j\xc3\xbc@example.test>\r\n"
		    "Subject: Caf\xc3\xa9\r\n" TAIL
		    "j\xc3\xbc@example.test by tag" },
		{ ME "Subject: Caf\xe9\r\n",
		    "550 5.6.0 The header is not well-formed UTF-8" },
	};
	/* only the address cannot be had without */
	static const struct submit_vector unsaid[] = {
		{ ME "Subject: =?UTF-8?Q?[sendas:J=C3=BC_<j=C3=BC>]?=\r\n",
		    "From: =?UTF-8?B?SsO8?= <j\xc3\xbc@example.test>\r\n"
		    "Subject:\r\n" TAIL "j\xc3\xbc@example.test by tag" },
	};
	struct submit_policy policy;
	struct submit result;

	(void)state;
	submit_check(&submit_usual, unsaid, countof(unsaid));
	policy = submit_usual;
	policy.smtputf8 = true;
	submit_check(&policy, said, countof(said));
	submit_init(&result);
	assert_int_equal(submit_rewrite(&result, &policy, STR(ME), STR("")),
	    SUBMIT_OK);
	assert_false(result.smtputf8);
	submit_drop(&result);
	submit_init(&result);
	assert_int_equal(submit_rewrite(&result, &submit_usual,
	    str_of(unsaid[0].head), STR("")), SUBMIT_OK);
	assert_true(result.smtputf8);
	submit_drop(&result);
}

static void
test_sender(void **state)
{
	static const struct {
		const char *sender;
		const char *refusal;
	} cases[] = {
		{ "", NULL }, { "x@other.example", NULL },
		{ "me@listed.example", NULL },
		{ "a@foreign.example",
		    "553 5.7.1 The sender is not one of your addresses" },
		{ "a b@example.test",
		    "553 5.1.7 The sender is not a well-formed address" },
	};
	struct submit result;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		submit_init(&result);
		(void)submit_rewrite(&result, &submit_usual, STR(ME),
		    str_of(cases[i].sender));
		if (cases[i].refusal == NULL)
			assert_null(result.refusal);
		else
			assert_string_equal(result.refusal, cases[i].refusal);
		submit_drop(&result);
	}
}

static void
test_log(void **state)
{
	struct submit result;

	(void)state;
	submit_init(&result);
	assert_int_equal(submit_rewrite(&result, &submit_usual, STR(TAGGED
	    "Message-ID: <a@desk.local>\r\nX-A: mailbox@example.test\r\n"
	    "Reply-To: mailbox@example.test\r\nX-B: c\r\n"), STR("")),
	    SUBMIT_OK);
	assert_string_equal(buf_text(&result.chosen), "shop@example.test");
	assert_string_equal(buf_text(&result.old_id), "a@desk.local");
	assert_int_equal(result.new_id.len, 32 + 1 + 12);
	assert_int_equal(result.dropped, 2);
	submit_drop(&result);
}

static void
test_limits(void **state)
{
	struct buf head, out;
	size_t i;

	(void)state;
	buf_init(&head, 2 * SUBMIT_HEAD_MAX);
	buf_init(&out, 2 * SUBMIT_OUT_MAX);
	buf_add_text(&head, ME "X: ");
	for (i = 0; i < 996; i++)
		buf_add_char(&head, 'a');
	buf_add_text(&head, "\r\n\r\n");
	submit_tell(&out, &submit_usual, vector_guard(buf_str(&head)), "");
	assert_string_equal(buf_text(&out), "550 5.6.0 A line of the header "
	    "is longer than 998 octets");
	buf_cut(&head, strlen(ME));
	while (head.len < SUBMIT_HEAD_MAX - 9)
		buf_add_text(&head, "X-A: b\r\n");
	buf_clear(&out);
	submit_tell(&out, &submit_usual, vector_guard(buf_str(&head)), "");
	assert_true(out.len > SUBMIT_HEAD_MAX - 100);
	buf_add_text(&head, "X-A: b\r\nX-A: b\r\n");
	buf_clear(&out);
	submit_tell(&out, &submit_usual, vector_guard(buf_str(&head)), "");
	assert_string_equal(buf_text(&out),
	    "552 5.3.4 The header is too large");
	buf_drop(&head);
	buf_drop(&out);
}

static void
test_head_end(void **state)
{
	(void)state;
	assert_int_equal(submit_head_end(STR("")), STR_NONE);
	assert_int_equal(submit_head_end(STR("\r\nbody")), 2);
	assert_int_equal(submit_head_end(STR("A: b\r\n")), STR_NONE);
	assert_int_equal(submit_head_end(STR("A: b\r\n\r\nbody\r\n\r\n")), 8);
}

int
submit_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_head_end),
	};

	return cmocka_run_group_tests_name("rules/submit", tests, NULL, NULL);
}
