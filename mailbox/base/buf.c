/*
 * Bytes that grow by doubling up to their cap. Invariants: len < room once
 * there is memory, at[len] is NUL, and len <= max.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_ROOM_MIN 64		/* bytes of the first allocation */
#define NUMBER_SIZE 20		/* digits of 2^64 - 1 */

void
buf_init(struct buf *b, size_t max)
{
	/* the NUL must fit too */
	must(max < SIZE_MAX);
	*b = (struct buf){ .max = max };
}

void
buf_drop(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ .max = b->max };
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->at != NULL)
		b->at[0] = '\0';
}

static void
wipe(const struct buf *b)
{
	if (b->at == NULL)
		return;
	memset(b->at, 0, b->room);
	/* the compiler must think that somebody looks */
	__asm__ __volatile__("" : : "r" (b->at) : "memory");
}

void
buf_wipe(struct buf *b)
{
	wipe(b);
	buf_drop(b);
}

/* The room to take so that n more bytes fit; what there is when they do. */
static size_t
room_for(const struct buf *b, size_t n)
{
	size_t room, need = b->len + n + 1;

	if (need <= b->room)
		return b->room;
	room = b->room < BUF_ROOM_MIN / 2 ? BUF_ROOM_MIN :
	    b->room > SIZE_MAX / 2 ? SIZE_MAX : b->room * 2;
	if (room > b->max + 1)
		room = b->max + 1;
	return room < need ? need : room;
}

/* Whether n more bytes may be added; when not, it is full. */
static bool
may_hold(struct buf *b, size_t n)
{
	b->full = b->full || n > b->max - b->len;
	return !b->full;
}

char *
buf_space(struct buf *b, size_t n)
{
	size_t room;

	if (!may_hold(b, n))
		return NULL;
	room = room_for(b, n);
	if (room > b->room) {
		b->at = xresize(b->at, room);
		b->room = room;
		b->at[b->len] = '\0';
	}
	return b->at + b->len;
}

char *
buf_space_secret(struct buf *b, size_t n)
{
	size_t room;
	char *at;

	if (!may_hold(b, n))
		return NULL;
	room = room_for(b, n);
	if (room > b->room) {
		at = xresize(NULL, room);
		if (b->len > 0)
			memcpy(at, b->at, b->len);
		at[b->len] = '\0';
		wipe(b);
		free(b->at);
		b->at = at;
		b->room = room;
	}
	return b->at + b->len;
}

void
buf_grew(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	must(n < b->room - b->len);
	b->len += n;
	b->at[b->len] = '\0';
}

void
buf_add(struct buf *b, struct str s)
{
	char *end;

	end = buf_space(b, s.len);
	if (end == NULL || s.len == 0)
		return;
	memcpy(end, s.at, s.len);
	buf_grew(b, s.len);
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, str_of(text));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, str_from(&c, 1));
}

void
buf_add_number(struct buf *b, uint64_t number)
{
	char digits[NUMBER_SIZE];
	size_t i;

	i = sizeof digits;
	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_add(b, str_from(digits + i, sizeof digits - i));
}

void
buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;
	char *end;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(len >= 0);
	end = buf_space(b, (size_t)len);
	if (end == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(end, (size_t)len + 1, format, args);
	va_end(args);
	buf_grew(b, (size_t)len);
}

void
buf_eat(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n == 0)
		return;
	memmove(b->at, b->at + n, b->len - n + 1);
	b->len -= n;
}

void
buf_cut(struct buf *b, size_t len)
{
	must(len <= b->len);
	b->len = len;
	if (b->at != NULL)
		b->at[len] = '\0';
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->at, b->len };
}

const char *
buf_text(const struct buf *b)
{
	return b->at == NULL ? "" : b->at;
}
