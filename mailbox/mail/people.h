/* Lists of mailboxes as From, Reply-To and To hold them (RFC 5322, 3.4). */
#ifndef MAIL_PEOPLE_H
#define MAIL_PEOPLE_H

#include "mail/addr.h"

#define PEOPLE_MAX 2000		/* mailboxes of one list that are read */
#define PERSON_TEXT_MAX 2000	/* octets of a name, and of all comments */

/* One mailbox. person_init() first, person_drop() at the end. */
struct person {
	struct buf name;	/* as of word_decode(), quotes taken off, each
				   run of spaces one; empty if there is none */
	struct buf comment;	/* likewise: the outermost comments */
	struct buf mailbox;	/* local@domain without comments and spaces,
				   quoted only where it must be */
	struct addr addr;	/* views into mailbox */
	bool grouped;		/* member of a group */
};

void person_init(struct person *person);
void person_drop(struct person *person);

enum people_result { PEOPLE_ONE, PEOPLE_END, PEOPLE_BAD };

/* A list being read. */
struct people {
	struct str rest;
	unsigned count;
	bool in_group;
};

/* Begin to read the value of a field, folded or not; kept. */
void people_begin(struct people *p, struct str value);

/*
 * Read the next mailbox: groups are entered, empty members of the list passed
 * over, the obsolete forms of section 4.4 understood. Milder than that in two
 * places: encoded-words may stand in quotes and hold any sign.
 *
 * person    set up by person_init(); what it held is forgotten
 * why       on PEOPLE_BAD a static sentence; the list ends there
 *
 * Lives:    person's views until the next call.
 */
enum people_result people_next(struct people *p, struct person *person,
	const char **why);

#endif
