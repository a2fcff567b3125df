/* A view of bytes somebody else owns. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

/*
 * Never owns, may hold NUL, is not terminated. A view into a struct buf is
 * good until that buf is next changed.
 */
struct str {
	const char *at;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof (literal) - 1 })
#define STR_NONE ((size_t)-1)

/* View a C string; NULL gives the empty view. */
struct str str_of(const char *text);

/* View len bytes at at. */
struct str str_from(const void *at, size_t len);

/*
 * View the part of s that starts at from and is at most len long; both are
 * clipped to s.
 */
struct str str_part(struct str s, size_t from, size_t len);

/* Cut the first n bytes (clipped) off *s and return them. */
struct str str_take(struct str *s, size_t n);

/*
 * Cut off *s what stands before the first c, and c itself.
 *
 * Returns:  false, *s unchanged, when there is no c.
 */
bool str_split(struct str *s, char c, struct str *head);

/* Cut a single c off the front of *s; false when s starts otherwise. */
bool str_skip(struct str *s, char c);

/* Cut prefix off the front of *s, letter case apart (ASCII). */
bool str_skip_word(struct str *s, struct str prefix);

/* Where c first stands in s from index from on, or STR_NONE. */
size_t str_find(struct str s, size_t from, char c);

/* Where needle first stands in s, or STR_NONE; the empty needle is at 0. */
size_t str_find_str(struct str s, struct str needle);

/*
 * Where the first NUL, CR or LF of s stands from index from on, or s.len:
 * what ends an ordinary run of mail text. Reads a word at a time.
 */
size_t str_find_break(struct str s, size_t from);

/* Byte i of s as 0..255, or -1 past the end. */
int str_at(struct str s, size_t i);

bool str_equal(struct str a, struct str b);

/* As str_equal(), ASCII letter case apart. */
bool str_same(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Without white space (SP, TAB, CR, LF) at both ends. */
struct str str_trim(struct str s);

/*
 * Read a whole view as a decimal number: digits only, at least one.
 *
 * Returns:  false, *number unchanged, on anything else or past max.
 */
bool str_number(struct str s, uint64_t max, uint64_t *number);

/* ASCII only, whatever the locale. */
bool char_is_alpha(int c);
bool char_is_digit(int c);
bool char_is_alnum(int c);
int char_lower(int c);

/*
 * Look at the UTF-8 sequence that begins at byte i (RFC 3629 section 4).
 *
 * Returns:  its length, 1 to 4 bytes; 0 when it is not well-formed or cut
 *           off by the end.
 */
size_t str_utf8(struct str s, size_t i);

/* Whether s is well-formed UTF-8 (RFC 3629 section 4); ASCII is. */
bool str_is_utf8(struct str s);

/* Whether every byte of s is below 128. */
bool str_is_ascii(struct str s);

#endif
