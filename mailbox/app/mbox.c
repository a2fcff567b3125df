/*
 * The file forms of messages. It knows lines and From_ lines; what a message
 * is worth and where it goes is for cli_export.c and cli_import.c.
 */
#include "app/mbox.h"

#include "mail/date.h"
#include "mail/head.h"

#include <string.h>

static const char from_word[] = "From ";
#define FROM_LEN (sizeof from_word - 1)

static void
put(FILE *file, struct str s)
{
	(void)fwrite(s.at, 1, s.len, file);
}

/* Write the '>' and the part of "From " held back; quote if it was whole. */
static void
release(struct mbox_out *o, FILE *file)
{
	uint64_t signs = o->signs + (o->matched == FROM_LEN ? 1 : 0);

	for (; signs > 0; signs--)
		fputc('>', file);
	put(file, str_from(from_word, o->matched));
	o->signs = 0;
	o->matched = 0;
	o->state = MBOX_IN_LINE;
}

/*
 * Hold back what may become a quoted "From ".
 *
 * Returns:  whether c was taken.
 */
static bool
hold_from(struct mbox_out *o, FILE *file, int c)
{
	if (o->state == MBOX_LINE_START && c == '>') {
		o->signs++;
		return true;
	}
	if (c == from_word[o->matched]) {
		o->state = MBOX_FROM;
		if (++o->matched == FROM_LEN)
			release(o, file);
		return true;
	}
	release(o, file);
	return false;
}

/* Write an ordinary run, or the line end or single byte it stops at. */
static void
write_run(struct mbox_out *o, FILE *file, struct str *wire)
{
	size_t len = str_find_break(*wire, 0);

	if (len > 0) {
		put(file, str_take(wire, len));
	} else if (str_skip(wire, '\r')) {
		o->held_cr = true;
	} else {
		if (str_at(*wire, 0) == '\n')
			o->state = MBOX_LINE_START;
		put(file, str_take(wire, 1));
	}
}

void
mbox_write(struct mbox_out *o, FILE *file, struct str wire)
{
	while (wire.len > 0) {
		if (o->held_cr) {
			o->held_cr = false;
			if (str_at(wire, 0) != '\n')
				fputc('\r', file);
		}
		if (o->state != MBOX_IN_LINE && !o->quote)
			o->state = MBOX_IN_LINE;
		if (o->state != MBOX_IN_LINE &&
		    hold_from(o, file, str_at(wire, 0)))
			(void)str_take(&wire, 1);
		else
			write_run(o, file, &wire);
	}
}

void
mbox_write_end(struct mbox_out *o, FILE *file)
{
	bool open = o->state != MBOX_LINE_START || o->signs > 0;

	release(o, file);
	if (o->held_cr)
		fputc('\r', file);
	if (open)
		fputc('\n', file);
}

void
mbox_from(struct buf *out, struct str head, int64_t received)
{
	struct head_field field;
	struct str sender = str_of("");
	size_t i;

	if (head_find(head, STR("Return-Path"), &field))
		sender = str_trim(field.value);
	if (str_skip(&sender, '<') && str_ends(sender, STR(">")))
		sender.len--;
	for (i = 0; i < sender.len; i++)
		if (str_at(sender, i) <= ' ' || str_at(sender, i) == 127)
			sender.len = 0;
	if (sender.len == 0 || sender.len > MBOX_FROM_MAX / 2)
		sender = STR("MAILER-DAEMON");
	buf_add(out, str_of(from_word));
	buf_add(out, sender);
	buf_add_char(out, ' ');
	date_add_mbox(out, received);
	buf_add_char(out, '\n');
}

bool
mbox_date(struct str head, int64_t *received)
{
	struct head_field field;
	struct str date, before;

	if (head_find(head, STR("Received"), &field)) {
		date = field.value;
		while (str_split(&date, ';', &before))
			;
		if (date_read(date, received))
			return true;
	}
	return head_find(head, STR("Date"), &field) &&
	    date_read(field.value, received);
}

/* See to it that a line that starts has MBOX_FROM_MAX bytes, or all. */
static void
fill(struct mbox_in *in)
{
	size_t left = in->to - in->from, got;

	/* One more, which tells whether a CR is that of a CRLF. */
	if (in->at_end || left > MBOX_FROM_MAX)
		return;
	memmove(in->at, in->at + in->from, left);
	got = fread(in->at + left, 1, sizeof in->at - left, in->file);
	in->at_end = got < sizeof in->at - left;
	in->from = 0;
	in->to = left + got;
}

bool
mbox_read(struct mbox_in *in, struct mbox_line *line)
{
	struct str rest;
	size_t end;

	fill(in);
	rest = str_from(in->at + in->from, in->to - in->from);
	if (rest.len == 0)
		return false;
	end = str_find_break(rest, 0);
	while (end < rest.len && str_at(rest, end) == '\0')
		end = str_find_break(rest, end + 1);
	line->starts = !in->in_line;
	/* A CR last in what was read: whether LF follows is seen next time. */
	line->ends = end < rest.len && (str_at(rest, end) == '\n' ||
	    end + 1 < rest.len || in->at_end);
	line->text = str_take(&rest, end);
	in->in_line = !line->ends;
	if (line->ends && str_skip(&rest, '\r'))
		(void)str_skip(&rest, '\n');
	else if (line->ends)
		(void)str_take(&rest, 1);
	in->from = in->to - rest.len;
	return true;
}

bool
mbox_is_from(struct str line, int64_t *received)
{
	struct str rest = str_part(line, 0, MBOX_FROM_MAX);
	struct str word;
	size_t i;

	if (!str_starts(rest, str_of(from_word)))
		return false;
	for (i = FROM_LEN; i + 5 < rest.len; i++)
		if (char_is_digit(str_at(rest, i)) &&
		    str_at(rest, i + 1) == ':' &&
		    char_is_digit(str_at(rest, i + 2)) &&
		    char_is_digit(str_at(rest, i + 3)))
			break;
	if (i + 5 >= rest.len)
		return false;
	/* The sender may hold spaces: the date is what can be read as one. */
	while (str_split(&rest, ' ', &word))
		if (date_read_mbox(rest, received))
			break;
	return true;
}

size_t
mbox_quoted(struct str line)
{
	struct str rest = line;

	if (!str_skip(&rest, '>'))
		return 0;
	while (str_skip(&rest, '>'))
		;
	return str_starts(rest, str_of(from_word)) ? 1 : 0;
}
