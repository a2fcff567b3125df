/*
 * A command of IMAP as a tree (RFC 3501, RFC 9051, and the extensions that
 * docs/rfc.md lists).
 */
#ifndef TALK_IMAP_COMMAND_H
#define TALK_IMAP_COMMAND_H

#include "base/arena.h"
#include "mail/uids.h"

enum imap_verb {
	/* answered by talk/imap.c alone */
	IMAP_CAPABILITY, IMAP_LOGOUT, IMAP_STARTTLS, IMAP_LOGIN,
	IMAP_AUTHENTICATE, IMAP_ID, IMAP_ENABLE,

	/* for the shell; authenticated */
	IMAP_NOOP, IMAP_SELECT, IMAP_EXAMINE, IMAP_CREATE, IMAP_DELETE,
	IMAP_RENAME, IMAP_SUBSCRIBE, IMAP_UNSUBSCRIBE, IMAP_LIST, IMAP_LSUB,
	IMAP_NAMESPACE, IMAP_STATUS, IMAP_APPEND, IMAP_IDLE, IMAP_COMPRESS,
	IMAP_GETQUOTA, IMAP_GETQUOTAROOT, IMAP_SETQUOTA, IMAP_GETMETADATA,
	IMAP_SETMETADATA, IMAP_NOTIFY,

	/* for the shell; selected */
	IMAP_CHECK, IMAP_CLOSE, IMAP_UNSELECT, IMAP_EXPUNGE, IMAP_SEARCH,
	IMAP_SORT, IMAP_THREAD, IMAP_FETCH, IMAP_STORE, IMAP_COPY, IMAP_MOVE,
	IMAP_REPLACE,

	IMAP_VERBS
};

/* System flags, the bits of enum box_flag (store/box.h). */
enum imap_flag {
	IMAP_SEEN = 1, IMAP_ANSWERED = 2, IMAP_FLAGGED = 4, IMAP_DELETED = 8,
	IMAP_DRAFT = 16
};

#define IMAP_KEYWORD_MAX 250	/* octets of one */
#define IMAP_STAR UINT32_MAX	/* '*' in a set */

/* A sequence-set as it was written; '*' is not resolved yet. */
struct imap_set {
	struct imap_range {
		uint32_t first, last;	/* in any order */
	} *ranges;	/* ascending by the lesser of both */
	size_t count;
	bool saved;	/* "$" (SEARCHRES, RFC 5182) */
};

struct imap_flags {
	unsigned system;	/* enum imap_flag; \Recent is passed over */
	struct str *keywords;
	size_t keyword_count;
};

/* ---- FETCH ---- */

enum imap_item_kind {
	IMAP_ITEM_UID, IMAP_ITEM_FLAGS, IMAP_ITEM_INTERNALDATE,
	IMAP_ITEM_SIZE, IMAP_ITEM_MODSEQ, IMAP_ITEM_ENVELOPE,
	IMAP_ITEM_BODY,			/* without section */
	IMAP_ITEM_BODYSTRUCTURE,
	IMAP_ITEM_SECTION,		/* BODY[...] and BODY.PEEK[...] */
	IMAP_ITEM_BINARY, IMAP_ITEM_BINARY_SIZE,
	IMAP_ITEM_RFC822, IMAP_ITEM_RFC822_HEADER, IMAP_ITEM_RFC822_TEXT,
	IMAP_ITEM_EMAILID, IMAP_ITEM_THREADID, IMAP_ITEM_SAVEDATE,
	IMAP_ITEM_PREVIEW
};

enum imap_section {
	IMAP_SECTION_ALL,	/* of the part, or of the whole message */
	IMAP_SECTION_HEADER, IMAP_SECTION_FIELDS, IMAP_SECTION_FIELDS_NOT,
	IMAP_SECTION_TEXT, IMAP_SECTION_MIME
};

struct imap_item {
	enum imap_item_kind kind;
	bool peek;		/* does not set \Seen */
	bool lazy;		/* PREVIEW (LAZY) */
	enum imap_section section;
	uint32_t *number;	/* of the part */
	size_t depth;		/* how many numbers */
	struct str *fields;	/* names of HEADER.FIELDS */
	size_t field_count;
	bool partial;
	uint64_t from, len;	/* of the partial */
	struct str text;	/* the section as it was written, "" for none,
				   without brackets: to be said again */
};

