/*
 * FETCH (RFC 9051 section 6.4.5, RFC 3501 section 6.4.5), with BINARY (RFC
 * 3516), CONDSTORE and QRESYNC (RFC 7162 sections 3.1.4 and 3.2.6), OBJECTID
 * (RFC 8474), SAVEDATE (RFC 8514) and PREVIEW (RFC 8970).
 */
#include "talk/imap_parse.h"

#include "talk/imap_reply.h"

#define SECTION_MAX 262144	/* octets of one as it is said again */
#define FIELD_MAX 998		/* octets of a field's name; RFC 5322 section
				   2.1.1 */

struct item_name {
	const char *name;
	enum imap_item_kind kind;
	bool peek;
};

static const struct item_name item_names[] = {
	{ "UID", IMAP_ITEM_UID, true },
	{ "FLAGS", IMAP_ITEM_FLAGS, true },
	{ "INTERNALDATE", IMAP_ITEM_INTERNALDATE, true },
	{ "RFC822.SIZE", IMAP_ITEM_SIZE, true },
	{ "ENVELOPE", IMAP_ITEM_ENVELOPE, true },
	{ "BODY", IMAP_ITEM_BODY, false },
	{ "BODY.PEEK", IMAP_ITEM_SECTION, true },
	{ "BODYSTRUCTURE", IMAP_ITEM_BODYSTRUCTURE, true },
	{ "MODSEQ", IMAP_ITEM_MODSEQ, true },
	{ "BINARY", IMAP_ITEM_BINARY, false },
	{ "BINARY.PEEK", IMAP_ITEM_BINARY, true },
	{ "BINARY.SIZE", IMAP_ITEM_BINARY_SIZE, true },
	{ "PREVIEW", IMAP_ITEM_PREVIEW, true },
	{ "EMAILID", IMAP_ITEM_EMAILID, true },
	{ "THREADID", IMAP_ITEM_THREADID, true },
	{ "SAVEDATE", IMAP_ITEM_SAVEDATE, true },
	{ "RFC822", IMAP_ITEM_RFC822, false },
	{ "RFC822.HEADER", IMAP_ITEM_RFC822_HEADER, true },
	{ "RFC822.TEXT", IMAP_ITEM_RFC822_TEXT, false },
};

/* One more item; NULL when there is no room. */
static struct imap_item *
add_item(struct imap_words *w, struct imap_fetch *fetch)
{
	fetch->items = words_grow(w, fetch->items, fetch->count,
	    sizeof *fetch->items);
	return fetch->items == NULL ? NULL : &fetch->items[fetch->count++];
}

/* "1.2" and the dot behind it, if another word follows. */
static bool
take_part(struct imap_words *w, struct imap_item *item)
{
	uint64_t number;

	while (char_is_digit(words_next(w))) {
		if (!words_number(w, 1, UINT32_MAX, &number))
			return false;
		item->number = words_grow(w, item->number, item->depth,
		    sizeof *item->number);
		if (item->number == NULL)
			return false;
		item->number[item->depth++] = (uint32_t)number;
		if (!words_skip(w, '.'))
			return words_next(w) == ']' ||
			    words_fail(w, "A closing bracket was expected.");
		if (words_next(w) == ']')
			return words_fail(w, "A section was expected.");
	}
	return true;
}

/*
 * What can be said again on one line (RFC 5322 section 2.2, and spaces: they
 * name no field, but some ask for what they were told).
 */
static bool
is_field(struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (str_at(name, i) < ' ' || str_at(name, i) > '~')
			return false;
	return name.len > 0 && name.len <= FIELD_MAX;
}

static bool
take_fields(struct imap_words *w, struct imap_item *item)
{
	struct words_list list = { 0 };
	struct str field;

	if (!words_space(w))
		return false;
	while (words_list(w, &list)) {
		item->fields = words_grow(w, item->fields, item->field_count,
		    sizeof *item->fields);
		if (item->fields == NULL)
			return false;
		if (!words_astring(w, &field))
			return false;
		if (!is_field(field))
			return words_fail(w,
			    "The name of a field was expected.");
		if (!words_keep(w, field, &item->fields[item->field_count++]))
			return false;
	}
	return w->why == NULL && (item->field_count > 0 ||
	    words_fail(w, "The name of a field was expected."));
}

