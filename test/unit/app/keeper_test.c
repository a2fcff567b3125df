/* The keeper with an intake that was taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "app/role_world.h"
#include "base/crypto.h"
#include "mail/piece.h"
#include "talk/smtp.h"

int keeper_test(void);

static char piece[PIECE_SIZE + 1];

/* What one letter datagram claims; NULL and 0 for nothing of it. */
struct claim {
	uint32_t session;
	unsigned flags;
	const char *path;
	struct str recipients;
	size_t piece_len;
};

static void
claim_say(struct role_world *w, const struct claim *claim)
{
	const struct str parts[] = {
		str_of(claim->path), claim->recipients,
		str_from(piece, claim->piece_len)
	};
	struct wire_head head = {
		.kind = WIRE_LETTER, .session = claim->session,
		.flags = claim->flags, .path_len = (uint32_t)parts[0].len,
		.recipients_len = (uint32_t)parts[1].len,
		.piece_len = (uint32_t)parts[2].len
	};
	size_t i;

	for (i = 0; i < parts[1].len; i++)
		head.recipient_count += str_at(parts[1], i) == '\0';
	world_say(w, &head, parts, 3);
}

/* The verdict of the next answer, which has to be of that kind. */
static unsigned
verdict(struct role_world *w, enum wire_kind kind, uint32_t session)
{
	struct wire_mail mail;

	world_hear(w, &mail);
	assert_int_equal(mail.head.kind, kind);
	assert_int_equal(mail.head.session, session);
	return mail.head.number;
}

static unsigned
judged(struct role_world *w, struct str name)
{
	const struct wire_head head = { .kind = WIRE_RCPT, .session = 7 };

	world_say(w, &head, &name, 1);
	return verdict(w, WIRE_JUDGED, 7);
}

static unsigned
taken(struct role_world *w, const struct claim *claim)
{
	claim_say(w, claim);
	return verdict(w, WIRE_TAKEN, claim->session);
}

static const struct claim good = {
	.session = 1, .flags = WIRE_FIRST | WIRE_LAST,
	.path = "a@sender.example", .recipients = { "b@example.test", 15 },
	.piece_len = 100
};

static void
recipients_are_judged(void **state)
{
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	assert_int_equal(judged(&w, STR("b@example.test")), SMTP_ACCEPT);
	assert_int_equal(judged(&w, STR("b@elsewhere.example")), SMTP_LATER);
	assert_int_equal(judged(&w, STR("B@example.test")), SMTP_LATER);
	assert_int_equal(judged(&w, STR("b@Example.test")), SMTP_LATER);
	assert_int_equal(judged(&w, STR("")), SMTP_LATER);
	assert_int_equal(judged(&w, STR("b@example.test\0")), SMTP_LATER);
	assert_int_equal(judged(&w, str_from(piece, PIECE_SIZE)), SMTP_LATER);
	world_address(&w, STR("b@example.test"), ADDRESS_REFUSE);
	assert_int_equal(judged(&w, STR("b@example.test")), SMTP_REFUSE);
	world_address(&w, STR("b@example.test"), ADDRESS_MUTE);
	assert_int_equal(judged(&w, STR("b@example.test")), SMTP_ACCEPT);
	assert_int_equal(taken(&w, &good), SMTP_ACCEPT);
	assert_int_equal(world_stored(&w), 0);
	world_address(&w, STR("b@example.test"), ADDRESS_OPEN);
	assert_int_equal(taken(&w, &good), SMTP_ACCEPT);
	assert_int_equal(world_stored(&w), 1);
	world_end(&w);
}

static void
claims_are_checked(void **state)
{
	static char many[102 * 15], path[600];
	const struct claim bad[] = {
		{ 1, WIRE_FIRST | WIRE_LAST, "", STR(""), 10 },
		{ 1, WIRE_FIRST | WIRE_LAST, "", STR("b@evil.example\0"), 10 },
		{ 1, WIRE_FIRST | WIRE_LAST, "",
		  STR("b@example.test\0b@evil.example\0"), 10 },
		{ 1, WIRE_FIRST | WIRE_LAST, "", { many, 101 * 15 }, 10 },
		{ 1, WIRE_FIRST | WIRE_LAST, path, STR("b@example.test\0"),
		  10 },
		{ 1, WIRE_FIRST, "", STR("b@example.test\0"), 10 },
		{ 1, WIRE_FIRST | WIRE_LAST, "", STR("b@example.test\0"),
		  PIECE_SIZE + 1 },
		{ 1, WIRE_LAST, "", STR(""), 10 },
		{ 1, 0, "", STR(""), PIECE_SIZE },
	};
	struct role_world w;
	size_t i;

	(void)state;
	memset(path, 'x', sizeof path - 1);
	for (i = 0; i < 101; i++)
		memcpy(many + i * 15, "b@example.test", 15);
	world_start(&w, keeper_start, true);
	for (i = 0; i < countof(bad); i++)
		assert_int_equal(taken(&w, &bad[i]), SMTP_LATER);
	assert_int_equal(world_stored(&w), 0);
	assert_int_equal(taken(&w, &good), SMTP_ACCEPT);
	assert_int_equal(world_stored(&w), 1);
	world_end(&w);
}

