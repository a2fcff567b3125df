/*
 * What the machine answers by itself: what we can do, who we are, what is
 * turned on, goodbye.
 */
#include "talk/imap_part.h"

#define ID_PAIRS_MAX 30		/* RFC 2971 section 3.3 */

/* When a capability is shown. */
enum {
	EARLY = 1,	/* before a login */
	LATE = 2
};

/*
 * What we can do (RFC 9051 section 7.2.2). LITERAL- is not shown: RFC 7888
 * section 5 forbids it beside LITERAL+.
 */
static const struct capability {
	const char *name;
	unsigned when;
} capabilities[] = {
	{ "IMAP4rev1", EARLY | LATE },
	{ "IMAP4rev2", EARLY | LATE },
	{ "LITERAL+", EARLY | LATE },
	{ "SASL-IR", EARLY | LATE },
	{ "ID", EARLY | LATE },
	{ "ENABLE", EARLY | LATE },
	{ "IDLE", LATE },
	{ "NAMESPACE", LATE },
	{ "UIDPLUS", LATE },
	{ "MOVE", LATE },
	{ "UNSELECT", LATE },
	{ "CHILDREN", LATE },
	{ "LIST-EXTENDED", LATE },
	{ "LIST-STATUS", LATE },
	{ "SPECIAL-USE", LATE },
	{ "CREATE-SPECIAL-USE", LATE },
	{ "STATUS=SIZE", LATE },
	{ "CONDSTORE", LATE },
	{ "QRESYNC", LATE },
	{ "ESEARCH", LATE },
	{ "SEARCHRES", LATE },
	{ "WITHIN", LATE },
	{ "SORT", LATE },
	{ "THREAD=REFERENCES", LATE },
	{ "THREAD=ORDEREDSUBJECT", LATE },
	{ "I18NLEVEL=1", LATE },
	{ "BINARY", LATE },
	{ "MULTIAPPEND", LATE },
	{ "REPLACE", LATE },
	{ "OBJECTID", LATE },
	{ "SAVEDATE", LATE },
	{ "PREVIEW", LATE },
	{ "UTF8=ACCEPT", LATE },
	{ "UIDONLY", LATE },
	{ "QUOTA", LATE },
	{ "QUOTA=RES-STORAGE", LATE },
	{ "INPROGRESS", LATE },
	{ "METADATA", LATE },
	{ "NOTIFY", LATE },
	{ "COMPRESS=DEFLATE", LATE },
};

static void
add_word(struct buf *out, const char *word)
{
	if (out->len > 0 && !str_ends(buf_str(out), STR(" ")))
		buf_add_char(out, ' ');
	buf_add_text(out, word);
}

void
imap_capabilities(const struct imap *m, struct buf *out)
{
	const bool late = m->reading->authenticated;
	const char *name;
	size_t i;

	for (i = 0; i < countof(capabilities); i++) {
		name = capabilities[i].name;
		if ((capabilities[i].when & (late ? LATE : EARLY)) == 0 ||
		    (m->compressed &&
		    str_starts(str_of(name), STR("COMPRESS="))))
			continue;
		add_word(out, name);
	}
	if (late) {
		buf_add(out, STR(" APPENDLIMIT="));
		buf_add_number(out, m->append_limit);
	} else if (m->tls) {
		add_word(out, "AUTH=PLAIN AUTH=LOGIN");
	} else {
		if (m->reading->offered)
			add_word(out, "STARTTLS");
		add_word(out, "LOGINDISABLED");
	}
}

void
imap_run_capability(struct imap *m, struct imap_words *w)
{
	if (!words_end(w)) {
		imap_finish_wrong(m, w);
		return;
	}
	buf_add(&m->out, STR("* CAPABILITY "));
	imap_capabilities(m, &m->out);
	buf_add(&m->out, STR("\r\n"));
	imap_finish(m, IMAP_OK, STR(""), "That is what we can do.");
}

void
imap_run_logout(struct imap *m, struct imap_words *w)
{
	if (!words_end(w)) {
		imap_finish_wrong(m, w);
		return;
	}
	buf_add(&m->out, STR("* BYE Goodbye.\r\n"));
	imap_finish(m, IMAP_OK, STR(""), "As you wish.");
	m->reading->state = IMAP_OVER;
}

/* "NIL", or names with values (RFC 2971 section 4). */
static bool
take_id(struct imap_words *w)
{
	struct words_list list = { 0 };
	struct str name, value;
	size_t count = 0;

	if (words_skip_label(w, STR("NIL")))
		return true;
	while (words_list(w, &list)) {
		if (++count > ID_PAIRS_MAX)
			return words_fail(w, "That is too much of an ID.");
		if (!words_string(w, &name) || !words_space(w) ||
		    !words_nstring(w, &value))
			return false;
	}
	return w->why == NULL;
}

void
imap_run_id(struct imap *m, struct imap_words *w)
{
	if (!words_space(w) || !take_id(w) || !words_end(w)) {
		imap_finish_wrong(m, w);
		return;
	}
	/* RFC 2971 section 5 lets us keep our name from strangers. */
	buf_add_text(&m->out, m->reading->authenticated ?
	    "* ID (\"name\" \"pillarbox\")\r\n" : "* ID NIL\r\n");
	imap_finish(m, IMAP_OK, STR(""), "Nice to meet you.");
}

static const struct {
	const char *name;
	unsigned bits;		/* enum imap_enabled; what it implies, too */
} enables[] = {
	{ "CONDSTORE", IMAP_ENABLED_CONDSTORE },
	{ "QRESYNC", IMAP_ENABLED_QRESYNC | IMAP_ENABLED_CONDSTORE },
	{ "UTF8=ACCEPT", IMAP_ENABLED_UTF8 },
	{ "IMAP4rev2", IMAP_ENABLED_REV2 },
	{ "UIDONLY", IMAP_ENABLED_UIDONLY },
};

/* Turn on what is known; told gets the bits that were asked for. */
static bool
take_enables(struct imap *m, struct imap_words *w, unsigned *told)
{
	struct str name;
	size_t i;

	do {
		if (!words_space(w) || !words_atom(w, &name))
			return false;
		for (i = 0; i < countof(enables); i++)
			if (str_same(name, str_of(enables[i].name)))
				*told |= 1U << i;
	} while (words_next(w) == ' ' && w->rest.len > 1);
	if (!words_end(w))
		return false;
	/* RFC 6855 section 3; the others do no harm later (RFC 5161) */
	if (m->selected && (*told & 1U << 2) != 0)
		return words_fail(w, "UTF8=ACCEPT comes before SELECT.");
	return true;
}

void
imap_run_enable(struct imap *m, struct imap_words *w)
{
	unsigned told = 0;
	size_t i;

	if (!take_enables(m, w, &told)) {
		imap_finish_wrong(m, w);
		return;
	}
	buf_add(&m->out, STR("* ENABLED"));
	for (i = 0; i < countof(enables); i++) {
		if ((told & 1U << i) == 0 ||
		    (m->enabled & enables[i].bits) == enables[i].bits)
			continue;
		buf_add_format(&m->out, " %s", enables[i].name);
		m->enabled |= enables[i].bits;
	}
	buf_add(&m->out, STR("\r\n"));
	imap_finish(m, IMAP_OK, STR(""), "As you wish.");
}
