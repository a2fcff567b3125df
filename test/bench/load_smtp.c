/* SMTP senders: a thread per connection, messages to many addresses. */
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sender {
	const struct load *load;
	const char *text;	/* header and body, ready to send */
	size_t text_len;
	atomic_uint *next;
	int64_t *latency_us;	/* by number of message */
};

/* A message of the asked size: lines of letters that no codec squeezes well. */
static char *
text_make(size_t size, size_t *len)
{
	static const char head[] = "From: Load <load@sender.example>\r\n"
	    "To: anyone@example.test\r\nSubject: load\r\n"
	    "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n"
	    "Message-ID: <load@sender.example>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
	char *text = malloc(size + sizeof head + 80);
	uint32_t chance = 1;

	if (text == NULL)
		load_fail("memory");
	memcpy(text, head, sizeof head - 1);
	*len = sizeof head - 1;
	while (*len + 3 < size) {
		size_t column;

		for (column = 0; column < 72 && *len + 2 < size; column++) {
			chance = chance * 1664525 + 1013904223;
			text[(*len)++] = (char)('a' + (chance >> 24) % 26);
		}
		memcpy(text + *len, "\r\n", 2);
		*len += 2;
	}
	memcpy(text + *len, ".\r\n", 3);
	*len += 3;
	return text;
}

static bool
sender_greet(struct line *l, const struct load *load)
{
	if (line_reply(l) != 220)
		return false;
	if (!line_send_text(l, "EHLO load.example\r\n") ||
	    line_reply(l) != 250)
		return false;
	if (load->security != LOAD_STARTTLS)
		return true;
	if (!line_send_text(l, "STARTTLS\r\n") || line_reply(l) != 220)
		return false;
	line_secure(l);
	return line_send_text(l, "EHLO load.example\r\n") &&
	    line_reply(l) == 250;
}

/* The envelope in one go (PIPELINING), then the text. */
static bool
sender_mail(struct line *l, const struct sender *s, unsigned number)
{
	char envelope[256];
	int len = snprintf(envelope, sizeof envelope,
	    "MAIL FROM:<load@sender.example>\r\n"
	    "RCPT TO:<box%u@%s>\r\nDATA\r\n", number % 100, s->load->domain);

	return line_send(l, envelope, (size_t)len) && line_reply(l) == 250 &&
	    line_reply(l) == 250 && line_reply(l) == 354 &&
	    line_send(l, s->text, s->text_len) && line_reply(l) == 250;
}

static void *
sender_run(void *argument)
{
	struct sender *s = argument;
	struct line *l = malloc(sizeof *l);
	unsigned number = 0, sent = 0;
	bool open = false;

	if (l == NULL)
		load_fail("memory");
	while ((number = atomic_fetch_add(s->next, 1)) < s->load->messages) {
		int64_t start;

		if (!open) {
			line_open(l, s->load);
			if (!sender_greet(l, s->load))
				load_fail("greeting");
			open = true;
			sent = 0;
		}
		start = load_now_us();
		if (!sender_mail(l, s, number))
			load_fail("message");
		s->latency_us[number] = load_now_us() - start;
		if (++sent == s->load->per_connection || sent == 900) {
			(void)line_send_text(l, "QUIT\r\n");
			line_close(l);
			open = false;
		}
	}
	if (open) {
		(void)line_send_text(l, "QUIT\r\n");
		line_close(l);
	}
	free(l);
	return NULL;
}

int
load_smtp(const struct load *load)
{
	pthread_t *threads = calloc(load->connections, sizeof *threads);
	atomic_uint next = 0;
	struct sender s = {
		.load = load, .next = &next,
		.latency_us = calloc(load->messages, sizeof *s.latency_us)
	};
	int64_t start;

	if (threads == NULL || s.latency_us == NULL)
		load_fail("memory");
	s.text = text_make(load->size, &s.text_len);
	start = load_now_us();
	for (unsigned i = 0; i < load->connections; i++)
		if (pthread_create(&threads[i], NULL, sender_run, &s) != 0)
			load_fail("thread");
	for (unsigned i = 0; i < load->connections; i++)
		pthread_join(threads[i], NULL);
	load_report(s.latency_us, load->messages, load_now_us() - start);
	return 0;
}
