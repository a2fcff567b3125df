/* SMTP senders: a thread per connection, letters to many addresses. */
#include "load.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_DIGITS 8
#define RENEW_AT 900	/* letters on one connection */

/* What one thread sends: header and body, and where its number is. */
struct text {
	char *at;
	size_t len;
	char *number;
};

/* A letter of the asked size: lines that no codec squeezes well. */
static void
text_make(struct text *t, const struct sending *s)
{
	const struct load *load = s->load;
	char head[1024];
	size_t len = (size_t)snprintf(head, sizeof head,
	    "From: Load <%s>\r\nTo: anyone@%s\r\nSubject: load\r\n"
	    "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	    "Message-ID: <load.%s.", load->from, load->domain, s->run);
	uint32_t chance = 1;

	t->at = malloc(load->size + sizeof head + 80);
	if (t->at == NULL)
		load_fail("memory");
	memcpy(t->at, head, len);
	t->number = t->at + len;
	len += ID_DIGITS;
	len += (size_t)snprintf(t->at + len, 80, "@sender.example>\r\n\r\n");
	while (len + 3 < load->size) {
		size_t column;

		for (column = 0; column < 72 && len + 2 < load->size;
		    column++) {
			chance = chance * 1664525 + 1013904223;
			t->at[len++] = (char)('a' + (chance >> 24) % 26);
		}
		memcpy(t->at + len, "\r\n", 2);
		len += 2;
	}
	memcpy(t->at + len, ".\r\n", 3);
	t->len = len + 3;
}

static void
text_number(struct text *t, unsigned number)
{
	for (int i = ID_DIGITS - 1; i >= 0; i--) {
		t->number[i] = (char)('0' + number % 10);
		number /= 10;
	}
}

static bool
sender_login(struct line *l, const struct load *load)
{
	unsigned char secret[256];
	char coded[352], command[512];
	size_t user = strlen(load->user), password = strlen(load->password);

	if (user + password + 2 > sizeof secret)
		return false;
	secret[0] = secret[user + 1] = '\0';
	memcpy(secret + 1, load->user, user);
	memcpy(secret + user + 2, load->password, password);
	EVP_EncodeBlock((unsigned char *)coded, secret,
	    (int)(user + password + 2));
	snprintf(command, sizeof command, "AUTH PLAIN %s\r\n", coded);
	return line_send_text(l, command) && line_reply(l) == 235;
}

static bool
sender_greet(struct line *l, const struct load *load)
{
	if (line_reply(l) != 220)
		return false;
	if (!line_send_text(l, "EHLO load.example\r\n") ||
	    line_reply(l) != 250)
		return false;
	if (load->security == LOAD_STARTTLS) {
		if (!line_send_text(l, "STARTTLS\r\n") ||
		    line_reply(l) != 220)
			return false;
		line_secure(l);
		if (!line_send_text(l, "EHLO load.example\r\n") ||
		    line_reply(l) != 250)
			return false;
	}
	return load->user == NULL || sender_login(l, load);
}

/* The envelope in one go (PIPELINING), then the text. */
static bool
sender_mail(struct line *l, const struct load *load, const struct text *t,
	unsigned number)
{
	char envelope[512];
	int len;

	if (load->domains > 0)
		len = snprintf(envelope, sizeof envelope,
		    "MAIL FROM:<%s>\r\nRCPT TO:<n%u@d%u.%s>\r\nDATA\r\n",
		    load->from, number, number % load->domains, load->domain);
	else
		len = snprintf(envelope, sizeof envelope,
		    "MAIL FROM:<%s>\r\nRCPT TO:<box%u@%s>\r\nDATA\r\n",
		    load->from, number % 100, load->domain);
	return line_send(l, envelope, (size_t)len) && line_reply(l) == 250 &&
	    line_reply(l) == 250 && line_reply(l) == 354 &&
	    line_send(l, t->at, t->len) && line_reply(l) == 250;
}

static void
sender_open(struct line *l, const struct load *load)
{
	line_open(l, load);
	if (!sender_greet(l, load))
		load_fail("greeting");
}

static void
sender_close(struct line *l)
{
	(void)line_send_text(l, "QUIT\r\n");
	line_close(l);
}

static void *
sender_run(void *argument)
{
	struct sending *s = argument;
	const struct load *load = s->load;
	struct line *l = malloc(sizeof *l);
	unsigned number = 0, sent = 0;
	struct text text;

	if (l == NULL)
		load_fail("memory");
	text_make(&text, s);
	sender_open(l, load);
	pthread_barrier_wait(&s->ready);
	while ((number = atomic_fetch_add(&s->next, 1)) < load->messages) {
		if (sent > 0 && (sent == load->per_connection ||
		    sent == RENEW_AT)) {
			sender_close(l);
			sender_open(l, load);
			sent = 0;
		}
		text_number(&text, number);
		s->began_us[number] = load_now_us();
		if (!sender_mail(l, load, &text, number))
			load_fail("message");
		s->taken_us[number] = load_now_us();
		sent++;
		if (load->lone > 0) {
			sink_wait(s->sink);
			usleep(load->lone * 1000);
		}
	}
	sender_close(l);
	free(text.at);
	free(l);
	return NULL;
}

void
sending_run(struct sending *s, const struct load *load, struct sink *sink)
{
	pthread_t *threads = calloc(load->connections, sizeof *threads);

	s->load = load;
	s->sink = sink;
	s->began_us = calloc(load->messages, sizeof *s->began_us);
	s->taken_us = calloc(load->messages, sizeof *s->taken_us);
	if (threads == NULL || s->began_us == NULL || s->taken_us == NULL)
		load_fail("memory");
	snprintf(s->run, sizeof s->run, "%llx",
	    (unsigned long long)load_now_us());
	if (pthread_barrier_init(&s->ready, NULL, load->connections) != 0)
		load_fail("barrier");
	for (unsigned i = 0; i < load->connections; i++)
		if (pthread_create(&threads[i], NULL, sender_run, s) != 0)
			load_fail("thread");
	for (unsigned i = 0; i < load->connections; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

int
load_smtp(const struct load *load)
{
	int64_t start = load_now_us(), end;
	struct sending s = { 0 };

	sending_run(&s, load, NULL);
	end = load_now_us();
	for (unsigned i = 0; i < load->messages; i++)
		s.taken_us[i] -= s.began_us[i];
	report_rate(load->messages, end - start);
	report_times("", s.taken_us, load->messages);
	printf("}\n");
	return 0;
}
