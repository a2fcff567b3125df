/*
 * Search keys (RFC 9051 section 6.4.4, RFC 3501 section 6.4.4), with WITHIN
 * (RFC 5032), CONDSTORE (RFC 7162 section 3.1.5), SAVEDATE (RFC 8514),
 * OBJECTID (RFC 8474) and SEARCHRES (RFC 5182).
 */
#include "talk/imap_parse.h"

/* What stands behind the name of a key. */
enum operand {
	OPERAND_NONE, OPERAND_TEXT, OPERAND_HEADER, OPERAND_DAY,
	OPERAND_NUMBER, OPERAND_SECONDS, OPERAND_KEYWORD, OPERAND_UIDS,
	OPERAND_MODSEQ, OPERAND_OBJECT,
	OPERAND_KEYS	/* others: NOT, OR */
};

static const struct key_name {
	const char *name;
	enum imap_key key;
	enum operand operand;
	unsigned flag;
} key_names[] = {
	{ "ALL", IMAP_KEY_ALL, OPERAND_NONE, 0 },
	{ "ANSWERED", IMAP_KEY_FLAG, OPERAND_NONE, IMAP_ANSWERED },
	{ "BCC", IMAP_KEY_BCC, OPERAND_TEXT, 0 },
	{ "BEFORE", IMAP_KEY_BEFORE, OPERAND_DAY, 0 },
	{ "BODY", IMAP_KEY_BODY, OPERAND_TEXT, 0 },
	{ "CC", IMAP_KEY_CC, OPERAND_TEXT, 0 },
	{ "DELETED", IMAP_KEY_FLAG, OPERAND_NONE, IMAP_DELETED },
	{ "DRAFT", IMAP_KEY_FLAG, OPERAND_NONE, IMAP_DRAFT },
	{ "EMAILID", IMAP_KEY_EMAILID, OPERAND_OBJECT, 0 },
	{ "FLAGGED", IMAP_KEY_FLAG, OPERAND_NONE, IMAP_FLAGGED },
	{ "FROM", IMAP_KEY_FROM, OPERAND_TEXT, 0 },
	{ "HEADER", IMAP_KEY_HEADER, OPERAND_HEADER, 0 },
	{ "KEYWORD", IMAP_KEY_FLAG, OPERAND_KEYWORD, 0 },
	{ "LARGER", IMAP_KEY_LARGER, OPERAND_NUMBER, 0 },
	{ "MODSEQ", IMAP_KEY_MODSEQ, OPERAND_MODSEQ, 0 },
	{ "NEW", IMAP_KEY_NEW, OPERAND_NONE, 0 },
	{ "NOT", IMAP_KEY_NOT, OPERAND_KEYS, 0 },
	{ "OLD", IMAP_KEY_OLD, OPERAND_NONE, 0 },
	{ "OLDER", IMAP_KEY_OLDER, OPERAND_SECONDS, 0 },
	{ "ON", IMAP_KEY_ON, OPERAND_DAY, 0 },
	{ "OR", IMAP_KEY_OR, OPERAND_KEYS, 0 },
	{ "RECENT", IMAP_KEY_RECENT, OPERAND_NONE, 0 },
	{ "SAVEDATESUPPORTED", IMAP_KEY_SAVEDATESUPPORTED, OPERAND_NONE, 0 },
	{ "SAVEDBEFORE", IMAP_KEY_SAVEDBEFORE, OPERAND_DAY, 0 },
	{ "SAVEDON", IMAP_KEY_SAVEDON, OPERAND_DAY, 0 },
	{ "SAVEDSINCE", IMAP_KEY_SAVEDSINCE, OPERAND_DAY, 0 },
	{ "SEEN", IMAP_KEY_FLAG, OPERAND_NONE, IMAP_SEEN },
	{ "SENTBEFORE", IMAP_KEY_SENTBEFORE, OPERAND_DAY, 0 },
	{ "SENTON", IMAP_KEY_SENTON, OPERAND_DAY, 0 },
	{ "SENTSINCE", IMAP_KEY_SENTSINCE, OPERAND_DAY, 0 },
	{ "SINCE", IMAP_KEY_SINCE, OPERAND_DAY, 0 },
	{ "SMALLER", IMAP_KEY_SMALLER, OPERAND_NUMBER, 0 },
	{ "SUBJECT", IMAP_KEY_SUBJECT, OPERAND_TEXT, 0 },
	{ "TEXT", IMAP_KEY_TEXT, OPERAND_TEXT, 0 },
	{ "THREADID", IMAP_KEY_THREADID, OPERAND_OBJECT, 0 },
	{ "TO", IMAP_KEY_TO, OPERAND_TEXT, 0 },
	{ "UID", IMAP_KEY_UID, OPERAND_UIDS, 0 },
	{ "UNANSWERED", IMAP_KEY_UNFLAG, OPERAND_NONE, IMAP_ANSWERED },
	{ "UNDELETED", IMAP_KEY_UNFLAG, OPERAND_NONE, IMAP_DELETED },
	{ "UNDRAFT", IMAP_KEY_UNFLAG, OPERAND_NONE, IMAP_DRAFT },
	{ "UNFLAGGED", IMAP_KEY_UNFLAG, OPERAND_NONE, IMAP_FLAGGED },
	{ "UNKEYWORD", IMAP_KEY_UNFLAG, OPERAND_KEYWORD, 0 },
	{ "UNSEEN", IMAP_KEY_UNFLAG, OPERAND_NONE, IMAP_SEEN },
	{ "YOUNGER", IMAP_KEY_YOUNGER, OPERAND_SECONDS, 0 },
};

