/* What becomes of each field of a submitted header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/submit_part.h"
#include "submit_world.h"

int submit_field_test(void);

static void
test_people(void **state)
{
	static const struct submit_vector vectors[] = {
		/* people */
		{ TAGGED "Reply-To: Robert <mailbox@example.test>\r\n",
		    AS_SHOP "Reply-To: shop@example.test\r\n" TAIL BY_TAG },
		{ TAGGED "Reply-To: A <a@b.example>, M <mailbox@example.test>,"
		    "\r\n x@other.example, me@listed.example\r\n",
		    AS_SHOP "Reply-To: A <a@b.example>, shop@example.test\r\n"
		    TAIL BY_TAG },
		{ TAGGED "Reply-To: \"mailbox@example.test\" <a@b.example>\r\n",
		    AS_SHOP "Reply-To: a@b.example\r\n" TAIL BY_TAG },
		{ TAGGED "Reply-To:   A  <a@b.example>\r\n",
		    AS_SHOP "Reply-To:   A  <a@b.example>\r\n" TAIL BY_TAG },
		{ TAGGED "Reply-To: mailbox@(c)example.test\r\n",
		    AS_SHOP "Reply-To: shop@example.test\r\n" TAIL BY_TAG },
		{ TAGGED "Reply-To: nobody\r\n", AS_SHOP TAIL BY_TAG },
		{ TAGGED "reply-to: mailbox@example.test\r\n",
		    AS_SHOP "Reply-To: shop@example.test\r\n" TAIL BY_TAG },
		{ TAGGED "Mail-Followup-To: l@list.example, "
		    "mailbox@example.test\r\n",
		    AS_SHOP "Mail-Followup-To: l@list.example, "
		    "shop@example.test\r\n" TAIL BY_TAG },
		{ TAGGED "Disposition-Notification-To: R <mailbox@example.test>"
		    "\r\nReturn-Receipt-To: x@mine.example\r\n"
		    "X-Confirm-Reading-To: nobody\r\n"
		    "Errors-To: a@foreign.example\r\n",
		    AS_SHOP "Disposition-Notification-To: shop@example.test\r\n"
		    "Return-Receipt-To: shop@example.test\r\n"
		    "X-Confirm-Reading-To: shop@example.test\r\n"
		    "Errors-To: a@foreign.example\r\n" TAIL BY_TAG },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

