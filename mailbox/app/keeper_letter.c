/*
 * Letters from the wire. The sender of these datagrams meets strangers and
 * may have been taken over by one of them, so each claim is looked at again:
 * who receives, how many, how long. All such a sender can do is put letters
 * in.
 */
#include "app/keeper_part.h"

#include "base/log.h"
#include "mail/head.h"
#include "rules/submit.h"
#include "store/address.h"
#include "store/box.h"
#include "store/identity.h"

#include <errno.h>
#include <stdlib.h>

#define PATH_MAX_LEN (ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX)
#define LETTER_IDS_MAX 8	/* message-ids of one letter that are noted */

/* What is wrong by a configuration may have been right by an older one. */
static const char not_ours[] = "not an address of ours";
static const char too_large[] = "larger than is taken";

static void
answer_letter(struct keeper *k, uint32_t session, enum smtp_verdict verdict,
	bool promise)
{
	keeper_answer(k, &(struct answer){
		.kind = WIRE_TAKEN, .session = session,
		.verdict = verdict, .promise = promise
	});
}

/* Whether an address is one of ours in the very form the book keeps. */
static bool
is_ours(const struct keeper *k, struct str name)
{
	const struct domains *domains = &k->era->setup.config.domains;
	struct addr addr;
	struct buf canonical;
	const char *why;
	bool same;

	if (addr_mailbox(name, &addr, &why) != ADDR_OK ||
	    recipient_judge(domains, &addr) != RECIPIENT_OURS)
		return false;
	buf_init(&canonical, PATH_MAX_LEN);
	addr_canonical(&canonical, &addr, domains->names[0]);
	same = !canonical.full && str_equal(buf_str(&canonical), name);
	buf_drop(&canonical);
	return same;
}

/* A claim that intake would never make: say so, and take nothing. */
static void
log_refused(const struct keeper *k, uint32_t session, const char *why)
{
	bool harmless = k->renewed && (why == not_ours || why == too_large);

	log_event(harmless ? LOG_INFO : LOG_ERROR, "letter-refused",
	    LOG_N("session", session), LOG_C("why", why));
}

void
letter_judge(struct keeper *k, const struct wire_mail *mail)
{
	struct answer answer = {
		.kind = WIRE_JUDGED, .session = mail->head.session,
		.verdict = SMTP_ACCEPT
	};
	enum address_state state = ADDRESS_OPEN;
	int err = 0;

	if (!is_ours(k, mail->body)) {
		log_refused(k, mail->head.session, not_ours);
		answer.verdict = SMTP_LATER;
	} else {
		err = address_state(k->db, mail->body, &state);
	}
	if (err != 0) {
		answer.verdict = keeper_verdict(err);
	} else if (state == ADDRESS_REFUSE) {
		answer.verdict = SMTP_REFUSE;
		if (address_refused(k->db, mail->body) != 0)
			answer.verdict = SMTP_LATER;
	}
	keeper_answer(k, &answer);
}

static struct letter *
letter_find(const struct keeper *k, uint32_t session)
{
	struct letter *letter;
	struct list *link;

	for (link = k->letters.next; link != &k->letters; link = link->next) {
		letter = list_of(link, struct letter, link);
		if (letter->session == session)
			return letter;
	}
	return NULL;
}

/* Forget a letter; its writer, if it still has one, is aborted. */
static void
letter_drop(struct keeper *k, struct letter *letter)
{
	list_take(&letter->link);
	k->letter_count--;
	message_abort(letter->writer);
	buf_drop(&letter->recipients);
	buf_drop(&letter->ids);
	free(letter);
}

/* Why the first piece of a letter cannot be, or NULL. */
static const char *
envelope_wrong(const struct keeper *k, const struct wire_mail *mail)
{
	const struct wire_head *head = &mail->head;
	struct str list, name;

	if (head->path_len > PATH_MAX_LEN)
		return "reverse-path too long";
	if (head->recipient_count == 0 ||
	    head->recipient_count > SMTP_RECIPIENTS_MAX)
		return "number of recipients";
	list = str_part(mail->body, head->path_len, head->recipients_len);
	while (str_split(&list, '\0', &name))
		if (!is_ours(k, name))
			return not_ours;
	return NULL;
}

