/*
 * What the files of the IMAP service share; nobody else includes it.
 *
 * A mua is a mail user agent that is connected. serve_imap.c drives its
 * machine (talk/imap.h); a command is carried out by a function of its own
 * file, in steps: each does so much that nobody else has to wait, and says how
 * to go on.
 */
#ifndef APP_MUA_PART_H
#define APP_MUA_PART_H

#include "app/serve_imap.h"
#include "mail/summary.h"
#include "net/conn.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "talk/imap.h"
#include "talk/imap_reply.h"

#define MUA_IN_MAX 32768	/* bytes of input a session holds */
#define MUA_ROWS 512		/* entries of a mailbox a step looks at */
#define MUA_OCTETS 262144	/* of messages a step opens */
#define MUA_CODE_MAX 262144	/* bytes of a response code */
#define MUA_SERVICE "imap"	/* in the log */
#define MUA_LOST "The selected mailbox was deleted."
#define MUA_STOPPING "Shutting down; please come again."

struct mua;
struct mua_notify;

/* What a step says of its command. */
enum mua_go {
	MUA_DONE,	/* mua_end() was called */
	MUA_AGAIN,	/* call it again, when out has room, in a later turn */
	MUA_SETTLE	/* call it again after this turn's commit, whose
			   outcome is m->settled */
};

/* The mailbox that is selected, as the mail program knows it. */
struct mua_view {
	bool open;
	bool read_only;			/* EXAMINE */
	int64_t box;
	uint32_t uidvalidity;
	struct uids uids;		/* what it was told there is */
	uint32_t uidnext;		/* all below are in uids, or gone */
	uint64_t modseq;		/* new flags up to it were told */
	uint32_t changed_uid;		/* and of it up to this UID */
	uint64_t gone_modseq;		/* so were deletions up to it */
	bool gone_later;		/* it was told that some are yet to be
					   told (RFC 7162 section 3.2) */
	bool gone_told;			/* VANISHED was told, and not yet
					   up to which modseq */
	bool held;			/* NOTIFY holds back some of what the
					   store has */
	bool condstore;			/* it was told HIGHESTMODSEQ since
					   CONDSTORE is on */
	uint32_t recent;		/* UIDs from it on are \Recent here */
	struct keywords keywords;
	size_t keywords_told;
	uint64_t goal_modseq;		/* how far the command under way tells:
					   the rest comes with the next; 0:
					   it has told nothing yet */
	uint32_t goal_uidnext;
	uint64_t *own;			/* modseqs of changes it made itself and
					   need not be told of, ascending */
	size_t own_count;
	struct uids saved;		/* "$" (RFC 5182) */
};

/* One IMAP connection. */
struct mua {
	struct imap_service *service;
	struct conn conn;
	struct imap imap;
	struct era *era;
	struct peer peer;
	struct member member;
	uint32_t number;		/* in the log */
	enum {
		MUA_SHAKES,		/* hands */
		MUA_TALKS,		/* waits for input; IDLE too */
		MUA_DRAINS,		/* to go on when all is sent */
		MUA_LEADS,		/* the same, with the handshake */
		MUA_PACKS,		/* the same, compressed */
		MUA_PROVES,		/* judged at the gate */
		MUA_WORKS,		/* at a command, in the next turn */
		MUA_WAITS,		/* at a command, when out has room */
		MUA_SETTLES,		/* at a command, after the commit */
		MUA_PARTS		/* conn_finish() */
	} state;
	struct timer turn;		/* of MUA_WORKS */
	struct timer pulse;		/* of INPROGRESS */
	uint64_t progress;		/* of imap, as it was */
	bool secure_port;

	struct entry entry;		/* the owner's key from login on */
	struct message_reader *reader;
	int64_t stamp;			/* db_stamp() while a message is open
					   over turns; else INT64_MAX */
	struct list settling;
	struct list hearing;		/* of the service */
	int settled;			/* outcome of the commit */
	bool untold;			/* more news, when out has room */
	bool lost;			/* its mailbox is gone: BYE */
	bool calm;			/* it waits for a turn without changes
					   of others, not for a commit */
	bool ran_settled;		/* in this turn already */
	unsigned chain;			/* commands begun in this turn */
	uint32_t commands;		/* in all */
	struct mua_view view;
	struct mua_notify *notify;	/* NULL: it hears of the selected
					   mailbox, within commands */
	bool unasked;			/* the command under way is of NOTIFY */

	/* the command under way */
	enum mua_go (*step)(struct mua *m);
	void *job;			/* of the step; see mua_job() */
	void (*job_drop)(void *job);
	uint64_t work_done, work_total;	/* messages; for INPROGRESS (RFC 9585);
					   total 0: it is not told, so that
					   a reply may be left half-done */
	bool over;			/* its news are told, or it broke */
	bool broken;			/* see mua_break() */
	bool packs;			/* from its reply on */
	enum imap_end end;
	struct buf code;		/* of the tagged reply */
	const char *end_text;
};

/* ---- mua_session.c ---- */

/* Begin a session; fd given. */
void mua_join(struct imap_service *service, int fd, const struct peer *peer,
	struct network network, bool secure);

