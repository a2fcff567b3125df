/* The configuration: one libconfig text, every key from one table. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <stdio.h>

#include "base/buf.h"
#include "rules/recipient.h"

#define CONFIG_DOMAINS_MAX 64
#define CONFIG_CERTIFICATES_MAX 16
#define CONFIG_LISTEN_MAX 8
#define CONFIG_SENDERS_MAX 64
#define CONFIG_DNS_MAX 8
#define CONFIG_TEXT_MAX 65536		/* bytes of the file */
#define CONFIG_FILE "/etc/pillarbox.conf"

struct config_certificate {
	const char *cert;		/* path of the PEM chain */
	const char *key;		/* path of the PEM key */
	int line;			/* where in the file; 0: not from one */
};

/* All strings belong to the config and live until config_drop(). */
struct config {
	const char *data;		/* the data directory */
	const char *host;		/* our name; default "mail." + domain */
	const char *mailbox;		/* local part of the login */
	const char *user;		/* whom root becomes; "" to stay */
	const char *log_level;		/* "debug", "info", "error" */

	struct domains domains;		/* lower case, the first is the main */
	bool own_sender_refused;

	const char *listen[CONFIG_LISTEN_MAX];
	size_t listen_count;
	unsigned smtp_port;		/* 0: that port is off */
	unsigned pop3_port;
	unsigned pop3s_port;
	unsigned imap_port;
	unsigned imaps_port;

	struct config_certificate certificates[CONFIG_CERTIFICATES_MAX];
	size_t certificate_count;

	uint64_t size_max;		/* bytes of a message */
	unsigned line_max;		/* bytes of a text line */
	unsigned smtp_connections;	/* at once, in all */
	unsigned smtp_per_network;	/* at once, per /24 or /48 */
	unsigned smtp_greet_delay_ms;	/* before the greeting */
	unsigned smtp_idle_s;		/* without progress */
	unsigned pop3_connections;
	unsigned pop3_per_network;
	unsigned pop3_idle_s;		/* RFC 1939 section 3: 600 at least */
	unsigned imap_connections;
	unsigned imap_per_network;
	unsigned imap_idle_s;		/* RFC 9051 section 5.4: 1800 or more */

	unsigned submission_port;	/* STARTTLS; 0: off */
	unsigned submissions_port;	/* TLS from the first byte */
	unsigned submission_connections;
	unsigned submission_per_network;
	unsigned submission_idle_s;
	bool identity;			/* replies go out as the address that
					   was written to, by themselves */
	const char *main_address;	/* the owner's own; "" for none but the
					   login */
	struct str senders[CONFIG_SENDERS_MAX];	/* of other domains */
	size_t sender_count;

	unsigned outbound_port;		/* of other servers: 25 */
	unsigned outbound_https_port;	/* of policies: 443 */
	unsigned outbound_connections;	/* at once, in all */
	unsigned outbound_per_domain;	/* at once */
	bool ipv6_first;
	const char *dns_servers[CONFIG_DNS_MAX];	/* none: resolv.conf */
	size_t dns_server_count;
	bool dns_trust_ad;
	const char *tls_roots;		/* path of a PEM bundle */

	void *strings;			/* private */
};

/*
 * Read a configuration. (libconfig has a function of its own by the name of
 * config_read.)
 *
 * config    is dropped first if it holds something; zeroed: empty
 * text      the whole file
 * file      its name, for messages
 * why       on failure one line for a person: "file:line: what, and what to
 *           do"
 *
 * Returns:  0; -EINVAL on a syntax error, an unknown key, a wrong type, a
 *           value out of range, or a key that must be there and is not.
 *           config is then as config_drop() leaves it.
 */
int config_parse(struct config *config, struct str text, const char *file,
	struct buf *why) __attribute__((warn_unused_result));

/* Safe on a zeroed struct and twice. */
void config_drop(struct config *config);

/* Print the reference of all keys from the table, as Markdown. */
void config_reference(FILE *out);

/*
 * Print a file that says what config says, for init: keys at their default
 * stand commented out.
 *
 * config    filled by hand or by config_parse(); borrowed
 */
void config_template(FILE *out, const struct config *config);

/* Fill config with the defaults of the table; nothing of it is owned. */
void config_default(struct config *config);

#endif
