/*
 * DATA and BDAT: the text of a message, cut into pieces for the shell.
 *
 * Invariants:
 * 1. What the shell is given is whole lines ended by CRLF without NUL, from
 *    the first piece to the one of SMTP_STORE together; s->size counts it.
 * 2. A text that is refused on the way (s->doom) is read to its end, unless
 *    that is too far, and never kept: what the client sends behind it would
 *    otherwise be taken for commands.
 */
#include "mail/trace.h"
#include "talk/smtp_args.h"
#include "talk/smtp_part.h"

#define TOO_BIG "552 5.3.4 Larger than we take"
#define NO_RECIPIENTS "554 5.5.1 No valid recipients"
#define NO_ROOM "452 4.3.1 No room now, try again later"
#define NOT_NOW "451 4.3.0 Not possible now, try again later"

/* Refuse the message, though its text has yet to be read to the end. */
static void
text_doom(struct smtp *s, const char *reply)
{
	if (s->doom == NULL)
		s->doom = reply;
	if (s->opened)
		s->asked = SMTP_ABORT;
	s->opened = false;
	buf_drop(&s->piece);
}

static const char *
verdict_reply(enum smtp_verdict verdict)
{
	switch (verdict) {
	case SMTP_ACCEPT:
		return NULL;
	case SMTP_REFUSE:
		return "550 5.7.1 This message is not wanted";
	case SMTP_FULL:
		return NO_ROOM;
	case SMTP_LATER:
		return NOT_NOW;
	}
	must(false);
	return NULL;
}

void
smtp_data(struct smtp *s, struct str args)
{
	if (args.len > 0)
		smtp_fault(s, "501 5.5.4 DATA stands alone");
	else if (!s->have_mail)
		smtp_fault(s, "503 5.5.1 Send MAIL first");
	else if (s->by_chunks)
		smtp_fault(s, "503 5.5.1 The text comes by BDAT already");
	else if (s->recipient_count == 0)
		smtp_fault(s, NO_RECIPIENTS);
	else {
		s->state = SMTP_IN_TEXT;
		s->asked = SMTP_OPEN;
	}
}

/* Why a chunk cannot be taken, or NULL. */
static const char *
chunk_judge(const struct smtp *s, const struct smtp_chunk_args *args)
{
	if (!s->have_mail || !s->extended)
		return "503 5.5.1 Send EHLO and MAIL first";
	if (s->recipient_count == 0)
		return NO_RECIPIENTS;
	if (args->size > s->policy->size_max - s->text_size)
		return TOO_BIG;
	return NULL;
}

void
smtp_bdat(struct smtp *s, struct str args)
{
	struct smtp_chunk_args chunk;
	const char *reply;
	bool framed;

	if (smtp_args_chunk(args, &chunk, &framed) == SMTP_ARGS_OK)
		reply = chunk_judge(s, &chunk);
	else
		reply = "501 5.5.4 Say BDAT size, or BDAT size LAST";
	if (!framed || (reply != NULL &&
	    chunk.size > SMTP_SWALLOW_MAX - s->swallowed)) {
		/* Nobody knows, or nobody waits, where the next command is. */
		smtp_end(s, reply);
		return;
	}
	if (chunk.size >= SMTP_CHUNK_MIN)
		s->commands--;
	s->state = SMTP_IN_CHUNK;
	s->chunk_left = chunk.size;
	s->chunk_last = chunk.last;
	if (reply != NULL)
		text_doom(s, reply);
	else if (!s->by_chunks)
		s->asked = SMTP_OPEN;
	s->by_chunks = true;
}

/* The protocol as Received names it (RFC 3848; RFC 6531 section 4.3). */
static struct str
protocol_name(const struct smtp *s)
{
	if (s->smtputf8)
		return s->secure ? STR("UTF8SMTPS") : STR("UTF8SMTP");
	if (s->extended)
		return s->secure ? STR("ESMTPS") : STR("ESMTP");
	return STR("SMTP");
}

