/* Datagrams between roles, honest and otherwise. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/wire.h"

int wire_test(void);

struct world {
	int ends[2];
	struct buf room;
	struct wire_mail mail;
};

static int
begin(void **state)
{
	static struct world w;

	w = (struct world){ .mail.fd = -1 };
	assert_int_equal(wire_pair(w.ends), 0);
	buf_init(&w.room, WIRE_BODY_MAX);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	close(w->ends[0]);
	close(w->ends[1]);
	buf_drop(&w->room);
	return 0;
}

static int
fds_open(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			count++;
	return count;
}

static void
assert_str(struct str s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.at, text, s.len);
}

static void
test_letter(void **state)
{
	struct world *w = *state;
	struct str parts[3] = {
		STR("a@b.example"), STR("x@example.test\0y@example.test\0"),
		STR("Subject: hi\r\n")
	};
	struct wire_head head = { .kind = WIRE_LETTER, .session = 7,
		.flags = WIRE_FIRST, .number = 3, .recipient_count = 2 };

	head.path_len = (uint32_t)parts[0].len;
	head.recipients_len = (uint32_t)parts[1].len;
	head.piece_len = (uint32_t)parts[2].len;
	assert_int_equal(wire_send(w->ends[0], &head, parts, 3, -1), 0);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail), 0);
	assert_memory_equal(&w->mail.head, &head, sizeof head);
	assert_int_equal(w->mail.fd, -1);
	assert_str(str_part(w->mail.body, 0, 11), "a@b.example");
	assert_str(str_part(w->mail.body, 41, STR_NONE), "Subject: hi\r\n");
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EAGAIN);
}

static void
test_kinds_without_body(void **state)
{
	struct world *w = *state;
	struct wire_head head = { .kind = WIRE_TAKEN, .session = 9,
		.number = 4 };

	assert_int_equal(wire_send(w->ends[1], &head, NULL, 0, -1), 0);
	assert_int_equal(wire_receive(w->ends[0], &w->room, &w->mail), 0);
	assert_int_equal(w->mail.head.kind, WIRE_TAKEN);
	assert_int_equal(w->mail.body.len, 0);
}

/* At least one datagram of the full size fits, whatever the limits. */
static void
test_full_size(void **state)
{
	struct world *w = *state;
	static char bytes[WIRE_BODY_MAX];
	struct str body = str_from(bytes, sizeof bytes);
	struct wire_head head = { .kind = WIRE_LETTER,
		.piece_len = sizeof bytes };
	int sent = 0, i, error;

	memset(bytes, 'x', sizeof bytes);
	while ((error = wire_send(w->ends[0], &head, &body, 1, -1)) == 0)
		sent++;
	assert_int_equal(error, -EAGAIN);
	assert_true(sent >= 1);
	for (i = 0; i < sent; i++) {
		assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
		    0);
		assert_int_equal(w->mail.body.len, sizeof bytes);
		assert_memory_equal(w->mail.body.at, bytes, sizeof bytes);
	}
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EAGAIN);
	assert_int_equal(wire_send(w->ends[0], &head, &body, 1, -1), 0);
}

static void
test_fd(void **state)
{
	struct world *w = *state;
	struct wire_head head = { .kind = WIRE_SETUP };
	struct buf out;
	int fd, before = fds_open();

	fd = wire_pack(STR("secret"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(wire_send(w->ends[0], &head, NULL, 0, fd), 0);
	close(fd);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail), 0);
	assert_true(w->mail.fd >= 0);
	assert_int_equal(fcntl(w->mail.fd, F_GETFD), FD_CLOEXEC);
	buf_init(&out, 6);
	assert_int_equal(wire_unpack(w->mail.fd, &out), 0);
	assert_int_equal(wire_unpack(w->mail.fd, &out), 0);
	assert_string_equal(buf_text(&out), "secret");
	buf_drop(&out);
	buf_init(&out, 5);
	assert_int_equal(wire_unpack(w->mail.fd, &out), -EFBIG);
	close(w->mail.fd);
	assert_int_equal(fds_open(), before);
}

