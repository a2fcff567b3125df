/*
 * The start of a role: a fork that keeps what the role needs, closes the
 * rest, goes into its cage and turns its loop until the role ends. With --one
 * the roles begin in the supervisor's own process, uncaged.
 */
#include "app/role_part.h"

#include "base/log.h"
#include "net/cage.h"
#include "net/listen.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct kind {
	const char *name;
	int (*start)(const struct role_start *start);
	enum cage_role cage;
} kinds[ROLE_COUNT] = {
	[ROLE_KEEPER] = { "keeper", keeper_start, CAGE_KEEPER },
	[ROLE_INTAKE] = { "intake", intake_start, CAGE_INTAKE },
	[ROLE_COURIER] = { "courier", courier_start, CAGE_COURIER },
};

static const int no_ports[] = { -1 };

const char *
role_name(enum role_id id)
{
	return kinds[id].name;
}

static void
ports_close(int ports[ROLE_LISTENERS_MAX])
{
	for (; *ports >= 0; ports++) {
		close(*ports);
		*ports = -1;
	}
}

/* Close those that a role has. */
static void
ports_close_of(struct role_ports *ports, enum role_id id)
{
	switch (id) {
	case ROLE_INTAKE:
		ports_close(ports->smtp);
		return;
	case ROLE_KEEPER:
		ports_close(ports->pop3);
		ports_close(ports->pop3s);
		ports_close(ports->imap);
		ports_close(ports->imaps);
		ports_close(ports->submission);
		ports_close(ports->submissions);
		return;
	case ROLE_COURIER:
	case ROLE_COUNT:
		return;
	}
}

void
role_ports_drop(struct role_ports *ports)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		ports_close_of(ports, (enum role_id)i);
}

static int
ports_open(int ports[ROLE_LISTENERS_MAX], const struct config *config,
	const char *key, unsigned port)
{
	size_t i;

	ports[0] = -1;
	for (i = 0; port != 0 && i < config->listen_count; i++) {
		ports[i] = listen_open(config->listen[i], port);
		if (ports[i] < 0) {
			log_event(LOG_ERROR, "port-unopened", LOG_C("key", key),
			    LOG_C("address", config->listen[i]),
			    LOG_N("port", port),
			    LOG_C("why", strerror(-ports[i])));
			return ports[i];
		}
		ports[i + 1] = -1;
	}
	return 0;
}

int
role_ports_open(struct role_ports *ports, const struct config *config)
{
	const struct {
		int *sockets;
		const char *key;
		unsigned number;
	} wanted[] = {
		{ ports->smtp, "smtp.port", config->smtp_port },
		{ ports->pop3, "pop3.port", config->pop3_port },
		{ ports->pop3s, "pop3.tls_port", config->pop3s_port },
		{ ports->imap, "imap.port", config->imap_port },
		{ ports->imaps, "imap.tls_port", config->imaps_port },
		{ ports->submission, "submission.port",
		  config->submission_port },
		{ ports->submissions, "submission.tls_port",
		  config->submissions_port },
	};
	int err = 0;
	size_t i;

	for (i = 0; i < countof(wanted); i++)
		wanted[i].sockets[0] = -1;
	for (i = 0; i < countof(wanted) && err == 0; i++)
		err = ports_open(wanted[i].sockets, config, wanted[i].key,
		    wanted[i].number);
	return err;
}

static struct role_start
start_of(struct role *r, int boss_wire, const int wires[ROLE_COUNT])
{
	struct boss *boss = r->boss;
	struct role_start start = {
		.name = boss->one ? ONE_NAME : kinds[r->id].name,
		.loop = &boss->loop, .setup = &boss->setup,
		.data = buf_text(&boss->data), .one = boss->one,
		.boss = boss_wire,
		.smtp = no_ports, .pop3 = no_ports, .pop3s = no_ports,
		.imap = no_ports, .imaps = no_ports,
		.submission = no_ports, .submissions = no_ports
	};

	memcpy(start.wires, wires, sizeof start.wires);
	if (r->id == ROLE_INTAKE)
		start.smtp = boss->ports.smtp;
	if (r->id == ROLE_KEEPER) {
		start.pop3 = boss->ports.pop3;
		start.pop3s = boss->ports.pop3s;
		start.imap = boss->ports.imap;
		start.imaps = boss->ports.imaps;
		start.submission = boss->ports.submission;
		start.submissions = boss->ports.submissions;
	}
	return start;
}

