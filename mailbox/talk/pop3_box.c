/*
 * The commands of POP3 that look at the mailbox.
 *
 * A mailbox of 100,000 messages is listed twice at every visit of a client
 * that leaves its mail here, so the lines are written by hand: digits from
 * the right into a line of fixed size, then one copy. A list stops when
 * enough is waiting to be sent and goes on where it was.
 *
 * A message goes by its place at login, counted from one, and is left out
 * when it is marked (RFC 1939 section 5). Its unique-id is the mailbox's
 * UIDVALIDITY and its UID in hexadecimal of fixed width: never used twice,
 * and as ascending as text as the messages are as numbers.
 */
#include "talk/pop3_part.h"

/* "18446744073709551615 18446744073709551615\r\n" */
#define LIST_LINE_MAX 43

/* Write number so that it ends before line[end]; where it begins. */
static size_t
put_decimal(char *line, size_t end, uint64_t number)
{
	uint32_t small;

	for (; number > UINT32_MAX; number /= 10)
		line[--end] = (char)('0' + number % 10);
	/* A 32-bit board divides these by multiplying. */
	small = (uint32_t)number;
	do {
		line[--end] = (char)('0' + small % 10);
		small /= 10;
	} while (small > 0);
	return end;
}

/* The same in eight hexadecimal digits. */
static size_t
put_hex(char *line, size_t end, uint32_t number)
{
	int digit;

	for (digit = 0; digit < 8; digit++) {
		line[--end] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
	return end;
}

static void
add_line(struct pop3 *p, size_t index, bool uidl)
{
	char line[LIST_LINE_MAX];
	size_t at = sizeof line;

	must(index < p->count);
	line[--at] = '\n';
	line[--at] = '\r';
	if (uidl) {
		at = put_hex(line, at, p->items[index].uid);
		at = put_hex(line, at, p->uidvalidity);
	} else {
		at = put_decimal(line, at, p->items[index].size);
	}
	line[--at] = ' ';
	at = put_decimal(line, at, index + 1);
	buf_add(&p->out, str_from(&line[at], sizeof line - at));
}

void
pop3_unmark(struct pop3 *p)
{
	size_t i;

	p->left_octets = 0;
	p->left_count = p->count;
	for (i = 0; i < p->count; i++) {
		p->items[i].deleted = 0;
		p->left_octets += p->items[i].size;
	}
}

void
pop3_reply_count(struct pop3 *p)
{
	buf_add(&p->out, STR("+OK "));
	buf_add_number(&p->out, p->left_count);
	buf_add(&p->out, STR(" messages ("));
	buf_add_number(&p->out, p->left_octets);
	pop3_reply(p, " octets)");
}

/* Find the message a client means; replies when there is none. */
static bool
find_item(struct pop3 *p, struct str arg, size_t *index)
{
	uint64_t number;

	if (!str_number(arg, UINT64_MAX, &number)) {
		pop3_reply_bad(p, "a message number is wanted");
		return false;
	}
	if (number < 1 || number > p->count || p->items[number - 1].deleted) {
		pop3_reply(p, "-ERR no such message");
		return false;
	}
	*index = (size_t)number - 1;
	return true;
}

void
pop3_stat(struct pop3 *p, struct str arg)
{
	(void)arg;
	buf_add(&p->out, STR("+OK "));
	buf_add_number(&p->out, p->left_count);
	buf_add_char(&p->out, ' ');
	buf_add_number(&p->out, p->left_octets);
	pop3_reply(p, "");
}

static void
list(struct pop3 *p, struct str arg, bool uidl)
{
	size_t index;

	if (arg.len > 0) {
		if (!find_item(p, arg, &index))
			return;
		buf_add(&p->out, STR("+OK "));
		add_line(p, index, uidl);
		return;
	}
	pop3_reply_count(p);
	p->uidl = uidl;
	p->next = 0;
	p->state = POP3_IN_LIST;
}

void
pop3_list(struct pop3 *p, struct str arg)
{
	list(p, arg, false);
}

void
pop3_uidl(struct pop3 *p, struct str arg)
{
	list(p, arg, true);
}

static void
open_item(struct pop3 *p, size_t index, bool whole)
{
	p->index = index;
	p->whole = whole;
	p->began = p->body_done = false;
	p->in_head = p->at_start = p->line_bare = true;
	p->state = POP3_IN_BODY;
}

void
pop3_retr(struct pop3 *p, struct str arg)
{
	size_t index;

	if (find_item(p, arg, &index))
		open_item(p, index, true);
}

void
pop3_top(struct pop3 *p, struct str arg)
{
	struct str number;
	size_t index;

	if (!str_split(&arg, ' ', &number) ||
	    !str_number(arg, UINT64_MAX, &p->lines_left))
		pop3_reply_bad(p, "a message and a number of lines are wanted");
	else if (find_item(p, number, &index))
		open_item(p, index, false);
}

void
pop3_dele(struct pop3 *p, struct str arg)
{
	size_t index;

	if (!find_item(p, arg, &index))
		return;
	p->items[index].deleted = 1;
	p->left_count--;
	p->left_octets -= p->items[index].size;
	pop3_reply(p, "+OK marked");
}

void
pop3_rset(struct pop3 *p, struct str arg)
{
	(void)arg;
	if (p->left_count < p->count)
		pop3_unmark(p);
	pop3_reply_count(p);
}

bool
pop3_list_go_on(struct pop3 *p)
{
	for (; p->next < p->count; p->next++) {
		if (p->out.len >= POP3_OUT_STOP)
			return false;
		if (!p->items[p->next].deleted)
			add_line(p, p->next, p->uidl);
	}
	buf_add(&p->out, STR(".\r\n"));
	return true;
}
