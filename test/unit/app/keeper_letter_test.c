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
	/* none, half of one, too much of one */
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    STR("Message-ID: <>\r\n\r\nx\r\n"));
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    STR("Message-ID: <6@a.example\r\n\r\nx\r\n"));
	buf_init(&long_id, 2000);
	buf_add_text(&long_id, "Message-ID: <");
	buf_add(&long_id, str_from(body + 100, 900));
	buf_add_text(&long_id, ">\r\n\r\nx\r\n");
	letter_piece(&w, WIRE_FIRST | WIRE_LAST, STR("info@example.test\0"),
	    buf_str(&long_id));
	known(&w, "6@a.example", "");
	buf_drop(&long_id);
	world_end(&w);
}

int
keeper_letter_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_noted),
	};

	return cmocka_run_group_tests_name("app/keeper_letter", tests, NULL,
	    NULL);
}