/* A key that is not complete. */
struct frame {
	struct imap_search_key *key;
	struct imap_search_key **next;	/* where its next child goes */
	size_t wants;			/* children; 0: until it is closed */
};

/* The keys around the one that is read; the outermost is never closed. */
struct frames {
	struct frame at[IMAP_NEST_MAX + 1];
	size_t count;
};

/* RFC 7162 section 3.1.5: "\"/flags/\\Draft\" all 620162338" */
static bool
take_modseq(struct imap_words *w, struct imap_search_key *key)
{
	static const char *const types[] = { "priv", "shared", "all" };
	struct str entry;
	size_t which;

	w->implied |= IMAP_ENABLED_CONDSTORE;
	if (words_next(w) == '"' && (!words_string(w, &entry) ||
	    !words_space(w) || !words_choose(w, types, countof(types),
	    "priv, shared or all was expected.", &which) || !words_space(w)))
		return false;
	return words_number(w, 0, WORDS_NUMBER_MAX, &key->number);
}

static bool
take_operand(struct imap_words *w, struct imap_search_key *key,
	enum operand operand)
{
	if (operand == OPERAND_NONE)
		return true;
	if (!words_space(w))
		return false;
	switch (operand) {
	case OPERAND_NONE:
	case OPERAND_KEYS:
		return true;
	case OPERAND_TEXT:
		return words_astring(w, &key->text);
	case OPERAND_HEADER:
		return words_astring(w, &key->name) && words_space(w) &&
		    words_astring(w, &key->text);
	case OPERAND_DAY:
		return words_day(w, &key->day);
	case OPERAND_NUMBER:
		return words_number(w, 0, WORDS_NUMBER_MAX, &key->number);
	case OPERAND_SECONDS:
		return words_number(w, 1, UINT32_MAX, &key->number);
	case OPERAND_KEYWORD:
		return words_keyword(w, &key->keyword);
	case OPERAND_UIDS:
		return words_set(w, &key->set);
	case OPERAND_MODSEQ:
		return take_modseq(w, key);
	case OPERAND_OBJECT:
		return words_atom(w, &key->text);
	}
	must(false);
	return false;
}

