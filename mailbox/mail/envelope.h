/* ENVELOPE: a header as IMAP tells it, and what is read back out of that. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "base/buf.h"

enum envelope_field {
	ENVELOPE_DATE, ENVELOPE_SUBJECT, ENVELOPE_FROM, ENVELOPE_SENDER,
	ENVELOPE_REPLY_TO, ENVELOPE_TO, ENVELOPE_CC, ENVELOPE_BCC,
	ENVELOPE_IN_REPLY_TO, ENVELOPE_MESSAGE_ID,
	ENVELOPE_COUNT
};

/* Which of them a field name is; ENVELOPE_COUNT: none. */
enum envelope_field envelope_field(struct str name);

/*
 * Add an envelope as it is on the wire (RFC 9051 section 7.5.2).
 *
 * values    by enum envelope_field: the value as it stands in the header, but
 *           unfolded; at NULL when the field is not there. Address lists of
 *           several fields of one name have LF between them. Sender and
 *           Reply-To default to From.
 */
void envelope_write(struct buf *out, const struct str values[ENVELOPE_COUNT]);

/*
 * Add a string as a nstring: quoted, or a literal when it holds what quotes
 * cannot; NIL for a view at NULL. NUL octets are left out.
 */
void envelope_string(struct buf *out, struct str s);

/*
 * The text of one field of an envelope that envelope_write() made: of Date,
 * Subject, In-Reply-To and Message-ID the string as it stood (unfolded, not
 * decoded); false when it is NIL.
 *
 * out       cleared first
 */
bool envelope_text(struct buf *out, struct str envelope,
	enum envelope_field field);

/*
 * Cut the next message-id off a text such as References (RFC 5322 section
 * 3.6.4). Passes over what is none.
 *
 * id        cleared first; gets it without brackets, white space and quotes,
 *           so that equal ones are equal octets (RFC 5256 section 3)
 *
 * Returns:  false when there is none.
 */
bool envelope_id(struct str *rest, struct buf *id);

/* The addresses of a field of an envelope, one after the other. */
struct envelope_people {
	struct str rest;
};

/* One address; octets as they stood. Group syntax has host NULL (RFC 9051). */
struct envelope_person {
	struct buf name, mailbox, host;
	bool has_name, has_mailbox, has_host;
};

void envelope_people(struct envelope_people *p, struct str envelope,
	enum envelope_field field);

/* Returns: false at the end. person, zeroed at first, is filled anew. */
bool envelope_next(struct envelope_people *p, struct envelope_person *person);

void envelope_person_drop(struct envelope_person *person);

#endif
