/* What the parts of the sending SMTP machine say to each other. */
#ifndef TALK_SMTP_CLIENT_PART_H
#define TALK_SMTP_CLIENT_PART_H

#include "talk/smtp_client.h"

/* Add a command that needs no argument of a stranger's. */
void client_say(struct smtp_client *c, const char *command);

/* Decide an outcome by the reply that came. */
void client_judge(const struct smtp_client *c, struct smtp_outcome *outcome,
	enum smtp_fate fate);

/* Decide an outcome ourselves: the server has said nothing. */
void client_judge_alone(struct smtp_outcome *outcome, enum smtp_fate fate,
	unsigned subject, unsigned detail, const char *why);

/* 4yz is temporary, 5yz permanent; others are not asked for here. */
enum smtp_fate client_fate(unsigned code);

/*
 * End the session: c->session is decided, and whatever recipient was not is
 * decided like it.
 */
void client_session_end(struct smtp_client *c,
	enum smtp_client_trouble trouble);

/* The same, saying QUIT: the server waits for a command. */
void client_give_up(struct smtp_client *c, enum smtp_client_trouble trouble);

/* As client_give_up(), by the reply that came. */
void client_give_up_by_reply(struct smtp_client *c,
	enum smtp_client_trouble trouble, enum smtp_fate fate);

/* End the session, because a reply has no place where it came. */
void client_nonsense(struct smtp_client *c, const char *why);

/* Read a reply; false when there is no whole one or the session is over. */
bool client_hear(struct smtp_client *c, struct str *in);

/* The letter's outcomes are decided; a transaction may be left open. */
void client_letter_done(struct smtp_client *c, bool dirty);

/* Decide all that were well received and are not yet decided. */
void client_judge_taken(struct smtp_client *c, enum smtp_fate fate);

/* RSET was answered well, or not needed. */
void client_envelope_begin(struct smtp_client *c);

/* Tell what may be told now; false when the server has to speak first. */
bool client_envelope_tell(struct smtp_client *c);

/* A reply came that belongs to the envelope. */
void client_envelope_heard(struct smtp_client *c);

/*
 * Go on with the text or its chunks; false when nothing can be done but what
 * c->body_asked says, or waiting.
 */
bool client_text_go_on(struct smtp_client *c, struct str *in);

/* The reply to the end of the text came. */
void client_end_heard(struct smtp_client *c);

/* Say EHLO or HELO. */
void client_hello(struct smtp_client *c, bool extended);

/* A reply came to what the name says; in is what stands behind it. */
void client_greeting_heard(struct smtp_client *c);
void client_ehlo_heard(struct smtp_client *c);
void client_helo_heard(struct smtp_client *c);
void client_starttls_heard(struct smtp_client *c, const struct str *in);
void client_auth_heard(struct smtp_client *c);

#endif
