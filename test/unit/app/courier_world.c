#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/courier_world.h"

#include "app/courier_peer.h"
#include "base/crypto.h"
#include "net/listen.h"

#define PATIENCE_S 60

static unsigned
port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;

	assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&at, &len),
	    0);
	return ntohs(at.sin_port);
}

/* A port that is free on every address of loopback, most likely. */
static unsigned
port_choose(void)
{
	int fd = listen_open("127.0.0.1", 0);
	unsigned port;

	assert_true(fd >= 0);
	port = port_of(fd);
	close(fd);
	return port;
}

void
courier_world_init(struct courier_world *w)
{
	const struct str names[] = { STR("mx1.mail.example"),
		STR("smart.example"), STR("mta-sts.mail.example") };
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};

	crypto_start();
	*w = (struct courier_world){ .ids = 100 };
	w->port = port_choose();
	w->smart_port = port_choose();
	w->https_port = port_choose();
	w->dns = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(w->dns >= 0);
	assert_int_equal(bind(w->dns, (struct sockaddr *)(void *)&at,
	    sizeof at), 0);
	w->dns_port = port_of(w->dns);
	buf_init(&w->key, 8192);
	buf_init(&w->cert, 8192);
	assert_int_equal(crypto_self_sign(names, countof(names), 1700000000,
	    &w->key, &w->cert), 0);
}

static struct courier_peer *
peer_new(struct courier_world *w, const char *what)
{
	struct courier_peer *peer = &w->peers[w->peer_count++];

	assert_true(w->peer_count <= COURIER_PEERS_MAX);
	peer->what = what;
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0)
		alarm(PATIENCE_S);
	return peer;
}

void
courier_world_names(struct courier_world *w, const char *zone, bool ad)
{
	struct courier_names names = {
		.fd = w->dns, .zone = zone, .ad = ad, .port = w->port,
		.cert = buf_str(&w->cert)
	};

	if (peer_new(w, "names")->pid == 0)
		courier_peer_names(&names);
	close(w->dns);
	w->dns = -1;
}

void
courier_world_serve(struct courier_world *w, const char *ip, unsigned port,
	const char *script)
{
	const struct tls_pair pair = { buf_str(&w->cert), buf_str(&w->key) };
	int fd = listen_open(ip, port);

	assert_true(fd >= 0);
	if (peer_new(w, script)->pid == 0)
		courier_peer_serve(fd, script, &pair);
	close(fd);
}

/* The courier's process; asserts would be no use in it. */
static _Noreturn void
live(struct courier_world *w, struct role_start *start, const char *more)
{
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct loop loop;
	struct buf why, text;

	alarm(PATIENCE_S);
	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&why, 1000);
	buf_init(&text, 10000);
	buf_add_format(&text, "data = \"/nowhere\";\n"
	    "domains = [\"example.test\"];\n"
	    "host = \"box.example.test\";\n"
	    "pop3 = { port = 0; tls_port = 0; };\n"
	    "imap = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n"
	    "%s\n", more);
	if (config_parse(&setup.config, buf_str(&text), "test", &why) != 0) {
		fprintf(stderr, "%s\n", buf_text(&why));
		_exit(2);
	}
	buf_init(&setup.roots, SETUP_ROOTS_MAX);
	buf_add(&setup.roots, buf_str(&w->cert));
	start->setup = &setup;
	start->loop = &loop;
	if (loop_init(&loop) != 0 || courier_start(start) != 0)
		_exit(3);
	_exit(loop_run(&loop) == 0 ? 0 : 4);
}

void
courier_world_start(struct courier_world *w, const char *more)
{
	int boss[2], between[2];
	const int none[] = { -1 };
	struct role_start begin = {
		.name = "tested", .smtp = none, .pop3 = none, .pop3s = none,
		.imap = none, .imaps = none,
		.submission = none, .submissions = none,
		.wires = { -1, -1, -1 }
	};
	struct role_world *r = &w->role;
	struct wire_mail mail;
	struct buf config;

	*r = (struct role_world){ .dir = "/tmp/role-test-" "XX" "XX" "XX" };
	assert_non_null(mkdtemp(r->dir));
	r->other = ROLE_KEEPER;
	buf_init(&r->room, WIRE_BODY_MAX);
	buf_init(&config, 10000);
	buf_add_format(&config, "outbound = { port = %u; "
	    "https_port = %u; %s };\n"
	    "dns = { servers = [\"127.0.0.1:%u\"]; trust_ad = true; };\n",
	    w->port, w->https_port, more, w->dns_port);
	assert_int_equal(wire_pair(boss), 0);
	assert_int_equal(wire_pair(between), 0);
	begin.boss = boss[1];
	begin.wires[ROLE_KEEPER] = between[1];
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		close(boss[0]);
		close(between[0]);
		live(w, &begin, buf_text(&config));
	}
	buf_drop(&config);
	close(boss[1]);
	close(between[1]);
	r->boss = boss[0];
	r->wire = boss[0];
	world_hear(r, &mail);
	assert_int_equal(mail.head.kind, WIRE_READY);
	r->wire = between[0];
	courier_world_room(w, CARRY_JOBS_MAX, 0);
}

