/* A mail program that a test plays: it says lines and waits for replies. */
#ifndef TEST_MAIL_CLIENT_H
#define TEST_MAIL_CLIENT_H

#include "net/tls_client.h"

struct mail_client {
	int fd;
	struct tls_client *shared;
	struct tls *tls;	/* NULL in clear */
	char said[2048];	/* the latest reply, all its lines, as text */
};

/* Connect to a port of loopback; secure: with TLS from the first byte. */
void mail_client_open(struct mail_client *c, unsigned port, bool secure);

/* Turn to TLS; the server is ready for it. */
void mail_client_secure(struct mail_client *c);

/* Send text as it is; its line ends are CRLF. */
void mail_client_say(struct mail_client *c, struct str text);

/* The code of the next reply of SMTP; 0 when the server has closed. */
unsigned mail_client_hear(struct mail_client *c);

/* Both, for a command without its line end. */
unsigned mail_client_ask(struct mail_client *c, const char *command);

void mail_client_close(struct mail_client *c);

#endif
