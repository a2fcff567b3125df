/* What the keeper's files share; nobody else includes it. */
#ifndef APP_KEEPER_PART_H
#define APP_KEEPER_PART_H

#include "app/era.h"
#include "app/gate.h"
#include "app/keeper.h"
#include "app/orders.h"
#include "app/post.h"
#include "app/role.h"
#include "app/serve_imap.h"
#include "app/serve_pop3.h"
#include "app/serve_submit.h"
#include "net/wire.h"
#include "store/message.h"

#define KEEPER_LETTERS_MAX 10000	/* open at once; as many as intake may
					   have sessions (smtp.connections) */
#define KEEPER_ANSWERS_MAX 1024		/* held back; no more is read then */

/* A letter that is on its way in. */
struct letter {
	struct list link;
	uint32_t session;		/* of intake */
	struct message_writer *writer;	/* NULL: dropped, all are muted */
	struct buf recipients;		/* canonical, each ended by NUL */
	bool muted[SMTP_RECIPIENTS_MAX];
	struct buf ids;			/* Message-IDs, each ended by NUL */
	unsigned id_count;
	uint64_t size;
};

/* What intake is told, now or after the commit. */
struct answer {
	uint32_t kind;
	uint32_t session;
	enum smtp_verdict verdict;
	bool promise;		/* SMTP_ACCEPT only if the commit succeeds */
};

struct keeper {
	struct loop *loop;
	struct orders orders;
	struct era *era;
	bool renewed;		/* sessions of an older era may be there */
	struct db *db;
	struct gate gate;	/* of all services */
	struct pop3_service pop3;
	struct imap_service imap;
	struct submit_service submit;
	struct post *post;

	struct watch wire;	/* to intake */
	bool wire_up;
	struct buf room;
	struct list letters;
	size_t letter_count;
	struct answer answers[KEEPER_ANSWERS_MAX];
	size_t answer_count;

	struct settle settle;
	struct timer rest;	/* housekeeping, when it is quiet */
	int64_t busy_ms;	/* since when housekeeping is due; 0: not */

	bool stopping;
	struct timer end;
};

/*
 * Answer intake: at once when there is no promise in it and the wire has
 * room, else when this turn settles.
 */
void keeper_answer(struct keeper *k, const struct answer *answer);

/* keeper_letter.c; each answers */

/* WIRE_RCPT: is this address open? */
void letter_judge(struct keeper *k, const struct wire_mail *mail);

/* WIRE_LETTER: the first, the next or the last piece. */
void letter_take(struct keeper *k, const struct wire_mail *mail);

/* WIRE_ABORT; a letter that is not there is none to forget. */
void letter_abort(struct keeper *k, uint32_t session);

/* The wire is gone, and with it all that was open. */
void letter_abort_all(struct keeper *k);

#endif