static void
test_unpack_unsealed(void **state)
{
	struct buf out;
	int fd, pipes[2];

	(void)state;
	buf_init(&out, 100);
	fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	assert_int_equal(wire_unpack(fd, &out), -EPERM);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(wire_unpack(fd, &out), -EPERM);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(wire_unpack(pipes[0], &out), -EPERM);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	fd = wire_pack(str_from(NULL, 0));
	assert_int_equal(wire_unpack(fd, &out), 0);
	assert_int_equal(out.len, 0);
	close(fd);
	buf_drop(&out);
}

/* What a role that was taken over may send. */
static void
garble(struct world *w, const struct wire_head *head, struct str body,
	const int *fds, size_t count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(8 * sizeof (int))];
	} control;
	struct iovec parts[2] = {
		{ (void *)(uintptr_t)head, sizeof *head },
		{ (void *)(uintptr_t)body.at, body.len }
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int before = fds_open();

	if (count > 0) {
		memset(&control, 0, sizeof control);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof (int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof (int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof (int));
	}
	assert_int_equal(sendmsg(w->ends[0], &message, 0),
	    sizeof *head + body.len);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EBADMSG);
	assert_int_equal(w->mail.fd, -1);
	/* qemu-user keeps a descriptor that it had no room to tell of */
	if (getenv("PILLARBOX_EMULATED") == NULL)
		assert_int_equal(fds_open(), before);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EAGAIN);
}

static void
test_garbled(void **state)
{
	struct world *w = *state;
	static const struct wire_head heads[] = {
		{ .kind = 0 },
		{ .kind = WIRE_POLICY + 1 },
		{ .kind = UINT32_MAX },
		{ .kind = WIRE_LETTER, .piece_len = 3 },
		{ .kind = WIRE_LETTER, .piece_len = 5 },
		{ .kind = WIRE_LETTER, .path_len = UINT32_MAX,
		  .piece_len = 5 },
		{ .kind = WIRE_LETTER, .path_len = 1, .recipients_len = 2,
		  .piece_len = 1, .recipient_count = 1 },
		{ .kind = WIRE_LETTER, .recipients_len = 4,
		  .recipient_count = 2 },
		{ .kind = WIRE_LETTER, .piece_len = 4, .recipient_count = 1 },
		{ .kind = WIRE_RCPT, .path_len = 4 },
		{ .kind = WIRE_SETUP },
		{ .kind = WIRE_PEER },
		{ .kind = WIRE_STOP },
		{ .kind = WIRE_READY },
		{ .kind = WIRE_ABORT },
		{ .kind = WIRE_JUDGED },
		{ .kind = WIRE_TAKEN },
		{ .kind = WIRE_NOTED },
		{ .kind = WIRE_FETCH },
		{ .kind = WIRE_ROOM },
		{ .kind = WIRE_CARRY, .piece_len = 4 },
		{ .kind = WIRE_RESULT, .recipient_count = 1 },
		{ .kind = WIRE_POLICY, .path_len = 4 },
		{ .kind = WIRE_TEXT, .piece_len = 4 }
	};
	int fds[4] = { 0, 1, 2, 0 };
	size_t i, j;

	for (i = 0; i < countof(heads); i++)
		garble(w, &heads[i], STR("abc\0"), NULL, 0);
	for (i = 0; i < countof(heads); i++)
		for (j = 1; j <= 4; j++)
			if (heads[i].kind != WIRE_SETUP &&
			    heads[i].kind != WIRE_PEER)
				garble(w, &heads[i], STR("abc\0"), fds, j);
	/* more descriptors than there is room for; qemu-user hides it */
	if (getenv("PILLARBOX_EMULATED") == NULL)
		garble(w, &heads[10], STR(""), fds, 4);
}

