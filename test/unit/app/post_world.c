#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/post_world.h"

#include "base/crypto.h"
#include "store/box.h"
#include "store/credential.h"
#include "store/message.h"

#define TEXT_MAX (1 << 20)

static const char config_text[] =
	"data = \"/nowhere\";\n"
	"host = \"mail.example.test\";\n"
	"domains = [\"example.test\", \"other.test\"];\n"
	"mailbox = \"owner\";\n"
	"pop3 = { port = 0; tls_port = 0; };\n"
	"imap = { port = 0; tls_port = 0; };\n"
	"submission = { main_address = \"owner@example.test\"; port = 0; "
	"tls_port = 0; };\n"
	"outbound = { per_domain = 2; };\n";

static void
on_settle(struct settle *settle)
{
	struct office *o = list_of(settle, struct office, settle);
	int err;

	if (o->rewake)
		post_wake(o->post);
	o->rewake = false;
	do {
		err = 0;
		if (o->torn) {
			db_rollback(o->db);
			err = -5;
		} else if (db_pending(o->db) == DB_URGENT) {
			err = db_commit(o->db);
		}
		post_settled(o->post, err);
	} while (!o->torn && db_pending(o->db) == DB_URGENT);
	o->loop.stop = true;
}

static void
on_tick(struct timer *t)
{
	(void)t;
}

void
office_turn(struct office *o)
{
	timer_set(&o->loop, &o->tick, 0);
	o->loop.stop = false;
	assert_int_equal(loop_run(&o->loop), 0);
	timer_cancel(&o->loop, &o->tick);
}

static struct era *
era_make(void)
{
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct era *era;
	struct buf why;

	buf_init(&why, 1000);
	if (config_parse(&setup.config, str_of(config_text), "test",
	    &why) != 0)
		fail_msg("%s", buf_text(&why));
	buf_drop(&why);
	assert_int_equal(era_open(&era, &setup, false), 0);
	return era;
}

static void
post_open(struct office *o)
{
	assert_int_equal(db_open(&o->db, o->dir, DB_SERVE, &o->loop.clock),
	    0);
	o->post = post_new(&o->loop, o->db, o->era);
}

