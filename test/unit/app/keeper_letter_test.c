/* The keeper remembers which address a letter came to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "app/role_world.h"
#include "mail/piece.h"
#include "rules/submit.h"
#include "store/identity.h"
#include "talk/smtp.h"

int keeper_letter_test(void);

static void
letter_piece(struct role_world *w, unsigned flags, struct str recipients,
	struct str piece)
{
	const struct str parts[] = { STR(""), recipients, piece };
	struct wire_head head = {
		.kind = WIRE_LETTER, .session = 1, .flags = flags,
		.recipients_len = (uint32_t)recipients.len,
		.piece_len = (uint32_t)piece.len
	};
	struct wire_mail mail;
	size_t i;

	for (i = 0; i < recipients.len; i++)
		head.recipient_count += str_at(recipients, i) == '\0';
	world_say(w, &head, parts, 3);
	world_hear(w, &mail);
	assert_int_equal(mail.head.kind, WIRE_TAKEN);
	assert_int_equal(mail.head.number, SMTP_ACCEPT);
}

/* Which address an id is known to have come to. */
static void
known(const struct role_world *w, const char *id, const char *address)
{
	struct loop loop = { .epoll = -1 };
	struct buf found;
	struct db *db;

	buf_init(&found, 600);
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(db_open(&db, w->dir, DB_READ, &loop.clock), 0);
	assert_int_equal(identity_find(db, str_of(id), &found),
	    address[0] == '\0' ? -ENOENT : 0);
	assert_string_equal(buf_text(&found), address);
	db_close(db);
	loop_drop(&loop);
	buf_drop(&found);
}

static void
ids_are_noted(void **state)
{
	static char body[PIECE_SIZE];
	struct role_world w;
	struct str rest;
	struct buf long_id;

	(void)state;
	memset(body, 'b', sizeof body);
	world_start(&w, keeper_start, true);
	letter_piece(&w, WIRE_FIRST | WIRE_LAST,
	    STR("shop@example.test\0info@example.test\0"),
	    STR("Received: x\r\nMESSAGE-ID:\r\n <1@a.example>\r\n\r\nx\r\n"));
	known(&w, "1@a.example", "shop@example.test");
	world_address(&w, STR("shop@example.test"), ADDRESS_MUTE);
	letter_piece(&w, WIRE_FIRST | WIRE_LAST,
	    STR("shop@example.test\0info@example.test\0"),
	    STR("Message-Id: <2@a.example>\r\n\r\nx\r\n"));
	known(&w, "2@a.example", "info@example.test");
	/* dropped: nobody can reply to it */
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("shop@example.test\0"),
	    STR("Message-Id: <3@a.example>\r\n\r\nx\r\n"));
	known(&w, "3@a.example", "");
	/* in the header alone */
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    STR("Subject: x\r\n\r\nMessage-ID: <4@a.example>\r\n"));
	known(&w, "4@a.example", "");
	/* over several pieces */
	memcpy(body, "Message-ID: <5@a.example>\r\n\r\n", 29);
	rest = str_from(body, sizeof body);
	letter_piece(&w, WIRE_FIRST, STR("info@example.test\0"), rest);
	known(&w, "5@a.example", "");
	letter_piece(&w, WIRE_LAST, STR(""), STR("x\r\n"));
	known(&w, "5@a.example", "info@example.test");
	/* without a name it is taken as well; too long is none */
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    STR("Message-ID: <>\r\nMessage-ID: < >\r\n\r\nx\r\n"));
	known(&w, "", "");
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    STR("Message-ID:\r\n\r\nx\r\n"));
	known(&w, "", "");
	buf_init(&long_id, 2000);
	buf_add_text(&long_id, "Message-ID: <");
	buf_add(&long_id, str_from(body + 100, SUBMIT_ID_MAX + 1));
	buf_add_text(&long_id, ">\r\n\r\nx\r\n");
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    buf_str(&long_id));
	body[100 + SUBMIT_ID_MAX + 1] = '\0';
	known(&w, body + 100, "");
	body[100 + SUBMIT_ID_MAX + 1] = 'b';
	body[100 + SUBMIT_ID_MAX] = '\0';
	buf_clear(&long_id);
	buf_add_text(&long_id, "Message-ID: <");
	buf_add_text(&long_id, body + 100);
	buf_add_text(&long_id, ">\r\n\r\nx\r\n");
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    buf_str(&long_id));
	known(&w, body + 100, "info@example.test");
	buf_drop(&long_id);
	world_end(&w);
}

/* Whatever stands there: what a mail program may reply to is noted. */
static void
odd_ids_are_noted(void **state)
{
	static const struct {
		const char *head;
		const char *ids[4];	/* that a reply may name */
	} odd[] = {
		{ "Message-ID: 1@a.example", { "1@a.example" } },
		{ "Message-ID:2@a.example>", { "2@a.example" } },
		{ "Message-ID: <3@a.example", { "3@a.example" } },
		{ "Message-ID: < 4@a.example >",
		  { "4@a.example", " 4@a.example " } },
		{ "Message-ID: <5@\r\n a.example>",
		  { "5@a.example", "5@ a.example" } },
		{ "Message-ID: <6@a.example> <7@a.example>",
		  { "6@a.example", "7@a.example" } },
		{ "Message-ID: <8@a.example> (by <9@a.example",
		  { "8@a.example", "9@a.example" } },
		{ "Message-ID: <<10@a.example>>",
		  { "10@a.example", "<10@a.example>" } },
		{ "Message-ID: 11@a.example <12@a.example>",
		  { "12@a.example", "11@a.example <12@a.example" } },
		{ "Message-ID: 13 14@a.example",
		  { "13", "14@a.example", "13 14@a.example" } },
		{ "Message-ID:\r\nMessage-ID: <>\r\n"
		  "message-id: <15@a.example>\r\nSubject: x\r\n"
		  "Message-ID : <16@a.example>",
		  { "15@a.example", "16@a.example" } },
		{ "Message-ID: <no-place>", { "no-place" } },
		{ "Message-ID: <\"17 x\"@a.example>",
		  { "\"17 x\"@a.example" } },
		{ "Message-ID: <18@[192.0.2.1]>", { "18@[192.0.2.1]" } },
		{ "Message-ID: <19@\303\244.example>",
		  { "19@\303\244.example" } },
	};
	struct role_world w;
	struct buf text;
	size_t i, j;

	(void)state;
	world_start(&w, keeper_start, true);
	buf_init(&text, 2000);
	for (i = 0; i < countof(odd); i++) {
		buf_clear(&text);
		buf_add_text(&text, odd[i].head);
		buf_add_text(&text, "\r\n\r\nx\r\n");
		letter_piece(&w, WIRE_FIRST | WIRE_LAST,
		    STR("shop@example.test\0"), buf_str(&text));
		for (j = 0; j < 4 && odd[i].ids[j] != NULL; j++)
			known(&w, odd[i].ids[j], "shop@example.test");
	}
	/* one letter may not fill the store with them */
	buf_clear(&text);
	for (i = 0; i < 40; i++)
		buf_add_format(&text, "Message-ID: <many%zu@a.example>\r\n",
		    i);
	buf_add_text(&text, "\r\nx\r\n");
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("shop@example.test\0"),
	    buf_str(&text));
	known(&w, "many7@a.example", "shop@example.test");
	known(&w, "many8@a.example", "");
	buf_drop(&text);
	world_end(&w);
}

int
keeper_letter_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_noted),
		cmocka_unit_test(odd_ids_are_noted),
	};

	return cmocka_run_group_tests_name("app/keeper_letter", tests, NULL,
	    NULL);
}
