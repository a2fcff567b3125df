/* Letters of the owner's, from their first piece to the two copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "app/outgoing_world.h"

#include "mail/bounce.h"
#include "mail/head.h"
#include "store/address.h"
#include "store/identity.h"

int outgoing_test(void);

/* Send to somebody else: what goes out as whom, and shows nobody else. */
static void
goes_out_as(struct office *o, const char *text, const char *as)
{
	struct sent sent = { .text = text, .recipients = "a@one.example" };
	struct queue_item *item;
	struct buf out;
	char from[100];

	world_submit(o, &sent);
	if (sent.verdict != SMTP_ACCEPT)
		print_message("%s\n%s\n", text, sent.refusal);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	assert_true(sent.queued);
	item = world_queued(o, &out);
	assert_true(str_equal(item->letter.sender, str_of(as)));
	(void)snprintf(from, sizeof from, "<%s>\r\n", as);
	assert_true(world_has(&out, from));
	assert_true(strcmp(as, "owner@example.test") == 0 ||
	    !world_has(&out, "owner@"));
	assert_false(world_has(&out, "sendas"));
	assert_false(world_has(&out, "home.arpa"));
	assert_false(world_has(&out, "Bcc"));
	assert_true(str_starts(buf_str(&out), STR("Received: by "
	    "mail.example.test (pillarbox) with ESMTPSA id a1b2c3;\r\n\t")));
	assert_true(str_ends(buf_str(&out), STR("\r\n\r\nHello\r\n")));
	assert_int_equal(item->letter.size, out.len);
	assert_int_equal(queue_drop(o->db, item->letter.id), 0);
	assert_int_equal(db_commit(o->db), 0);
	queue_item_drop(item);
	buf_drop(&out);
}

static void
each_form(void **state)
{
	struct office *o = *state;

	goes_out_as(o, ME "Subject: [sendas:shop] Hi\r\n\r\nHello\r\n",
	    "shop@example.test");
	goes_out_as(o, ME "Subject: Hi [SENDAS: shop@other.test ]\r\n"
	    "Bcc: b@two.example\r\n\r\nHello\r\n", "shop@other.test");
	goes_out_as(o, ME "Subject: [sendas:Bob <bob@example.test>]\r\n"
	    "Reply-To: owner@example.test\r\n\r\nHello\r\n",
	    "bob@example.test");
	goes_out_as(o, SHOP "Subject: Hi\r\n\r\nHello\r\n",
	    "shop@example.test");
	goes_out_as(o, ME "Subject: Hi\r\n\r\nHello\r\n",
	    "owner@example.test");
}

static void
identities(void **state)
{
	struct office *o = *state;

	assert_int_equal(identity_note(o->db, STR("q1@two.example"),
	    STR("info@example.test"), 0), 0);
	assert_int_equal(identity_note(o->db, STR("q2@two.example"),
	    STR("info@gone.example"), 0), 0);
	assert_int_equal(db_commit(o->db), 0);
	goes_out_as(o, ME "In-Reply-To: <q1@two.example>\r\n"
	    "Message-ID: <r1@client.example>\r\n\r\nHello\r\n",
	    "info@example.test");
	/* an address that is ours no more is passed over */
	goes_out_as(o, ME "In-Reply-To: <q2@two.example>\r\n"
	    "References: <q1@two.example> <q2@two.example>\r\n\r\nHello\r\n",
	    "info@example.test");
	/* a wish, a tag, another From */
	goes_out_as(o, ME "In-Reply-To: <q1@two.example>\r\n"
	    "X-Pillarbox-Identity: as-is\r\n\r\nHello\r\n",
	    "owner@example.test");
	goes_out_as(o, ME "In-Reply-To: <q1@two.example>\r\n"
	    "Subject: [sendas:bob]\r\n\r\nHello\r\n", "bob@example.test");
	goes_out_as(o, SHOP "In-Reply-To: <q1@two.example>\r\n\r\nHello\r\n",
	    "shop@example.test");
	/* our own letter is followed up by the address that sent it */
	goes_out_as(o, ME "In-Reply-To: <r1@client.example>\r\n\r\nHello\r\n",
	    "info@example.test");
}

