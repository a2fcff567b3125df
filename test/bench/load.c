/* Command line of the load generator, and its report. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
load_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
load_fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
time_order(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

void
report_rate(size_t count, int64_t took_us)
{
	double rate = took_us == 0 ? 0 : (double)count * 1e6 / (double)took_us;

	printf("{\"count\": %zu, \"seconds\": %.3f, \"per_second\": %.1f",
	    count, (double)took_us / 1e6, rate);
}

void
report_times(const char *name, int64_t *times_us, size_t count)
{
	const struct { const char *name; size_t at; } points[] = {
		{ "p50", count / 2 }, { "p95", count * 95 / 100 },
		{ "p99", count * 99 / 100 }, { "max", count - 1 }
	};

	qsort(times_us, count, sizeof *times_us, time_order);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		printf(", \"%s%s_us\": %lld", name, points[i].name,
		    (long long)times_us[points[i].at]);
}

static _Noreturn void
usage(void)
{
	fputs("usage: load smtp|relay|pop3|idle|shake|sink [name=value ...]\n"
	    "  host port security=plain|starttls|tls connections messages\n"
	    "  per_connection size from domain domains user password script\n"
	    "  seconds sink sink_port sinks dns_port lone\n",
	    stderr);
	exit(2);
}

static void
security_read(struct load *load, const char *value)
{
	if (strcmp(value, "tls") == 0)
		load->security = LOAD_TLS;
	else if (strcmp(value, "starttls") == 0)
		load->security = LOAD_STARTTLS;
	else if (strcmp(value, "plain") == 0)
		load->security = LOAD_PLAIN;
	else
		usage();
}

static void
option_read(struct load *load, char *option)
{
	char *value = strchr(option, '=');
	const struct { const char *name; const char **text; } texts[] = {
		{ "host", &load->host }, { "domain", &load->domain },
		{ "user", &load->user }, { "password", &load->password },
		{ "script", &load->script }, { "from", &load->from },
		{ "sink", &load->sink }
	};
	const struct { const char *name; unsigned *number; } numbers[] = {
		{ "port", &load->port }, { "seconds", &load->seconds },
		{ "connections", &load->connections },
		{ "messages", &load->messages },
		{ "per_connection", &load->per_connection },
		{ "domains", &load->domains }, { "sinks", &load->sinks },
		{ "sink_port", &load->sink_port }, { "lone", &load->lone },
		{ "dns_port", &load->dns_port }
	};

	if (value == NULL)
		usage();
	*value++ = '\0';
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(option, texts[i].name) == 0) {
			*texts[i].text = value;
			return;
		}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strcmp(option, numbers[i].name) == 0) {
			*numbers[i].number = (unsigned)strtoul(value, NULL, 10);
			return;
		}
	if (strcmp(option, "size") == 0)
		load->size = strtoul(value, NULL, 10);
	else if (strcmp(option, "security") == 0)
		security_read(load, value);
	else
		usage();
}

int
main(int argc, char **argv)
{
	const struct { const char *name; int (*run)(const struct load *); }
	modes[] = {
		{ "smtp", load_smtp }, { "pop3", load_pop3 },
		{ "idle", load_idle }, { "shake", load_shake },
		{ "sink", load_sink }, { "relay", load_relay }
	};
	struct load load = {
		.host = "127.0.0.1", .connections = 1, .messages = 1000,
		.size = 4096, .domain = "example.test", .seconds = 5,
		.script = "stat uidl list quit",
		.from = "load@sender.example",
		.sink = "127.0.0.1", .sinks = 1
	};

	if (argc < 2)
		usage();
	for (int i = 2; i < argc; i++)
		option_read(&load, argv[i]);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(&load);
	usage();
}
