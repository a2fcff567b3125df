/* What the files of the POP3 service share; nobody else includes it. */
#ifndef APP_SERVE_POP3_PART_H
#define APP_SERVE_POP3_PART_H

#include "app/serve_pop3.h"
#include "net/conn.h"
#include "store/message.h"
#include "talk/pop3.h"

#define SERVE_POP3_IN_MAX 16384	/* bytes of input a session holds: SASL's
				   longest line (talk/sasl.h) and a command */

/* One POP3 connection. */
struct client {
	struct pop3_service *service;
	struct conn conn;
	struct pop3 pop3;
	struct era *era;
	struct peer peer;
	struct member member;
	uint32_t number;	/* in the log */
	enum {
		CLIENT_SHAKES,	/* hands */
		CLIENT_TALKS,
		CLIENT_DRAINS,	/* to go on when all replies are sent */
		CLIENT_LEADS,	/* the same, with the handshake */
		CLIENT_PROVES,	/* judged at the gate */
		CLIENT_ENTERS,	/* let in when this turn settles */
		CLIENT_LEAVES,	/* its deletions are being committed */
		CLIENT_PARTS	/* conn_finish() */
	} state;
	uint64_t progress;	/* of pop3, as it was */
	bool secure_port;	/* TLS from the first byte */

	struct entry entry;	/* the owner's key from CLIENT_ENTERS on */

	struct list settling;
	uint64_t *messages;	/* of pop3.items, in their order */
	int64_t stamp;		/* db_stamp() at login */
	struct message_reader *reader;
	bool reading;		/* a message is open */
};

/* serve_pop3.c */

/* Let the machine run as far as it goes. */
void client_go(struct client *c);

/* serve_pop3_login.c */

/* Judge pop3.user and pop3.secret; true when the answer is there already. */
bool client_login(struct client *c);

/* Let in who proved to be the owner, with the box as it is now. */
void client_enter(struct client *c);

/* Stop whatever login is under way, and lock what it unlocked. */
void client_lock(struct client *c);

#endif