/* What a stranger did to hide which letter it is does not show the owner. */
static void
unknown_identities(void **state)
{
	static const char *const unknown[] = {
		ME "In-Reply-To: <q3@two.example>\r\n\r\nHello\r\n",
		ME "References: <q3@two.example>\r\n\r\nHello\r\n",
		ME "In-Reply-To: <q2@two.example>\r\n\r\nHello\r\n",
		ME "In-Reply-To: q3\r\n\r\nHello\r\n",
		ME "Subject: Re: a question\r\n\r\nHello\r\n",
	};
	struct office *o = *state;
	struct sent sent;
	size_t i;

	/* it came to what is ours no more */
	assert_int_equal(identity_note(o->db, STR("q2@two.example"),
	    STR("info@gone.example"), 0), 0);
	assert_int_equal(identity_note(o->db, STR(" q1@two.example"),
	    STR("info@example.test"), 0), 0);
	assert_int_equal(db_commit(o->db), 0);
	for (i = 0; i < countof(unknown); i++) {
		sent = (struct sent){
			.text = unknown[i], .recipients = "a@one.example"
		};
		world_submit(o, &sent);
		assert_int_equal(sent.verdict, SMTP_REFUSE);
		assert_int_equal(strncmp(sent.refusal, "550 5.7.1 ", 10), 0);
		assert_non_null(strstr(sent.refusal, "[sendas:"));
		assert_int_equal(office_rows(o), 0);
	}
	goes_out_as(o, ME "In-Reply-To: <q3@two.example>\r\n"
	    "Subject: [sendas:info] Re: a question\r\n\r\nHello\r\n",
	    "info@example.test");
	goes_out_as(o, ME "In-Reply-To: < q1@two.example >\r\n\r\n"
	    "Hello\r\n", "info@example.test");
	o->era->setup.config.identity = false;
	goes_out_as(o, ME "In-Reply-To: <q1@two.example>\r\n\r\nHello\r\n",
	    "owner@example.test");
}

/* So many references are looked up, of those that are nearest. */
static void
many_references(void **state)
{
	struct office *o = *state;
	struct sent sent = { .recipients = "a@one.example" };
	struct buf text;
	int i, last;

	assert_int_equal(identity_note(o->db, STR("q1@two.example"),
	    STR("info@example.test"), 0), 0);
	assert_int_equal(db_commit(o->db), 0);
	buf_init(&text, 8000);
	for (last = 15; last <= 16; last++) {
		buf_clear(&text);
		buf_add_text(&text, ME "References: <q1@two.example>");
		for (i = 0; i < last; i++)
			buf_add_format(&text, "\r\n <%d@laptop.home.arpa>",
			    i);
		buf_add_text(&text, "\r\n\r\nHello\r\n");
		if (last == 15) {
			goes_out_as(o, buf_text(&text), "info@example.test");
			continue;
		}
		sent.text = buf_text(&text);
		world_submit(o, &sent);
		assert_int_equal(sent.verdict, SMTP_REFUSE);
	}
	buf_drop(&text);
}

/* The value of a field of the only letter in the queue, which goes. */
static void
take_field(struct office *o, const char *name, struct buf *value)
{
	struct queue_item *item;
	struct head_field field;
	struct buf out;

	item = world_queued(o, &out);
	assert_true(head_find(buf_str(&out), str_of(name), &field));
	buf_clear(value);
	buf_add(value, str_trim(field.value));
	assert_int_equal(queue_drop(o->db, item->letter.id), 0);
	assert_int_equal(db_commit(o->db), 0);
	queue_item_drop(item);
	buf_drop(&out);
}

/* A thread that changes its domain refers to what others have seen. */
static void
threads_across_domains(void **state)
{
	struct office *o = *state;
	struct sent sent = {
		.text = ME "Subject: [sendas:bob@other.test] Hi\r\n"
		    "Message-ID: <1@example.test>\r\n\r\nHello\r\n",
		.recipients = "a@one.example"
	};
	struct buf first, second;

	buf_init(&first, 1000);
	buf_init(&second, 1000);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	take_field(o, "Message-ID", &first);
	assert_true(str_ends(buf_str(&first), STR("@other.test>")));
	/* from the domain whose own id it would be */
	sent.text = SHOP "In-Reply-To: <1@example.test>\r\n\r\nHello\r\n";
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	take_field(o, "In-Reply-To", &second);
	assert_true(str_equal(buf_str(&first), buf_str(&second)));
	/* one of the mail program's own, which went out from the other */
	sent.text = SHOP "Message-ID: <2@laptop.home.arpa>\r\n\r\nHello\r\n";
	world_submit(o, &sent);
	take_field(o, "Message-ID", &first);
	assert_true(str_ends(buf_str(&first), STR("@example.test>")));
	sent.text = ME "References: <2@laptop.home.arpa>\r\n"
	    "Subject: [sendas:bob@other.test] Hi\r\n\r\nHello\r\n";
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	take_field(o, "References", &second);
	assert_true(str_equal(buf_str(&first), buf_str(&second)));
	buf_drop(&first);
	buf_drop(&second);
}

