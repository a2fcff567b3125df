/*
 * The messages of APPEND and REPLACE: what announces each is read as soon as
 * its literal is, and the message itself goes by (RFC 9051 section 6.3.12, RFC
 * 3502, 6855, 7889, 8508).
 */
#include "talk/imap_part.h"

#include "talk/imap_parse.h"

bool
imap_text_is(const struct imap *m)
{
	return m->command.verb == IMAP_APPEND ||
	    m->command.verb == IMAP_REPLACE;
}

/* Whether the message may come. */
static bool
message_fits(struct imap *m, struct imap_words *w)
{
	/* RFC 9586 section 3 */
	if ((m->enabled & IMAP_ENABLED_UIDONLY) != 0 &&
	    m->command.verb == IMAP_REPLACE && !m->command.uid)
		return words_fail_code(w, IMAP_BAD, "UIDREQUIRED",
		    "With UIDONLY there are no sequence numbers.");
	/* RFC 3502 section 6.3.11 */
	if (m->append.size == 0)
		return words_fail_code(w, IMAP_NO, NULL,
		    "A message has some text; nothing was kept.");
	/* RFC 7889 section 4 */
	if (m->append.size > m->append_limit)
		return words_fail_code(w, IMAP_NO, "TOOBIG",
		    "The message is too large.");
	return true;
}

/*
 * Read what stands before the first message, or between two.
 *
 * utf8      the one before was within UTF8 (...)
 */
static bool
announce(struct imap *m, struct imap_words *w, bool utf8,
	struct imap_announced *announced)
{
	bool first = m->reading->messages == 0;

	if (first) {
		if (imap_obey_begin(m, w) == NULL)
			return false;
	} else if (!imap_parse_appended(w, utf8)) {
		return false;
	} else if (m->command.verb == IMAP_REPLACE) {
		return words_fail(w, "REPLACE takes one message.");
	}
	return imap_parse_announced(w, &m->command, first, &m->append,
	    announced) && (announced->name || message_fits(m, w));
}

/* "~{n+}" at the end of a line that has one. */
static struct str
literal_spec(struct str line, const struct imap_literal *literal)
{
	size_t from = line.len;

	while (str_at(line, from - 1) != '{')
		from--;
	return str_part(line, from - (literal->eight ? 2 : 1), line.len);
}

bool
imap_text_announced(struct imap *m, const struct imap_literal *literal)
{
	struct imap_reading *r = m->reading;
	struct imap_words w = imap_words_from(m,
	    r->messages == 0 ? 0 : r->message_end);
	struct imap_announced announced = {
		.spec = literal_spec(w.rest, literal)
	};
	bool utf8 = m->append.utf8;

	m->append = (struct imap_append){
		.size = literal->size, .literal8 = literal->eight,
		.number = r->messages
	};
	if (!announce(m, &w, utf8, &announced)) {
		imap_read_refuse(m, literal, &w);
		return true;
	}
	if (announced.name)
		return false;
	r->literal = *literal;
	r->left = literal->size;
	r->messages++;
	r->message_end = r->text.len;
	r->tail_len = 0;
	r->state = IMAP_AT_TAKE;
	return true;
}

void
imap_text_last(struct imap *m)
{
	struct imap_words w = imap_words_from(m, m->reading->message_end);

	if (imap_parse_appended(&w, m->append.utf8) && words_end(&w))
		m->reading->state = IMAP_AT_DO;
	else
		imap_finish_wrong(m, &w);
}
