/*
 * Walks a message as MIME (RFC 2046 section 5.1) while it goes by, and has
 * the parts that need it encoded. It holds the header of one part, or the
 * beginning of a line that may be a delimiter; all else goes on at once.
 */
#include "mail/seven_part.h"

#include <stdlib.h>

#define PADDING 64		/* white space behind a boundary */
#define START_MAX (2 + SEVEN_BOUNDARY_MAX + 2 + PADDING + 2)
/* So that what is held and what becomes of it fits into SEVEN_HEAD_MAX. */
#define PART_HEAD_MAX (SEVEN_HEAD_MAX - 2048)

/* A multipart that is open. */
struct level {
	char boundary[SEVEN_BOUNDARY_MAX];
	size_t len;
	bool digest;
};

struct seven {
	struct level levels[SEVEN_DEPTH_MAX];
	size_t depth;
	bool in_head;		/* of a part, which is gathered in head */
	bool digest;		/* that part is one of a digest */
	struct buf head;
	struct seven_coder coder;	/* else: where the body goes */
	bool at_start;		/* of a line, which is gathered in start */
	struct buf start;
	bool seen_cr;
	bool head_8bit;
};

/* Whether a delimiter would be that of two multiparts. */
static bool
level_is_open(const struct seven *s, struct str boundary)
{
	size_t i;

	for (i = 0; i < s->depth; i++)
		if (str_equal(boundary, str_from(s->levels[i].boundary,
		    s->levels[i].len)))
			return true;
	return false;
}

static void
level_push(struct seven *s, const struct seven_plan *plan)
{
	struct level *level = &s->levels[s->depth++];
	struct str boundary = buf_str(&plan->boundary);

	must(boundary.len <= sizeof level->boundary);
	for (level->len = 0; level->len < boundary.len; level->len++)
		level->boundary[level->len] =
		    (char)str_at(boundary, level->len);
	level->digest = plan->digest;
}

/* The header of a part is whole: what follows is its body. */
static void
part_begin(struct seven *s, struct str head, struct buf *out)
{
	const size_t before = out->len;
	struct seven_plan plan;

	buf_init(&plan.boundary, SEVEN_BOUNDARY_MAX);
	seven_head_read(&plan, head, s->digest);
	if (head.len > PART_HEAD_MAX || (plan.kind == SEVEN_MULTIPART &&
	    (s->depth == SEVEN_DEPTH_MAX ||
	    level_is_open(s, buf_str(&plan.boundary)))))
		seven_head_keep(&plan);
	seven_head_write(&plan, head, out);
	s->head_8bit = s->head_8bit || !str_is_ascii(str_part(buf_str(out),
	    before, out->len));
	seven_code_begin(&s->coder, plan.coding);
	s->in_head = plan.kind == SEVEN_MESSAGE;
	s->digest = false;
	if (plan.kind == SEVEN_MULTIPART)
		level_push(s, &plan);
	buf_drop(&plan.boundary);
}

/* Give out a header that is none, or too large to be held. */
static void
head_release(struct seven *s, struct buf *out)
{
	s->in_head = false;
	seven_code_begin(&s->coder, SEVEN_AS_IS);
	seven_code(&s->coder, buf_str(&s->head), out);
	buf_clear(&s->head);
}

/* Part of a line, or the end of one, of a header. */
static void
head_take(struct seven *s, struct str bytes, struct buf *out)
{
	struct buf head;

	buf_add(&s->head, bytes);
	if (s->head.full) {
		s->head.full = false;
		head_release(s, out);
		seven_code(&s->coder, bytes, out);
	} else if (s->at_start && (s->head.len == 2 ||
	    str_ends(buf_str(&s->head), STR("\r\n\r\n")))) {
		head = s->head;
		buf_init(&s->head, PART_HEAD_MAX);
		part_begin(s, buf_str(&head), out);
		buf_drop(&head);
	}
}