static void
refusals(void **state)
{
	static const struct {
		const char *text, *refusal;
	} bad[] = {
		{ ME "Subject: [sendas:]\r\n\r\nx", "550 5.6.0 " },
		{ "Subject: no From\r\n\r\nx", "550 5.6.0 " },
		{ "From: you@elsewhere.example\r\n\r\nx", "553 5.7.1 " },
		{ ME "To : a@one.example\r\n\r\nx",
		  "550 5.6.0 A header field has a space before its colon" },
		{ ME "Subject: \303\244\r\n\r\nx", "550 5.6.0 " },
		{ ME "no field\r\n\r\nx", "550 5.6.0 " },
		{ "", "550 5.6.0 " },
		/* the main address, shown to somebody else */
		{ SHOP "Cc: owner@example.test\r\n\r\nx", "550 5.7.1 " },
	};
	struct office *o = *state;
	struct sent sent;
	size_t i;

	for (i = 0; i < countof(bad); i++) {
		sent = (struct sent){
			.text = bad[i].text,
			.recipients = "a@one.example b@example.test"
		};
		world_submit(o, &sent);
		assert_int_equal(sent.verdict, SMTP_REFUSE);
		assert_int_equal(strncmp(sent.refusal, bad[i].refusal,
		    strlen(bad[i].refusal)), 0);
		assert_false(sent.queued);
		assert_int_equal(office_inbox(o), 0);
		assert_int_equal(office_rows(o), 0);
	}
	sent = (struct sent){ .text = ME "\r\nx", .sender = "a@one.example",
	    .recipients = "a@one.example" };
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_REFUSE);
	assert_int_equal(strncmp(sent.refusal, "553 5.7.1 ", 10), 0);
}

/* A header is gathered over pieces, up to its limit and no further. */
static void
long_headers(void **state)
{
	struct office *o = *state;
	struct sent sent = { .recipients = "b@example.test" };
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_add_text(&text, ME);
	while (text.len < (256 << 10) - 100)
		buf_add_text(&text, "X-Long: some more text in a field\r\n");
	buf_add_text(&text, "\r\nHello\r\n");
	sent.text = buf_text(&text);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	assert_int_equal(office_inbox(o), 1);
	buf_cut(&text, text.len - 9);
	while (text.len < 600 << 10)
		buf_add_text(&text, "X-Long: some more text in a field\r\n");
	buf_add_text(&text, "\r\nHello\r\n");
	sent.text = buf_text(&text);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_REFUSE);
	assert_string_equal(sent.refusal, "552 5.3.4 The header is too large");
	assert_int_equal(office_inbox(o), 1);
	buf_drop(&text);
}

/* One header for both copies; no copy shows who else got one. */
static void
for_us_and_others(void **state)
{
	struct office *o = *state;
	struct sent sent = {
		.text = SHOP "To: a@one.example\r\nBcc: bob@example.test\r\n"
		    "Message-ID: <m1@client.example>\r\n\r\nHello\r\n",
		.recipients = "a@one.example bob@example.test b@TWO.example "
		    "info@other.test", .cut = 1
	};
	struct queue_item *item;
	struct buf local, out;
	size_t at;

	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	item = world_queued(o, &out);
	assert_int_equal(item->count, 2);
	assert_true(str_equal(item->recipients[0].route, STR("one.example")));
	assert_true(str_equal(item->recipients[1].route, STR("two.example")));
	assert_true(str_equal(item->recipients[1].address,
	    STR("b@TWO.example")));
	assert_true(str_equal(item->letter.envid, STR("QQ2")));
	assert_false(world_has(&out, "bob@"));
	assert_false(world_has(&out, "info@"));
	assert_false(world_has(&out, "b@TWO"));
	assert_int_equal(office_inbox(o), 1);
	office_latest(o, &local);
	assert_true(str_starts(buf_str(&local), STR(
	    "Return-Path: <shop@example.test>\r\n"
	    "Delivered-To: bob@example.test\r\n"
	    "Delivered-To: info@other.test\r\nReceived: by ")));
	at = str_find_str(buf_str(&local), STR("Received: "));
	assert_true(str_equal(str_part(buf_str(&local), at, local.len),
	    buf_str(&out)));
	queue_item_drop(item);
	buf_drop(&local);
	buf_drop(&out);
}