static void
letters_do_not_mix(void **state)
{
	struct claim first = {
		.session = 1, .flags = WIRE_FIRST, .path = "",
		.recipients = STR("b@example.test\0"),
		.piece_len = PIECE_SIZE
	};
	struct claim next = { .path = "", .piece_len = PIECE_SIZE };
	const struct wire_head abort = { .kind = WIRE_ABORT, .session = 1 };
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	assert_int_equal(taken(&w, &first), SMTP_ACCEPT);
	first.session = 2;
	assert_int_equal(taken(&w, &first), SMTP_ACCEPT);
	/* Beginning again is no way to go on: that letter is dropped. */
	assert_int_equal(taken(&w, &first), SMTP_LATER);
	next.session = 2;
	assert_int_equal(taken(&w, &next), SMTP_LATER);
	world_say(&w, &abort, NULL, 0);
	next.session = 1;
	assert_int_equal(taken(&w, &next), SMTP_LATER);
	/* A second envelope in the middle. */
	assert_int_equal(taken(&w, &first), SMTP_ACCEPT);
	first.flags = 0;
	assert_int_equal(taken(&w, &first), SMTP_LATER);
	/* Larger than any letter may be: 200,000 and the trace. */
	first.flags = WIRE_FIRST;
	assert_int_equal(taken(&w, &first), SMTP_ACCEPT);
	next.session = 2;
	assert_int_equal(taken(&w, &next), SMTP_ACCEPT);
	assert_int_equal(taken(&w, &next), SMTP_ACCEPT);
	assert_int_equal(taken(&w, &next), SMTP_ACCEPT);
	assert_int_equal(taken(&w, &next), SMTP_LATER);
	assert_int_equal(world_stored(&w), 0);
	world_end(&w);
}

static void
garbage_is_survived(void **state)
{
	static const unsigned char heads[][sizeof (struct wire_head)] = {
		{ [0] = 99 }, { [0] = WIRE_PEER }, { [0] = WIRE_SETUP },
		{ [0] = WIRE_LETTER, [16] = 255, [17] = 255, [18] = 255 },
		{ [0] = WIRE_LETTER, [20] = 1 },
		{ [0] = WIRE_LETTER, [24] = 9 },
	};
	const struct wire_head stray = { .kind = WIRE_JUDGED, .session = 1 };
	const struct wire_head stop = { .kind = WIRE_STOP };
	struct role_world w;
	size_t i;

	(void)state;
	world_start(&w, keeper_start, true);
	world_say_raw(&w, STR("x"));
	for (i = 0; i < countof(heads); i++)
		world_say_raw(&w, str_from(heads[i], sizeof heads[i]));
	world_say(&w, &stray, NULL, 0);
	world_say(&w, &stop, NULL, 0);
	assert_int_equal(taken(&w, &good), SMTP_ACCEPT);
	/* A new intake begins with nothing of the old one open. */
	world_rewire(&w);
	assert_int_equal(taken(&w, &good), SMTP_ACCEPT);
	assert_int_equal(world_stored(&w), 2);
	world_end(&w);
}

static void
many_answers_wait_for_who_reads_them(void **state)
{
	struct claim claim = good;
	struct role_world w;
	struct wire_mail mail;
	unsigned got = 0;

	(void)state;
	world_start(&w, keeper_start, true);
	/* One turn takes many of these, and commits them together. */
	for (claim.session = 1; claim.session <= 300; claim.session++)
		claim_say(&w, &claim);
	for (; got < 300; got++) {
		world_hear(&w, &mail);
		assert_int_equal(mail.head.session, got + 1);
		assert_int_equal(mail.head.number, SMTP_ACCEPT);
	}
	assert_int_equal(world_stored(&w), 300);
	world_end(&w);
}

int
keeper_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipients_are_judged),
		cmocka_unit_test(claims_are_checked),
		cmocka_unit_test(letters_do_not_mix),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(many_answers_wait_for_who_reads_them),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/keeper", tests, NULL, NULL);
}
