/* What the files of "check --outbound" share; nobody else includes it. */
#ifndef APP_CLI_OUTBOUND_H
#define APP_CLI_OUTBOUND_H

#include "app/cli.h"
#include "app/cli_look.h"
#include "app/cli_probe.h"

/* How well something is. */
enum grade {
	GRADE_GOOD,
	GRADE_NOTE,		/* letters go all the same */
	GRADE_BAD
};

struct outbound {
	struct cli *cli;
	bool json;
	struct loop loop;
	struct look look;
	struct tls_client *tls;		/* NULL: there are no roots */
	struct buf all;			/* host of the smart host for all; empty
					   without */
	char seen[PROBE_SEEN_MAX];	/* our address, as others see it */
	const char *seen_by;		/* domain whose server told; static */
	size_t lines;
	bool reached;			/* a server of another domain */
	bool failed;
};

struct finding {
	enum grade grade;
	const char *what;	/* "dns": at most 14 letters */
	const char *remedy;	/* what to do about it; NULL: nothing */
};

/* Print a line of the report. */
void outbound_say(struct outbound *o, struct finding f, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/*
 * Find an address of a host in the DNS, or of a literal.
 *
 * Returns:  false when there is none; look_why() tells.
 */
bool outbound_address(struct outbound *o, struct str host, unsigned port,
	struct dial_address *address);

/* cli_outbound_own.c */

/* Whether the DNS has what signs our letters. Returns: 0 or negative errno. */
int outbound_check_keys(struct outbound *o);

/* Whether the smart hosts let us in. Returns: 0 or negative errno. */
int outbound_check_routes(struct outbound *o);

/* Note the smart host for all, if there is one. */
int outbound_find_routes(struct outbound *o);

#endif
