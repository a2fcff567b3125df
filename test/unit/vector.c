/*
 * See vector.h. Knows no test library, so that fuzz targets may use it too.
 */
#define _DEFAULT_SOURCE		/* MAP_ANONYMOUS */

#include "vector.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POISON 0xA5
#define POISON_SIZE 8192	/* bytes before the view; so a long input
				   trickles in linear time */

void
guard_init(struct guard *g, size_t len)
{
	size_t page;

	page = (size_t)sysconf(_SC_PAGESIZE);
	g->size = (len + page) / page * page;
	g->pages = mmap(NULL, g->size + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(g->pages != MAP_FAILED);
	must(mprotect(g->pages + g->size, page, PROT_NONE) == 0);
}

void
guard_drop(struct guard *g)
{
	size_t page;

	page = (size_t)sysconf(_SC_PAGESIZE);
	must(munmap(g->pages, g->size + page) == 0);
}

struct str
guard_place(struct guard *g, struct str s)
{
	unsigned char *at;
	size_t spare;

	must(s.len <= g->size);
	at = g->pages + g->size - s.len;
	spare = g->size - s.len < POISON_SIZE ? g->size - s.len : POISON_SIZE;
	memset(at - spare, POISON, spare);
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	return str_from(at, s.len);
}

struct str
vector_guard(struct str s)
{
	struct guard g;

	guard_init(&g, s.len);
	return guard_place(&g, s);
}

/* One run: the first bytes, then step more at a time. */
static void
run(const struct vector_machine *machine, struct str input, size_t first,
	size_t step, struct buf *out)
{
	struct guard g;
	struct str in;
	size_t from, to, left;
	bool more;

	guard_init(&g, input.len);
	machine->begin(machine->at);
	from = 0;
	to = first;
	for (;;) {
		in = guard_place(&g, str_part(input, from, to - from));
		left = in.len;
		more = machine->feed(machine->at, &in, out);
		must(in.len <= left);
		from += left - in.len;
		if (!more || to == input.len)
			break;
		to = step < input.len - to ? to + step : input.len;
	}
	if (machine->end != NULL)
		machine->end(machine->at, input.len - from, out);
	guard_drop(&g);
}

static void
show(const char *name, const struct buf *b)
{
	size_t i;
	int c;

	fprintf(stderr, "%s (%zu bytes): ", name, b->len);
	for (i = 0; i < b->len && i < 2000; i++) {
		c = str_at(buf_str(b), i);
		if (c < 32 || c > 126 || c == '\\')
			fprintf(stderr, "\\x%02x", (unsigned)c);
		else
			fputc(c, stderr);
	}
	fputc('\n', stderr);
}

/* Run in one way and compare with what the whole run told. */
static bool
run_equal(const struct vector_machine *machine, struct str input,
	size_t first, size_t step, const struct buf *whole)
{
	struct buf out;
	bool equal;

	buf_init(&out, VECTOR_OUT_MAX);
	run(machine, input, first, step, &out);
	equal = !out.full && str_equal(buf_str(&out), buf_str(whole));
	if (!equal) {
		fprintf(stderr, "vector: first %zu, then %zu of %zu bytes\n",
		    first, step, input.len);
		show("whole", whole);
		show("now", &out);
	}
	buf_drop(&out);
	return equal;
}

bool
vector_same(const struct vector_machine *machine, struct str input,
	struct buf *out)
{
	size_t cut;

	buf_init(out, VECTOR_OUT_MAX);
	run(machine, input, input.len, input.len, out);
	must(!out->full);
	if (input.len == 0)
		return true;
	if (!run_equal(machine, input, 1, 1, out))
		return false;
	if (input.len > VECTOR_CUT_MAX)
		return true;
	for (cut = 1; cut < input.len; cut++)
		if (!run_equal(machine, input, cut, input.len - cut, out))
			return false;
	return true;
}
