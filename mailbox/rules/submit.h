/* What becomes of the header of a letter that its owner submits. */
#ifndef RULES_SUBMIT_H
#define RULES_SUBMIT_H

#include "rules/recipient.h"

#define SUBMIT_HEAD_MAX (256 << 10)	/* octets of a header that is taken */
#define SUBMIT_OUT_MAX (2 * SUBMIT_HEAD_MAX)	/* of what we make of it */
#define SUBMIT_IDS_MAX 64	/* references that are worth a look-up */
#define SUBMIT_ID_MAX 890	/* octets of a message-id that is kept */

/* A letter of ours whose Message-ID went out as another one. */
struct submit_sent {
	struct str old_id, new_id;
};

/* What is true of the box and of this letter; all of it borrowed. */
struct submit_policy {
	const struct domains *domains;	/* ours */
	struct str main_address;	/* the owner's own: never shown under
					   another name; empty for none */
	struct str mailbox;		/* the login: this local part at each
					   domain is a main address too; empty
					   for none */
	const struct str *listed;	/* senders of other domains that are
					   the owner's: "me@a.example", or
					   "@a.example" for all of a domain */
	size_t listed_count;
	struct str identity;		/* the address the letter that is
					   replied to came to; empty for none
					   or when the key is off */
	bool identify;			/* the key is on: what replies, from the
					   main address and without a tag, goes
					   out with an identity or not at all */
	const struct submit_sent *sent;	/* of the letters it refers to */
	size_t sent_count;
	struct str helo;		/* what the client calls itself */
	struct str client_ip;		/* "192.0.2.1"; empty if not known */
	struct str secret;		/* of the box, the same for ever:
					   private message-ids map by it */
	struct str id;			/* fresh, of letters and digits: for a
					   Message-ID of ours */
	int64_t now;			/* unix s */
	bool smtputf8;			/* the client said SMTPUTF8 */
	bool outside;			/* somebody else gets it: To and Cc may
					   not show the main address beside
					   another in From */
};

enum submit_by { SUBMIT_BY_FROM, SUBMIT_BY_TAG, SUBMIT_BY_IDENTITY };

/* What is made of it. submit_init() first, submit_drop() at the end. */
struct submit {
	struct buf head;	/* the new header, its empty line included */
	struct buf sender;	/* the new reverse-path; empty for <> */
	struct buf chosen;	/* the address in From: for the log */
	enum submit_by by;	/* what chose it */
	struct buf old_id;	/* the Message-ID as it came, without brackets;
				   empty if there was none */
	struct buf new_id;	/* as it goes out; the same if it was kept */
	unsigned dropped;	/* fields changed or left out because they
				   named another address of ours: for the log */
	bool smtputf8;		/* it can go to SMTPUTF8 servers only */
	const char *refusal;	/* of SUBMIT_REFUSED: a whole reply, static */
};

void submit_init(struct submit *result);
void submit_drop(struct submit *result);

/*
 * Where the header of a message ends.
 *
 * text      the message from its first byte on, as much as there is
 *
 * Returns:  the length of the header with its empty line, or STR_NONE when
 *           that is not there yet: a message that ends so is all header.
 */
size_t submit_head_end(struct str text);

enum submit_verdict { SUBMIT_OK, SUBMIT_REFUSED };

/*
 * Rewrite the header of a submitted letter so that it shows the one address
 * its owner chose (by a sendas tag in the Subject, by what it replies to, or
 * by From) and no other of theirs outside of To and Cc, nor the client's name
 * and address; or say why not. The output of SUBMIT_OK put in again, without
 * an identity, changes no more.
 *
 * Kept as they are: To, Cc, Content-*, List-* (RFC 2369), User-Agent and
 * X-Mailer, and fields that are not known and name no address of ours.
 * Left out: Bcc, Resent-*, and what tells of the client and its way here.
 * Added: Date and Message-ID where they are missing, or are of no use. A
 * Message-ID that names a private host, or the owner, is mapped to one of ours,
 * the same each time. A message-id that is referred to becomes what it went out
 * as (policy->sent); another stays, even one that looks private, as it holds
 * the correspondent's thread, unless it tells of the owner or the client.
 *
 * In a reply a tag stands first in the Subject. Refused are, besides, a reply
 * whose identity is not known (policy->identify), a Subject of the main address
 * in a charset that word_decode() does not read, as a tag could hide there, and
 * a receipt (RFC 8098) from another address than it was asked of: its body
 * names that.
 *
 * Limits:   MIME boundaries stay: some programs make them from the time, or
 *           from their own name. The body is not looked at.
 *
 * head      the header, with or without its empty line; CRLF, no NUL
 * sender    the reverse-path without brackets; empty for <>, which stays
 * result    set up by submit_init()
 */
enum submit_verdict submit_rewrite(struct submit *result,
	const struct submit_policy *policy, struct str head,
	struct str sender);

/*
 * Whether a letter's address is to be found by what it replies to: it is from
 * the main address, has no tag, and does not say "as-is".
 */
bool submit_wants_identity(const struct submit_policy *policy,
	struct str head);

/*
 * Add what a message-id of ours would have gone out as, had it named a private
 * host: for the shell to look whether it did (policy.sent).
 *
 * id        without brackets
 * domain    of the address the letter was from: one of ours
 *
 * Returns:  false when such an id goes out as it is.
 */
bool submit_id_mapped(const struct submit_policy *policy, struct str id,
	struct str domain, struct buf *out);

/* Walks the message-ids that a letter replies to. */
struct submit_references {
	struct str replied;	/* what is left of In-Reply-To */
	struct str earlier;	/* and of References */
	unsigned count;
};

/* Begin to walk those of a header; kept. */
void submit_references_begin(struct submit_references *r, struct str head);

/*
 * The next message-id: those of In-Reply-To first, then those of References,
 * the latest first. The first one that came to an address of ours names the
 * identity.
 *
 * id        without brackets
 *
 * Returns:  false when there is no more; at the latest after SUBMIT_IDS_MAX.
 * Lives:    as long as the header.
 */
bool submit_references_next(struct submit_references *r, struct str *id);

#endif
