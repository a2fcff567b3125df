/* Header fields as we write them: folded, encoded where they must be. */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include "base/buf.h"

#define COMPOSE_FOLD 78		/* columns; RFC 5322 section 2.1.1 */
#define COMPOSE_CODED 76	/* of a line with encoded-words; RFC 2047
				   section 2 */
#define COMPOSE_LINE_MAX 998	/* octets; RFC 5322 section 2.1.1 */
#define COMPOSE_WORD_MAX 900	/* octets that never get a fold among them */

/*
 * A field being written; the members are of no interest to others. In between
 * compose_begin() and compose_end() come texts, people or words.
 */
struct compose {
	struct buf *out;
	size_t column;
	bool utf8;
	bool fresh;		/* nothing behind the name yet */
};

/*
 * Begin a field.
 *
 * out       gets all that is written; kept until compose_end()
 * name      at most 40 octets, as "Subject"
 * utf8      whether letters outside ASCII may stand as they are (RFC 6532)
 */
void compose_begin(struct compose *c, struct buf *out, const char *name,
	bool utf8);

/*
 * Write unstructured text in the form of word_decode(): foreign words between
 * marks are written as they were. Runs of spaces become one.
 */
void compose_text(struct compose *c, struct str text);

/*
 * Write one more mailbox of a list.
 *
 * name      as of word_decode(); may be empty
 * mailbox   "local@domain", well-formed: written as it is
 */
void compose_person(struct compose *c, struct str name, struct str mailbox);

/* Write a word of at most COMPOSE_WORD_MAX octets, such as "<id@domain>". */
void compose_word(struct compose *c, struct str word);

/* End the field. */
void compose_end(struct compose *c);

#endif
