/* FETCH, by a session without a connection: its steps are taken here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gate_world.h"
#include "app/mua_part.h"
#include "store/box.h"

int mua_fetch_test(void);

#define TOLD_MAX (8 << 20)

struct world {
	struct gate_world at;
	struct imap_service service;
	struct mua m;
	struct buf told;	/* by one command */
	unsigned steps;		/* of it */
	bool fails;		/* commits do */
	bool breaks;		/* the session has to end */
};

static const char first[] =
    "From: Anna <a@x.example>\r\nSubject: one\r\n two\r\n"
    "Date: Tue, 01 Jul 2003 10:52:37 +0200\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nhello\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8Ad29ybGQ=\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n"
    "--b\r\nContent-Transfer-Encoding: x-odd\r\n\r\n?\r\n--b--\r\n";

static void
deliver(struct world *w, struct str text, uint64_t flags)
{
	const struct message_start start = {
		.box = BOX_INBOX, .received = 1057049557, .flags = flags
	};
	struct message_writer *writer;

	assert_int_equal(message_begin(w->at.db, &writer), 0);
	for (; text.len > PIECE_SIZE; str_take(&text, PIECE_SIZE))
		assert_int_equal(message_piece(writer,
		    str_part(text, 0, PIECE_SIZE), false), 0);
	assert_int_equal(message_piece(writer, text, true), 0);
	assert_int_equal(message_keep(writer, &start, NULL), 0);
	assert_int_equal(db_commit(w->at.db), 0);
}

/* Give input to the machine, until it asks for something. */
static void
feed(struct world *w, const char *line, enum imap_ask ask)
{
	struct str in = str_of(line);

	assert_int_equal(imap_step(&w->m.imap, &in), ask);
	assert_int_equal(in.len, 0);
}

static void
take(struct world *w)
{
	struct buf *out = &w->m.imap.out;

	assert_true(out->len <= IMAP_OUT_STOP + 2 * IMAP_PIECE);
	buf_add(&w->told, buf_str(out));
	buf_clear(out);
}

static void
begin_session(struct world *w, bool read_only)
{
	struct mua *m = &w->m;

	m->service = &w->service;
	m->stamp = INT64_MAX;
	assert_int_equal(credential_unlock(w->at.db,
	    buf_str(&w->at.app_password), &m->entry.owner), 0);
	m->reader = message_reader_new(m->entry.owner);
	buf_init(&m->code, MUA_CODE_MAX);
	imap_init(&m->imap, true, false);
	feed(w, "a LOGIN name password\r\n", IMAP_ENTER);
	imap_login(&m->imap, IMAP_WELCOME);
	assert_int_equal(view_open(m, BOX_INBOX, read_only), 0);
	m->view.recent = UINT32_MAX;
	buf_clear(&m->imap.out);
}

static void
end_session(struct world *w)
{
	struct mua *m = &w->m;

	view_close(m);
	imap_drop(&m->imap);
	message_reader_drop(m->reader);
	seal_owner_drop(m->entry.owner);
	buf_drop(&m->code);
	w->m = (struct mua){ .service = NULL };
}

/* Carry out a command; what it tells is in w->told. */
static void
run(struct world *w, const char *line)
{
	struct mua *m = &w->m;
	enum mua_go go;

	buf_clear(&w->told);
	feed(w, line, IMAP_DO);
	w->steps = 0;
	m->broken = false;
	m->step = mua_fetch;
	while ((go = m->step(m)) != MUA_DONE) {
		w->steps++;
		if (go == MUA_AGAIN) {
			take(w);
			continue;
		}
		assert_int_equal(db_pending(w->at.db), DB_URGENT);
		m->settled = w->fails ? -28 : db_commit(w->at.db);
		if (w->fails)
			db_rollback(w->at.db);
	}
	imap_done(&m->imap, m->end, buf_str(&m->code), m->end_text);
	if (m->job_drop != NULL)
		m->job_drop(m->job);
	free(m->job);
	m->job = NULL;
	m->job_drop = NULL;
	buf_clear(&m->code);
	take(w);
	assert_true(m->broken == w->breaks);
	assert_true(m->stamp == INT64_MAX);
}

static void
check(struct world *w, const char *line, const char *want)
{
	run(w, line);
	assert_string_equal(buf_text(&w->told), want);
}