int
office_begin(void **state)
{
	struct office *o = xalloc(1, sizeof *o);
	const char *tmp = getenv("TMPDIR");
	struct buf recovery;

	crypto_start();
	(void)snprintf(o->dir, sizeof o->dir, "%s/post-" "XX" "XX" "XX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(o->dir));
	assert_int_equal(loop_init(&o->loop), 0);
	o->settle = (struct settle){ .run = on_settle };
	loop_settle(&o->loop, &o->settle);
	o->tick = (struct timer){ .fire = on_tick };
	o->era = era_make();
	o->courier = -1;
	buf_init(&o->room, WIRE_BODY_MAX);
	buf_init(&recovery, 100);
	assert_int_equal(db_open(&o->db, o->dir, DB_CREATE, &o->loop.clock),
	    0);
	assert_int_equal(credential_create(o->db, STR("correct horse"),
	    &recovery), 0);
	assert_int_equal(credential_unlock(o->db, buf_str(&recovery),
	    &o->owner), 0);
	assert_int_equal(db_commit(o->db), 0);
	db_close(o->db);
	buf_wipe(&recovery);
	post_open(o);
	*state = o;
	return 0;
}

static int
entry_remove(const char *path, const struct stat *is, int type,
	struct FTW *at)
{
	(void)is;
	(void)type;
	(void)at;
	return remove(path);
}

int
office_end(void **state)
{
	struct office *o = *state;

	post_drop(o->post);
	db_close(o->db);
	seal_owner_drop(o->owner);
	era_drop(o->era);
	loop_drop(&o->loop);
	if (o->courier >= 0)
		close(o->courier);
	buf_drop(&o->room);
	assert_int_equal(nftw(o->dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS),
	    0);
	free(o);
	return 0;
}

void
office_restart(struct office *o)
{
	post_drop(o->post);
	db_close(o->db);
	post_open(o);
}

void
office_wire(struct office *o)
{
	int fds[2];

	assert_int_equal(wire_pair(fds), 0);
	if (o->courier >= 0)
		close(o->courier);
	o->courier = fds[0];
	post_wire(o->post, fds[1]);
}

static size_t
split(const char *recipients, struct queue_recipient *out, unsigned notify)
{
	struct str rest = str_of(recipients), one, domain;
	size_t count = 0;

	while (rest.len > 0) {
		if (!str_split(&rest, ' ', &one)) {
			one = rest;
			rest.len = 0;
		}
		domain = str_part(one, str_find(one, 0, '@') + 1, one.len);
		out[count++] = (struct queue_recipient){
			.address = one, .route = domain, .notify = notify,
			.orcpt = STR("")
		};
	}
	return count;
}

uint64_t
office_letter_as(struct office *o, const struct office_letter *as)
{
	struct queue_letter letter = {
		.sender = as->sender != NULL ? str_of(as->sender) :
		    STR("shop@example.test"),
		.envid = STR("QQ1")
	};
	struct queue_recipient recipients[QUEUE_RECIPIENTS_MAX];
	struct queue_writer *w;
	size_t left, n;
	char *body;

	n = split(as->recipients, recipients, as->notify);
	body = xalloc(1, PIECE_SIZE);
	memset(body, 'b', PIECE_SIZE);
	assert_int_equal(queue_begin(o->db, &w), 0);
	for (left = as->size; left > PIECE_SIZE; left -= PIECE_SIZE)
		assert_int_equal(queue_piece(w, str_from(body, PIECE_SIZE)),
		    0);
	assert_int_equal(queue_piece(w, str_from(body, left)), 0);
	assert_int_equal(queue_keep(w, &letter, STR(OFFICE_HEAD), recipients,
	    n), 0);
	assert_int_equal(db_commit(o->db), 0);
	free(body);
	o->rewake = true;
	return letter.id;
}

uint64_t
office_letter(struct office *o, const char *recipients)
{
	return office_letter_as(o, &(struct office_letter){
	    .recipients = recipients, .size = 10 });
}

static void
say(struct office *o, const struct wire_head *head, struct str body)
{
	assert_int_equal(wire_send(o->courier, head, &body, 1, -1), 0);
}

void
office_room(struct office *o, unsigned jobs, const uint64_t *ids,
	size_t count)
{
	const struct wire_head head = { .kind = WIRE_ROOM, .number = jobs };

	say(o, &head, str_from(ids, count * sizeof *ids));
	office_turn(o);
}

bool
office_hear(struct office *o, struct wire_mail *mail)
{
	return wire_receive(o->courier, &o->room, mail) == 0;
}

uint32_t
office_job(struct office *o, struct carry_job *job)
{
	struct wire_mail mail;

	assert_true(office_hear(o, &mail));
	assert_int_equal(mail.head.kind, WIRE_CARRY);
	assert_int_equal(carry_job_read(job, mail.body), 0);
	return mail.head.session;
}

void
office_silent(struct office *o)
{
	struct wire_mail mail;

	assert_false(office_hear(o, &mail));
}

void
office_result(struct office *o, uint32_t number, bool last,
	const struct carry_result *result)
{
	const struct wire_head head = {
		.kind = WIRE_RESULT, .session = number,
		.flags = last ? WIRE_LAST : 0
	};
	struct buf body;

	buf_init(&body, WIRE_BODY_MAX);
	carry_result_add(&body, result);
	say(o, &head, buf_str(&body));
	buf_drop(&body);
	office_turn(o);
}

void
office_fetch(struct office *o, uint32_t job, uint64_t letter, uint32_t piece)
{
	const struct wire_head head = {
		.kind = WIRE_FETCH, .session = job, .number = piece
	};
	struct str body = str_from(&letter, sizeof letter);

	assert_int_equal(wire_send(o->courier, &head, &body, 1, -1), 0);
	office_turn(o);
}

void
office_text(struct office *o, uint32_t piece, unsigned flags, size_t len)
{
	struct wire_mail mail;

	assert_true(office_hear(o, &mail));
	assert_int_equal(mail.head.kind, WIRE_TEXT);
	assert_int_equal(mail.head.number, piece);
	assert_int_equal(mail.head.flags, flags);
	assert_int_equal(mail.body.len, len);
	if (piece == 0 && len > 0)
		assert_true(str_starts(mail.body, STR(OFFICE_HEAD)));
}

struct carry_outcome
office_outcome(enum smtp_fate fate, unsigned code)
{
	return (struct carry_outcome){
		.fate = fate, .code = code, .status = { code / 100, 1, 2 },
		.said = STR("So it is"), .remote = STR("mx.one.example")
	};
}

void
office_fate(struct office *o, uint32_t number, const struct carry_job *job,
	const struct carry_outcome *outcome)
{
	struct carry_result result = { .count = job->count };
	size_t i;

	for (i = 0; i < job->count; i++) {
		result.outcomes[i] = *outcome;
		result.outcomes[i].id = job->recipients[i].id;
		result.outcomes[i].attempts = job->recipients[i].attempts;
	}
	office_result(o, number, true, &result);
}

void
office_noted(struct office *o, uint32_t number)
{
	struct wire_mail mail;

	assert_true(office_hear(o, &mail));
	assert_int_equal(mail.head.kind, WIRE_NOTED);
	assert_int_equal(mail.head.session, number);
}

size_t
office_inbox(struct office *o)
{
	struct box_status status;

	assert_int_equal(box_status(o->db, BOX_INBOX, &status), 0);
	return status.messages;
}

void
office_latest(struct office *o, struct buf *text)
{
	struct message_reader *reader = message_reader_new(o->owner);
	struct box_item *items;
	struct buf piece;
	size_t count;

	buf_init(text, TEXT_MAX);
	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(box_list(o->db, BOX_INBOX, &items, &count), 0);
	assert_true(count > 0);
	assert_int_equal(message_open(o->db, reader,
	    items[count - 1].message), 0);
	while (message_read(o->db, reader, &piece) == 1)
		buf_add(text, buf_str(&piece));
	message_reader_drop(reader);
	buf_drop(&piece);
	free(items);
}

static void
count_rows(void *ctx, const struct queue_item *item)
{
	*(size_t *)ctx += item->count;
}

size_t
office_rows(struct office *o)
{
	size_t count = 0;

	assert_int_equal(queue_list(o->db, count_rows, &count), 0);
	return count;
}

struct queue_item *
office_item(struct office *o, uint64_t letter)
{
	struct queue_item *item;

	assert_int_equal(queue_item(o->db, letter, &item), 0);
	return item;
}

void
office_sql(struct office *o, const char *text)
{
	char path[128];
	sqlite3 *sql;

	(void)snprintf(path, sizeof path, "%s/pillarbox.db", o->dir);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	o->rewake = true;
}

void
office_age(struct office *o, int64_t seconds)
{
	char text[200];

	(void)snprintf(text, sizeof text, "UPDATE letter SET queued = "
	    "queued - %lld; UPDATE recipient SET next = 1",
	    (long long)seconds);
	office_sql(o, text);
}