/* End it at once, with BYE and a word where that can be heard. */
void mua_evict(struct mua *m, const char *why);

/* The service stops: part, or after the command that is under way. */
void mua_stop(struct mua *m);

/* Go on after conn_pause(): let the machine run as far as it goes. */
void mua_resume(struct mua *m);

/* The turn has settled for which it waited. */
void mua_settled(struct mua *m);

/* Whether it may hear news now, being between commands or within IDLE. */
bool mua_hears(const struct mua *m);

/* Tell them. */
void mua_news(struct mua *m);

/* ---- mua_work.c ---- */

/* IMAP_DO: begin the command; true when it is answered already. */
bool mua_begin(struct mua *m);

/* Go on with it; true when it is answered. */
bool mua_work(struct mua *m);

/* Forget the command under way, whatever its state. */
void mua_work_drop(struct mua *m);

/* Whether changes are open that a commit may still lose. */
bool mua_unsettled(const struct mua *m);

/*
 * End the command: the reply is given after the news.
 *
 * text      a sentence, static
 *
 * Returns:  MUA_DONE.
 */
enum mua_go mua_end(struct mua *m, enum imap_end end, const char *text);

/* The same with a response code, such as "TRYCREATE"; format as printf(). */
enum mua_go mua_end_code(struct mua *m, enum imap_end end, const char *text,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * End it for an error of the store: NO with the code that RFC 5530 has for it
 * (OVERQUOTA, CORRUPTION, SERVERBUG ...) and a sentence.
 */
enum mua_go mua_end_errno(struct mua *m, int err);

/*
 * A reply cannot be finished, being half-sent: the connection is closed
 * without another word, which would be taken for a part of it. Returns:
 * MUA_DONE.
 */
enum mua_go mua_break(struct mua *m);

/*
 * Zeroed memory that lives until the command ends; a second one takes the
 * place of the first.
 *
 * drop      frees what it holds, then free() is called; NULL: nothing
 */
void *mua_job(struct mua *m, size_t size, void (*drop)(void *job));

/* Whether out has so much in it that the step should return. */
bool mua_full(const struct mua *m);

/* ---- mua_login.c ---- */

/* Judge imap.user and imap.secret; true when the answer is there already. */
bool mua_login(struct mua *m);

/* Stop whatever login is under way, and lock what it unlocked. */
void mua_lock(struct mua *m);

/* ---- mua_view.c ---- */

/* Load a mailbox as it is; news go on from there. */
int view_open(struct mua *m, int64_t box, bool read_only)
	__attribute__((warn_unused_result));
void view_close(struct mua *m);

/*
 * Tell what has changed since the last time: EXPUNGE or VANISHED (when
 * expunges is true), EXISTS and RECENT, FLAGS, FETCH. Within a command, what
 * had changed when it was first called.
 *
 * Returns:  true when there is more to tell, once out has room.
 */
bool view_tell(struct mua *m, bool expunges);

/* Say up to where all is told, when that is not plain (RFC 7162 sections 3.1
   and 3.2). */
void view_tell_modseq(struct mua *m);

/* What box_flags() did with this modseq is known to the mail program. */
void view_own(struct mua *m, uint64_t modseq);

/*
 * What a set means, as UIDs of the view.
 *
 * out       an empty set
 *
 * Returns:  false when a sequence number is none (BAD, RFC 9051 section 9).
 */
bool view_set(const struct mua *m, const struct imap_set *set, bool uid,
	struct uids *out);

/* Add the ranges of a set to out; star: what '*' means, 0 for nothing. */
void view_ranges(const struct imap_set *set, uint32_t star, struct uids *out);

/* Begin "* 7 FETCH (", or "* 4711 UIDFETCH (" with UIDONLY (RFC 9586); the
   caller ends it with ")" and CRLF. */
void view_put_fetch(struct mua *m, uint32_t uid);

/*
 * A whole FETCH reply of FLAGS, with UID when uid or QRESYNC wants it, and
 * MODSEQ when CONDSTORE is on.
 */
void view_put_flags(struct mua *m, const struct box_entry *entry, bool uid);

/* "FLAGS (\Seen)" of an entry, as an item of a FETCH reply. */
void view_put_flag_item(struct mua *m, const struct box_entry *entry);

/* Whether it is \Recent here. */
bool view_recent(const struct mua *m, uint32_t uid);

/* Whether MODSEQ is told with FLAGS (CONDSTORE, RFC 7162 section 3.1). */
bool view_condstore(const struct mua *m);

/* Have the names of all keywords among some flags. */
int view_know_keywords(struct mua *m, uint64_t flags)
	__attribute__((warn_unused_result));

/* "* OK [HIGHESTMODSEQ 4711]": up to it all was told. */
void view_put_modseq(struct mua *m, uint64_t modseq);

/* "* FLAGS ..." and "* OK [PERMANENTFLAGS ...]". */
void view_put_keywords(struct mua *m);

/*
 * Add runs of a set to the replies as "name 4:7,9", ended by CRLF, as many as
 * a line should have, and take them out of it.
 *
 * told      gets them, being empty; may be NULL
 */
void view_put_runs(struct mua *m, const char *name, struct uids *set,
	struct uids *told);

/* ---- mua_notify.c ---- */

/* Forget what was wished; safe twice. */
void notify_drop(struct mua *m);

/* Whether it hears of the selected mailbox, and of all there, so that a modseq
   in a reply may promise that all up to it is told. */
bool notify_hears(const struct mua *m);
bool notify_hears_all(const struct mua *m);

/* Whether the command under way has removed messages of the selected mailbox,
   or made some there: it is told of that, whatever it wished. */
bool notify_removed(const struct mua *m);
bool notify_made(const struct mua *m);

/* A command begins: it has not. */
void notify_began(struct mua *m);

/*
 * Note what a step of a command makes in the selected mailbox: call the one
 * before it, the other after it.
 *
 * Returns:  the UID to be given to notify_after().
 */
uint32_t notify_before(const struct mua *m);
void notify_after(struct mua *m, uint32_t uid);

/* A mailbox was selected. */
void notify_selected(struct mua *m);

/*
 * Tell news between commands, or within IDLE.
 *
 * fetch     a FETCH that nobody asked for is to be carried out: mua_begin(),
 *           then notify_fetched()
 *
 * Returns:  true when there is more to tell, once out has room.
 */
bool notify_tell(struct mua *m, bool *fetch);
void notify_fetched(struct mua *m);

/* The mailboxes may have changed since somebody looked. */
void notify_look_again(struct imap_service *service);

/* An annotation of a mailbox (0: of the server) was set. */
void notify_annotated(struct mua *m, int64_t box, struct str name);

/* ---- mua_recent.c ---- */

/* At the start nothing is \Recent of what is there. */
void recent_open(struct imap_service *service);
void recent_drop(struct imap_service *service);

/* UIDs of a mailbox from it on were not yet given to anybody as \Recent. */
uint32_t recent_first(const struct imap_service *service, int64_t box);

/* UIDs below next were. */
void recent_given(struct imap_service *service, int64_t box, uint32_t next);

/* ---- mua_flags.c ---- */

/*
 * Flags of a command as the bits of a mailbox.
 *
 * make      give new keywords a number, within the open transaction; else
 *           those that are not there are left out
 *
 * Returns:  0; -EDQUOT: no room for another keyword: NO [LIMIT].
 */
int mua_flag_bits(struct mua *m, int64_t box, const struct imap_flags *flags,
	bool make, uint64_t *bits) __attribute__((warn_unused_result));

/*
 * Flags of one mailbox as those of another, keywords made there, within the
 * open transaction.
 *
 * from      of the mailbox they are of
 */
int mua_flags_move(struct mua *m, const struct keywords *from, int64_t to,
	uint64_t flags, uint64_t *moved) __attribute__((warn_unused_result));

/* ---- the commands: the first step of each, by its file ---- */

enum mua_go mua_select(struct mua *m);	/* mua_select.c: SELECT, EXAMINE */
enum mua_go mua_close(struct mua *m);	/* CLOSE, UNSELECT */
enum mua_go mua_fetch(struct mua *m);	/* mua_fetch.c */
enum mua_go mua_search(struct mua *m);	/* mua_search.c */
enum mua_go mua_sort(struct mua *m);	/* mua_sort.c: SORT, THREAD */
enum mua_go mua_store(struct mua *m);	/* mua_store.c */
enum mua_go mua_copy(struct mua *m);	/* mua_copy.c: COPY, MOVE */
enum mua_go mua_expunge(struct mua *m);	/* mua_expunge.c: also within CLOSE */
enum mua_go mua_list(struct mua *m);	/* mua_list.c: LIST, LSUB */
enum mua_go mua_namespace(struct mua *m);
enum mua_go mua_status(struct mua *m);	/* mua_status.c */
enum mua_go mua_create(struct mua *m);	/* mua_mailbox.c */
enum mua_go mua_delete(struct mua *m);
enum mua_go mua_rename(struct mua *m);
enum mua_go mua_subscribe(struct mua *m);	/* both */
enum mua_go mua_quota(struct mua *m);	/* mua_quota.c: all three */
enum mua_go mua_notify(struct mua *m);	/* mua_notify.c */
enum mua_go mua_get_metadata(struct mua *m);	/* mua_metadata.c */
enum mua_go mua_set_metadata(struct mua *m);
enum mua_go mua_append(struct mua *m);	/* mua_append.c: APPEND and REPLACE,
					   when all texts are there */

/* ---- mua_status.c ---- */

/* "* STATUS name (...)" for STATUS and LIST-STATUS. Returns: 0 or why not. */
int mua_put_status(struct mua *m, struct str name, int64_t box, unsigned items)
	__attribute__((warn_unused_result));

/* ---- mua_append.c ---- */

/*
 * IMAP_TAKE, IMAP_TEXT, IMAP_TEXT_END and IMAP_FORGET. What was given stays
 * with the command's job until mua_append().
 */
void mua_append_take(struct mua *m);
void mua_append_text(struct mua *m);
void mua_append_text_end(struct mua *m);
void mua_append_forget(struct mua *m);

#endif
