/* Keeps the fields of a header that a summary is made of. */
#include "mail/summary_part.h"

#include "mail/envelope_part.h"

/* Which of several fields of one name counts. */
enum choice { CHOICE_FIRST, CHOICE_LAST, CHOICE_ALL, CHOICE_FIT };

static const struct {
	struct str name;
	enum choice choice;
} content[] = {
	[SLOT_TYPE - ENVELOPE_COUNT] = { { "Type", 4 }, CHOICE_FIRST },
	[SLOT_DISPOSITION - ENVELOPE_COUNT] =
	    { { "Disposition", 11 }, CHOICE_FIT },
	[SLOT_LANGUAGE - ENVELOPE_COUNT] = { { "Language", 8 }, CHOICE_FIT },
	[SLOT_LOCATION - ENVELOPE_COUNT] =
	    { { "Location", 8 }, CHOICE_FIRST },
	[SLOT_MD5 - ENVELOPE_COUNT] = { { "MD5", 3 }, CHOICE_FIRST },
	[SLOT_ID - ENVELOPE_COUNT] = { { "ID", 2 }, CHOICE_FIRST },
	[SLOT_DESCRIPTION - ENVELOPE_COUNT] =
	    { { "Description", 11 }, CHOICE_FIRST },
	[SLOT_ENCODING - ENVELOPE_COUNT] =
	    { { "Transfer-Encoding", 17 }, CHOICE_FIT },
};

struct str
summary_slot(const struct summary_maker *m, unsigned slot)
{
	const struct summary_value *value;

	value = &m->slots[slot];
	if (!value->has)
		return str_from(NULL, 0);
	return value->len == 0 ? STR("") :
	    str_part(buf_str(&m->fields), value->at, value->len);
}

/* Which slot a field has; SLOT_COUNT: it is of no use here. */
static unsigned
find_slot(const struct summary_maker *m, struct str name)
{
	unsigned i;

	if (name.len == 0)
		return SLOT_COUNT;
	if (str_skip_word(&name, STR("Content-"))) {
		for (i = 0; i < countof(content); i++)
			if (str_same(name, content[i].name))
				return ENVELOPE_COUNT + i;
		return SLOT_COUNT;
	}
	/* only messages have an envelope */
	if (m->count > 1 && m->nodes[m->open[m->nodes[m->count - 1].depth -
	    1]].kind != MIME_MESSAGE)
		return SLOT_COUNT;
	if (str_same(name, STR("References")) && m->count == 1)
		return SLOT_REFERENCES;
	i = envelope_field(name);
	return i == ENVELOPE_COUNT ? SLOT_COUNT : i;
}

static enum choice
choice_of(unsigned slot)
{
	if (slot >= ENVELOPE_FROM && slot <= ENVELOPE_BCC)
		return CHOICE_ALL;
	if (slot < ENVELOPE_COUNT)
		return CHOICE_LAST;
	return slot == SLOT_REFERENCES ? CHOICE_FIRST :
	    content[slot - ENVELOPE_COUNT].choice;
}

/*
 * Whether what is there of a field of CHOICE_FIT will do. Asked once, as there
 * may be as many fields as there are lines.
 */
static bool
fits(const struct summary_maker *m, unsigned slot)
{
	struct str value, word, name;
	struct param param;

	value = summary_slot(m, slot);
	if (value.at == NULL || !param_word(&param, value, &word))
		return false;
	if (slot == SLOT_DISPOSITION)
		return param_raw(&param, &name, &value);
	return word.len > 0 && (slot == SLOT_LANGUAGE || param.rest.len == 0);
}

/*
 * Add a value without the line ends of its folds and the white space it begins
 * with; a lone CR is a space, NUL a letter that was lost.
 */
static void
add_unfolded(struct buf *out, struct str value)
{
	size_t end;
	int c;

	while (value.len > 0 && str_trim(str_part(value, 0, 1)).len == 0)
		str_take(&value, 1);
	while (value.len > 0) {
		end = str_find_break(value, 0);
		buf_add(out, str_take(&value, end));
		c = str_at(str_take(&value, 1), 0);
		if (c == '\0')
			buf_add_text(out, "\xEF\xBF\xBD");
		else if (c == '\r' && str_at(value, 0) != '\n')
			buf_add_char(out, ' ');
	}
}

void
summary_note(struct summary_maker *m)
{
	struct summary_value *slot;
	enum choice choice;
	unsigned index;
	size_t start;

	index = find_slot(m, mime_name(m->mime));
	if (index == SLOT_COUNT)
		return;
	slot = &m->slots[index];
	choice = choice_of(index);
	if (slot->has && (choice == CHOICE_FIRST ||
	    (choice == CHOICE_FIT && slot->fits)))
		return;
	start = m->fields.len;
	if (slot->has && choice == CHOICE_ALL) {
		/* go on where the other one ends, moved there if need be */
		if (slot->at + slot->len == start)
			start = slot->at;
		else
			envelope_repeat(&m->fields, slot->at, slot->len);
		buf_add_char(&m->fields, '\n');
	}
	add_unfolded(&m->fields, mime_value(m->mime));
	if (m->fields.full)
		return;
	*slot = (struct summary_value){ .at = start,
	    .len = m->fields.len - start, .has = true };
	slot->fits = choice == CHOICE_FIT && fits(m, index);
}
