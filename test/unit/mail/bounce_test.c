/* Notices: when they are due, what they say, and what cannot slip in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/bounce.h"
#include "talk/smtp_args.h"

int bounce_test(void);

#define QUEUED 1700000000	/* Tue, 14 Nov 2023 22:13:20 +0000 */

static struct bounce_recipient nobody = {
	.address = { "nobody@mail.example", 19 },
	.orcpt = { "rfc822;no+2Bbody@mail.example", 29 },
	.status = { 5, 1, 1 },
	.code = 550,
	.said = { "No such user", 12 },
	.remote = { "mx.mail.example", 15 },
	.tried = QUEUED + 5
};

static struct bounce
bounce(enum bounce_kind kind)
{
	return (struct bounce){
		.kind = kind,
		.host = STR("mx.example.test"),
		.from = STR("postmaster@example.test"),
		.to = STR("shop@example.test"),
		.id = STR("b1"),
		.head = STR("From: shop@example.test\r\nSubject: An\r\n"
		    " offer\r\nMessage-ID: <1@example.test>\r\n\r\n"),
		.queued = QUEUED, .now = QUEUED + 10,
		.until = QUEUED + 432000,
		.recipients = &nobody, .count = 1
	};
}

static void
test_failed(void **state)
{
	struct bounce b = bounce(BOUNCE_FAILED);
	struct buf out;

	(void)state;
	b.envid = STR("env+3D1");
	buf_init(&out, BOUNCE_MAX);
	bounce_add(&out, &b);
	assert_string_equal(buf_text(&out),
	    "From: Mail delivery <postmaster@example.test>\r\n"
	    "To: <shop@example.test>\r\n"
	    "Subject: Your message was not delivered\r\n"
	    "Date: Tue, 14 Nov 2023 22:13:30 +0000\r\n"
	    "Message-ID: <b1@mx.example.test>\r\n"
	    "In-Reply-To: <1@example.test>\r\n"
	    "References: <1@example.test>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_b1\"\r\n"
	    "\r\n"
	    "--=_b1\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "\r\n"
	    "This is the mail server mx.example.test.\r\n"
	    "\r\n"
	    "Your message of Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "could not be delivered to:\r\n"
	    "\r\n"
	    "  nobody@mail.example\r\n"
	    "    mx.mail.example said: 550 No such user\r\n"
	    "\r\n"
	    "It will not be tried again.\r\n"
	    "Its header is attached.\r\n"
	    "\r\n"
	    "--=_b1\r\n"
	    "Content-Type: message/delivery-status\r\n"
	    "\r\n"
	    "Original-Envelope-Id: env=1\r\n"
	    "Reporting-MTA: dns; mx.example.test\r\n"
	    "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822; no+body@mail.example\r\n"
	    "Final-Recipient: rfc822; nobody@mail.example\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.mail.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
	    "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:25 +0000\r\n"
	    "\r\n"
	    "--=_b1\r\n"
	    "Content-Type: text/rfc822-headers\r\n"
	    "\r\n"
	    "From: shop@example.test\r\n"
	    "Subject: An\r\n offer\r\n"
	    "Message-ID: <1@example.test>\r\n"
	    "\r\n"
	    "--=_b1--\r\n");
	buf_drop(&out);
}

/* Make a notice and say whether it holds text. */
static bool
holds(const struct bounce *b, const char *text)
{
	struct buf out;
	bool found;

	buf_init(&out, BOUNCE_MAX);
	bounce_add(&out, b);
	found = str_find_str(buf_str(&out), str_of(text)) != STR_NONE;
	buf_drop(&out);
	return found;
}

static void
test_kinds(void **state)
{
	struct bounce b = bounce(BOUNCE_DELAYED);

	(void)state;
	assert_true(holds(&b, "Subject: Your message is delayed\r\n"));
	assert_true(holds(&b, "\r\nAction: delayed\r\n"));
	assert_true(holds(&b,
	    "Will-Retry-Until: Sun, 19 Nov 2023 22:13:20 +0000\r\n"));
	assert_true(holds(&b, "It will be tried until Sun, 19 Nov 2023 "
	    "22:13:20 +0000\r\nYou need not send it again.\r\n"));
	b.kind = BOUNCE_RELAYED;
	assert_true(holds(&b, "\r\nAction: relayed\r\n"));
	assert_false(holds(&b, "Will-Retry-Until"));
	b.kind = BOUNCE_DELIVERED;
	assert_true(holds(&b, "\r\nAction: delivered\r\n"));
	assert_false(holds(&b, "Original-Envelope-Id"));
}

static void
test_due(void **state)
{
	static const struct {
		unsigned notify;
		bool due[4];	/* failed, delayed, relayed, delivered */
	} cases[] = {
		{ 0, { true, true, false, false } },
		{ BOUNCE_NOTIFY_NEVER, { false, false, false, false } },
		{ BOUNCE_NOTIFY_SUCCESS, { false, false, true, true } },
		{ BOUNCE_NOTIFY_FAILURE, { true, false, false, false } },
		{ BOUNCE_NOTIFY_DELAY, { false, true, false, false } },
		{ BOUNCE_NOTIFY_FAILURE | BOUNCE_NOTIFY_DELAY |
		    BOUNCE_NOTIFY_SUCCESS, { true, true, true, true } },
	};
	size_t i;
	int kind;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		for (kind = BOUNCE_FAILED; kind <= BOUNCE_DELIVERED; kind++) {
			assert_int_equal(bounce_is_due(STR("a@example.test"),
			    cases[i].notify, (enum bounce_kind)kind),
			    cases[i].due[kind]);
			/* Never for a bounce. */
			assert_false(bounce_is_due(STR(""), cases[i].notify,
			    (enum bounce_kind)kind));
		}
	assert_int_equal(BOUNCE_NOTIFY_NEVER, SMTP_NOTIFY_NEVER);
	assert_int_equal(BOUNCE_NOTIFY_SUCCESS, SMTP_NOTIFY_SUCCESS);
	assert_int_equal(BOUNCE_NOTIFY_FAILURE, SMTP_NOTIFY_FAILURE);
	assert_int_equal(BOUNCE_NOTIFY_DELAY, SMTP_NOTIFY_DELAY);
}