static int
begin(void **state)
{
	static struct world w;

	w = (struct world){ .fails = false };
	*state = &w;
	gate_world_begin(&w.at);
	w.service.db = w.at.db;
	buf_init(&w.service.piece, PIECE_SIZE);
	buf_init(&w.told, TOLD_MAX);
	deliver(&w, str_of(first), 0);
	deliver(&w, STR("Subject: second\r\n\r\nb\r\n"), BOX_FLAGGED);
	deliver(&w, STR("Subject: third\r\n\r\nc\r\n"), BOX_SEEN);
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	end_session(w);
	buf_drop(&w->service.piece);
	recent_drop(&w->service);
	buf_drop(&w->told);
	gate_world_end(&w->at);
	return 0;
}

#define OK "t OK Fetched.\r\n"

static void
test_values(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	check(w, "t FETCH 2:* (UID FLAGS FLAGS RFC822.SIZE INTERNALDATE)\r\n",
	    "* 2 FETCH (UID 2 FLAGS (\\Flagged) RFC822.SIZE 22 INTERNALDATE"
	    " \" 1-Jul-2003 08:52:37 +0000\")\r\n"
	    "* 3 FETCH (UID 3 FLAGS (\\Seen) RFC822.SIZE 21 INTERNALDATE"
	    " \" 1-Jul-2003 08:52:37 +0000\")\r\n" OK);
	check(w, "t UID FETCH 2 (FLAGS THREADID)\r\n",
	    "* 2 FETCH (UID 2 FLAGS (\\Flagged) THREADID NIL)\r\n" OK);
	check(w, "t UID FETCH 2,9 UID\r\n", "* 2 FETCH (UID 2)\r\n" OK);
	check(w, "t UID FETCH 9 UID\r\n", OK);
}

static void
test_summary(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	check(w, "t FETCH 1 (ENVELOPE PREVIEW)\r\n",
	    "* 1 FETCH (ENVELOPE (\"Tue, 01 Jul 2003 10:52:37 +0200\""
	    " \"one two\" ((\"Anna\" NIL \"a\" \"x.example\"))"
	    " ((\"Anna\" NIL \"a\" \"x.example\"))"
	    " ((\"Anna\" NIL \"a\" \"x.example\")) NIL NIL NIL NIL NIL)"
	    " PREVIEW \"hello\")\r\n" OK);
	run(w, "t FETCH 2 (BODY BODYSTRUCTURE)\r\n");
	assert_non_null(strstr(buf_text(&w->told), "BODY (\"text\" \"plain\""));
	assert_non_null(strstr(buf_text(&w->told), "BODYSTRUCTURE (\"text\""));
}

static void
test_sections(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	check(w, "t FETCH 1 (BODY.PEEK[header.FIELDS (Subject)]"
	    " BODY.PEEK[3.HEADER] BODY.PEEK[3.TEXT] BODY.PEEK[1]<1.3>"
	    " BODY.PEEK[9] BODY.PEEK[1.TEXT] BODY.PEEK[2.MIME]"
	    " BODY.PEEK[3.HEADER.FIELDS.NOT (subject)]"
	    " BODY.PEEK[1.HEADER.FIELDS (subject)])\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS (Subject)] {22}\r\n"
	    "Subject: one\r\n two\r\n\r\n BODY[3.HEADER] {15}\r\n"
	    "Subject: in\r\n\r\n BODY[3.TEXT] {1}\r\nx BODY[1]<1> {3}\r\nell"
	    " BODY[9] {0}\r\n BODY[1.TEXT] {0}\r\n BODY[2.MIME] {37}\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    " BODY[3.HEADER.FIELDS.NOT (subject)] {2}\r\n\r\n"
	    " BODY[1.HEADER.FIELDS (subject)] {0}\r\n)\r\n" OK);
	check(w, "t FETCH 2 (BODY.PEEK[] RFC822.HEADER BODY.PEEK[]<20.9>"
	    " BODY.PEEK[]<99.1>)\r\n",
	    "* 2 FETCH (BODY[] {22}\r\nSubject: second\r\n\r\nb\r\n"
	    " RFC822.HEADER {19}\r\nSubject: second\r\n\r\n"
	    " BODY[]<20> {2}\r\n\r\n BODY[]<99> {0}\r\n)\r\n" OK);
}

