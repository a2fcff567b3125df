/* Sessions that only are there, handshakes alone, and a mere sink. */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Open the sessions, say "held", and keep them until standard input ends.
 * STARTTLS speaks SMTP; TLS waits for any greeting.
 */
int
load_idle(const struct load *load)
{
	struct line *lines = calloc(load->connections, sizeof *lines);
	char byte, *text;

	if (lines == NULL)
		load_fail("memory");
	for (unsigned i = 0; i < load->connections; i++) {
		line_open(&lines[i], load);
		if (line_read(&lines[i], &text) < 0)
			load_fail("greeting");
		if (load->security != LOAD_STARTTLS)
			continue;
		if (!line_send_text(&lines[i], "EHLO load.example\r\n") ||
		    line_reply(&lines[i]) != 250 ||
		    !line_send_text(&lines[i], "STARTTLS\r\n") ||
		    line_reply(&lines[i]) != 220)
			load_fail("STARTTLS");
		line_secure(&lines[i]);
	}
	printf("held\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	for (unsigned i = 0; i < load->connections; i++)
		line_close(&lines[i]);
	free(lines);
	return 0;
}

struct shaker {
	const struct load *load;
	int64_t until_us;
	atomic_uint *count;
};

static void *
shaker_run(void *argument)
{
	struct shaker *s = argument;
	struct line *l = malloc(sizeof *l);
	char *text;

	if (l == NULL)
		load_fail("memory");
	while (load_now_us() < s->until_us) {
		line_open(l, s->load);
		if (line_read(l, &text) < 0)
			load_fail("greeting");
		line_close(l);
		atomic_fetch_add(s->count, 1);
	}
	free(l);
	return NULL;
}

/* Full handshakes, each on a connection of its own, until the time is up. */
int
load_shake(const struct load *load)
{
	pthread_t *threads = calloc(load->connections, sizeof *threads);
	atomic_uint count = 0;
	int64_t start = load_now_us();
	struct shaker s = {
		.load = load, .count = &count,
		.until_us = start + (int64_t)load->seconds * 1000000
	};

	if (threads == NULL)
		load_fail("memory");
	for (unsigned i = 0; i < load->connections; i++)
		if (pthread_create(&threads[i], NULL, shaker_run, &s) != 0)
			load_fail("thread");
	for (unsigned i = 0; i < load->connections; i++)
		pthread_join(threads[i], NULL);
	printf("{\"handshakes\": %u, \"per_second\": %.1f}\n",
	    atomic_load(&count), (double)atomic_load(&count) * 1e6 /
	    (double)(load_now_us() - start));
	return 0;
}

static void *
sink_run(void *argument)
{
	struct line *l = argument;
	char *text;
	long len;

	(void)line_send_text(l, "220 sink\r\n");
	while ((len = line_read(l, &text)) >= 0) {
		if (len >= 4 && memcmp(text, "DATA", 4) == 0) {
			if (!line_send_text(l, "354 go\r\n") ||
			    line_read_text(l) < 0)
				break;
		} else if (len >= 4 && memcmp(text, "QUIT", 4) == 0)
			break;
		if (!line_send_text(l, "250 ok\r\n"))
			break;
	}
	line_close(l);
	free(l);
	return NULL;
}

/* An SMTP server that throws everything away: the generator's own ceiling. */
int
load_sink(const struct load *load)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(door, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(door, 128) != 0)
		load_fail("sink");
	for (;;) {
		pthread_t thread;
		struct line *l = calloc(1, sizeof *l);

		if (l == NULL)
			load_fail("memory");
		l->fd = accept(door, NULL, NULL);
		if (l->fd < 0)
			load_fail("accept");
		setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (pthread_create(&thread, NULL, sink_run, l) != 0)
			load_fail("thread");
		pthread_detach(thread);
	}
}