/* A key behind the children that the innermost one has. */
static struct imap_search_key *
add_key(struct imap_words *w, struct frames *frames, enum imap_key kind)
{
	struct frame *frame = &frames->at[frames->count - 1];
	struct imap_search_key *key;

	key = words_take(w, 1, sizeof *key);
	if (key == NULL)
		return NULL;
	key->key = kind;
	*frame->next = key;
	frame->next = &key->next;
	return key;
}

static bool
open_key(struct imap_words *w, struct frames *frames,
	struct imap_search_key *key, size_t wants)
{
	if (frames->count == countof(frames->at))
		return words_fail_code(w, IMAP_NO, "LIMIT",
		    "The keys are nested too deep.");
	frames->at[frames->count++] = (struct frame){
		.key = key, .next = &key->child, .wants = wants
	};
	return true;
}

/* A key is complete, and with it others that wanted nothing more. */
static void
close_keys(struct frames *frames)
{
	struct frame *frame = &frames->at[frames->count - 1];

	while (frame->wants > 0 && --frame->wants == 0) {
		frames->count--;
		frame--;
	}
}

/* A key by its name; *whole: nothing of it is to come. */
static bool
take_named(struct imap_words *w, struct frames *frames, bool *whole)
{
	struct imap_search_key *key;
	struct str label = words_label(w);
	size_t i;

	for (i = 0; i < countof(key_names); i++)
		if (str_same(label, str_of(key_names[i].name)))
			break;
	if (i == countof(key_names))
		return words_fail(w, label.len == 0 ?
		    "A search key was expected." :
		    "There is no such search key.");
	key = add_key(w, frames, key_names[i].key);
	if (key == NULL)
		return false;
	key->flag = key_names[i].flag;
	*whole = key_names[i].operand != OPERAND_KEYS;
	if (!*whole && !open_key(w, frames, key,
	    key->key == IMAP_KEY_OR ? 2 : 1))
		return false;
	return take_operand(w, key, key_names[i].operand);
}

/* Take a key, or the beginning of one. */
static bool
take_key(struct imap_words *w, struct frames *frames, bool *whole)
{
	struct imap_search_key *key;
	int c = words_next(w);

	*whole = true;
	if (char_is_digit(c) || c == '*' || c == '$') {
		key = add_key(w, frames, IMAP_KEY_SET);
		w->numbers = w->numbers || c != '$';
		return key != NULL && words_set(w, &key->set);
	}
	if (c != '(')
		return take_named(w, frames, whole);
	words_skip(w, '(');
	while (words_skip(w, ' '))
		;
	*whole = false;
	key = add_key(w, frames, IMAP_KEY_AND);
	return key != NULL && open_key(w, frames, key, 0);
}

/* Go on behind a whole key: closing parentheses, and a space. */
static bool
take_between(struct imap_words *w, struct frames *frames, bool *over)
{
	bool spaced = false;
	const struct frame *frame;

	for (;;) {
		close_keys(frames);
		while (words_skip(w, ' '))
			spaced = true;
		frame = &frames->at[frames->count - 1];
		if (words_next(w) != ')' || frame->wants > 0 ||
		    frames->count == 1)
			break;
		words_skip(w, ')');
		spaced = false;
		frames->count--;
	}
	*over = w->rest.len == 0;
	if (*over)
		return frames->count == 1 || words_fail(w, frame->wants > 0 ?
		    "Another search key was expected." :
		    "A closing parenthesis was expected.");
	return spaced || words_fail(w, "A space was expected.");
}

bool
imap_parse_keys(struct imap_words *w, struct imap_search_key **top)
{
	struct frames frames = { .count = 1 };
	bool whole, over = false;

	*top = words_take(w, 1, sizeof **top);
	if (*top == NULL)
		return false;
	(*top)->key = IMAP_KEY_AND;
	frames.at[0] = (struct frame){ .key = *top, .next = &(*top)->child };
	while (!over) {
		if (!take_key(w, &frames, &whole))
			return false;
		if (whole && !take_between(w, &frames, &over))
			return false;
	}
	return true;
}
