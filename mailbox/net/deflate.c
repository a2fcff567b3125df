/*
 * zlib behind a small door. Its memory is wiped before it is given back, since
 * mail and passwords go through it.
 */
#include "net/deflate.h"

#include <stdlib.h>
#define ZLIB_CONST		/* its input is const */
#include <zlib.h>

#include "base/crypto.h"

/*
 * What we compress: a window of 4 KiB and little memory, since a mailbox's
 * lists repeat themselves within a few lines. What we are sent may look back
 * 32 KiB, as RFC 4978 section 4 has it.
 */
#define OUR_WINDOW 12
#define OUR_MEMORY 5
#define THEIR_WINDOW 15
#define PACK_ROOM 16384		/* bytes asked for at a time */

struct deflate {
	z_stream out;
	z_stream in;
};

/* Memory that knows its size. */
struct block {
	size_t size;
	max_align_t at[];
};

static void *
block_new(void *unused, unsigned count, unsigned size)
{
	struct block *b;

	(void)unused;
	b = xalloc(1, sizeof *b + (size_t)count * size);
	b->size = (size_t)count * size;
	return b->at;
}

static void
block_drop(void *unused, void *at)
{
	struct block *b = (struct block *)(void *)((char *)at -
	    offsetof(struct block, at));

	(void)unused;
	crypto_wipe(b->at, b->size);
	free(b);
}

struct deflate *
deflate_new(void)
{
	struct deflate *d = xalloc(1, sizeof *d);

	d->out.zalloc = d->in.zalloc = block_new;
	d->out.zfree = d->in.zfree = block_drop;
	must(deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
	    -OUR_WINDOW, OUR_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
	must(inflateInit2(&d->in, -THEIR_WINDOW) == Z_OK);
	return d;
}

void
deflate_drop(struct deflate *d)
{
	if (d == NULL)
		return;
	/* Z_DATA_ERROR only says that it was not brought to an end. */
	(void)deflateEnd(&d->out);
	(void)inflateEnd(&d->in);
	free(d);
}

void
deflate_pack(struct deflate *d, struct str s, struct buf *out)
{
	z_stream *z = &d->out;
	unsigned char *at;

	must(s.len <= UINT32_MAX);
	z->next_in = (const unsigned char *)s.at;
	z->avail_in = (uInt)s.len;
	do {
		at = (unsigned char *)buf_space(out, PACK_ROOM);
		must(at != NULL);
		z->next_out = at;
		z->avail_out = PACK_ROOM;
		must(deflate(z, Z_SYNC_FLUSH) != Z_STREAM_ERROR);
		buf_grew(out, PACK_ROOM - z->avail_out);
	} while (z->avail_out == 0);
	must(z->avail_in == 0);
}

bool
deflate_unpack(struct deflate *d, struct str *s, char *at, size_t room,
	size_t *got)
{
	z_stream *z = &d->in;
	int result;

	must(s->len <= UINT32_MAX && room <= UINT32_MAX);
	z->next_in = (const unsigned char *)s->at;
	z->avail_in = (uInt)s->len;
	z->next_out = (unsigned char *)at;
	z->avail_out = (uInt)room;
	result = inflate(z, Z_SYNC_FLUSH);
	(void)str_take(s, s->len - z->avail_in);
	*got = room - z->avail_out;
	/* Z_BUF_ERROR: there was nothing to do. */
	return result == Z_OK || result == Z_BUF_ERROR;
}
