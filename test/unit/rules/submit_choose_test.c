/* Which address a submitted letter goes out as: replies above all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "submit_world.h"
#include "vector.h"

int submit_choose_test(void);

#define LATER "550 5.6.0 In a reply the sendas tag stands first in the " \
	"Subject, before Re:"
#define REPLY "In-Reply-To: <q@b.example>\r\n"
#define AS_MAIN "From: Robert <mailbox@example.test>\r\n"

/* Who is replied to wrote the Subject, its tags too. */
static void
test_tags_of_strangers(void **state)
{
	static const struct submit_vector vectors[] = {
		{ ME REPLY "Subject: Re: [sendas:Prince <mailbox>] hi\r\n",
		    LATER },
		{ ME "References: <q@b.example>\r\n"
		    "Subject: Re: hi [sendas:shop]\r\n", LATER },
		{ ME "Subject: =?UTF-8?Q?Re:_=5Bsendas:shop=5D?= hi\r\n"
		    REPLY, LATER },
		{ ME REPLY "Subject: Re: [SendAs : shop] hi\r\n", LATER },
		{ ME REPLY "Subject: Re: [sendas shop] hi\r\n", LATER },
		{ ME REPLY "Subject: [sendas:shop] Re: [sendas:mailbox] hi"
		    "\r\n", LATER },
		{ ME REPLY "Subject: [sendas:shop] Re: [sendas:shop] hi\r\n",
		    LATER },
		{ ME REPLY "Subject: [sendas:shop] Re: [sendas shop] hi\r\n",
		    LATER },
		{ ME REPLY "Subject: \r\n =?UTF-8?Q?_=C2=A0?= [sendas:shop]"
		    " [sendas:shop]Re: hi\r\n",
		    SHOP REPLY "Subject: Re: hi\r\n" TAIL BY_TAG },
		{ ME REPLY "Subject: [sendas:shop] [sendas:club] Re: hi\r\n",
		    "550 5.6.0 The sendas tags in the Subject do not agree" },
		/* what refers to nothing is no reply */
		{ ME "In-Reply-To: <>\r\nReferences:\r\n"
		    "Subject: hi [sendas:shop]\r\n",
		    SHOP "Subject: hi\r\n" TAIL BY_TAG },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

#define UNKNOWN "550 5.7.1 Which of your addresses was written to is not " \
	"known here; put [sendas:ADDRESS] first in the Subject"

/* Replies from the main address whose identity is not known. */
static void
test_identity_unknown(void **state)
{
	static const struct submit_vector vectors[] = {
		{ ME REPLY, UNKNOWN },
		{ ME "References: <q@b.example>\r\n", UNKNOWN },
		{ ME "Subject: Re: hi\r\n", UNKNOWN },
		{ ME "Subject: AW: hi\r\n", UNKNOWN },
		{ ME "Subject: =?UTF-8?Q?_sv_?= [2] : hi\r\n", UNKNOWN },
		{ ME "Subject: Antw(10): hi\r\n", UNKNOWN },
		{ ME "Subject: RES: hi\r\n", UNKNOWN },
		{ ME "Subject: =?UTF-8?Q?Re=EF=BC=9A?= hi\r\n", UNKNOWN },
		{ ME REPLY "Subject: [sendas:mailbox] Re: hi\r\n",
		    AS_MAIN REPLY "Subject: Re: hi\r\n" TAIL
		    "mailbox@example.test by tag" },
		{ ME REPLY "Subject: [sendas:shop] Re: hi\r\n",
		    SHOP REPLY "Subject: Re: hi\r\n" TAIL BY_TAG },
		{ ME REPLY "X-Pillarbox-Identity: as-is\r\n",
		    AS_MAIN REPLY TAIL "mailbox@example.test by from" },
		{ SHOP REPLY, SHOP REPLY TAIL "shop@example.test by from" },
		{ ME "Subject: Rest: hi\r\n", AS_MAIN "Subject: Rest: hi\r\n"
		    TAIL "mailbox@example.test by from" },
		{ ME "Subject: Re[x]: hi\r\n",
		    AS_MAIN "Subject: Re[x]: hi\r\n"
		    TAIL "mailbox@example.test by from" },
		{ ME "In-Reply-To: <>\r\n", AS_MAIN TAIL
		    "mailbox@example.test by from" },
	};
	static const struct submit_vector found[] = {
		{ ME REPLY, AS_MAIN REPLY TAIL
		    "mailbox@example.test by identity" },
	};
	struct submit_policy policy;

	(void)state;
	policy = submit_usual;
	policy.identify = true;
	submit_check(&policy, vectors, countof(vectors));
	policy.identity = STR("a@foreign.example");
	submit_check(&policy, vectors, 1);
	policy.identity = STR("mailbox@example.test");
	submit_check(&policy, found, countof(found));
}

static void
test_wants_identity(void **state)
{
	static const struct {
		const char *head;
		bool wants;
	} cases[] = {
		{ ME "\r\n", true }, { ME REPLY "\r\n", true },
		{ "From: MAILBOX@other.example\r\n\r\n", true },
		{ SHOP "\r\n", false }, { "", false }, { ME ME, false },
		{ "From: a@foreign.example\r\n\r\n", false },
		{ ME "X-Pillarbox-Identity: as-is\r\n\r\n", false },
		{ ME "Subject: [sendas:mailbox]\r\n\r\n", false },
		{ ME "Subject: [sendas:]\r\n\r\n", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(submit_wants_identity(&submit_usual,
		    vector_guard(str_of(cases[i].head))), cases[i].wants);
}

#define UNREAD "550 5.6.0 The Subject is in a character set that is not " \
	"known here and may hide a sendas tag: send it in UTF-8"
#define FOREIGN_WORD "=?gb2312?B?xOM=?="

/* Nobody knows what is in there. */
static void
test_charsets(void **state)
{
	static const struct submit_vector vectors[] = {
		{ ME "Subject: hi " FOREIGN_WORD "\r\n", UNREAD },
		{ ME "Subject: =?gb2312?Q?a b?=\r\n", UNREAD },
		{ ME "Subject: [sendas:mailbox] " FOREIGN_WORD "\r\n", UNREAD },
		{ ME "Subject: [sendas:shop] " FOREIGN_WORD "\r\n",
		    SHOP "Subject: " FOREIGN_WORD "\r\n" TAIL BY_TAG },
		{ SHOP "Subject: " FOREIGN_WORD "\r\n",
		    SHOP "Subject: " FOREIGN_WORD "\r\n" TAIL
		    "shop@example.test by from" },
		{ ME "Subject: =?ISO-8859-1?Q?=FC?=\r\n", AS_MAIN
		    "Subject: =?ISO-8859-1?Q?=FC?=\r\n" TAIL
		    "mailbox@example.test by from" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

#define RECEIPT "550 5.7.1 A receipt would show your main address; it is " \
	"not sent"
#define OF_RECEIPT "Content-Type: multipart/report; " \
	"report-type=disposition-notification\r\n"

/* The body of a receipt names who it was asked from. */
static void
test_receipts(void **state)
{
	static const struct submit_vector vectors[] = {
		{ TAGGED OF_RECEIPT, RECEIPT },
		{ TAGGED "content-type: Multipart/(a)Report;\r\n x=\"y;z\";\r\n"
		    " Report-Type = \"Disposition-Notification\" (b)\r\n",
		    RECEIPT },
		{ TAGGED "Content-Type: multipart/report; report-type*0="
		    "disposition-;\r\n x=y; report-type*1=\"notification\""
		    "\r\n", RECEIPT },
		{ TAGGED "Content-Type: multipart/report;\r\n"
		    " report-type*=us-ascii''disposition%2Dnotification\r\n",
		    RECEIPT },
		{ TAGGED "Content-Type: text/plain\r\n" OF_RECEIPT, RECEIPT },
		{ ME OF_RECEIPT, AS_MAIN OF_RECEIPT TAIL
		    "mailbox@example.test by from" },
		{ SHOP "Subject: [sendas:shop]\r\n" OF_RECEIPT,
		    AS_SHOP OF_RECEIPT TAIL BY_TAG },
		{ TAGGED "Content-Type: multipart/report; "
		    "report-type=delivery-status\r\n", AS_SHOP
		    "Content-Type: multipart/report; "
		    "report-type=delivery-status\r\n" TAIL BY_TAG },
	};
	struct submit_policy policy;

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
	policy = submit_usual;
	policy.identity = STR("shop@example.test");
	submit_check(&policy, &(struct submit_vector){ ME OF_RECEIPT, RECEIPT },
	    1);
}

/* Names that are the login. */
static void
test_names(void **state)
{
	static const struct submit_vector vectors[] = {
		{ "From: Mailbox <mailbox@example.test>\r\n"
		    "Subject: [sendas:shop]\r\n",
		    "From: shop@example.test\r\nSubject:\r\n" TAIL BY_TAG },
		{ "From: \" mail\\box \" <shop@example.test>\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ "From: shop@example.test (=?UTF-8?Q?mail=C2=ADbox?=)\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ ME "Subject: [sendas:Mailbox <shop>]\r\n",
		    "From: shop@example.test\r\nSubject:\r\n" TAIL BY_TAG },
		{ "From: \"mailbox @ example . test\" <shop@example.test>\r\n",
		    "From: shop@example.test\r\n" TAIL
		    "shop@example.test by from" },
		{ "From: mailbox <mailbox@example.test>\r\n",
		    "From: mailbox <mailbox@example.test>\r\n" TAIL
		    "mailbox@example.test by from" },
		{ "From: mailbox <mailbox@listed.example>\r\n",
		    "553 5.7.1 The address in From is not one of yours" },
		{ "From: Mailbox 2 <shop@example.test>\r\n",
		    "From: Mailbox 2 <shop@example.test>\r\n" TAIL
		    "shop@example.test by from" },
	};

	(void)state;
	submit_check(&submit_usual, vectors, countof(vectors));
}

int
submit_choose_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags_of_strangers),
		cmocka_unit_test(test_identity_unknown),
		cmocka_unit_test(test_wants_identity),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("rules/submit_choose", tests,
	    NULL, NULL);
}