/* Whether every line ends in CRLF and none is longer than 998. */
static void
check_lines(const struct bounce *b)
{
	struct str rest, line;
	struct buf out;

	buf_init(&out, BOUNCE_MAX);
	bounce_add(&out, b);
	for (rest = buf_str(&out); str_split(&rest, '\n', &line); ) {
		assert_true(str_ends(line, STR("\r")));
		assert_int_equal(str_find_break(line, 0), line.len - 1);
		assert_true(line.len <= 999);
	}
	assert_int_equal(rest.len, 0);
	buf_drop(&out);
}

static void
test_foreign_text(void **state)
{
	struct bounce b = bounce(BOUNCE_FAILED);
	struct bounce_recipient r = nobody;

	(void)state;
	b.recipients = &r;
	r.said = STR("a\r\n\r\n--=_b1\r\nX: y\377\0");
	r.remote = STR("mx\nX: y");
	r.address = STR("a\r\nX: y");
	r.orcpt = STR("rfc822;a+0D+0AX: y+\r+4");
	b.envid = STR("+0D+0AX: y");
	b.to = STR("shop\r\n@example.test");
	check_lines(&b);
	assert_false(holds(&b, "\nX: y"));
	assert_true(holds(&b, "Diagnostic-Code: smtp; 550 5.1.1 "
	    "a???" "?--=_b1??X: y?" "?\r\n"));
	assert_true(holds(&b, "Original-Recipient: rfc822; a??X: y+?+4\r\n"));
	assert_true(holds(&b, "Original-Envelope-Id: ??X: y\r\n"));
	/* An odd Message-ID is not repeated. */
	b.head = STR("Message-ID: <a\r\n b>\r\nSubject: x");
	assert_false(holds(&b, "References"));
	check_lines(&b);
	assert_true(holds(&b, "Subject: x\r\n\r\n--=_b1--\r\n"));
}

static void
test_international(void **state)
{
	struct bounce b = bounce(BOUNCE_FAILED);
	struct bounce_recipient r = nobody;

	(void)state;
	b.recipients = &r;
	r.address = STR("\303\244@mail.example");
	assert_true(holds(&b,
	    "Final-Recipient: utf-8; \303\244@mail.example\r\n"));
	assert_true(holds(&b,
	    "Content-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n"));
	assert_true(holds(&b, "Content-Type: message/global-headers\r\n"));
	assert_true(holds(&b, "charset=utf-8"));
	r.address = STR("a@mail.example");
	assert_true(holds(&b, "Content-Type: message/delivery-status\r\n"));
	b.head = STR("Subject: \303\244\r\n\r\n");
	assert_true(holds(&b, "Content-Type: message/global-headers\r\n"));
	assert_true(holds(&b, "Final-Recipient: rfc822; a@mail.example\r\n"));
}

/* The largest there can be, and a header that is cut by whole fields. */
static void
test_limits(void **state)
{
	struct bounce_recipient many[BOUNCE_RECIPIENTS_MAX];
	struct bounce b = bounce(BOUNCE_DELAYED);
	static char words[500];
	struct buf head, out;
	size_t i;

	(void)state;
	memset(words, 'x', sizeof words);
	for (i = 0; i < countof(many); i++) {
		many[i] = nobody;
		many[i].address = str_from(words, 500);
		many[i].orcpt = str_from(words, 500);
		many[i].said = str_from(words, 500);
		many[i].remote = str_from(words, 255);
	}
	b.recipients = many;
	b.count = countof(many);
	buf_init(&head, 1 << 20);
	buf_add_text(&head, "X-Long: ");
	while (head.len < BOUNCE_HEAD_MAX)
		buf_add(&head, STR("long\r\n "));
	buf_add_text(&head, "x\r\nSubject: still there\r\n\r\nthe text\r\n");
	b.head = buf_str(&head);
	buf_init(&out, BOUNCE_MAX);
	bounce_add(&out, &b);
	assert_true(str_find_str(buf_str(&out), STR("X-Long")) == STR_NONE);
	assert_true(str_find_str(buf_str(&out), STR("the text")) == STR_NONE);
	assert_true(str_find_str(buf_str(&out),
	    STR("\r\nSubject: still there\r\n\r\n--=_b1--\r\n")) != STR_NONE);
	buf_drop(&out);
	buf_drop(&head);
}

/* What went on for too long says so, and what was last heard as well. */
static void
test_expired(void **state)
{
	struct bounce_recipient late = nobody;
	struct bounce b = bounce(BOUNCE_FAILED);
	struct buf out;

	(void)state;
	late.expired = true;
	late.code = 451;
	late.status[0] = 4;
	late.status[1] = 3;
	late.status[2] = 0;
	late.said = STR("Try again later");
	b.recipients = &late;
	buf_init(&out, BOUNCE_MAX);
	bounce_add(&out, &b);
	assert_non_null(strstr(buf_text(&out), "Status: 4.4.7\r\n"));
	assert_non_null(strstr(buf_text(&out),
	    "Diagnostic-Code: smtp; 451 4.3.0 Try again later\r\n"));
	assert_non_null(strstr(buf_text(&out), "again and again since "
	    "Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
	buf_drop(&out);
}

int
bounce_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_foreign_text),
		cmocka_unit_test(test_international),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("mail/bounce", tests, NULL, NULL);
}
