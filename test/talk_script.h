/*
 * The transcript dialect of test/talk, one line after the other.
 *
 * A script is a conversation with the program, and what becomes of the world
 * meanwhile. The same file is played against the pure machines (talk_pure)
 * and against the real binary (live/test_talk.py). `#` begins a comment at
 * the start of any line, and behind a space in the lines that are neither
 * C, S nor M.
 *
 *   pop3, pop3 tls      begin a session; the one before is cut off without
 *   smtp, smtp tls      a word. tls: the connection is secure at once; for
 *                       smtp this means that EHLO, STARTTLS and the handshake
 *                       are done, so there is no greeting to come
 *   submission          begin a session on the port where the owner submits,
 *   submission tls      in clear, or (RFC 8314) within TLS from the start
 *
 *   C: text             the client sends text and CRLF
 *   C~ "raw" [* N]      the client sends raw (N times over); \r \n \t \0 \\
 *                       \" and \xNN stand for bytes
 *   S: text             the next line of the server begins with text
 *   S= text             ... is text
 *   S~ text             lines pass until one that begins with text
 *   M: M= M~            the same for the lines of the message stored last
 *   closed              the server has nothing more to say and has closed
 *   starttls            the server waits for TLS, which is now begun
 *
 *   mail N [SIZE]       N more canned messages (of SIZE octets each) are in
 *                       the mailbox; see talk_canned()
 *   kept [N...]         exactly these are left, counted as they came in
 *   deleted N...        these are gone
 *   stored N            N messages were stored by the smtp sessions so far
 *   store fails         from now on nothing can be read, written, deleted
 *   store full          nothing can be written or deleted
 *   store works         all is well again
 *   login busy          every login meets too many failures of late
 *   login right         the password is looked at again
 *   refuse ADDR         the owner closed an address
 *   mute ADDR           what comes to it is dropped
 *   wait N[s|m]         so much time passes
 *   size N              from the next session on, no message is larger
 *   own-senders         from the next session on, MAIL FROM of our domains
 *                       is taken
 *   subdomains          from the next session on, names below our domains
 *                       are ours
 *
 * The domains are example.test and second.example; we are mx.example.test;
 * the login is mailbox@example.test, the password `right`. A line S: that
 * depends on the client's address cannot be played live: it is 192.0.2.1 in
 * one and 127.0.0.1 in the other.
 */
#ifndef TEST_TALK_SCRIPT_H
#define TEST_TALK_SCRIPT_H

#include "base/buf.h"

#define TALK_LINES_MAX 1000	/* of a script */
#define TALK_NUMBERS_MAX 16	/* behind kept and deleted */

enum talk_word {
	TALK_POP3, TALK_SMTP, TALK_SUBMISSION,
	TALK_CLIENT, TALK_SERVER, TALK_MESSAGE, TALK_CLOSED, TALK_STARTTLS,
	TALK_MAIL, TALK_KEPT, TALK_DELETED, TALK_STORED, TALK_STORE,
	TALK_LOGIN, TALK_REFUSE, TALK_MUTE, TALK_WAIT, TALK_SIZE,
	TALK_OWN_SENDERS, TALK_SUBDOMAINS
};

struct talk_line {
	unsigned at;			/* line in the file, from one */
	enum talk_word word;
	char how;			/* ':', '=' or '~' */
	bool tls;
	struct buf text;		/* bytes of C; what S, M wait for;
					   the argument of other words */
	uint64_t numbers[TALK_NUMBERS_MAX];
	size_t count;
};

/* Zeroed plus talk_read(); end with talk_drop(). */
struct talk_script {
	struct talk_line *lines;
	size_t count;
};

/*
 * Read a script.
 *
 * Returns:  false with *at set to the line that cannot be read and *why to
 *           static text.
 */
bool talk_read(struct talk_script *script, struct str text, unsigned *at,
	const char **why);

void talk_drop(struct talk_script *script);

/* Add the canned message of a number; size 0 for its own 178 octets or so. */
void talk_canned(struct buf *out, uint64_t number, uint64_t size);

#endif
