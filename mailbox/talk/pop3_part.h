/* What the parts of the POP3 machine share; nobody else includes it. */
#ifndef TALK_POP3_PART_H
#define TALK_POP3_PART_H

#include "talk/pop3.h"

/* Add one line of ours, or lines with CRLF between them. */
void pop3_reply(struct pop3 *p, const char *text);

/* Refuse what a sound client does not send: -ERR, counted. */
void pop3_reply_bad(struct pop3 *p, const char *why);

/* Add +OK with the count and octets of the messages that are not marked. */
void pop3_reply_count(struct pop3 *p);

/* Forget all marks, and reckon count and octets anew. */
void pop3_unmark(struct pop3 *p);

/* Commands of the TRANSACTION state; arg without spaces at its end. */
void pop3_stat(struct pop3 *p, struct str arg);
void pop3_list(struct pop3 *p, struct str arg);
void pop3_uidl(struct pop3 *p, struct str arg);
void pop3_retr(struct pop3 *p, struct str arg);
void pop3_top(struct pop3 *p, struct str arg);
void pop3_dele(struct pop3 *p, struct str arg);
void pop3_rset(struct pop3 *p, struct str arg);

/*
 * Go on with a whole LIST or UIDL.
 *
 * Returns:  true at its end, lone dot included; false when p->out holds
 *           POP3_OUT_STOP bytes or more before that.
 */
bool pop3_list_go_on(struct pop3 *p);

#endif