/* Look up which recipients are muted. */
static int
mute(struct keeper *k, struct letter *letter, size_t *muted)
{
	struct str list = buf_str(&letter->recipients), name;
	enum address_state state;
	size_t n;
	int err;

	*muted = 0;
	for (n = 0; str_split(&list, '\0', &name); n++) {
		err = address_state(k->db, name, &state);
		if (err != 0)
			return err;
		letter->muted[n] = state == ADDRESS_MUTE;
		*muted += letter->muted[n] ? 1 : 0;
	}
	return 0;
}

/* Begin a letter whose envelope is good; NULL with *err. */
static struct letter *
letter_begin(struct keeper *k, const struct wire_mail *mail, int *err)
{
	const struct wire_head *head = &mail->head;
	struct letter *letter = xalloc(1, sizeof *letter);
	size_t muted;

	letter->session = head->session;
	buf_init(&letter->ids, LETTER_IDS_MAX * (SUBMIT_ID_MAX + 1));
	buf_init(&letter->recipients, head->recipients_len);
	buf_add(&letter->recipients, str_part(mail->body, head->path_len,
	    head->recipients_len));
	list_add(&k->letters, &letter->link);
	k->letter_count++;
	*err = mute(k, letter, &muted);
	if (*err == 0 && muted < head->recipient_count)
		*err = message_begin(k->db, &letter->writer);
	if (*err == 0)
		return letter;
	letter_drop(k, letter);
	return NULL;
}

/* The letter a piece belongs to; NULL when it was answered already. */
static struct letter *
letter_of(struct keeper *k, const struct wire_mail *mail)
{
	const struct wire_head *head = &mail->head;
	struct letter *letter = letter_find(k, head->session);
	const char *why = NULL;
	int err;

	if ((head->flags & WIRE_FIRST) == 0) {
		if (letter == NULL)
			why = "it never began";
		else if (head->path_len > 0 || head->recipients_len > 0)
			why = "a second envelope";
	} else {
		why = letter != NULL ? "it began twice" :
		    k->letter_count >= KEEPER_LETTERS_MAX ?
		    "too many at once" : envelope_wrong(k, mail);
	}
	if (why == NULL && (head->flags & WIRE_FIRST) != 0) {
		letter = letter_begin(k, mail, &err);
		if (letter == NULL)
			answer_letter(k, head->session, keeper_verdict(err),
			    false);
		return letter;
	}
	if (why == NULL)
		return letter;
	log_refused(k, head->session, why);
	if (letter != NULL)
		letter_drop(k, letter);
	answer_letter(k, head->session, SMTP_LATER, false);
	return NULL;
}

/* Count the letter for each of its addresses. */
static int
count_recipients(struct keeper *k, const struct letter *letter)
{
	struct str list = buf_str(&letter->recipients), name;
	size_t n;
	int err = 0;

	for (n = 0; err == 0 && str_split(&list, '\0', &name); n++)
		err = address_received(k->db, name, letter->muted[n]);
	return err;
}

/* Keep one, with or without its brackets. */
static void
add_id(struct letter *letter, struct str id)
{
	struct str known = buf_str(&letter->ids), one;

	id = str_trim(id);
	if (str_starts(id, STR("<")) && str_ends(id, STR(">")))
		id = str_trim(str_part(id, 1, id.len - 2));
	if (id.len == 0 || id.len > SUBMIT_ID_MAX ||
	    str_find(id, 0, '\0') != STR_NONE)
		return;
	while (str_split(&known, '\0', &one))
		if (str_equal(one, id))
			return;
	if (letter->id_count == LETTER_IDS_MAX)
		return;
	letter->id_count++;
	buf_add(&letter->ids, id);
	buf_add_char(&letter->ids, '\0');
}

