/* The tree of a command of IMAP as text, for vectors and fuzzing. */
#ifndef TEST_UNIT_TALK_IMAP_DUMP_H
#define TEST_UNIT_TALK_IMAP_DUMP_H

#include <inttypes.h>

#include "talk/imap.h"

static inline void
dump_str(struct buf *out, const char *name, struct str s)
{
	buf_add_format(out, " %s=<", name);
	buf_add(out, s);
	buf_add_char(out, '>');
}

static inline void
dump_number(struct buf *out, const char *name, uint64_t number)
{
	buf_add_format(out, " %s=%" PRIu64, name, number);
}

static inline void
dump_set(struct buf *out, const char *name, const struct imap_set *set)
{
	size_t i;

	if (!set->saved && set->count == 0)
		return;
	buf_add_format(out, " %s=%s", name, set->saved ? "$" : "");
	for (i = 0; i < set->count; i++) {
		buf_add_text(out, i == 0 ? "" : ",");
		if (set->ranges[i].first == IMAP_STAR)
			buf_add_char(out, '*');
		else
			buf_add_number(out, set->ranges[i].first);
		if (set->ranges[i].last == set->ranges[i].first)
			continue;
		buf_add_char(out, ':');
		if (set->ranges[i].last == IMAP_STAR)
			buf_add_char(out, '*');
		else
			buf_add_number(out, set->ranges[i].last);
	}
}

static inline void
dump_flags(struct buf *out, const struct imap_flags *flags)
{
	size_t i;

	buf_add_format(out, " flags=%u", flags->system);
	for (i = 0; i < flags->keyword_count; i++) {
		buf_add_char(out, '+');
		buf_add(out, flags->keywords[i]);
	}
}

static inline void
dump_item(struct buf *out, const struct imap_item *item)
{
	static const char *const names[] = {
		"UID", "FLAGS", "INTERNALDATE", "SIZE", "MODSEQ", "ENVELOPE",
		"BODY", "BODYSTRUCTURE", "SECTION", "BINARY", "BINARY_SIZE",
		"RFC822", "RFC822_HEADER", "RFC822_TEXT", "EMAILID",
		"THREADID", "SAVEDATE", "PREVIEW"
	};
	size_t i;

	buf_add_format(out, " %s%s%s", names[item->kind],
	    item->peek ? "" : "!", item->lazy ? "~" : "");
	if (item->text.at != NULL) {
		buf_add_char(out, '[');
		buf_add(out, item->text);
		buf_add_format(out, "]%d", (int)item->section);
	}
	for (i = 0; i < item->depth; i++)
		buf_add_format(out, ".%" PRIu32, item->number[i]);
	for (i = 0; i < item->field_count; i++)
		dump_str(out, "field", item->fields[i]);
	if (item->partial)
		buf_add_format(out, "<%" PRIu64 ".%" PRIu64 ">", item->from,
		    item->len);
}

static inline void
dump_fetch(struct buf *out, const struct imap_fetch *fetch)
{
	size_t i;

	for (i = 0; i < fetch->count; i++)
		dump_item(out, &fetch->items[i]);
	if (fetch->since)
		dump_number(out, "since", fetch->changed_since);
	if (fetch->vanished)
		buf_add_text(out, " vanished");
}

static inline void
dump_leaf(struct buf *out, const struct imap_search_key *key)
{
	static const char *const names[] = {
		"AND", "OR", "NOT", "ALL", "SET", "UID", "FLAG", "UNFLAG",
		"NEW", "OLD", "RECENT", "BEFORE", "ON", "SINCE",
		"SENTBEFORE", "SENTON", "SENTSINCE", "SAVEDBEFORE",
		"SAVEDON", "SAVEDSINCE", "SAVEDATESUPPORTED", "OLDER",
		"YOUNGER", "LARGER", "SMALLER", "MODSEQ", "BCC", "CC",
		"FROM", "SUBJECT", "TO", "HEADER", "BODY", "TEXT", "EMAILID",
		"THREADID"
	};

	buf_add_format(out, " %s", names[key->key]);
	dump_set(out, "set", &key->set);
	if (key->flag != 0)
		dump_number(out, "flag", key->flag);
	if (key->keyword.at != NULL)
		dump_str(out, "keyword", key->keyword);
	if (key->day != 0)
		buf_add_format(out, " day=%" PRId32, key->day);
	if (key->number != 0)
		dump_number(out, "number", key->number);
	if (key->name.at != NULL)
		dump_str(out, "name", key->name);
	if (key->text.at != NULL)
		dump_str(out, "text", key->text);
}

/* The keys in depth, which is limited. */
static inline void
dump_keys(struct buf *out, const struct imap_search_key *top)
{
	const struct imap_search_key *above[IMAP_NEST_MAX + 2];
	const struct imap_search_key *key = top;
	size_t depth = 0;

	while (key != NULL) {
		dump_leaf(out, key);
		if (key->child != NULL) {
			must(depth < countof(above));
			buf_add_text(out, " (");
			above[depth++] = key;
			key = key->child;
			continue;
		}
		while (key->next == NULL && depth > 0) {
			buf_add_text(out, " )");
			key = above[--depth];
		}
		key = depth == 0 ? NULL : key->next;
	}
}