/* Begin the message with the lines a final delivery adds. */
static void
text_trace(struct smtp *s, int64_t now)
{
	struct str recipients[SMTP_RECIPIENTS_MAX];
	struct str list = buf_str(&s->recipients);
	size_t i;

	for (i = 0; i < s->recipient_count; i++)
		must(str_split(&list, '\0', &recipients[i]));
	trace_add(&s->piece, &(struct trace){
		.reverse_path = buf_str(&s->reverse_path),
		.recipients = recipients,
		.recipient_count = s->recipient_count,
		.helo = buf_str(&s->helo),
		.client_ip = s->client_ip,
		.host = s->policy->host,
		.protocol = protocol_name(s),
		.tls_version = s->tls_version,
		.tls_cipher = s->tls_cipher,
		.id = str_of(s->id),
		.now = now,
	});
	must(!s->piece.full && s->piece.len < PIECE_SIZE);
	s->size = s->piece.len;
}

/* Refuse the message when that was asked: at once, or when its text ends. */
static void
message_refuse(struct smtp *s, enum smtp_ask asked, const char *reply)
{
	s->opened = false;
	if (asked == SMTP_PIECE || (asked == SMTP_OPEN && s->by_chunks)) {
		text_doom(s, reply);
		return;
	}
	s->state = SMTP_COMMAND;
	smtp_forget(s);
	smtp_fault(s, reply);
}

void
smtp_opened(struct smtp *s, enum smtp_verdict verdict, struct str id,
	int64_t now)
{
	size_t i;

	if (!smtp_answered(s, SMTP_OPEN))
		return;
	if (verdict != SMTP_ACCEPT) {
		message_refuse(s, SMTP_OPEN, verdict_reply(verdict));
		return;
	}
	must(id.len < sizeof s->id);
	for (i = 0; i < id.len; i++)
		s->id[i] = (char)str_at(id, i);
	s->id[i] = '\0';
	s->opened = true;
	s->text = (struct text){ .line_len = 0 };
	s->hops = (struct hops){ .count = 0 };
	if (!s->policy->submission)
		text_trace(s, now);
	if (!s->by_chunks)
		smtp_say(s, "354 Go on, end with a lone dot");
}

/*
 * Up to where to fill the piece: not further than one octet too many, so that
 * it does not depend on how the text was cut what it is refused for first.
 */
static size_t
text_stop(const struct smtp *s)
{
	const uint64_t left = s->policy->size_max - s->text_size;

	if (s->doom == NULL && left < PIECE_SIZE - s->piece.len)
		return s->piece.len + (size_t)left + 1;
	return PIECE_SIZE;
}

static size_t
line_limit(const struct smtp *s)
{
	return s->doom == NULL ? s->policy->line_max : SIZE_MAX;
}

/* Take account of octets read, and of those that piece grew by. */
static void
text_count(struct smtp *s, size_t read, size_t piece_len)
{
	struct str added;

	s->text_read += read;
	s->progress += s->text_read / PIECE_SIZE;
	s->text_read %= PIECE_SIZE;
	if (s->doom != NULL) {
		buf_clear(&s->piece);
		s->swallowed += read;
		if (s->swallowed > SMTP_SWALLOW_MAX)
			smtp_end(s, s->doom);
		return;
	}
	added = str_part(buf_str(&s->piece), piece_len, s->piece.len);
	s->size += added.len;
	s->text_size += added.len;
	hops_feed(&s->hops, added);
	if (s->hops.count > SMTP_HOPS_MAX)
		text_doom(s, "554 5.4.6 Too many Received, this is a loop");
	else if (s->text_size > s->policy->size_max)
		text_doom(s, TOO_BIG);
}

/*
 * Go by what the reader of the text said. A fault it met stands behind all it
 * read, and is met again at the next try; so what was found in that, and has
 * to be asked, comes first.
 */
static void
text_heed(struct smtp *s, enum text_result result)
{
	if (result == TEXT_END && s->state != SMTP_OVER)
		s->state = SMTP_IN_END;
	if (s->asked != SMTP_MORE || s->state == SMTP_OVER)
		return;
	switch (result) {
	case TEXT_MORE:
	case TEXT_END:
		break;
	case TEXT_BARE:
		smtp_end(s, "554 5.6.0 A bare CR or LF is no line end");
		break;
	case TEXT_NUL:
		smtp_end(s, "554 5.6.0 A NUL is no text");
		break;
	case TEXT_LONG:
		text_doom(s, "554 5.6.0 A line is too long");
		break;
	}
}

