#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/imap_world.h"

#define TURNS_MAX 20000
#define SAID_MAX (64 << 20)

/* As the keeper does. */
static void
on_settle(struct settle *settle)
{
	struct imap_world *w = list_of(settle, struct imap_world, settle);
	bool changed;
	int err;

	do {
		changed = db_pending(w->at.db) == DB_URGENT;
		err = 0;
		if (changed && w->fails) {
			db_rollback(w->at.db);
			w->fails = false;
			err = -EIO;
		} else if (changed) {
			err = db_commit(w->at.db);
			w->commits++;
		}
		serve_imap_settled(&w->service, err, changed && err == 0);
	} while (db_pending(w->at.db) == DB_URGENT);
	w->at.loop.stop = true;
}

static void
on_tick(struct timer *t)
{
	(void)t;
}

void
imap_world_begin(struct imap_world *w, const char *config)
{
	static const char text[] = "data = \"/nowhere\";\n"
	    "domains = [\"example.test\"];\n"
	    "pop3 = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n";
	static const int none[] = { -1 };
	struct role_start start = {
		.loop = &w->at.loop, .imap = none, .imaps = none
	};
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct buf all, why;

	*w = (struct imap_world){ .era = NULL };
	gate_world_begin(&w->at);
	buf_init(&why, 1000);
	buf_init(&all, 4000);
	buf_add_text(&all, text);
	buf_add_text(&all, config == NULL ?
	    "imap = { port = 0; tls_port = 0; };\n" : config);
	assert_int_equal(config_parse(&setup.config, buf_str(&all), "test",
	    &why), 0);
	buf_drop(&all);
	buf_drop(&why);
	assert_int_equal(era_open(&w->era, &setup, true), 0);
	assert_int_equal(serve_imap_open(&w->service, &start, &w->at.gate,
	    w->era), 0);
	w->settle = (struct settle){ .run = on_settle };
	w->tick.fire = on_tick;
	loop_settle(&w->at.loop, &w->settle);
}

void
imap_world_end(struct imap_world *w)
{
	serve_imap_drop(&w->service);
	timer_cancel(&w->at.loop, &w->tick);
	list_take(&w->settle.link);
	era_drop(w->era);
	gate_world_end(&w->at);
}

void
imap_world_turn(struct imap_world *w, unsigned times)
{
	while (times-- > 0) {
		w->at.loop.stop = false;
		timer_set(&w->at.loop, &w->tick, 1);
		assert_int_equal(loop_run(&w->at.loop), 0);
	}
}

uint32_t
imap_world_letter(struct imap_world *w, int64_t box, const char *text)
{
	const struct message_start start = { .box = box, .received = 1000 };
	struct message_writer *writer;
	uint32_t uid;

	assert_int_equal(message_begin(w->at.db, &writer), 0);
	assert_int_equal(message_piece(writer, str_of(text), true), 0);
	assert_int_equal(message_keep(writer, &start, &uid), 0);
	imap_world_turn(w, 1);
	return uid;
}

void
imap_client_open(struct imap_client *c, struct imap_world *w)
{
	struct crowd *crowd = &w->service.common.crowd;
	const struct peer peer = { .text = "192.0.2.1" };
	int fds[2];

	*c = (struct imap_client){ .w = w };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	c->fd = fds[1];
	buf_init(&c->said, SAID_MAX);
	mua_join(&w->service, fds[0], &peer, gate_world_network(1), false);
	c->m = list_of(crowd->members.prev, struct mua, member.link);
	c->m->imap.tls = true;
	(void)imap_client_hear(c, "* OK ");
}

void
imap_client_enter(struct imap_client *c, struct imap_world *w)
{
	struct buf command;

	imap_client_open(c, w);
	buf_init(&command, 1000);
	buf_add_format(&command, "LOGIN mailbox %s",
	    buf_text(&w->at.app_password));
	(void)imap_client_ask(c, buf_text(&command));
	assert_true(str_find_str(buf_str(&c->said), STR("A OK ")) !=
	    STR_NONE);
	buf_wipe(&command);
}

void
imap_client_close(struct imap_client *c)
{
	close(c->fd);
	buf_drop(&c->said);
	imap_world_turn(c->w, 3);
}

void
imap_client_say(struct imap_client *c, const char *text)
{
	struct str rest = str_of(text);
	ssize_t len;

	buf_clear(&c->said);
	while (rest.len > 0) {
		len = send(c->fd, rest.at, rest.len, MSG_NOSIGNAL);
		if (len > 0)
			(void)str_take(&rest, (size_t)len);
		else
			imap_world_turn(c->w, 1);
	}
}

/* Whether the other end has closed. */
static bool
take_in(struct imap_client *c)
{
	ssize_t len = 1;
	char *at;

	while (len > 0) {
		at = buf_space(&c->said, 65536);
		assert_non_null(at);
		len = recv(c->fd, at, 65535, 0);
		if (len > 0)
			buf_grew(&c->said, (size_t)len);
	}
	return len == 0;
}

static bool
is_answered(const struct imap_client *c)
{
	struct str said = buf_str(&c->said);

	return str_ends(said, STR("\r\n")) && (str_starts(said, STR("A ")) ||
	    str_find_str(said, STR("\nA ")) != STR_NONE);
}

/* Wait for a text, or for the tagged reply. */
static const char *
wait_for(struct imap_client *c, const char *text)
{
	unsigned turns;

	for (turns = 0; turns < TURNS_MAX; turns++) {
		if (take_in(c) || (text == NULL ? is_answered(c) :
		    str_find_str(buf_str(&c->said), str_of(text)) !=
		    STR_NONE))
			return buf_text(&c->said);
		imap_world_turn(c->w, 1);
	}
	fail_msg("%s does not come after: %s", text == NULL ? "the reply" :
	    text, buf_text(&c->said));
	return NULL;
}

const char *
imap_client_hear(struct imap_client *c, const char *text)
{
	return wait_for(c, text);
}

const char *
imap_client_ask(struct imap_client *c, const char *command)
{
	struct buf line;

	buf_init(&line, SAID_MAX);
	buf_add_format(&line, "A %s\r\n", command);
	imap_client_say(c, buf_text(&line));
	buf_drop(&line);
	return wait_for(c, NULL);
}
