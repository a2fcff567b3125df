/*
 * Writes the trace of a delivery. Whatever a client said is put where it
 * cannot end its place: an address is written as it stands only when it reads
 * back as an address, any other word keeps a few harmless signs alone.
 */
#include "mail/trace.h"

#include "mail/addr.h"
#include "mail/date.h"

#define WORD_MAX 255	/* bytes of a foreign word that are told */

/* Add a word; signs that could end it are written as '?'. */
static void
add_word(struct buf *out, struct str word)
{
	size_t i;
	int c;

	if (word.len == 0)
		buf_add_text(out, "unknown");
	for (i = 0; i < word.len && i < WORD_MAX; i++) {
		c = str_at(word, i);
		if (!char_is_alnum(c) &&
		    str_find(STR("-._:[]@+="), 0, (char)c) == STR_NONE)
			c = '?';
		buf_add_char(out, (char)c);
	}
}

static void
add_address(struct buf *out, struct str mailbox)
{
	struct addr addr;
	const char *why;

	if (addr_mailbox(mailbox, &addr, &why) == ADDR_OK)
		buf_add(out, mailbox);
	else
		add_word(out, mailbox);
}

/* Add the words that say what is ours. */
static void
add_ours(struct buf *out, const struct trace *trace)
{
	buf_add_text(out, "by ");
	add_word(out, trace->host);
	buf_add_text(out, " (pillarbox) with ");
	add_word(out, trace->protocol);
	buf_add_text(out, " id ");
	add_word(out, trace->id);
}

static void
add_time(struct buf *out, const struct trace *trace)
{
	buf_add_text(out, ";\r\n\t");
	date_add(out, trace->now);
	buf_add_text(out, "\r\n");
}

/* RFC 5321 section 4.4: from, by, with, id, for, and the date. */
static void
add_received(struct buf *out, const struct trace *trace)
{
	buf_add_text(out, "Received: from ");
	add_word(out, trace->helo);
	buf_add_text(out, " ([");
	if (str_find(trace->client_ip, 0, ':') != STR_NONE)
		buf_add_text(out, "IPv6:");
	add_word(out, trace->client_ip);
	buf_add_text(out, "])\r\n\t");
	if (trace->tls_version.len > 0) {
		buf_add_text(out, "(using ");
		add_word(out, trace->tls_version);
		buf_add_text(out, " with cipher ");
		add_word(out, trace->tls_cipher);
		buf_add_text(out, ")\r\n\t");
	}
	add_ours(out, trace);
	if (trace->recipient_count == 1) {
		buf_add_text(out, "\r\n\tfor <");
		add_address(out, trace->recipients[0]);
		buf_add_char(out, '>');
	}
	add_time(out, trace);
}

void
trace_add_submitted(struct buf *out, const struct trace *trace)
{
	buf_add_text(out, "Received: ");
	add_ours(out, trace);
	add_time(out, trace);
}

void
trace_add(struct buf *out, const struct trace *trace)
{
	size_t i;

	buf_add_text(out, "Return-Path: <");
	if (trace->reverse_path.len > 0)
		add_address(out, trace->reverse_path);
	buf_add_text(out, ">\r\n");
	for (i = 0; i < trace->recipient_count; i++) {
		buf_add_text(out, "Delivered-To: ");
		add_address(out, trace->recipients[i]);
		buf_add_text(out, "\r\n");
	}
	add_received(out, trace);
}
