/* Letters from the hand of a sender, through a server, to a sink. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t
latest(const int64_t *times_us, unsigned count)
{
	int64_t most = 0;

	for (unsigned i = 0; i < count; i++)
		most = times_us[i] > most ? times_us[i] : most;
	return most;
}

/*
 * Submit letters and wait until the last has arrived. The rate counts from
 * the first MAIL to the last arrival, accepted_per_second to the last 250.
 * The sink stays until standard input ends.
 */
int
load_relay(const struct load *load)
{
	struct sink sink = { 0 };
	struct sending s = { 0 };
	int64_t start = INT64_MAX, took_us;
	unsigned i;
	char byte;

	sink_start(&sink, load);
	sending_run(&s, load, &sink);
	for (i = 0; load->lone == 0 && i < load->messages; i++)
		sink_wait(&sink);
	for (i = 0; i < load->messages; i++)
		start = s.began_us[i] < start ? s.began_us[i] : start;
	report_rate(load->messages, latest(sink.came_us, load->messages) -
	    start);
	took_us = latest(s.taken_us, load->messages) - start;
	printf(", \"accepted_per_second\": %.1f, \"twice\": %u, "
	    "\"asked\": %u", load->messages * 1e6 / (double)took_us,
	    atomic_load(&sink.twice), atomic_load(&sink.asked));
	for (i = 0; i < load->messages; i++) {
		sink.came_us[i] -= s.taken_us[i];
		s.taken_us[i] -= s.began_us[i];
	}
	report_times("", s.taken_us, load->messages);
	report_times("arrival_", sink.came_us, load->messages);
	printf("}\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