static inline void
dump_search(struct buf *out, const struct imap_search *search)
{
	size_t i;

	if (search->extended)
		dump_number(out, "return", search->returns);
	if (search->charset.at != NULL)
		dump_str(out, "charset", search->charset);
	for (i = 0; i < search->sort_count; i++)
		buf_add_format(out, " sort=%s%d",
		    search->sort[i].reverse ? "-" : "",
		    (int)search->sort[i].key);
	if (search->references)
		buf_add_text(out, " references");
	dump_keys(out, search->top);
}

static inline void
dump_list(struct buf *out, const struct imap_list *list)
{
	size_t i;

	buf_add_format(out, "%s options=%u status=%u",
	    list->extended ? " extended" : "", list->options, list->status);
	dump_str(out, "reference", list->reference);
	for (i = 0; i < list->count; i++)
		dump_str(out, "pattern", list->patterns[i]);
}

static inline void
dump_select(struct buf *out, const struct imap_select *select)
{
	if (select->condstore)
		buf_add_text(out, " condstore");
	if (!select->qresync)
		return;
	dump_number(out, "uidvalidity", select->uidvalidity);
	dump_number(out, "modseq", select->modseq);
	if (select->has_known)
		dump_set(out, "known", &select->known);
	dump_set(out, "seqs", &select->match_seqs);
	dump_set(out, "uids", &select->match_uids);
}

static inline void
dump_metadata(struct buf *out, const struct imap_metadata *metadata)
{
	size_t i;

	for (i = 0; i < metadata->count; i++) {
		dump_str(out, "entry", metadata->entries[i].name);
		if (metadata->entries[i].nil)
			buf_add_text(out, " nil");
		else if (metadata->entries[i].value.at != NULL)
			dump_str(out, "value", metadata->entries[i].value);
	}
	if (metadata->has_maxsize)
		dump_number(out, "maxsize", metadata->maxsize);
	dump_number(out, "depth", metadata->depth);
}

static inline void
dump_notify(struct buf *out, const struct imap_notify *notify)
{
	const struct imap_event_group *group;
	size_t i, j;

	buf_add_format(out, "%s%s", notify->none ? " none" : "",
	    notify->status ? " status" : "");
	for (i = 0; i < notify->count; i++) {
		group = &notify->groups[i];
		buf_add_format(out, " (%d", (int)group->filter);
		for (j = 0; j < group->name_count; j++)
			dump_str(out, "name", group->names[j]);
		dump_number(out, "events", group->events);
		buf_add_text(out, group->none ? " none" : "");
		dump_fetch(out, &group->fetch);
		buf_add_char(out, ')');
	}
}

static inline void
dump_union(struct buf *out, const struct imap_command *c)
{
	switch (c->verb) {
	case IMAP_FETCH:
		dump_fetch(out, &c->u.fetch);
		break;
	case IMAP_STORE:
		buf_add_format(out, " how=%d%s", (int)c->u.store.how,
		    c->u.store.silent ? " silent" : "");
		if (c->u.store.conditional)
			dump_number(out, "unchanged",
			    c->u.store.unchanged_since);
		dump_flags(out, &c->u.store.flags);
		break;
	case IMAP_SEARCH:
	case IMAP_SORT:
	case IMAP_THREAD:
		dump_search(out, &c->u.search);
		break;
	case IMAP_LIST:
	case IMAP_LSUB:
		dump_list(out, &c->u.list);
		break;
	case IMAP_SELECT:
	case IMAP_EXAMINE:
		dump_select(out, &c->u.select);
		break;
	case IMAP_GETMETADATA:
	case IMAP_SETMETADATA:
		dump_metadata(out, &c->u.metadata);
		break;
	case IMAP_NOTIFY:
		dump_notify(out, &c->u.notify);
		break;
	default:
		break;
	}
}

/* "SELECT mailbox=<INBOX>" */
static inline void
dump_command(struct buf *out, const struct imap_command *c)
{
	static const char *const names[IMAP_VERBS] = {
		"CAPABILITY", "LOGOUT", "STARTTLS", "LOGIN", "AUTHENTICATE",
		"ID", "ENABLE", "NOOP", "SELECT", "EXAMINE", "CREATE",
		"DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST",
		"LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE", "COMPRESS",
		"GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "GETMETADATA",
		"SETMETADATA", "NOTIFY", "CHECK", "CLOSE", "UNSELECT",
		"EXPUNGE", "SEARCH", "SORT", "THREAD", "FETCH", "STORE",
		"COPY", "MOVE", "REPLACE"
	};

	buf_add_format(out, "%s%s", c->uid ? "UID " : "", names[c->verb]);
	if (c->mailbox.at != NULL)
		dump_str(out, "mailbox", c->mailbox);
	if (c->other.at != NULL)
		dump_str(out, "other", c->other);
	dump_set(out, "set", &c->set);
	if (c->status != 0)
		dump_number(out, "status", c->status);
	dump_union(out, c);
}

/* "0 5 flags=1 date=0" */
static inline void
dump_append(struct buf *out, const struct imap_append *a)
{
	buf_add_format(out, "%u size=%" PRIu64, a->number, a->size);
	dump_flags(out, &a->flags);
	if (a->has_date)
		buf_add_format(out, " date=%" PRId64, a->date);
	buf_add_format(out, "%s%s", a->literal8 ? " literal8" : "",
	    a->utf8 ? " utf8" : "");
}

#endif