struct imap_fetch {
	struct imap_item *items;	/* macros taken apart */
	size_t count;
	bool since;			/* CHANGEDSINCE */
	uint64_t changed_since;
	bool vanished;
	bool partial;			/* RFC 9394 is not offered: false */
};

/* ---- STORE ---- */

struct imap_store {
	enum { IMAP_FLAGS_SET, IMAP_FLAGS_ADD, IMAP_FLAGS_REMOVE } how;
	bool silent;
	bool conditional;		/* UNCHANGEDSINCE */
	uint64_t unchanged_since;
	struct imap_flags flags;
};

/* ---- SEARCH, SORT, THREAD ---- */

enum imap_key {
	IMAP_KEY_AND,		/* children */
	IMAP_KEY_OR,		/* two children */
	IMAP_KEY_NOT,		/* one child */
	IMAP_KEY_ALL, IMAP_KEY_SET, IMAP_KEY_UID,
	IMAP_KEY_FLAG,		/* flag is set: SEEN, KEYWORD x ... */
	IMAP_KEY_UNFLAG,	/* it is not */
	IMAP_KEY_NEW, IMAP_KEY_OLD, IMAP_KEY_RECENT,
	IMAP_KEY_BEFORE, IMAP_KEY_ON, IMAP_KEY_SINCE,
	IMAP_KEY_SENTBEFORE, IMAP_KEY_SENTON, IMAP_KEY_SENTSINCE,
	IMAP_KEY_SAVEDBEFORE, IMAP_KEY_SAVEDON, IMAP_KEY_SAVEDSINCE,
	IMAP_KEY_SAVEDATESUPPORTED,
	IMAP_KEY_OLDER, IMAP_KEY_YOUNGER,
	IMAP_KEY_LARGER, IMAP_KEY_SMALLER, IMAP_KEY_MODSEQ,
	IMAP_KEY_BCC, IMAP_KEY_CC, IMAP_KEY_FROM, IMAP_KEY_SUBJECT,
	IMAP_KEY_TO, IMAP_KEY_HEADER, IMAP_KEY_BODY, IMAP_KEY_TEXT,
	IMAP_KEY_EMAILID, IMAP_KEY_THREADID
};

/* A node of the search; children are linked by next. */
struct imap_search_key {
	enum imap_key key;
	struct imap_search_key *child, *next;
	struct imap_set set;		/* SET, UID */
	unsigned flag;			/* enum imap_flag; 0: keyword */
	struct str keyword;
	int32_t day;			/* days since 1970-01-01 */
	uint64_t number;		/* sizes, seconds, MODSEQ */
	struct str name;		/* of HEADER */
	struct str text;		/* octets in the charset */
};

enum imap_return {
	IMAP_RETURN_MIN = 1, IMAP_RETURN_MAX = 2, IMAP_RETURN_ALL = 4,
	IMAP_RETURN_COUNT = 8, IMAP_RETURN_SAVE = 16
};

enum imap_sort_key {
	IMAP_SORT_ARRIVAL, IMAP_SORT_CC, IMAP_SORT_DATE, IMAP_SORT_FROM,
	IMAP_SORT_SIZE, IMAP_SORT_SUBJECT, IMAP_SORT_TO
};

#define IMAP_SORT_KEYS 16	/* of one SORT */

struct imap_search {
	struct imap_search_key *top;
	bool extended;		/* RETURN was there: answer with ESEARCH */
	unsigned returns;	/* enum imap_return */
	struct str charset;	/* empty: none was named */
	struct { enum imap_sort_key key; bool reverse; } sort[IMAP_SORT_KEYS];
	size_t sort_count;
	bool references;	/* THREAD=REFERENCES, else ORDEREDSUBJECT */
};

/* ---- LIST, STATUS ---- */

