/*
 * Looking into messages for a search: into the summary, the header, or all of
 * it, which is opened once however many texts are looked for.
 */
#include "app/mua_search_part.h"

#include <errno.h>

#define PASS_OCTETS 4096	/* what a pass costs beside what it reads */

/* ---- the summary ---- */

/*
 * Add a name or mailbox, quoted if it has to be (RFC 5322 section 3.2.3), but
 * for an encoded-word, which stands for words without quotes.
 *
 * others    what may stand without quotes but letters and digits
 */
static void
word_add(struct buf *out, struct str phrase, struct str others)
{
	size_t i;
	int c;

	for (i = 0; i < phrase.len; i++) {
		c = str_at(phrase, i);
		if (c < 0x80 && !char_is_alnum(c) &&
		    str_find(others, 0, (char)c) == STR_NONE)
			break;
	}
	if (i == phrase.len || str_find_str(phrase, STR("=?")) != STR_NONE) {
		buf_add(out, phrase);
		return;
	}
	buf_add_char(out, '"');
	for (i = 0; i < phrase.len; i++) {
		if (str_at(phrase, i) == '"' || str_at(phrase, i) == '\\')
			buf_add_char(out, '\\');
		buf_add(out, str_part(phrase, i, 1));
	}
	buf_add_char(out, '"');
}

/*
 * Add an address as others have it looked for: Name <mailbox@host>, with the
 * name in quotes if it needs them; and of a group its name, ':' and ';'.
 */
static void
person_add(struct buf *out, const struct envelope_person *p)
{
	const struct str others = STR("!#$%&'*+-/=?^_`{|}~.");

	if (!p->has_host) {
		buf_add(out, buf_str(&p->mailbox));
		buf_add_char(out, p->has_mailbox ? ':' : ';');
		return;
	}
	if (p->has_name) {
		word_add(out, buf_str(&p->name),
		    str_part(others, 0, others.len - 1));
		buf_add_char(out, ' ');
	}
	buf_add_char(out, '<');
	word_add(out, buf_str(&p->mailbox), others);
	buf_add_char(out, '@');
	buf_add(out, buf_str(&p->host));
	buf_add_char(out, '>');
}

/* All addresses of a field; false when there is none. */
static bool
people_text(struct search *s, enum envelope_field field)
{
	struct envelope_people people;
	bool group = false, any = false;

	buf_clear(&s->text);
	envelope_people(&people, s->summary.envelope, field);
	while (envelope_next(&people, &s->person)) {
		if (any && (s->person.has_host || s->person.has_mailbox))
			buf_add_text(&s->text, group ? " " : ", ");
		person_add(&s->text, &s->person);
		group = !s->person.has_host && s->person.has_mailbox;
		any = true;
	}
	return any;
}

static bool
is_in_summary(struct search *s, const struct judge_key *k)
{
	static const struct {
		enum imap_key key;
		enum envelope_field field;
	} fields[] = {
		{ IMAP_KEY_BCC, ENVELOPE_BCC }, { IMAP_KEY_CC, ENVELOPE_CC },
		{ IMAP_KEY_FROM, ENVELOPE_FROM }, { IMAP_KEY_TO, ENVELOPE_TO }
	};
	const struct needle *needle = &s->needles[k->needle];
	bool there = false;
	size_t i;

	if (k->key->key == IMAP_KEY_SUBJECT)
		there = envelope_text(&s->text, s->summary.envelope,
		    ENVELOPE_SUBJECT);
	for (i = 0; i < countof(fields); i++)
		if (k->key->key == fields[i].key)
			there = people_text(s, fields[i].field);
	return there && look_in_field(needle, buf_str(&s->text));
}

static bool
is_sent(const struct search *s, const struct imap_search_key *key)
{
	if (!s->summary.has_sent)
		return false;
	if (key->key == IMAP_KEY_SENTBEFORE)
		return s->summary.sent_day < key->day;
	if (key->key == IMAP_KEY_SENTON)
		return s->summary.sent_day == key->day;
	return s->summary.sent_day >= key->day;
}

