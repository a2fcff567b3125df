/* One look at a mail server: connect, greet, perhaps TLS and a login, QUIT. */
#ifndef APP_CLI_PROBE_H
#define APP_CLI_PROBE_H

#include "net/conn.h"
#include "net/dial.h"
#include "talk/smtp_client.h"

#define PROBE_WAIT_MS 20000	/* to connect, and for each answer */
#define PROBE_SEEN_MAX 48	/* bytes of an address as text, with its NUL */

struct probe_goal {
	struct dial_address address;
	struct str host;		/* its name, which TLS has to prove */
	struct smtp_client_setup setup;	/* CLEAR, ALWAYS or TLS_ON */
	struct tls_client *tls;		/* unless CLEAR */
};

enum probe_end {
	PROBE_FINE,		/* it would take a letter, as far as it says */
	PROBE_UNREACHED,	/* err says why */
	PROBE_UNPROVEN,		/* TLS failed, said tells */
	PROBE_UNWELCOME,	/* it wants nothing of us, said tells */
	PROBE_NO_LOGIN		/* the same of name and password */
};

struct probe_result {
	enum probe_end end;
	int err;
	char said[SMTP_CLIENT_SAID_MAX + 8];	/* code and text */
	char seen[PROBE_SEEN_MAX];	/* our address, if it tells; or "" */
};

/* Turn the loop until all is known. */
void probe_run(struct loop *loop, const struct probe_goal *goal,
	struct probe_result *result);

#endif
