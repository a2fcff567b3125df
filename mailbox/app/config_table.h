/* The table of keys, and what its texts may be. */
#ifndef APP_CONFIG_TABLE_H
#define APP_CONFIG_TABLE_H

#include "app/config.h"

enum config_type {
	CONFIG_PATH,		/* const char *: absolute */
	CONFIG_HOST,		/* const char *: a domain name */
	CONFIG_LOCAL,		/* const char *: a plain local part */
	CONFIG_USER,		/* const char *: a user of the system, or "" */
	CONFIG_LEVEL,		/* const char *: debug, info, error */
	CONFIG_FLAG,		/* bool */
	CONFIG_NUMBER,		/* unsigned */
	CONFIG_SIZE,		/* uint64_t, bytes */
	CONFIG_DOMAINS,		/* struct domains */
	CONFIG_LISTEN,		/* listen and listen_count */
	CONFIG_ADDRESS,		/* const char *: a mailbox, or "" */
	CONFIG_SENDERS,		/* senders and sender_count */
	CONFIG_SERVERS,		/* dns_servers and dns_server_count */
	CONFIG_CERTIFICATES	/* certificates and certificate_count */
};

struct config_key {
	const char *path;	/* "smtp.port"; at most one dot */
	enum config_type type;
	size_t at;		/* where in struct config */
	const char *text;	/* default of texts; NULL: none */
	uint64_t number;	/* default of numbers and flags */
	uint64_t min, max;	/* of numbers */
	const char *doc;	/* one or two sentences */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* The group of a key: the part of its path before the dot, or empty. */
struct str config_key_group(const struct config_key *key);

/* The part behind the dot, or all of it. */
struct str config_key_name(const struct config_key *key);

/* Say that a name is no key of a group, with a hint where it may belong. */
void config_key_unknown(struct buf *why, struct str group, const char *name);

/*
 * What is wrong with a text for a key of that type.
 *
 * Returns:  the end of a sentence, with what to do; NULL when it is right.
 */
const char *config_text_wrong(enum config_type type, const char *text);

/*
 * Whether s is the address of a DNS server as resolver_open() takes it (see
 * net/resolve.h): a port may stand behind IPv4, or IPv6 in brackets.
 */
bool config_is_server(struct str s);

/*
 * What is wrong with a configuration as a whole, its keys each being right.
 *
 * why       gets a sentence
 * places    get the two keys to look at, the likelier first; NULL: none
 *
 * Returns:  whether something is.
 */
bool config_whole_wrong(const struct config *config, struct buf *why,
	const char *places[2]);

#endif