static void
test_others(void **state)
{
	static const struct submit_vector vectors[] = {
		/* what never goes out, with a tag or without */
		{ "From: shop@example.test\r\nSender: mailbox@example.test\r\n"
		    "X-Google-Original-From: mailbox@example.test\r\n"
		    "X-Original-From: a\r\nX-Sender: a\r\nReturn-Path: <a>\r\n"
		    "Resent-From: mailbox@example.test\r\nResent-Bcc: a\r\n"
		    "BCC: hidden@b.example\r\nReceived: from desk\r\n"
		    " by b; c\r\nX-Originating-IP: [192.0.2.1]\r\n"
		    "Thread-Topic: [sendas:shop]\r\nDKIM-Signature: x\r\n"
		    "x-pillarbox-identity: As-Is\r\nDelivered-To: a\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		/* others stay unless they name one of ours */
		{ TAGGED "User-Agent: Mail 1.0\r\nX-Mailer: b\r\n"
		    "Autocrypt: addr=mailbox@example.test; keydata=x\r\n"
		    "X-A: b@foreign.example\r\nX-B: x@other.example\r\n"
		    "X-C: =?UTF-8?Q?mailbox=40example.test?=\r\n"
		    "X-D: shop@example.test\r\nX-E: MAILBOX @ Example.test.\r\n"
		    "X-F: me@listed.example\r\nX-G: a@example.testing\r\n"
		    "X-H: \"mailbox\"@example.test\r\n"
		    "X-I: mailbox(at)@(this)example.test\r\n"
		    "X-J: mailbox ((\\)) x) @ example.test ((\r\n",
		    AS_SHOP "User-Agent: Mail 1.0\r\nX-Mailer: b\r\n"
		    "X-A: b@foreign.example\r\nX-D: shop@example.test\r\n"
		    "X-G: a@example.testing\r\n" TAIL BY_TAG },
		{ TAGGED "To: Mailbox <mailbox@example.test>\r\n"
		    "Cc: x@other.example\r\nList-Post: <mailto:l@other.example>"
		    "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n",
		    AS_SHOP "To: Mailbox <mailbox@example.test>\r\n"
		    "Cc: x@other.example\r\nList-Post: <mailto:l@other.example>"
		    "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
		    TAIL BY_TAG },
		/* a name that is an address */
		{ "From: \"mailbox@example.test\" <shop@example.test>\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ "From: \"shop@example.test\" <shop@example.test>\r\n",
		    "From: \"shop@example.test\" <shop@example.test>\r\n" TAIL
		    "shop@example.test by from" },
		/* addresses within longer ones */
		{ "From: my-mailbox@example.test\r\nX-A: my-mailbox@example."
		    "test\r\nSubject: mail my-mailbox@example.test\r\n",
		    "From: my-mailbox@example.test\r\nX-A: my-mailbox@example."
		    "test\r\nSubject: mail my-mailbox@example.test\r\n" TAIL
		    "my-mailbox@example.test by from" },
		{ "From: x=mailbox@example.test\r\n",
		    "From: x=mailbox@example.test\r\n" TAIL
		    "x=mailbox@example.test by from" },
		{ "From: shop@example.test\r\nSubject: a.mailbox@example.test"
		    "\r\n", "From: shop@example.test\r\nSubject: "
		    "a.mailbox@example.test\r\n" TAIL
		    "shop@example.test by from" },
		/* listed senders of other domains */
		{ "From: me@listed.example\r\nReply-To: mailbox@example.test"
		    "\r\n", "From: me@listed.example\r\n"
		    "Reply-To: me@listed.example\r\n" TAIL
		    "me@listed.example by from" },
		{ "From: any@mine.example\r\n", "From: any@mine.example\r\n"
		    TAIL "any@mine.example by from" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

/* What tells of the client, by its field or by what stands in it. */
static void
test_client(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "From: shop@example.test\r\n"
		    "X-X-Sender: robert@desk\r\nX-Bcc: a@b.example\r\n"
		    "X-Authentication-Warning: desk: robert owned process\r\n"
		    "X-OriginatorOrg: a.example\r\nX-Original-To: x\r\n"
		    "X-OriginalArrivalTime: x\r\nX-AuthUser: robert\r\n"
		    "X-MS-Exchange-Organization-AuthSource: desk\r\n"
		    "X-Forwarded-Encrypted: x\r\nX-Virus-Scanned: at desk\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ "From: shop@example.test\r\n"
		    "X-A: (desk.isp.example [192.0.2.77])\r\n"
		    "X-B: at\r\n DESK.isp.example.\r\nX-C: 192.0.2.77\r\n"
		    "X-D: 192.0.2.7\r\nX-E: 192.0.2.771\r\n"
		    "X-F: my-desk.isp.example\r\n"
		    "X-G: desk.isp.examples\r\nUser-Agent: x.desk.isp.example"
		    "\r\n", "From: shop@example.test\r\n"
		    "X-D: 192.0.2.7\r\nX-E: 192.0.2.771\r\n"
		    "X-F: my-desk.isp.example\r\n"
		    "X-G: desk.isp.examples\r\n" TAIL
		    "shop@example.test by from" },
	};
	static const struct submit_vector people[] = {
		{ "From: shop@example.test\r\n"
		    "Reply-To: a@b.example (at desk.isp.example)\r\n"
		    "X-MS-TNEF-Correlator: <a@pc>\r\n"
		    "Errors-To: a@desk.isp.example\r\n"
		    "Mail-Reply-To: a@desk.isp.example\r\n",
		    "From: shop@example.test\r\nReply-To: a@b.example\r\n"
		    "Errors-To: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ "From: shop@example.test\r\n"
		    "Reply-To: Mailbox <shop@example.test>\r\n",
		    "From: shop@example.test\r\n"
		    "Reply-To: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
	};
	static const struct {
		const char *helo;
		bool shown;
	} names[] = {
		{ "[10.1.2.3]", true }, { "[IPv6:fe80::1]", true },
		{ "robs-pc", true }, { "pc", false }, { "", false },
		{ "laptop", false }, { "localhost", false },
		{ "example.test", false },
	};
	struct submit_policy policy;
	size_t i;

	(void)state;
	policy = submit_usual;
	policy.client_ip = STR("192.0.2.77");
	submit_check(&policy, vectors, countof(vectors));
	submit_check(&policy, people, countof(people));
	for (i = 0; i < countof(names); i++) {
		policy.helo = str_of(names[i].helo);
		assert_int_equal(submit_shows_client(&policy,
		    STR("for pc 10.1.2.3, fe80::1 (robs-pc) at "
		    "localhost, example.test")),
		    names[i].shown);
	}
}

#define TO_OTHERS "550 5.7.1 To or Cc shows your main address to others, " \
	"beside another name in From: leave it out, or use Bcc"

/* Who is written to may see the main address when nobody else does. */
static void
test_outside(void **state)
{
	static const struct submit_vector vectors[] = {
		{ TAGGED "To: mailbox@example.test\r\n", TO_OTHERS },
		{ TAGGED "To: a@b.example\r\nCc: x@y.example,\r\n"
		    " Me <Mailbox@Other.example>\r\n", TO_OTHERS },
		{ TAGGED "To: \"mailbox@example.test\" <a@b.example>\r\n",
		    TO_OTHERS },
		{ TAGGED "To: a@b.example, club@other.example\r\n",
		    AS_SHOP "To: a@b.example, club@other.example\r\n" TAIL
		    BY_TAG },
		{ ME "Cc: mailbox@example.test\r\n",
		    "From: Robert <mailbox@example.test>\r\n"
		    "Cc: mailbox@example.test\r\n" TAIL
		    "mailbox@example.test by from" },
	};
	struct submit_policy policy;

	(void)state;
	policy = submit_usual;
	policy.outside = true;
	submit_check(&policy, vectors, countof(vectors));
}

/* An address that the chosen one is the end of is another. */
static void
test_longest(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "From: b@example.test\r\nX-A: x=b@example.test\r\n"
		    "X-B: a=b@example.test\r\n",
		    "From: b@example.test\r\nX-A: x=b@example.test\r\n" TAIL
		    "b@example.test by from" },
	};
	struct submit_policy policy;

	(void)state;
	policy = submit_usual;
	policy.main_address = STR("a=b@example.test");
	submit_check(&policy, vectors, countof(vectors));
}

#define NOW "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n"
#define OLD "Date: Thu, 1 Jan 2026 00:00:00 +0100\r\n"

static void
test_dates(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "From: shop@example.test\r\n" OLD "Message-ID: "
		    "<a@public.example>\r\n",
		    "From: shop@example.test\r\n" OLD "Message-ID: "
		    "<a@public.example>\r\n\r\nshop@example.test by from" },
		{ "From: shop@example.test\r\nMessage-ID: <a@example.test>\r\n"
		    "Message-ID: <b@desk.local>\r\nDate: today\r\n" OLD,
		    "From: shop@example.test\r\n"
		    "Message-ID: <a@example.test>\r\n" NOW
		    "\r\nshop@example.test by from" },
		{ "From: shop@example.test\r\nMessage-ID: a@public.example\r\n"
		    "Date: Thu, 1 Jan 2026 00:00:00 +0100 (at "
		    "mailbox@example.test)\r\n",
		    "From: shop@example.test\r\nMessage-ID: <a@public.example>"
		    "\r\n" NOW "\r\nshop@example.test by from" },
		/* comments go, whatever they say */
		{ "From: shop@example.test\r\nMessage-ID: <a@public.example>"
		    "\r\nDate: Thu, 1 Jan 2026\r\n 00:00:00 +0100 (at robs)"
		    "\r\n", "From: shop@example.test\r\n"
		    "Message-ID: <a@public.example>\r\n" OLD
		    "\r\nshop@example.test by from" },
		{ "From: shop@example.test\r\nMessage-ID: <a@public.example>"
		    "\r\nDate: Thu, 1 (of) Jan 2026 00:00:00 +0100\r\n",
		    "From: shop@example.test\r\n"
		    "Message-ID: <a@public.example>\r\n"
		    "Date: Wed, 31 Dec 2025 23:00:00 +0000\r\n"
		    "\r\nshop@example.test by from" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

int
submit_field_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests_name("rules/submit_field", tests,
	    NULL, NULL);
}
