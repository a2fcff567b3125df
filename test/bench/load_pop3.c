/* A POP3 client that times each step of its script. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPELINE 500	/* commands sent before their answers are read */

static bool
pop3_ok(struct line *l)
{
	char *text;
	long len = line_read(l, &text);

	return len >= 3 && memcmp(text, "+OK", 3) == 0;
}

static void
pop3_say(struct line *l, const char *command)
{
	if (!line_send_text(l, command) || !pop3_ok(l))
		load_fail(command);
}

static void
pop3_list(struct line *l, const char *command)
{
	pop3_say(l, command);
	if (line_read_text(l) < 0)
		load_fail(command);
}

/* "retr=N" one by one, or "pipe=N" and "dele=N" in batches. */
static void
pop3_many(struct line *l, const char *verb, unsigned count, unsigned batch,
    bool text)
{
	for (unsigned done = 0; done < count;) {
		char commands[PIPELINE * 20];
		size_t len = 0;
		unsigned some = count - done < batch ? count - done : batch;

		for (unsigned i = 1; i <= some; i++)
			len += (size_t)snprintf(commands + len,
			    sizeof commands - len, "%s %u\r\n", verb, done + i);
		if (!line_send(l, commands, len))
			load_fail(verb);
		for (unsigned i = 0; i < some; i++)
			if (!pop3_ok(l) || (text && line_read_text(l) < 0))
				load_fail(verb);
		done += some;
	}
}

static void
pop3_step(struct line *l, const char *step)
{
	const char *value = strchr(step, '=');
	unsigned count = value == NULL ? 0 :
	    (unsigned)strtoul(value + 1, NULL, 10);

	if (strcmp(step, "stat") == 0)
		pop3_say(l, "STAT\r\n");
	else if (strcmp(step, "uidl") == 0)
		pop3_list(l, "UIDL\r\n");
	else if (strcmp(step, "list") == 0)
		pop3_list(l, "LIST\r\n");
	else if (strncmp(step, "retr=", 5) == 0)
		pop3_many(l, "RETR", count, 1, true);
	else if (strncmp(step, "pipe=", 5) == 0)
		pop3_many(l, "RETR", count, PIPELINE, true);
	else if (strncmp(step, "dele=", 5) == 0)
		pop3_many(l, "DELE", count, PIPELINE, false);
	else if (strcmp(step, "quit") == 0)
		pop3_say(l, "QUIT\r\n");
	else
		load_fail(step);
}

static void
pop3_login(struct line *l, const struct load *load)
{
	char command[512];

	if (!pop3_ok(l))
		load_fail("greeting");
	if (load->security == LOAD_STARTTLS) {
		pop3_say(l, "STLS\r\n");
		line_secure(l);
	}
	snprintf(command, sizeof command, "USER %s\r\n", load->user);
	pop3_say(l, command);
	snprintf(command, sizeof command, "PASS %s\r\n", load->password);
	pop3_say(l, command);
}

int
load_pop3(const struct load *load)
{
	struct line *l = malloc(sizeof *l);
	char *script = strdup(load->script), *rest = script, *step;
	int64_t start = load_now_us(), last;

	if (l == NULL || script == NULL || load->user == NULL ||
	    load->password == NULL)
		load_fail("pop3 needs user and password");
	line_open(l, load);
	pop3_login(l, load);
	last = load_now_us();
	printf("{\"login\": %.3f", (double)(last - start) / 1e3);
	while ((step = strsep(&rest, " ")) != NULL) {
		int64_t now;

		pop3_step(l, step);
		now = load_now_us();
		printf(", \"%s\": %.3f", step, (double)(now - last) / 1e3);
		last = now;
	}
	printf(", \"total\": %.3f}\n", (double)(last - start) / 1e3);
	line_close(l);
	free(script);
	free(l);
	return 0;
}
