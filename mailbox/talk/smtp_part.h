/* What the files of the SMTP machine share, and nobody else includes. */
#ifndef TALK_SMTP_PART_H
#define TALK_SMTP_PART_H

#include "talk/smtp.h"

/* RFC 3207 section 4 */
#define SMTP_NEEDS_TLS "530 5.7.0 Say STARTTLS first"

/* Add one reply line; reply is static, without its line end. */
void smtp_say(struct smtp *s, const char *reply);

/* The same for a command that was carried out: progress grows. */
void smtp_good(struct smtp *s, const char *reply);

/*
 * Refuse something. A 5yz counts as an error, and one too many of them gets
 * 421 instead and ends the session.
 *
 * reply     static; with smtp_fault_because() the codes only, and why the
 *           static sentence behind them
 */
void smtp_fault(struct smtp *s, const char *reply);
void smtp_fault_because(struct smtp *s, const char *codes, const char *why);

/* Say a last reply, forget the message, and be over. */
void smtp_end(struct smtp *s, const char *reply);

/*
 * Forget the mail transaction, as RSET does (RFC 5321 section 4.1.1.5);
 * SMTP_ABORT is asked when the shell holds its message.
 */
void smtp_forget(struct smtp *s);

/* Take note of an answer; false when the session was closed meanwhile. */
bool smtp_answered(struct smtp *s, enum smtp_ask ask);

/* The commands, each with what stands behind its verb (smtp_mail.c). */
void smtp_mail(struct smtp *s, struct str args);
void smtp_rcpt(struct smtp *s, struct str args);

/* AUTH, a line behind it, and one that was too long (smtp_auth.c). */
void smtp_auth(struct smtp *s, struct str args);
void smtp_auth_line(struct smtp *s, struct str line);
void smtp_auth_long(struct smtp *s);

/* The commands that bring text (smtp_text.c). */
void smtp_data(struct smtp *s, struct str args);
void smtp_bdat(struct smtp *s, struct str args);

/*
 * Go on with the text of a message, in the three states it can be in.
 *
 * Returns:  false when all of *in is used up and more is needed.
 */
bool smtp_text_take(struct smtp *s, struct str *in);
bool smtp_chunk_take(struct smtp *s, struct str *in);
bool smtp_text_end(struct smtp *s);

#endif