/* Take bytes that are no delimiter, up to the next line at most. */
static void
line_take(struct seven *s, struct str *in, struct buf *out)
{
	size_t end = str_find(*in, 0, '\n');
	struct str run;

	s->at_start = false;
	if (end == STR_NONE) {
		run = str_take(in, in->len);
		s->seen_cr = str_ends(run, STR("\r"));
	} else {
		run = str_take(in, end + 1);
		s->at_start = run.len > 1 ? str_ends(run, STR("\r\n")) :
		    s->seen_cr;
		s->seen_cr = false;
	}
	if (s->in_head)
		head_take(s, run, out);
	else
		seven_code(&s->coder, run, out);
}

/* What was gathered of a line is no delimiter. */
static void
start_release(struct seven *s, struct buf *out)
{
	struct buf start = s->start;
	struct str in = buf_str(&start);

	buf_init(&s->start, START_MAX);
	s->at_start = s->seen_cr = false;
	while (in.len > 0)
		line_take(s, &in, out);
	buf_drop(&start);
}

/* Which open multipart a line delimits; SEVEN_DEPTH_MAX for none. */
static size_t
delimiter_find(const struct seven *s, struct str line, bool *closing)
{
	struct str boundary;
	size_t i;

	if (str_ends(line, STR("\r\n")))
		line.len -= 2;
	while (str_ends(line, STR(" ")) || str_ends(line, STR("\t")))
		line.len--;
	for (i = s->depth; i-- > 0;) {
		boundary = str_from(s->levels[i].boundary, s->levels[i].len);
		if (!str_starts(str_part(line, 2, line.len), boundary))
			continue;
		*closing = line.len == boundary.len + 4 &&
		    str_ends(line, STR("--"));
		if (*closing || line.len == boundary.len + 2)
			return i;
	}
	return SEVEN_DEPTH_MAX;
}

static void
part_end(struct seven *s, bool delimited, struct buf *out)
{
	if (s->in_head)
		head_release(s, out);
	seven_code_end(&s->coder, delimited, out);
}

/* A line that may be a delimiter is whole. */
static void
start_judge(struct seven *s, struct buf *out)
{
	bool closing;
	size_t level = delimiter_find(s, buf_str(&s->start), &closing);

	if (level == SEVEN_DEPTH_MAX) {
		start_release(s, out);
		return;
	}
	part_end(s, true, out);
	seven_code_begin(&s->coder, SEVEN_AS_IS);
	seven_code(&s->coder, buf_str(&s->start), out);
	buf_clear(&s->start);
	s->in_head = !closing;
	s->digest = s->levels[level].digest;
	s->depth = closing ? level : level + 1;
}

/* Gather the beginning of a line as long as it may be a delimiter. */
static void
start_take(struct seven *s, struct str *in, struct buf *out)
{
	buf_add(&s->start, str_take(in, 1));
	if (str_ends(buf_str(&s->start), STR("\r\n")) && s->start.len > 2)
		start_judge(s, out);
	else if (s->start.len == START_MAX ||
	    !str_starts(STR("--"), str_part(buf_str(&s->start), 0, 2)))
		start_release(s, out);
}

struct seven *
seven_new(struct str head, struct buf *out)
{
	struct seven *s = xalloc(1, sizeof *s);

	buf_init(&s->head, PART_HEAD_MAX);
	buf_init(&s->start, START_MAX);
	s->at_start = true;
	part_begin(s, head, out);
	return s;
}

void
seven_drop(struct seven *s)
{
	if (s == NULL)
		return;
	buf_drop(&s->head);
	buf_drop(&s->start);
	free(s);
}

void
seven_feed(struct seven *s, struct str bytes, bool last, struct buf *out)
{
	while (bytes.len > 0) {
		if (s->start.len > 0 || (s->at_start && s->depth > 0 &&
		    str_at(bytes, 0) == '-'))
			start_take(s, &bytes, out);
		else
			line_take(s, &bytes, out);
	}
	if (!last)
		return;
	if (s->start.len > 0)
		start_judge(s, out);
	part_end(s, false, out);
}

bool
seven_has_8bit(const struct seven *s)
{
	return s->head_8bit || s->coder.has_8bit;
}