/* Hand a full piece over. */
static void
piece_ask(struct smtp *s)
{
	if (s->doom == NULL && s->state != SMTP_OVER &&
	    s->piece.len == PIECE_SIZE)
		s->asked = SMTP_PIECE;
}

bool
smtp_text_take(struct smtp *s, struct str *in)
{
	const size_t piece_len = s->piece.len;
	const size_t in_len = in->len;
	enum text_result result;

	if (in_len == 0)
		return false;
	result = text_undot(&s->text, in, line_limit(s), &s->piece,
	    text_stop(s));
	text_count(s, in_len - in->len, piece_len);
	text_heed(s, result);
	piece_ask(s);
	return true;
}

/* All octets of the chunk have been read. */
static void
chunk_end(struct smtp *s)
{
	const char *doom = s->doom;
	bool again = s->chunk_failed;

	s->state = SMTP_COMMAND;
	if (doom != NULL) {
		smtp_forget(s);
		/*
		 * The chunks that a client had on their way behind the one
		 * that failed are no errors of its own (RFC 3030 section 2).
		 */
		s->chunk_failed = true;
		if (again)
			smtp_say(s, doom);
		else
			smtp_fault(s, doom);
	} else if (!s->chunk_last)
		smtp_good(s, "250 2.0.0 Chunk taken");
	else if (s->text.state == TEXT_SEEN_CR)
		text_heed(s, TEXT_BARE);
	else
		s->state = SMTP_IN_END;
}

bool
smtp_chunk_take(struct smtp *s, struct str *in)
{
	const size_t piece_len = s->piece.len;
	enum text_result result = TEXT_MORE;
	struct str part = *in;
	size_t read;

	if (s->chunk_left == 0) {
		chunk_end(s);
		return true;
	}
	if (in->len == 0)
		return false;
	if (part.len > s->chunk_left)
		part = str_part(part, 0, (size_t)s->chunk_left);
	read = part.len;
	if (s->doom == NULL) {
		result = text_plain(&s->text, &part, line_limit(s),
		    &s->piece, text_stop(s));
		read -= part.len;
	}
	str_take(in, read);
	s->chunk_left -= read;
	text_count(s, read, piece_len);
	text_heed(s, result);
	piece_ask(s);
	return true;
}

bool
smtp_text_end(struct smtp *s)
{
	const size_t piece_len = s->piece.len;
	struct str line_end = STR("\r\n");

	if (s->doom != NULL) {
		const char *doom = s->doom;

		s->state = SMTP_COMMAND;
		smtp_forget(s);
		smtp_fault(s, doom);
		return true;
	}
	if (s->by_chunks && !text_closed(&s->text)) {
		if (s->text.state == TEXT_SEEN_CR)
			str_take(&line_end, 1);
		text_plain(&s->text, &line_end, SIZE_MAX, &s->piece,
		    PIECE_SIZE);
		s->size += s->piece.len - piece_len;
	}
	piece_ask(s);
	if (s->asked == SMTP_MORE) {
		s->opened = false;
		s->asked = SMTP_STORE;
	}
	return true;
}

void
smtp_pieced(struct smtp *s, enum smtp_verdict verdict)
{
	if (!smtp_answered(s, SMTP_PIECE))
		return;
	buf_clear(&s->piece);
	if (verdict != SMTP_ACCEPT)
		message_refuse(s, SMTP_PIECE, verdict_reply(verdict));
}

void
smtp_refused(struct smtp *s, const char *reply)
{
	const enum smtp_ask asked = s->asked;

	if (!smtp_answered(s, asked))
		return;
	must(asked == SMTP_OPEN || asked == SMTP_PIECE || asked == SMTP_STORE);
	buf_clear(&s->piece);
	message_refuse(s, asked, reply);
}

void
smtp_stored(struct smtp *s, enum smtp_verdict verdict)
{
	if (!smtp_answered(s, SMTP_STORE))
		return;
	if (verdict != SMTP_ACCEPT) {
		message_refuse(s, SMTP_STORE, verdict_reply(verdict));
		return;
	}
	s->state = SMTP_COMMAND;
	smtp_forget(s);
	s->messages++;
	s->commands = 0;
	s->swallowed = 0;
	buf_add_text(&s->out, s->policy->submission ? "250 2.0.0 Queued as " :
	    "250 2.0.0 Stored as ");
	smtp_good(s, s->id);
}