int
search_judge_summary(struct search *s)
{
	struct judge_key *k = NULL;
	bool found;
	int err = search_head(s);

	if (err != 0)
		return err;
	while ((k = judge_next(&s->judge, JUDGE_SUMMARY, k)) != NULL) {
		if (k->key->key == IMAP_KEY_SENTBEFORE ||
		    k->key->key == IMAP_KEY_SENTON ||
		    k->key->key == IMAP_KEY_SENTSINCE)
			found = is_sent(s, k->key);
		else
			found = is_in_summary(s, k);
		k->value = found ? JUDGE_YES : JUDGE_NO;
	}
	return 0;
}

/* ---- pieces ---- */

/*
 * The next piece of the message in service->piece, the first one in each
 * stage first.
 *
 * Returns:  1; 0: there are no more; negative errno as search_head().
 */
static int
piece_next(struct search *s)
{
	struct imap_service *service = s->m->service;
	bool first = !s->opened;
	int got = 0;

	if (first && s->entry->size > 0)
		got = message_open(service->db, s->m->reader,
		    s->entry->message);
	s->opened = true;
	s->holds = false;
	if (got == 0 && s->entry->size > 0)
		got = message_read(service->db, s->m->reader,
		    &service->piece);
	if (got < 0)
		return got == -EBADMSG ? -ENOENT : got;
	if (got > 0)
		s->octets += service->piece.len;
	s->holds = got > 0 && first && service->piece.len == s->entry->size;
	return got;
}

/* ---- the header ---- */

static void
field_judge(struct search *s)
{
	struct judge_key *k = NULL;

	while ((k = judge_next(&s->judge, JUDGE_HEADER, k)) != NULL)
		if (str_same(k->key->name, mime_name(s->mime)) &&
		    look_in_field(&s->needles[k->needle],
		    mime_value(s->mime)))
			k->value = JUDGE_YES;
}

/* Look at the fields in octets; true when the header is over. */
static bool
fields_judge(struct search *s, struct str octets)
{
	for (;;) {
		switch (mime_step(s->mime, &octets)) {
		case MIME_BEGIN:
			break;
		case MIME_FIELD:
			field_judge(s);
			break;
		case MIME_MORE:
			return false;
		case MIME_HEAD:
		case MIME_TEXT:
		case MIME_END:
		case MIME_DONE:
			return true;
		}
	}
}

int
search_judge_header(struct search *s)
{
	struct judge_key *k = NULL;
	bool over = false;
	int got;

	if (s->mime == NULL)
		s->mime = mime_new();
	while (!over) {
		if (s->octets >= MUA_OCTETS)
			return 1;
		got = piece_next(s);
		if (got < 0)
			break;
		if (got == 0)
			mime_end(s->mime);
		over = fields_judge(s, got == 0 ? STR("") :
		    buf_str(&s->m->service->piece));
	}
	mime_drop(s->mime);
	s->mime = NULL;
	if (!over)
		return got;
	while ((k = judge_next(&s->judge, JUDGE_HEADER, k)) != NULL)
		k->value = JUDGE_NO;
	return 0;
}

/* ---- all of it ---- */

/*
 * Each pass beyond the first counts as octets of its own, and as some more for
 * its beginning and end. Returns: whether more of the message is wanted.
 */
static bool
passes_feed(struct search *s, struct str octets)
{
	bool more = false;
	size_t i;

	if (s->pass_count > 1)
		s->octets += (octets.len + PASS_OCTETS) * (s->pass_count - 1);
	for (i = 0; i < s->pass_count; i++)
		more = look_feed(s->passes[i].look, octets) || more;
	return more;
}

static void
passes_end(struct search *s)
{
	const struct search_pass *pass;
	uint32_t found;
	size_t i, n;

	for (i = 0; i < s->pass_count; i++) {
		pass = &s->passes[i];
		found = look_end(pass->look);
		for (n = 0; n < pass->count; n++)
			pass->keys[n]->value = (found >> n & 1) != 0 ?
			    JUDGE_YES : JUDGE_NO;
	}
}

int
search_judge_text(struct search *s)
{
	bool more = true;
	int got = 1;

	if (s->holds) {
		(void)passes_feed(s, buf_str(&s->m->service->piece));
		more = false;
	}
	while (more && got > 0) {
		if (s->octets >= MUA_OCTETS)
			return 1;
		got = piece_next(s);
		if (got > 0)
			more = passes_feed(s, buf_str(&s->m->service->piece));
	}
	passes_end(s);
	return got < 0 ? got : 0;
}