static bool
ends_id(int c, bool bracketed)
{
	return bracketed ? c == '<' || c == '>' :
	    c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Keep the ids of one Message-ID field. Of an odd one nobody knows what a mail
 * program will take: all of it, what a bracket begins, or, where there is
 * none, a word.
 */
static void
add_ids(struct letter *letter, struct str value)
{
	struct str rest = str_trim(value), before;
	bool bracketed;
	size_t len;

	add_id(letter, rest);
	bracketed = str_split(&rest, '<', &before);
	while (rest.len > 0 && letter->id_count < LETTER_IDS_MAX) {
		for (len = 0; len < rest.len &&
		    !ends_id(str_at(rest, len), bracketed); len++)
			continue;
		add_id(letter, str_take(&rest, len));
		if (!bracketed)
			rest = str_trim(rest);
		else if (!str_split(&rest, '<', &before))
			break;
	}
}

/*
 * Keep what a reply will name it by: the ids of all its Message-ID fields, as
 * far as the first piece shows them.
 */
static void
find_ids(struct letter *letter, struct str piece)
{
	struct head_field field;

	while (letter->id_count < LETTER_IDS_MAX && head_next(&piece, &field))
		if (str_same(field.name, STR("Message-ID")))
			add_ids(letter, field.value);
}

/*
 * Note that it came to the first of its addresses that is not muted: what
 * replies to it goes out as that one. Without the key of this device nothing
 * is noted, and the letter is taken all the same.
 */
static int
note_identity(struct keeper *k, const struct letter *letter)
{
	struct str list = buf_str(&letter->recipients), name;
	struct str ids = buf_str(&letter->ids), id;
	size_t n = 0;
	int err = 0;

	while (str_split(&list, '\0', &name) && letter->muted[n])
		n++;
	while (err == 0 && str_split(&ids, '\0', &id))
		err = identity_note(k->db, id, name, 0);
	return err == -ENOKEY ? 0 : err;
}

/* The letter is whole: into the box with it, to be committed this turn. */
static int
letter_keep(struct keeper *k, struct letter *letter)
{
	const struct message_start start = {
		.box = BOX_INBOX, .received = k->loop->clock.unix_s
	};
	struct message_writer *writer = letter->writer;
	int err = 0;

	letter->writer = NULL;
	if (writer != NULL)
		err = message_keep(writer, &start, NULL);
	if (err != 0)
		return err;
	if (writer != NULL)
		err = note_identity(k, letter);
	if (err == 0)
		err = count_recipients(k, letter);
	return err == 0 ? 0 : db_doom(k->db, err);
}

/* Why a piece cannot be of its length, or NULL. */
static const char *
piece_wrong(const struct keeper *k, const struct letter *letter,
	const struct wire_head *head)
{
	/* The trace on top of the text is less than a piece. */
	const uint64_t size_max = k->era->setup.config.size_max + PIECE_SIZE;

	if (head->piece_len > PIECE_SIZE)
		return "length of a piece";
	if ((head->flags & WIRE_LAST) == 0 && head->piece_len < PIECE_SIZE)
		return "length of a piece";
	return letter->size + head->piece_len <= size_max ? NULL : too_large;
}

void
letter_take(struct keeper *k, const struct wire_mail *mail)
{
	const struct wire_head *head = &mail->head;
	const bool last = (head->flags & WIRE_LAST) != 0;
	struct letter *letter = letter_of(k, mail);
	const char *why;
	struct str piece;
	int err = 0;

	if (letter == NULL)
		return;
	why = piece_wrong(k, letter, head);
	if (why != NULL) {
		log_refused(k, head->session, why);
		letter_drop(k, letter);
		answer_letter(k, head->session, SMTP_LATER, false);
		return;
	}
	piece = str_part(mail->body, head->path_len + head->recipients_len,
	    head->piece_len);
	if (letter->size == 0 && letter->writer != NULL)
		find_ids(letter, piece);
	letter->size += piece.len;
	if (letter->writer != NULL)
		err = message_piece(letter->writer, piece, last);
	if (err == 0 && last)
		err = letter_keep(k, letter);
	if (err != 0 || last)
		letter_drop(k, letter);
	answer_letter(k, head->session,
	    err == 0 ? SMTP_ACCEPT : keeper_verdict(err), err == 0 && last);
}

void
letter_abort(struct keeper *k, uint32_t session)
{
	struct letter *letter = letter_find(k, session);

	if (letter != NULL)
		letter_drop(k, letter);
}

void
letter_abort_all(struct keeper *k)
{
	while (!list_empty(&k->letters))
		letter_drop(k, list_of(k->letters.next, struct letter, link));
}