static void
test_binary(void **state)
{
	static const struct str nul = STR("* 1 FETCH (BINARY[2] ~{11}\r\n"
	    "hello\0world BINARY.SIZE[2] 11 BINARY[2]<6> ~{5}\r\nworld"
	    " BINARY[1] {5}\r\nhello)\r\n" OK);
	struct world *w = *state;

	begin_session(w, false);
	run(w, "t FETCH 1 (BINARY.PEEK[2] BINARY.SIZE[2]"
	    " BINARY.PEEK[2]<6.9> BINARY.PEEK[1])\r\n");
	assert_true(str_equal(buf_str(&w->told), nul));
	check(w, "t FETCH 1 (BINARY.PEEK[9] BINARY.SIZE[9])\r\n",
	    "* 1 FETCH (BINARY[9] {0}\r\n BINARY.SIZE[9] 0)\r\n" OK);
	check(w, "t FETCH 1 (BINARY.PEEK[4] BINARY.SIZE[4] UID)\r\n",
	    "* 1 FETCH (BINARY[4] NIL UID 1)\r\n"
	    "t NO [UNKNOWN-CTE] Nobody knows that transfer encoding.\r\n");
}

static void
test_seen(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	check(w, "t FETCH 2:3 BODY[TEXT]\r\n",
	    "* 2 FETCH (FLAGS (\\Flagged \\Seen) BODY[TEXT] {3}\r\nb\r\n)\r\n"
	    "* 3 FETCH (BODY[TEXT] {3}\r\nc\r\n)\r\n" OK);
	check(w, "t FETCH 2 (BODY[TEXT] FLAGS)\r\n",
	    "* 2 FETCH (BODY[TEXT] {3}\r\nb\r\n FLAGS (\\Flagged \\Seen))\r\n"
	    OK);
	run(w, "t UID FETCH 1 (BODY.PEEK[1] RFC822.HEADER BINARY.SIZE[1])\r\n");
	assert_null(strstr(buf_text(&w->told), "FLAGS"));
	w->m.imap.enabled |= IMAP_ENABLED_CONDSTORE;
	check(w, "t UID FETCH 1 BINARY[1]\r\n",
	    "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (6) BINARY[1] {5}\r\n"
	    "hello)\r\n" OK);
}

static void
test_read_only(void **state)
{
	struct world *w = *state;

	begin_session(w, true);
	check(w, "t FETCH 2 RFC822.TEXT\r\n",
	    "* 2 FETCH (RFC822.TEXT {3}\r\nb\r\n)\r\n" OK);
}

/* That \Seen cannot be noted does not keep a message from being read. */
static void
test_full_disk(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	w->fails = true;
	check(w, "t FETCH 2 (RFC822.TEXT FLAGS)\r\n",
	    "* 2 FETCH (RFC822.TEXT {3}\r\nb\r\n FLAGS (\\Flagged))\r\n" OK);
}

static void
expunge(struct world *w, uint32_t uid)
{
	assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
	assert_int_equal(db_commit(w->at.db), 0);
}

static void
test_expunged(void **state)
{
	struct world *w = *state;

	begin_session(w, false);
	expunge(w, 2);
	check(w, "t FETCH 1:3 UID\r\n",
	    "* 1 FETCH (UID 1)\r\n* 3 FETCH (UID 3)\r\n"
	    "t NO [EXPUNGEISSUED] Some are there no more.\r\n");
	check(w, "t UID FETCH 1:3 UID\r\n",
	    "* 1 FETCH (UID 1)\r\n* 3 FETCH (UID 3)\r\n" OK);
}

static void
test_since(void **state)
{
	struct world *w = *state;
	struct box_status status;
	struct buf line, want;

	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	expunge(w, 1);
	begin_session(w, false);
	w->m.imap.enabled |= IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC;
	run(w, "t FETCH 1 BODY[]\r\n");
	buf_init(&line, 200);
	buf_init(&want, 200);
	buf_add_format(&line, "t UID FETCH 1:* FLAGS (CHANGEDSINCE %u"
	    " VANISHED)\r\n", (unsigned)status.modseq);
	buf_add_format(&want, "* VANISHED (EARLIER) 1\r\n"
	    "* 1 FETCH (UID 2 MODSEQ (%u) FLAGS (\\Flagged \\Seen))\r\n" OK,
	    (unsigned)status.modseq + 2);
	check(w, buf_text(&line), buf_text(&want));
	buf_drop(&line);
	buf_drop(&want);
}

#define LINE "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVph\r\n"
#define LARGE_HEAD "Subject: large\r\nContent-Type: application/x\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\n"
#define LINES 8000

static void
large_make(struct buf *text)
{
	unsigned i;

	buf_init(text, 1 << 20);
	buf_add_text(text, LARGE_HEAD);
	for (i = 0; i < LINES; i++)
		buf_add_text(text, LINE);
}

/* A reply is name, a literal, and the end. */
static void
check_literal(struct world *w, const char *line, const char *name,
	struct str literal)
{
	struct str told, head;
	struct buf want;