static void
count_address(void *ctx, const struct address *address)
{
	uint64_t *counts = ctx;

	counts[0] += address->received;
	counts[1] += address->muted;
}

static void
muted(void **state)
{
	struct office *o = *state;
	struct sent sent = {
		.text = SHOP "\r\nHello\r\n", .recipients = "bob@example.test"
	};
	uint64_t counts[2] = { 0, 0 };

	assert_int_equal(address_set(o->db, STR("bob@example.test"),
	    ADDRESS_MUTE), 0);
	assert_int_equal(db_commit(o->db), 0);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	assert_int_equal(office_inbox(o), 0);
	sent.recipients = "bob@example.test info@example.test";
	world_submit(o, &sent);
	assert_int_equal(office_inbox(o), 1);
	assert_false(sent.queued);
	/* what is only counted may wait */
	assert_int_equal(db_commit(o->db), 0);
	assert_int_equal(address_list(o->db, count_address, counts), 0);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
}

/* NOTIFY=SUCCESS for an address of ours is answered here and now. */
static void
delivered_reports(void **state)
{
	struct office *o = *state;
	struct sent sent = {
		.text = SHOP "Subject: Hi\r\n\r\nHello\r\n",
		.recipients = "bob@example.test a@one.example",
		.notify = BOUNCE_NOTIFY_SUCCESS
	};
	struct queue_item *item;
	struct buf text;

	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	assert_int_equal(office_inbox(o), 2);
	office_latest(o, &text);
	assert_true(world_has(&text, "Delivered-To: shop@example.test\r\n"));
	assert_true(world_has(&text,
	    "Final-Recipient: rfc822; bob@example.test\r\n"
	    "Action: delivered\r\nStatus: 2.1.5\r\n"));
	assert_true(world_has(&text, "Original-Envelope-Id: QQ2\r\n"));
	assert_false(world_has(&text, "one.example"));
	buf_drop(&text);
	item = world_queued(o, &text);
	assert_int_equal(item->recipients[0].notify, BOUNCE_NOTIFY_SUCCESS);
	queue_item_drop(item);
	buf_drop(&text);
	sent.sender = "";
	world_submit(o, &sent);
	assert_int_equal(office_inbox(o), 3);
}

/* Nothing is kept of a letter whose commit fails, nor of a full disk's. */
static void
all_or_nothing(void **state)
{
	struct office *o = *state;
	struct rlimit was, small = { .rlim_cur = 8192 };
	struct sent sent = {
		.text = SHOP "Message-ID: <m1@client.example>\r\n\r\nHello",
		.recipients = "bob@example.test a@one.example",
		.lost = true
	};
	struct buf address;

	world_submit(o, &sent);
	assert_int_equal(office_inbox(o), 0);
	assert_int_equal(office_rows(o), 0);
	buf_init(&address, 600);
	assert_int_equal(identity_find(o->db, STR("m1@client.example"),
	    &address), -ENOENT);
	buf_drop(&address);

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	sent.lost = false;
	world_submit(o, &sent);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_not_equal(sent.verdict, SMTP_ACCEPT);
	assert_int_equal(office_inbox(o), 0);
	assert_int_equal(office_rows(o), 0);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	assert_int_equal(office_inbox(o), 1);
	assert_int_equal(office_rows(o), 1);
}

int
outgoing_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(each_form),
		OFFICE_TEST(identities),
		OFFICE_TEST(unknown_identities),
		OFFICE_TEST(many_references),
		OFFICE_TEST(threads_across_domains),
		OFFICE_TEST(refusals),
		OFFICE_TEST(long_headers),
		OFFICE_TEST(for_us_and_others),
		OFFICE_TEST(muted),
		OFFICE_TEST(delivered_reports),
		OFFICE_TEST(all_or_nothing),
	};

	return cmocka_run_group_tests_name("app/outgoing", tests, NULL,
	    NULL);
}
