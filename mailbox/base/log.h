/* One line per event: key=value, foreign text quoted. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level {
	LOG_DEBUG,
	LOG_INFO,	/* one line per message and session */
	LOG_ERROR,	/* somebody must act */
	LOG_NONE	/* for log_open() alone: nothing is written */
};

/* One pair; text is quoted when it holds more than [-A-Za-z0-9._:@/+]. */
struct log_field {
	const char *key;
	enum { LOG_TEXT, LOG_NUMBER } type;
	struct str text;
	int64_t number;
};

#define LOG_S(key, text) ((struct log_field){ key, LOG_TEXT, text, 0 })
#define LOG_C(key, c) ((struct log_field){ key, LOG_TEXT, str_of(c), 0 })
#define LOG_N(key, n) ((struct log_field){ key, LOG_NUMBER, { NULL, 0 }, n })

/*
 * Write one line: level, role, event, then the fields in their order. The
 * line goes to the standard error in one write(2), clipped to 2000 bytes;
 * control bytes, quotes and bytes that are no UTF-8 are written as \xNN, so
 * foreign text can never begin a line. Never give it a body or a secret.
 *
 * event   what happened, as a fixed word: "message-stored"
 * count   how many fields; at most 16
 */
void log_fields(enum log_level level, const char *event,
	const struct log_field *fields, size_t count);

/* log_event(LOG_INFO, "message-stored", LOG_S("id", id), LOG_N("size", n)) */
#define log_event(level, event, ...) \
	log_fields(level, event, \
	    (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof (struct log_field[]){ __VA_ARGS__ } / \
	    sizeof (struct log_field))

/*
 * Say whose log this is, and what is the least level written; must() writes
 * in any case. The sink is the one mutable global of the program. Not called:
 * role "pillarbox", LOG_INFO.
 *
 * role    static text, kept
 */
void log_open(const char *role, enum log_level least);

#endif