	run(w, line);
	told = buf_str(&w->told);
	buf_init(&want, 200);
	buf_add_format(&want, "* 4 FETCH (%s {%zu}\r\n", name, literal.len);
	head = str_take(&told, want.len);
	assert_true(str_equal(head, buf_str(&want)));
	assert_true(str_equal(str_take(&told, literal.len), literal));
	assert_true(str_equal(told, STR(")\r\n" OK)));
	buf_drop(&want);
}

/* A step adds no more than out has room for (see take()). */
static void
test_large(void **state)
{
	struct world *w = *state;
	struct buf text, decoded;
	unsigned i;

	large_make(&text);
	deliver(w, buf_str(&text), BOX_SEEN);
	begin_session(w, false);
	check_literal(w, "t FETCH 4 BODY[]\r\n", "BODY[]", buf_str(&text));
	assert_true(w->steps >= LINES * sizeof LINE / (2 * IMAP_PIECE));
	check_literal(w, "t FETCH 4 BODY[1]<65000.70000>\r\n",
	    "BODY[1]<65000>", str_part(buf_str(&text),
	    65000 + sizeof LARGE_HEAD - 1, 70000));
	buf_init(&decoded, 1 << 20);
	for (i = 0; i < LINES; i++)
		buf_add_text(&decoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZa");
	check_literal(w, "t FETCH 4 BINARY[1]\r\n", "BINARY[1]",
	    buf_str(&decoded));
	check_literal(w, "t FETCH 4 BINARY[1]<100001.100000>\r\n",
	    "BINARY[1]<100001>", str_part(buf_str(&decoded), 100001, 100000));
	check(w, "t FETCH 4 BINARY.SIZE[1]\r\n",
	    "* 4 FETCH (BINARY.SIZE[1] 216000)\r\n" OK);
	buf_drop(&text);
	buf_drop(&decoded);
}

/* Change an octet in the one file of a message. */
static void
damage(struct world *w, long at)
{
	char pattern[128];
	glob_t found;
	FILE *file;
	int c;

	(void)snprintf(pattern, sizeof pattern, "%s/blob/*", w->at.dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	file = fopen(found.gl_pathv[0], "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	c = fgetc(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fputc(c ^ 1, file), c ^ 1);
	assert_int_equal(fclose(file), 0);
	globfree(&found);
}

/* What is damaged is passed over, the others are told. */
static void
test_damaged(void **state)
{
	struct world *w = *state;
	struct buf text;

	large_make(&text);
	deliver(w, buf_str(&text), BOX_SEEN);
	deliver(w, STR("Subject: fifth\r\n\r\ne\r\n"), BOX_SEEN);
	damage(w, 1000);
	begin_session(w, false);
	check(w, "t FETCH 3:* (UID BODY[TEXT])\r\n",
	    "* 3 FETCH (UID 3 BODY[TEXT] {3}\r\nc\r\n)\r\n"
	    "* 5 FETCH (UID 5 BODY[TEXT] {3}\r\ne\r\n)\r\n"
	    "t NO [CORRUPTION] The message is damaged.\r\n");
	buf_drop(&text);
}

/* Within a literal there is no honest end but that of the session. */
static void
test_damaged_within(void **state)
{
	struct world *w = *state;
	struct buf text;

	large_make(&text);
	deliver(w, buf_str(&text), BOX_SEEN);
	damage(w, 200000);
	begin_session(w, false);
	check(w, "t FETCH 4 (BINARY.SIZE[1] BINARY[1] UID)\r\n",
	    "* 4 FETCH (BINARY[1] NIL UID 4)\r\n"
	    "t NO [CORRUPTION] The message is damaged.\r\n");
	w->breaks = true;
	run(w, "t FETCH 4 BODY[1]\r\n");
	assert_true(w->told.len < 200000);
	buf_drop(&text);
}

int
mua_fetch_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values, begin, end),
		cmocka_unit_test_setup_teardown(test_summary, begin, end),
		cmocka_unit_test_setup_teardown(test_sections, begin, end),
		cmocka_unit_test_setup_teardown(test_binary, begin, end),
		cmocka_unit_test_setup_teardown(test_seen, begin, end),
		cmocka_unit_test_setup_teardown(test_read_only, begin, end),
		cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
		cmocka_unit_test_setup_teardown(test_expunged, begin, end),
		cmocka_unit_test_setup_teardown(test_since, begin, end),
		cmocka_unit_test_setup_teardown(test_large, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged_within, begin,
		    end),
	};

	return cmocka_run_group_tests_name("app/mua_fetch", tests, NULL,
	    NULL);
}
