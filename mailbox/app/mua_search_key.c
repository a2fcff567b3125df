/* The keys of a search, as far as the list of messages can tell. */
#include "app/mua_search_part.h"

#include "mail/charset.h"

#include <stdlib.h>

#define DAY_S 86400
#define TEXT_MAX (SIZE_MAX / 2)	/* a command is bounded already */

/* Some of what mail/charset.h knows (RFC 9051 section 7.1). */
#define CHARSETS "US-ASCII UTF-8 ISO-8859-1 ISO-8859-15 WINDOWS-1252 KOI8-R " \
	"ISO-2022-JP SHIFT_JIS EUC-JP GB18030 BIG5 EUC-KR"

/* Which texts are looked for where; 0: in the header's fields alone. */
static unsigned
look_where(enum imap_key key)
{
	if (key == IMAP_KEY_BODY)
		return LOOK_BODY;
	return key == IMAP_KEY_TEXT ? LOOK_BODY | LOOK_HEAD : 0;
}

static bool
has_needle(const struct judge_key *k)
{
	switch (k->key->key) {
	case IMAP_KEY_BCC:
	case IMAP_KEY_CC:
	case IMAP_KEY_FROM:
	case IMAP_KEY_SUBJECT:
	case IMAP_KEY_TO:
	case IMAP_KEY_HEADER:
	case IMAP_KEY_BODY:
	case IMAP_KEY_TEXT:
		return true;
	default:
		return false;
	}
}

/* Make a text ready to be looked for. */
static void
needle_make(struct search *s, struct judge_key *k, struct str charset)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	(void)charset_convert(charset, k->key->text, &text);
	k->needle = s->needle_count++;
	look_needle(&s->needles[k->needle], buf_str(&text));
	buf_drop(&text);
}

/* Put the key into the pass that has room for it. */
static void
pass_add(struct search *s, struct judge_key *k)
{
	struct search_pass *pass;

	if (s->pass_count == 0 ||
	    s->passes[s->pass_count - 1].count == SEARCH_LOOKED)
		s->pass_count++;
	pass = &s->passes[s->pass_count - 1];
	pass->keys[pass->count++] = k;
}

static void
passes_begin(struct search *s)
{
	const struct needle *needles[SEARCH_LOOKED];
	unsigned where[SEARCH_LOOKED];
	struct search_pass *pass;
	size_t i, n;

	for (i = 0; i < s->pass_count; i++) {
		pass = &s->passes[i];
		for (n = 0; n < pass->count; n++) {
			needles[n] = &s->needles[pass->keys[n]->needle];
			where[n] = look_where(pass->keys[n]->key->key);
		}
		pass->look = look_new(needles, where, pass->count);
	}
}

static void
texts_make(struct search *s, struct str charset)
{
	struct judge *j = &s->judge;
	size_t i;

	s->needles = xalloc(j->count, sizeof *s->needles);
	s->passes = xalloc(j->count / SEARCH_LOOKED + 1, sizeof *s->passes);
	for (i = 0; i < j->count; i++) {
		if (!has_needle(&j->keys[i]))
			continue;
		needle_make(s, &j->keys[i], charset);
		if (j->keys[i].stage == JUDGE_TEXT)
			pass_add(s, &j->keys[i]);
	}
	passes_begin(s);
}

/* A key's set: message numbers that are none find nobody. */
static void
set_make(struct search *s, struct judge_key *k)
{
	const struct uids *view = &s->m->view.uids;
	const struct imap_set *set = &k->key->set;

	if (k->key->key == IMAP_KEY_UID)
		view_ranges(set, uids_last(view), &k->uids);
	else
		view_ranges(set, uids_len(view), &k->places);
	if (set->saved)
		uids_join(&k->uids, &s->m->view.saved);
}

static int
key_make(struct search *s, struct judge_key *k)
{
	struct str keyword = k->key->keyword;
	struct imap_flags flags = {
		.system = k->key->flag, .keywords = &keyword,
		.keyword_count = keyword.len > 0 ? 1 : 0
	};

	switch (k->key->key) {
	case IMAP_KEY_SET:
	case IMAP_KEY_UID:
		set_make(s, k);
		return 0;
	case IMAP_KEY_FLAG:
	case IMAP_KEY_UNFLAG:
		return mua_flag_bits(s->m, s->m->view.box, &flags, false,
		    &k->flags);
	case IMAP_KEY_MODSEQ:
		s->modseq = true;
		return 0;
	default:
		return 0;
	}
}