/* Let go of everything that belongs to others. */
static void
inherit(struct role *r)
{
	struct boss *boss = r->boss;
	size_t i;

	loop_drop(&boss->loop);
	close(boss->signals.fd);
	close(boss->lock);
	if (boss->ready_fd >= 0)
		close(boss->ready_fd);
	for (i = 0; i < ROLE_COUNT; i++) {
		if (boss->lent[i] >= 0)
			close(boss->lent[i]);
		if (boss->roles[i].alive)
			close(boss->roles[i].wire.fd);
	}
	for (i = 0; i < ROLE_COUNT; i++)
		if (i != r->id)
			ports_close_of(&boss->ports, (enum role_id)i);
}

/* Ctrl-C reaches the whole group; the supervisor alone heeds it. */
static void
ignore_signals(void)
{
	static const int ignored[] = {
		SIGINT, SIGTERM, SIGHUP, SIGPIPE,
		SIGXFSZ	/* a write that fails says EFBIG */
	};
	sigset_t none;
	size_t i;

	for (i = 0; i < countof(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

enum log_level
role_level(const struct config *config)
{
	struct str name = str_of(config->log_level);

	if (str_equal(name, STR("debug")))
		return LOG_DEBUG;
	return str_equal(name, STR("error")) ? LOG_ERROR : LOG_INFO;
}

/*
 * What the start of a role failed of: data that somebody has to mend, or
 * something that may pass, as a disk that is full, and is tried again.
 */
static int
start_failed(enum role_id id, int err)
{
	if (id != ROLE_KEEPER)
		return ROLE_FAILED;
	switch (-err) {
	case EBUSY:
	case ENOSPC:
	case EROFS:
	case EIO:
		return ROLE_FAILED;
	default:
		return ROLE_DATA;
	}
}

/* The life of a role's process. Returns: its exit code. */
static int
live(struct role *r, struct role_start start)
{
	const struct kind *kind = &kinds[r->id];
	const struct buf *user = &r->boss->user;
	const struct cage cage = {
		.role = kind->cage, .dir = start.data,
		.user = user->len > 0 ? buf_text(user) : NULL
	};
	struct loop loop;
	int err;

	(void)prctl(PR_SET_NAME, kind->name);
	log_open(start.name, role_level(&start.setup->config));
	ignore_signals();
	inherit(r);
	start.loop = &loop;
	err = loop_init(&loop);
	if (err == 0)
		err = cage_enter(&cage);
	if (err != 0)
		return ROLE_FAILED;
	err = kind->start(&start);
	if (err != 0)
		return start_failed(r->id, err);
	err = loop_run(&loop);
	loop_drop(&loop);
	return err == 0 ? ROLE_DONE : ROLE_FAILED;
}

/* Begin a role in this process, with a set-up of its own. */
static int
begin_here(struct role *r, struct role_start *start)
{
	struct setup copy = { 0 };
	struct buf packed;
	int err;

	buf_init(&packed, SETUP_PACKED_MAX);
	setup_pack(start->setup, &packed);
	err = setup_unpack(&copy, buf_str(&packed));
	buf_wipe(&packed);
	start->setup = &copy;
	if (err == 0)
		err = kinds[r->id].start(start);
	setup_drop(&copy);
	return err;
}

int
role_begin(struct role *r, int boss_wire, const int wires[ROLE_COUNT])
{
	struct role_start start = start_of(r, boss_wire, wires);
	size_t i;
	int err = 0;

	if (r->boss->one)
		return begin_here(r, &start);
	r->pid = fork();
	if (r->pid == 0)
		_exit(live(r, start));
	if (r->pid < 0) {
		err = -errno;
		log_event(LOG_ERROR, "role-unforked",
		    LOG_C("role", role_name(r->id)),
		    LOG_C("why", strerror(-err)));
	}
	close(boss_wire);
	for (i = 0; i < ROLE_COUNT; i++)
		if (wires[i] >= 0)
			close(wires[i]);
	return err;
}
