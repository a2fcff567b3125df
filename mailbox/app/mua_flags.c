/* Flags and keywords between commands, mailboxes and the store. */
#include "app/mua_part.h"

#include <errno.h>

/* Add the bit of a keyword; one that is not there and not made has none. */
static int
add_keyword(struct mua *m, int64_t box, struct str name, bool make,
	uint64_t *bits)
{
	unsigned number;
	int err = keyword_find(m->service->db, box, name, make, &number);

	if (err == 0)
		*bits |= UINT64_C(1) << (BOX_KEYWORD_SHIFT + number);
	return err == -ENOENT && !make ? 0 : err;
}

int
mua_flag_bits(struct mua *m, int64_t box, const struct imap_flags *flags,
	bool make, uint64_t *bits)
{
	size_t n;
	int err = 0;

	*bits = flags->system;
	for (n = 0; n < flags->keyword_count && err == 0; n++)
		err = add_keyword(m, box, flags->keywords[n], make, bits);
	return err;
}

int
mua_flags_move(struct mua *m, const struct keywords *from, int64_t to,
	uint64_t flags, uint64_t *moved)
{
	size_t n;
	int err = 0;

	*moved = flags & ((UINT64_C(1) << BOX_KEYWORD_SHIFT) - 1);
	for (n = 0; n < from->count && err == 0; n++)
		if ((flags >> (BOX_KEYWORD_SHIFT + n) & 1) != 0)
			err = add_keyword(m, to, from->names[n], true, moved);
	return err;
}
