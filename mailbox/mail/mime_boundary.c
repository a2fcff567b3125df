/*
 * The boundaries that are looked for, in the order of their bytes: which of
 * them a line begins with is found in one walk along the line, however many
 * there are and however much they are alike.
 */
#include "mail/mime_part.h"

#include <string.h>

static const struct mime_level *
level_of(const struct mime *m, unsigned place)
{
	return &m->levels[m->places[place]];
}

/* A byte of a boundary; -1 behind its end. */
static int
byte_of(const struct mime *m, unsigned place, size_t i)
{
	const struct mime_level *level;

	level = level_of(m, place);
	return i < level->boundary_len ?
	    (unsigned char)m->boundaries.at[level->boundary + i] : -1;
}

/*
 * The first of places from to to, the boundaries of which are the same before
 * byte i, that has c or a greater byte there; to: none.
 */
static unsigned
find_byte(const struct mime *m, const unsigned span[2], size_t i, int c)
{
	unsigned from, to, middle;

	from = span[0];
	to = span[1];
	if (from == to || byte_of(m, from, i) >= c)
		return from;
	if (byte_of(m, to - 1, i) < c)
		return to;
	while (from < to) {
		middle = from + (to - from) / 2;
		if (byte_of(m, middle, i) < c)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/*
 * Leave in span those places whose boundaries go on with c behind byte i.
 *
 * Returns:  false when there are none.
 */
static bool
narrow(const struct mime *m, unsigned span[2], size_t i, int c)
{
	span[0] = find_byte(m, span, i, c);
	span[1] = find_byte(m, span, i, c + 1);
	return span[0] < span[1];
}

void
mime_bound(struct mime *m)
{
	unsigned span[2] = { 0, m->bounded };
	struct mime_level *level;
	struct str boundary;
	size_t i;

	level = mime_innermost(m);
	boundary = str_part(buf_str(&m->boundaries), level->boundary,
	    level->boundary_len);
	for (i = 0; i < boundary.len; i++)
		if (!narrow(m, span, i, str_at(boundary, i)))
			break;
	/* of equal ones, the innermost is the first */
	memmove(&m->places[span[0] + 1], &m->places[span[0]],
	    m->bounded - span[0]);
	m->places[span[0]] = (unsigned char)(m->depth - 1);
	m->bounded++;
	level->bounded = true;
}

void
mime_unbound(struct mime *m, struct mime_level *level)
{
	unsigned place;

	if (!level->bounded)
		return;
	level->bounded = false;
	for (place = 0; level_of(m, place) != level; place++)
		continue;
	m->bounded--;
	memmove(&m->places[place], &m->places[place + 1],
	    m->bounded - place);
}

unsigned
mime_find_boundary(const struct mime *m, struct str line)
{
	unsigned span[2] = { 0, m->bounded };
	unsigned found, closed;
	size_t exact, i;

	/* "a--" closes a, unless there is a boundary "a--" further in */
	exact = line.len > 2 && str_ends(line, STR("--")) ? line.len - 2 :
	    line.len;
	found = closed = m->depth;
	for (i = 0; span[0] < span[1]; i++) {
		if (byte_of(m, span[0], i) < 0) {
			found = m->places[span[0]];
			if (i == exact)
				closed = found;
			else if (found > closed)
				closed = m->depth;
		}
		if (i == line.len || !narrow(m, span, i, str_at(line, i)))
			break;
	}
	return closed < m->depth ? closed : found;
}