static const char *const section_names[] = {
	"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"
};

/* What stands in the brackets behind the numbers of the part. */
static bool
take_text(struct imap_words *w, struct imap_item *item)
{
	size_t which;

	if (words_next(w) == ']')
		return true;
	if (!words_choose(w, section_names, countof(section_names),
	    "There is no such section.", &which))
		return false;
	item->section = (enum imap_section)which;
	if (item->section == IMAP_SECTION_MIME && item->depth == 0)
		return words_fail(w, "MIME goes behind the number of a part.");
	if (item->section == IMAP_SECTION_FIELDS ||
	    item->section == IMAP_SECTION_FIELDS_NOT)
		return take_fields(w, item);
	return true;
}

/* The section in the words in which it is said again. */
static bool
keep_text(struct imap_words *w, struct imap_item *item)
{
	struct buf text;
	size_t i;
	bool kept;

	buf_init(&text, SECTION_MAX);
	for (i = 0; i < item->depth; i++) {
		if (i > 0)
			buf_add_char(&text, '.');
		buf_add_number(&text, item->number[i]);
	}
	if (item->depth > 0 && item->section != IMAP_SECTION_ALL)
		buf_add_char(&text, '.');
	buf_add_text(&text, section_names[item->section]);
	for (i = 0; i < item->field_count; i++) {
		buf_add_text(&text, i == 0 ? " (" : " ");
		imap_put_astring(&text, item->fields[i]);
	}
	if (item->field_count > 0)
		buf_add_char(&text, ')');
	kept = text.full ? words_fail_code(w, IMAP_BAD, "TOOBIG",
	    "The section is too large.") :
	    words_keep(w, buf_str(&text), &item->text);
	buf_drop(&text);
	return kept;
}

/* "<0.1000>", if it is there. */
static bool
take_partial(struct imap_words *w, struct imap_item *item)
{
	if (item->kind == IMAP_ITEM_BINARY_SIZE || !words_skip(w, '<'))
		return true;
	item->partial = true;
	return words_number(w, 0, WORDS_NUMBER_MAX, &item->from) &&
	    (words_skip(w, '.') || words_fail(w, "A dot was expected.")) &&
	    words_number(w, 1, WORDS_NUMBER_MAX, &item->len) &&
	    (words_skip(w, '>') || words_fail(w, "A > was expected."));
}

/* From the opening bracket on. */
static bool
take_section(struct imap_words *w, struct imap_item *item)
{
	if (!words_skip(w, '['))
		return words_fail(w, "An opening bracket was expected.");
	if (!take_part(w, item))
		return false;
	if (item->kind == IMAP_ITEM_SECTION && !take_text(w, item))
		return false;
	if (!words_skip(w, ']'))
		return words_fail(w, "A closing bracket was expected.");
	return keep_text(w, item) && take_partial(w, item);
}

/*
 * "(LAZY)" behind PREVIEW. Outside of a list it can be that modifiers of the
 * whole FETCH follow instead.
 */
static void
take_lazy(struct imap_words *w, struct imap_item *item)
{
	struct str rest = w->rest;

	while (str_skip(&rest, ' '))
		;
	if (!str_skip(&rest, '('))
		return;
	while (str_skip(&rest, ' '))
		;
	if (!str_skip_word(&rest, STR("LAZY")))
		return;
	while (str_skip(&rest, ' '))
		;
	if (!str_skip(&rest, ')'))
		return;
	w->rest = rest;
	item->lazy = true;
}

