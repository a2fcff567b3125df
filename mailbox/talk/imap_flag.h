/* The names of the system flags (RFC 9051 section 2.3.2). */
#ifndef TALK_IMAP_FLAG_H
#define TALK_IMAP_FLAG_H

#include "talk/imap_command.h"

#define IMAP_FLAG_NAMES 5

struct imap_flag_name {
	enum imap_flag flag;
	struct str name;
};

/* In the order in which they are told. */
extern const struct imap_flag_name imap_flag_names[IMAP_FLAG_NAMES];

#endif