/* What has to have a body is nothing without it. */
static void
test_bodies(void **state)
{
	struct world *w = *state;
	static const struct {
		enum wire_kind kind;
		struct str body;
		int err;
	} cases[] = {
		{ WIRE_RCPT, { "", 0 }, 0 },
		{ WIRE_RCPT, { "a@b.example", 11 }, 0 },
		{ WIRE_CARRY, { "", 0 }, -EBADMSG },
		{ WIRE_CARRY, { "job", 3 }, 0 },
		{ WIRE_RESULT, { "", 0 }, -EBADMSG },
		{ WIRE_RESULT, { "done", 4 }, 0 },
		{ WIRE_POLICY, { "", 0 }, -EBADMSG },
		{ WIRE_POLICY, { "sts", 3 }, 0 },
		{ WIRE_TEXT, { "", 0 }, 0 },
		{ WIRE_TEXT, { "text", 4 }, 0 },
		{ WIRE_ROOM, { "", 0 }, 0 },
		{ WIRE_ROOM, { "12345678", 8 }, 0 },
		{ WIRE_ROOM, { "1234567812345678", 16 }, 0 },
		{ WIRE_ROOM, { "123456781", 9 }, -EBADMSG },
		{ WIRE_NOTED, { "", 0 }, 0 },
		{ WIRE_FETCH, { "", 0 }, -EBADMSG },
		{ WIRE_FETCH, { "12345678", 8 }, 0 },
		{ WIRE_FETCH, { "1234567812345678", 16 }, -EBADMSG },
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		const struct wire_head head = { .kind = cases[i].kind,
			.session = (uint32_t)i };

		assert_int_equal(wire_send(w->ends[0], &head, &cases[i].body,
		    1, -1), 0);
		assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
		    cases[i].err);
		if (cases[i].err != 0)
			continue;
		assert_int_equal(w->mail.head.session, i);
		assert_true(str_equal(w->mail.body, cases[i].body));
	}
}

static void
test_short_and_long(void **state)
{
	struct world *w = *state;
	static char bytes[WIRE_BODY_MAX + sizeof (struct wire_head) + 1];
	struct wire_head head = { .kind = WIRE_RCPT };

	memcpy(bytes, &head, sizeof head);
	assert_int_equal(send(w->ends[0], bytes, sizeof head - 1, 0),
	    sizeof head - 1);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EBADMSG);
	assert_int_equal(send(w->ends[0], bytes, sizeof bytes, 0),
	    sizeof bytes);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail),
	    -EBADMSG);
	assert_int_equal(send(w->ends[0], bytes, sizeof bytes - 1, 0),
	    sizeof bytes - 1);
	assert_int_equal(wire_receive(w->ends[1], &w->room, &w->mail), 0);
	assert_int_equal(w->mail.body.len, WIRE_BODY_MAX);
}

static void
test_other_end_gone(void **state)
{
	struct world *w = *state;
	struct wire_head head = { .kind = WIRE_READY };

	assert_int_equal(wire_send(w->ends[1], &head, NULL, 0, -1), 0);
	assert_int_equal(wire_send(w->ends[0], &head, NULL, 0, -1), 0);
	close(w->ends[1]);
	w->ends[1] = dup(w->ends[0]);
	assert_int_equal(wire_send(w->ends[0], &head, NULL, 0, -1), -EPIPE);
	/* what was sent before is still there, or a reset is */
	while (wire_receive(w->ends[0], &w->room, &w->mail) == 0)
		assert_int_equal(w->mail.head.kind, WIRE_READY);
	assert_int_equal(wire_receive(w->ends[0], &w->room, &w->mail),
	    -EPIPE);
}

int
wire_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_letter, begin, end),
		cmocka_unit_test_setup_teardown(test_kinds_without_body,
		    begin, end),
		cmocka_unit_test_setup_teardown(test_full_size, begin, end),
		cmocka_unit_test_setup_teardown(test_fd, begin, end),
		cmocka_unit_test(test_unpack_unsealed),
		cmocka_unit_test_setup_teardown(test_garbled, begin, end),
		cmocka_unit_test_setup_teardown(test_bodies, begin, end),
		cmocka_unit_test_setup_teardown(test_short_and_long, begin,
		    end),
		cmocka_unit_test_setup_teardown(test_other_end_gone, begin,
		    end),
	};

	return cmocka_run_group_tests_name("net/wire", tests, NULL, NULL);
}