static bool
take_item(struct imap_words *w, struct imap_fetch *fetch)
{
	struct imap_item *item;
	struct str label = words_label(w);
	size_t i;

	for (i = 0; i < countof(item_names); i++)
		if (str_same(label, str_of(item_names[i].name)))
			break;
	if (i == countof(item_names))
		return words_fail(w, label.len == 0 ?
		    "An item of FETCH was expected." :
		    "There is no such item of FETCH.");
	item = add_item(w, fetch);
	if (item == NULL)
		return false;
	item->kind = item_names[i].kind;
	item->peek = item_names[i].peek;
	if (item->kind == IMAP_ITEM_BODY && words_next(w) == '[')
		item->kind = IMAP_ITEM_SECTION;
	else if (item->kind == IMAP_ITEM_BODY)
		item->peek = true;
	if (item->kind == IMAP_ITEM_MODSEQ)
		w->implied |= IMAP_ENABLED_CONDSTORE;
	if (item->kind == IMAP_ITEM_PREVIEW)
		take_lazy(w, item);
	if (item->kind == IMAP_ITEM_SECTION ||
	    item->kind == IMAP_ITEM_BINARY ||
	    item->kind == IMAP_ITEM_BINARY_SIZE)
		return take_section(w, item);
	return true;
}

/* ALL, FAST and FULL: all items of the one before, and another. */
static bool
take_macro(struct imap_words *w, struct imap_fetch *fetch, bool *taken)
{
	static const enum imap_item_kind kinds[] = {
		IMAP_ITEM_FLAGS, IMAP_ITEM_INTERNALDATE, IMAP_ITEM_SIZE,
		IMAP_ITEM_ENVELOPE, IMAP_ITEM_BODY
	};
	struct imap_item *item;
	size_t count, i;

	count = words_skip_label(w, STR("FAST")) ? 3 :
	    words_skip_label(w, STR("ALL")) ? 4 :
	    words_skip_label(w, STR("FULL")) ? 5 : 0;
	*taken = count > 0;
	for (i = 0; i < count; i++) {
		item = add_item(w, fetch);
		if (item == NULL)
			return false;
		item->kind = kinds[i];
		item->peek = true;
	}
	return true;
}

bool
imap_parse_items(struct imap_words *w, struct imap_fetch *fetch)
{
	struct words_list list = { 0 };

	while (words_list(w, &list))
		if (!take_item(w, fetch))
			return false;
	return w->why == NULL && (fetch->count > 0 ||
	    words_fail(w, "An item of FETCH was expected."));
}

/* "(CHANGEDSINCE 12 VANISHED)" */
static bool
take_modifiers(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "CHANGEDSINCE", "VANISHED" };
	struct imap_fetch *fetch = &c->u.fetch;
	struct words_list list = { 0 };
	size_t which;

	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such modifier of FETCH.", &which))
			return false;
		if (which == 1) {
			fetch->vanished = true;
			continue;
		}
		if (!words_space(w) || !words_number(w, 0, WORDS_NUMBER_MAX,
		    &fetch->changed_since))
			return false;
		fetch->since = true;
		w->implied |= IMAP_ENABLED_CONDSTORE;
	}
	if (w->why != NULL)
		return false;
	/* RFC 7162 section 3.2.6 */
	if (fetch->vanished && (!c->uid || !fetch->since ||
	    (w->enabled & IMAP_ENABLED_QRESYNC) == 0))
		return words_fail(w, "VANISHED needs UID FETCH, CHANGEDSINCE "
		    "and QRESYNC enabled.");
	return true;
}

bool
imap_parse_fetch(struct imap_words *w, struct imap_command *c)
{
	bool taken;

	if (!words_space(w) || !words_set(w, &c->set) || !words_space(w))
		return false;
	if (words_next(w) == '(') {
		if (!imap_parse_items(w, &c->u.fetch))
			return false;
	} else if (!take_macro(w, &c->u.fetch, &taken) ||
	    (!taken && !take_item(w, &c->u.fetch))) {
		return false;
	}
	if (words_next(w) == ' ' && w->rest.len > 1) {
		if (!words_space(w) || (words_next(w) == '(' &&
		    !take_modifiers(w, c)))
			return false;
	}
	return words_end(w);
}
