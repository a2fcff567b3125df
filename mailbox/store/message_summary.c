/* Summaries, read and made by the owner. */
#include <errno.h>

#include "mail/summary.h"
#include "store/message_inner.h"
#include "store/summary_row.h"

int
message_summary(struct db *db, struct message_reader *r, uint64_t message,
	enum message_summary which, struct buf *out)
{
	struct summary_ask ask = { .message = message, .which = which };
	int more, err = message_key(db, r, message, &ask.key);

	buf_clear(out);
	if (err != 0)
		return err;
	more = summary_row_open(db, &ask, out);
	return more == -EBADMSG ? message_broken(message) : more;
}

/* Let a maker see all of a message. */
static int
message_feed(struct db *db, struct message_reader *r, uint64_t message,
	struct summary_maker *maker)
{
	struct buf piece;
	int more = message_open(db, r, message);

	buf_init(&piece, PIECE_SIZE);
	if (more == 0)
		while ((more = message_read(db, r, &piece)) > 0)
			summary_feed(maker, buf_str(&piece));
	buf_drop(&piece);
	return more;
}

int
message_summarise(struct db *db, struct message_reader *r, uint64_t message,
	struct buf *head, struct buf *body)
{
	struct summary_maker *maker = summary_new(SUMMARY_MAX);
	struct summary_row row = { .message = message };
	const unsigned char *key;
	int err = message_feed(db, r, message, maker);

	buf_clear(head);
	buf_clear(body);
	if (err == 0)
		must(summary_end(maker, head, body));
	summary_drop(maker);
	if (err == 0)
		err = message_key(db, r, message, &key);
	if (err != 0)
		return err;
	summary_row_seal(&row, message, buf_str(head), buf_str(body), key);
	summary_row_late(db, &row);
	return 0;
}
