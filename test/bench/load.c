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
latency_order(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

void
load_report(int64_t *latency_us, size_t count, int64_t took_us)
{
	double rate = took_us == 0 ? 0 : (double)count * 1e6 / (double)took_us;

	qsort(latency_us, count, sizeof *latency_us, latency_order);
	printf("{\"count\": %zu, \"seconds\": %.3f, \"per_second\": %.1f",
	    count, (double)took_us / 1e6, rate);
	if (count > 0)
		printf(", \"p50_us\": %lld, \"p95_us\": %lld, "
		    "\"p99_us\": %lld, \"max_us\": %lld",
		    (long long)latency_us[count / 2],
		    (long long)latency_us[count * 95 / 100],
		    (long long)latency_us[count * 99 / 100],
		    (long long)latency_us[count - 1]);
	printf("}\n");
}

static _Noreturn void
usage(void)
{
	fputs("usage: load smtp|pop3|idle|shake|sink [name=value ...]\n"
	    "  host port security=plain|starttls|tls connections messages\n"
	    "  per_connection size domain user password script seconds\n",
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
		{ "script", &load->script }
	};
	const struct { const char *name; unsigned *number; } numbers[] = {
		{ "port", &load->port }, { "seconds", &load->seconds },
		{ "connections", &load->connections },
		{ "messages", &load->messages },
		{ "per_connection", &load->per_connection }
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
		{ "sink", load_sink }
	};
	struct load load = {
		.host = "127.0.0.1", .connections = 1, .messages = 1000,
		.size = 4096, .domain = "example.test", .seconds = 5,
		.script = "stat uidl list quit"
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
