/* The plain way of finding, which tests and the fuzzer compare with. */
#ifndef TEST_UNIT_MAIL_LOOK_TEXT_H
#define TEST_UNIT_MAIL_LOOK_TEXT_H

#include "mail/fold.h"
#include "mail/look_part.h"

/* Whether it is in a UTF-8 text. */
static inline bool
is_in_text(const struct needle *n, struct str text)
{
	struct buf folded;
	bool found;

	buf_init(&folded, FOLD_GROWTH * text.len + 1);
	fold_text(&folded, text);
	found = look_find(n, buf_str(&folded));
	buf_drop(&folded);
	return found;
}

#endif
