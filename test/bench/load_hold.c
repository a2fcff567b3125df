/* Sessions that only are there, and handshakes alone. */
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
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
