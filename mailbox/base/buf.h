/* Bytes that grow, up to a stated cap. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

/*
 * Owns at; at[len] is always NUL once something was added. A buf is born with
 * the most it may hold; when an add would pass max it adds nothing, sets full
 * and ignores every later add, so that a reply is built with ten calls and
 * checked once. A zeroed struct is an empty buf with max 0.
 */
struct buf {
	char *at;
	size_t len;
	size_t room;
	size_t max;
	bool full;
};

/* Make an empty buf of at most max bytes; nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);

/* Free the bytes; max stays. Safe on a zeroed struct and twice. */
void buf_drop(struct buf *b);

/* Forget the bytes and full; keep the memory. */
void buf_clear(struct buf *b);

/* As buf_drop(), overwriting the bytes first: for secrets. */
void buf_wipe(struct buf *b);

void buf_add(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_number(struct buf *b, uint64_t number);

/* Add as printf() would; for formats of ours only. */
void buf_add_format(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Drop the first n bytes (clipped), moving the rest down. */
void buf_eat(struct buf *b, size_t n);

/* Shorten to len bytes; longer is an error of the caller. */
void buf_cut(struct buf *b, size_t len);

/*
 * Room for n more bytes at the end, to be filled by the caller, who then says
 * with buf_grew() how many there are.
 *
 * Returns:  NULL, and full set, when max is in the way.
 * Lives:    until the buf is next changed.
 */
char *buf_space(struct buf *b, size_t n);

/* The same, wiping what it outgrows: for secrets. */
char *buf_space_secret(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

/* Lives: until the buf is next changed. */
struct str buf_str(const struct buf *b);

/* As a C string, also when empty. Lives: until the buf is next changed. */
const char *buf_text(const struct buf *b);

#endif