bool
search_keys(struct search *s)
{
	struct str charset = s->m->imap.command.u.search.charset;
	struct charset *known;
	size_t i;
	int err = 0;

	if (charset.len == 0)
		charset = STR("UTF-8");
	known = charset_open(charset);
	charset_drop(known);
	if (known == NULL) {
		(void)mua_end_code(s->m, IMAP_NO, "Nobody knows that "
		    "charset.", "BADCHARSET (" CHARSETS ")");
		return false;
	}
	for (i = 0; i < s->judge.count && err == 0; i++)
		err = key_make(s, &s->judge.keys[i]);
	if (err != 0) {
		(void)mua_end_errno(s->m, err);
		return false;
	}
	texts_make(s, charset);
	return true;
}

/* ---- of one message ---- */

/* The day of a date in UTC, which INTERNALDATE is told in. */
static int64_t
day_of(int64_t unix_s)
{
	int64_t within = unix_s % DAY_S;

	return (unix_s - (within < 0 ? within + DAY_S : within)) / DAY_S;
}

static bool
is_object(const struct judge_key *k, uint64_t message)
{
	struct str text = k->key->text;
	uint64_t number;

	return str_skip(&text, 'M') &&
	    str_number(text, UINT64_MAX, &number) && number == message;
}

/* Whether a key is about messages that are \Recent, and it is one. */
static bool
is_recent(const struct search *s, enum imap_key key)
{
	const struct box_entry *e = s->entry;
	bool recent = view_recent(s->m, e->uid);

	if (key == IMAP_KEY_OLD)
		return !recent;
	return recent && (key == IMAP_KEY_RECENT ||
	    (e->flags & BOX_SEEN) == 0);
}

static bool
is_date(const struct search *s, const struct imap_search_key *key)
{
	const int64_t now = s->m->service->common.loop->clock.unix_s;
	const int64_t received = s->entry->received;
	const int64_t day = day_of(received), saved = day_of(s->entry->saved);
	const int64_t target = now - (int64_t)key->number;

	switch (key->key) {
	case IMAP_KEY_BEFORE:
		return day < key->day;
	case IMAP_KEY_ON:
		return day == key->day;
	case IMAP_KEY_SINCE:
		return day >= key->day;
	case IMAP_KEY_SAVEDBEFORE:
		return saved < key->day;
	case IMAP_KEY_SAVEDON:
		return saved == key->day;
	case IMAP_KEY_SAVEDSINCE:
		return saved >= key->day;
	case IMAP_KEY_OLDER:
		/* RFC 5032 section 2: both take in the moment itself */
		return received <= target;
	default:
		return received >= target;
	}
}

static bool
is_meant(const struct search *s, const struct judge_key *k, uint32_t place)
{
	const struct box_entry *e = s->entry;

	switch (k->key->key) {
	case IMAP_KEY_ALL:
	case IMAP_KEY_SAVEDATESUPPORTED:
		return true;
	case IMAP_KEY_SET:
		return uids_has(&k->places, place) ||
		    uids_has(&k->uids, e->uid);
	case IMAP_KEY_UID:
		return uids_has(&k->uids, e->uid);
	case IMAP_KEY_FLAG:
		return (e->flags & k->flags) != 0;
	case IMAP_KEY_UNFLAG:
		return (e->flags & k->flags) == 0;
	case IMAP_KEY_NEW:
	case IMAP_KEY_OLD:
	case IMAP_KEY_RECENT:
		return is_recent(s, k->key->key);
	case IMAP_KEY_LARGER:
		return e->size > k->key->number;
	case IMAP_KEY_SMALLER:
		return e->size < k->key->number;
	case IMAP_KEY_MODSEQ:
		return e->modseq >= k->key->number;
	case IMAP_KEY_EMAILID:
		return is_object(k, e->message);
	case IMAP_KEY_THREADID:
		/* nobody has one (RFC 8474 section 5.2) */
		return false;
	default:
		return is_date(s, k->key);
	}
}

void
search_judge_entry(struct search *s)
{
	uint32_t place = uids_place(&s->m->view.uids, s->entry->uid);
	struct judge_key *k = NULL;

	while ((k = judge_next(&s->judge, JUDGE_ENTRY, k)) != NULL)
		k->value = is_meant(s, k, place) ? JUDGE_YES : JUDGE_NO;
}