void
courier_world_served(const struct courier_world *w, size_t peer)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)w->peers[peer].pid, &info,
	    WEXITED | WNOWAIT), 0);
}

void
courier_world_end(struct courier_world *w)
{
	int status, failed = 0;
	size_t i;

	world_end(&w->role);
	for (i = 0; i < w->peer_count; i++) {
		if (strcmp(w->peers[i].what, "names") == 0)
			kill(w->peers[i].pid, SIGTERM);
		assert_int_equal(waitpid(w->peers[i].pid, &status, 0),
		    w->peers[i].pid);
		if (strcmp(w->peers[i].what, "names") != 0 && status != 0) {
			fprintf(stderr, "a server did not end: %s\n",
			    w->peers[i].what);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
	if (w->dns >= 0)
		close(w->dns);
	buf_drop(&w->key);
	buf_drop(&w->cert);
}

struct carry_job
courier_world_job(struct courier_world *w, const char *domain, size_t count)
{
	static char addresses[QUEUE_RECIPIENTS_MAX][64];
	struct carry_job job = {
		.letter = 7, .sender = STR("shop@example.test"),
		.size = 5, .domain = str_of(domain), .count = count,
		.whole = true, .text = STR("Hi.\r\n")
	};
	size_t i;

	for (i = 0; i < count; i++) {
		(void)snprintf(addresses[i], sizeof addresses[i], "%c@%s",
		    (int)('a' + i), domain);
		job.recipients[i] = (struct carry_recipient){
			.id = w->ids++, .address = str_of(addresses[i])
		};
	}
	return job;
}

void
courier_world_carry(struct courier_world *w, uint32_t number,
	const struct carry_job *job)
{
	const struct wire_head head = {
		.kind = WIRE_CARRY, .session = number
	};
	struct str body;
	struct buf out;

	buf_init(&out, WIRE_BODY_MAX);
	carry_job_add(&out, job);
	body = buf_str(&out);
	world_say(&w->role, &head, &body, 1);
	buf_drop(&out);
}

static void
tell(struct buf *out, const struct carry_outcome *o)
{
	static const char *const fates[] = {
		"UNDECIDED", "delivered", "temporary", "permanent"
	};

	buf_add_format(out, "%s %u ", fates[o->fate], o->code);
	smtp_status_add(out, o->status);
	buf_add_char(out, ' ');
	buf_add(out, o->said);
	if (o->remote.len > 0) {
		buf_add_text(out, " [");
		buf_add(out, o->remote);
		buf_add_char(out, ']');
	}
	buf_add_char(out, '\n');
}

bool
courier_world_result(struct courier_world *w, uint32_t number,
	struct buf *out, bool note)
{
	const struct wire_head noted = {
		.kind = WIRE_NOTED, .session = number
	};
	struct carry_result result;
	struct wire_mail mail;
	size_t i;

	world_hear(&w->role, &mail);
	assert_int_equal(mail.head.kind, WIRE_RESULT);
	assert_int_equal(mail.head.session, number);
	assert_int_equal(carry_result_read(&result, mail.body), 0);
	if (result.locked_out)
		buf_add_text(out, "locked out\n");
	for (i = 0; i < result.count; i++)
		tell(out, &result.outcomes[i]);
	if (note)
		world_say(&w->role, &noted, NULL, 0);
	return (mail.head.flags & WIRE_LAST) != 0;
}

void
courier_world_outcome(struct courier_world *w, uint32_t number,
	const char *want)
{
	struct buf out;

	buf_init(&out, 65536);
	while (!courier_world_result(w, number, &out, true))
		continue;
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
	courier_world_room(w, 1, 0);
}

void
courier_world_room(struct courier_world *w, unsigned number, size_t ids)
{
	struct wire_mail mail;
	unsigned heard = 0;

	do {
		world_hear(&w->role, &mail);
		assert_int_equal(mail.head.kind, WIRE_ROOM);
		assert_int_equal(mail.body.len, ids * sizeof (uint64_t));
		heard += mail.head.number;
	} while (heard < number);
	assert_int_equal(heard, number);
}

void
courier_world_fetch(struct courier_world *w, uint32_t number, unsigned piece)
{
	struct wire_mail mail;
	uint64_t letter;

	world_hear(&w->role, &mail);
	assert_int_equal(mail.head.kind, WIRE_FETCH);
	assert_int_equal(mail.head.session, number);
	assert_int_equal(mail.head.number, piece);
	assert_int_equal(mail.body.len, sizeof letter);
	memcpy(&letter, mail.body.at, sizeof letter);
	assert_int_equal(letter, 7);
}

void
courier_world_text(struct courier_world *w, uint32_t number, unsigned piece,
	size_t len, unsigned flags)
{
	const struct wire_head head = {
		.kind = WIRE_TEXT, .session = number, .number = piece,
		.flags = flags
	};
	struct str body;
	char *text;

	text = xalloc(len + 1, 1);
	memset(text, 'a' + (int)piece, len);
	body = str_from(text, len);
	world_say(&w->role, &head, &body, 1);
	free(text);
}
