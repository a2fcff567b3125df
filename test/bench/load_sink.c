/* An SMTP server that takes everything and keeps nothing; one epoll loop. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX 64
#define PATIENCE_S 60

/* A session, a socket that listens for them, or that of the name server. */
struct guest {
	int fd;
	enum { GUEST_TALKS, GUEST_LISTENS, GUEST_ASKS } is;
	bool texting;		/* behind DATA */
	unsigned number;	/* of the letter's recipient */
	size_t len;
	char room[65536];
	unsigned came;		/* new letters, not yet answered */
	size_t reply_len;
	char reply[4096];
};

static void
guest_add(struct sink *s, int fd, int is)
{
	struct guest *g = calloc(1, sizeof *g);
	struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = g };

	if (g == NULL)
		load_fail("memory");
	g->fd = fd;
	g->is = is;
	if (epoll_ctl(s->poll, EPOLL_CTL_ADD, fd, &wanted) != 0)
		load_fail("epoll");
}

static void
guest_accept(struct sink *s, struct guest *door)
{
	int one = 1, fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
	static const char hello[] = "220 sink.example ESMTP\r\n";

	if (fd < 0)
		load_fail("accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	guest_add(s, fd, GUEST_TALKS);
	(void)send(fd, hello, sizeof hello - 1, MSG_NOSIGNAL);
}

static void
guest_say(struct guest *g, const char *reply)
{
	size_t len = strlen(reply);

	if (len > sizeof g->reply - g->reply_len)
		load_fail("too many commands at once");
	memcpy(g->reply + g->reply_len, reply, len);
	g->reply_len += len;
}

static void
letter_came(struct sink *s, struct guest *g)
{
	if (g->number >= s->messages)
		return;
	if (s->came_us[g->number] != 0) {
		atomic_fetch_add(&s->twice, 1);
		return;
	}
	s->came_us[g->number] = load_now_us();
	g->came++;
}

static bool
is_verb(const char *line, size_t len, const char *verb)
{
	return len >= strlen(verb) && strncasecmp(line, verb,
	    strlen(verb)) == 0;
}

/* One command. Returns: false to end the session. */
static bool
guest_command(struct guest *g, const char *line, size_t len)
{
	const char *address;

	if (is_verb(line, len, "EHLO"))
		guest_say(g, "250-sink.example\r\n250-PIPELINING\r\n"
		    "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
		    "250 SIZE 104857600\r\n");
	else if (is_verb(line, len, "DATA")) {
		g->texting = true;
		guest_say(g, "354 go on\r\n");
	} else if (is_verb(line, len, "QUIT")) {
		guest_say(g, "221 2.0.0 bye\r\n");
		return false;
	} else
		guest_say(g, "250 2.0.0 ok\r\n");
	address = is_verb(line, len, "RCPT") ? memchr(line, '<', len) : NULL;
	if (address != NULL)
		g->number = address[1] == 'n' ?
		    (unsigned)strtoul(address + 2, NULL, 10) : UINT32_MAX;
	return true;
}

/*
 * Take what is whole out of the room: a command up to its line's end, a text
 * up to its dot. The line's end of DATA is left for the text, which may be
 * empty.
 */
static bool
guest_step(struct sink *s, struct guest *g)
{
	bool stays = true;
	size_t at = 0;
	char *end;

	while (stays && at < g->len) {
		char *from = g->room + at;

		if (g->texting) {
			end = memmem(from, g->len - at, "\r\n.\r\n", 5);
			if (end == NULL) {
				at = g->len - at > 4 ? g->len - 4 : at;
				break;
			}
			letter_came(s, g);
			guest_say(g, "250 2.0.0 taken\r\n");
			g->texting = false;
			at = (size_t)(end + 5 - g->room);
			continue;
		}
		end = memchr(from, '\n', g->len - at);
		if (end == NULL)
			break;
		stays = guest_command(g, from, (size_t)(end - from));
		at = (size_t)(end + 1 - g->room) - (g->texting ? 2 : 0);
	}
	memmove(g->room, g->room + at, g->len - at);
	g->len -= at;
	return stays;
}

static bool
guest_read(struct sink *s, struct guest *g)
{
	ssize_t n = recv(g->fd, g->room + g->len, sizeof g->room - g->len, 0);
	bool stays;

	if (n <= 0)
		return false;
	g->len += (size_t)n;
	stays = guest_step(s, g);
	if (g->reply_len > 0 && send(g->fd, g->reply, g->reply_len,
	    MSG_NOSIGNAL) != (ssize_t)g->reply_len)
		return false;
	g->reply_len = 0;
	for (; g->came > 0; g->came--)
		sem_post(&s->came);
	return stays && g->len < sizeof g->room;
}

static _Noreturn void
sink_serve(struct sink *s)
{
	struct epoll_event ready[READY_MAX];

	for (;;) {
		int n = epoll_wait(s->poll, ready, READY_MAX, -1);

		if (n < 0 && errno != EINTR)
			load_fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct guest *g = ready[i].data.ptr;

			if (g->is == GUEST_LISTENS)
				guest_accept(s, g);
			else if (g->is == GUEST_ASKS) {
				atomic_fetch_add(&s->asked, 1);
				names_answer(g->fd, s->first);
			} else if (!guest_read(s, g)) {
				close(g->fd);
				free(g);
			}
		}
	}
}

static void
sink_open(struct sink *s, const struct load *load)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)load->sink_port)
	};
	struct in_addr first;

	s->poll = epoll_create1(EPOLL_CLOEXEC);
	if (inet_pton(AF_INET, load->sink, &first) != 1 || s->poll < 0)
		load_fail("sink");
	s->first = ntohl(first.s_addr);
	if (load->dns_port > 0)
		guest_add(s, names_open(load), GUEST_ASKS);
	for (unsigned i = 0; i < load->sinks; i++) {
		int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
		    0);

		at.sin_addr.s_addr = htonl(s->first + i);
		setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		if (bind(door, (struct sockaddr *)&at, sizeof at) != 0 ||
		    listen(door, 128) != 0)
			load_fail("sink");
		guest_add(s, door, GUEST_LISTENS);
	}
}

static void *
sink_thread(void *argument)
{
	sink_serve(argument);
}

void
sink_start(struct sink *s, const struct load *load)
{
	pthread_t thread;

	s->messages = load->messages;
	s->came_us = calloc(load->messages, sizeof *s->came_us);
	if (s->came_us == NULL || sem_init(&s->came, 0, 0) != 0)
		load_fail("memory");
	sink_open(s, load);
	if (pthread_create(&thread, NULL, sink_thread, s) != 0)
		load_fail("thread");
	pthread_detach(thread);
}

void
sink_wait(struct sink *s)
{
	struct timespec until;
	int err;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	do
		err = sem_timedwait(&s->came, &until);
	while (err != 0 && errno == EINTR);
	if (err != 0)
		load_fail("a letter that was taken does not arrive");
}

/* The sink alone: what generator and sink can do without a server between. */
int
load_sink(const struct load *load)
{
	struct sink s = { 0 };

	sink_open(&s, load);
	sink_serve(&s);
}
