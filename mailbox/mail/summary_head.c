/* The first text of a summary: what the header of the message says. */
#include "mail/summary_part.h"

#include "mail/date.h"
#include "mail/head.h"

#define DAY_S 86400
#define DATE_MAX 200		/* octets of a date with its zone */

enum { HEAD_HAS_SENT = 1 };

/*
 * The day of a date where it was written: that of the same date as if it were
 * UTC.
 */
static int64_t
read_day(struct str date, int64_t sent)
{
	struct str head, rest;
	struct buf utc;
	int64_t local;
	size_t len;

	local = sent;
	/* a zone may be told once more in a comment */
	date = str_part(date, 0, str_find(date, 0, '('));
	rest = date;
	while (str_split(&rest, ':', &head))
		continue;
	/* behind the last colon: minutes or seconds, then the zone */
	head_skip_space(&rest, NULL);
	for (len = 0; char_is_digit(str_at(rest, len)); len++)
		continue;
	buf_init(&utc, DATE_MAX);
	buf_add(&utc, str_part(date, 0, date.len - rest.len + len));
	buf_add_text(&utc, " +0000");
	if (rest.len < date.len && !utc.full)
		(void)date_read(buf_str(&utc), &local);
	buf_drop(&utc);
	return (local >= 0 ? local : local - DAY_S + 1) / DAY_S;
}

/* The ids of References, else the first of In-Reply-To (RFC 5256, 3). */
static void
read_references(struct summary_maker *m)
{
	struct str rest;
	struct buf id;

	rest = summary_slot(m, SLOT_REFERENCES);
	buf_init(&id, rest.len + summary_slot(m, ENVELOPE_IN_REPLY_TO).len);
	while (envelope_id(&rest, &id)) {
		buf_add(&m->references, buf_str(&id));
		buf_add_char(&m->references, '\0');
	}
	rest = summary_slot(m, ENVELOPE_IN_REPLY_TO);
	if (m->references.len == 0 && envelope_id(&rest, &id)) {
		buf_add(&m->references, buf_str(&id));
		buf_add_char(&m->references, '\0');
	}
	buf_drop(&id);
}

void
summary_head(struct summary_maker *m)
{
	struct str values[ENVELOPE_COUNT];
	struct str date;
	unsigned i;

	for (i = 0; i < ENVELOPE_COUNT; i++)
		values[i] = summary_slot(m, i);
	envelope_write(&m->envelope, values);
	if (m->envelope.full && m->max < SUMMARY_MAX) {
		m->failed = true;
		return;
	}
	if (m->envelope.full) {
		/* no list is this long but to do harm */
		buf_clear(&m->envelope);
		for (i = ENVELOPE_FROM; i <= ENVELOPE_BCC; i++)
			values[i] = str_from(NULL, 0);
		envelope_write(&m->envelope, values);
	}
	date = values[ENVELOPE_DATE];
	m->has_sent = date.at != NULL && date_read(date, &m->sent);
	if (m->has_sent)
		m->sent_day = (int32_t)read_day(date, m->sent);
	read_references(m);
}

void
summary_write_head(const struct summary_maker *m, struct buf *out)
{
	buf_add_char(out, SUMMARY_VERSION);
	buf_add_char(out, m->has_sent ? HEAD_HAS_SENT : 0);
	summary_add_signed(out, m->has_sent ? m->sent : 0);
	summary_add_signed(out, m->has_sent ? m->sent_day : 0);
	summary_add_text(out, buf_str(&m->references));
	summary_add_text(out, buf_str(&m->envelope));
}

bool
summary_read_head(struct summary_head *h, struct str text)
{
	int64_t day;
	int flags;

	*h = (struct summary_head){ .has_sent = false };
	if (!str_skip(&text, SUMMARY_VERSION))
		return false;
	flags = str_at(str_take(&text, 1), 0);
	if (flags < 0 || !summary_take_signed(&text, &h->sent) ||
	    !summary_take_signed(&text, &day) ||
	    !summary_take_text(&text, &h->references) ||
	    !summary_take_text(&text, &h->envelope))
		return false;
	h->has_sent = (flags & HEAD_HAS_SENT) != 0;
	h->sent_day = (int32_t)day;
	return text.len == 0;
}