enum imap_status {
	IMAP_STATUS_MESSAGES = 1, IMAP_STATUS_RECENT = 2,
	IMAP_STATUS_UIDNEXT = 4, IMAP_STATUS_UIDVALIDITY = 8,
	IMAP_STATUS_UNSEEN = 16, IMAP_STATUS_HIGHESTMODSEQ = 32,
	IMAP_STATUS_SIZE = 64, IMAP_STATUS_DELETED = 128,
	IMAP_STATUS_APPENDLIMIT = 256, IMAP_STATUS_MAILBOXID = 512,
	IMAP_STATUS_DELETED_STORAGE = 1024
};

enum imap_list_option {
	IMAP_SELECT_SUBSCRIBED = 1, IMAP_SELECT_REMOTE = 2,
	IMAP_SELECT_RECURSIVE = 4, IMAP_SELECT_SPECIAL_USE = 8,
	IMAP_RETURN_SUBSCRIBED = 16, IMAP_RETURN_CHILDREN = 32,
	IMAP_RETURN_SPECIAL_USE = 64, IMAP_RETURN_STATUS = 128
};

struct imap_list {
	bool extended;		/* options or several patterns were there */
	unsigned options;	/* enum imap_list_option */
	unsigned status;	/* enum imap_status */
	struct str reference;	/* UTF-8, as the patterns */
	struct str *patterns;
	size_t count;
};

/* ---- SELECT ---- */

struct imap_select {
	bool condstore;
	bool qresync;
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_known;
	struct imap_set known;		/* UIDs */
	struct imap_set match_seqs, match_uids;	/* in pairs; count 0: none */
};

/* ---- METADATA, NOTIFY ---- */

struct imap_metadata {
	struct {
		struct str name;
		struct str value;	/* SETMETADATA */
		bool nil;
	} *entries;
	size_t count;
	bool has_maxsize;
	uint64_t maxsize;
	unsigned depth;			/* 0, 1, UINT_MAX: infinity */
};

enum imap_event {
	IMAP_EVENT_MESSAGE_NEW = 1, IMAP_EVENT_MESSAGE_EXPUNGE = 2,
	IMAP_EVENT_FLAG_CHANGE = 4, IMAP_EVENT_ANNOTATION_CHANGE = 8,
	IMAP_EVENT_MAILBOX_NAME = 16, IMAP_EVENT_SUBSCRIPTION_CHANGE = 32,
	IMAP_EVENT_MAILBOX_METADATA = 64, IMAP_EVENT_SERVER_METADATA = 128
};

struct imap_event_group {
	enum {
		IMAP_FILTER_SELECTED, IMAP_FILTER_SELECTED_DELAYED,
		IMAP_FILTER_INBOXES, IMAP_FILTER_PERSONAL,
		IMAP_FILTER_SUBSCRIBED, IMAP_FILTER_SUBTREE,
		IMAP_FILTER_MAILBOXES
	} filter;
	struct str *names;		/* SUBTREE, MAILBOXES; UTF-8 */
	size_t name_count;
	bool none;			/* NONE: no events for these */
	unsigned events;		/* enum imap_event */
	struct imap_fetch fetch;	/* of MessageNew */
};

struct imap_notify {
	bool none;			/* NOTIFY NONE */
	bool status;
	struct imap_event_group *groups;
	size_t count;
};

/* ---- all ---- */

/*
 * Views are into the command as it was read, trees into its arena: all of it
 * lives until imap_done(). NOTIFY is all in the arena, which the shell may
 * move elsewhere, leaving a zeroed one. Mailbox names are UTF-8, "INBOX" in
 * that letter case; they need not exist.
 */
struct imap_command {
	struct arena arena;
	struct str tag;
	enum imap_verb verb;
	bool uid;			/* the UID form */
	struct str mailbox;
	struct str other;		/* new name of RENAME; what CREATE USE
					   wants, such as \Sent; quota root */
	struct imap_set set;		/* what the command is about */
	unsigned status;		/* STATUS: enum imap_status */
	union {
		struct imap_fetch fetch;
		struct imap_store store;
		struct imap_search search;
		struct imap_list list;
		struct imap_select select;
		struct imap_metadata metadata;
		struct imap_notify notify;
	} u;
};

#endif
