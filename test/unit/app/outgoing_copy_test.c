/* The two copies of a letter: what is in them, down to the signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/outgoing_world.h"
#include "proof/verify.h"

int outgoing_copy_test(void);

/* Give the domain a key; open gets its public half. */
static void
make_key(struct office *o, struct buf *open)
{
	struct dkim_key key = {
		.domain = STR("example.test"), .selector = STR("e1"),
		.kind = CRYPTO_ED25519, .state = DKIM_SIGNS
	};
	struct crypto_key *ready;
	struct buf pem;

	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	buf_init(open, CRYPTO_PUBLIC_MAX);
	crypto_key_make(CRYPTO_ED25519, &pem);
	key.pem = buf_str(&pem);
	assert_int_equal(dkim_add(o->db, &key), 0);
	assert_int_equal(crypto_key_read(&ready, buf_str(&pem)), 0);
	crypto_key_public(ready, open);
	crypto_key_drop(ready);
	buf_wipe(&pem);
}

/*
 * 8-bit text goes out as 7-bit, in whole pieces, and the signature is of what
 * goes out.
 */
static void
turned_and_signed(void **state)
{
	struct office *o = *state;
	struct sent sent = { .recipients = "a@one.example b@example.test" };
	struct buf open, text, out;
	struct queue_item *item;

	make_key(o, &open);
	buf_init(&text, 1 << 20);
	buf_add_text(&text, SHOP "Subject: Hi\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n");
	while (text.len < 3 * PIECE_SIZE)
		buf_add_text(&text, "Gr\303\274\303\237e aus K\303\266ln  "
		    "\r\n");
	buf_add_text(&text, "\r\n\r\n");
	sent.text = buf_text(&text);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_ACCEPT);
	item = world_queued(o, &out);
	assert_false(item->letter.has_8bit);
	assert_false(item->letter.utf8);
	assert_int_equal(item->letter.size, out.len);
	assert_true(str_is_ascii(buf_str(&out)));
	assert_true(str_starts(buf_str(&out), STR("DKIM-Signature: ")));
	assert_true(verify_message(buf_str(&out), 0, buf_str(&open)));
	assert_true(world_has(&out, "Gr=C3=BC=C3=9Fe aus K=C3=B6ln"));
	queue_item_drop(item);
	buf_drop(&out);
	office_latest(o, &out);
	assert_true(world_has(&out, "Gr=C3=BC=C3=9Fe aus K=C3=B6ln"));
	assert_false(world_has(&out, "DKIM-Signature"));
	buf_drop(&out);
	buf_drop(&text);
	buf_drop(&open);
}

/* What cannot be signed does not go out unsigned. */
static void
too_many_fields(void **state)
{
	struct office *o = *state;
	struct sent sent = { .recipients = "a@one.example b@example.test" };
	struct buf open, text;
	int i;

	make_key(o, &open);
	buf_init(&text, 1 << 20);
	buf_add_text(&text, SHOP);
	for (i = 0; i < 200; i++)
		buf_add_text(&text, "To: a@one.example\r\n");
	buf_add_text(&text, "\r\nHello\r\n");
	sent.text = buf_text(&text);
	world_submit(o, &sent);
	assert_int_equal(sent.verdict, SMTP_REFUSE);
	assert_string_equal(sent.refusal,
	    "550 5.6.0 The header holds too many fields");
	assert_int_equal(office_inbox(o), 0);
	assert_int_equal(office_rows(o), 0);
	buf_drop(&text);
	buf_drop(&open);
}

int
outgoing_copy_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(turned_and_signed,
		    office_begin, office_end),
		cmocka_unit_test_setup_teardown(too_many_fields,
		    office_begin, office_end),
	};

	return cmocka_run_group_tests_name("app/outgoing_copy", tests, NULL,
	    NULL);
}
