/*
 * The sending half of SMTP: a letter's envelope. Whether this server can take
 * it at all, MAIL, RCPT and DATA in one go where PIPELINING allows it
 * (RFC 2920 section 3.1), and whose reply is whose.
 *
 * A refused recipient is that recipient's matter alone. Nothing a stranger
 * wrote goes out unchecked: addresses are parsed, parameters looked through.
 */
#include "talk/smtp_client_part.h"

#include "mail/addr.h"
#include "talk/smtp_args.h"

/* Decide all recipients that are not; c may still use the connection. */
static void
judge_all_alone(struct smtp_client *c, enum smtp_fate fate, unsigned subject,
	unsigned detail, const char *why)
{
	struct smtp_client_recipient *r;
	size_t i;

	for (i = 0; i < c->letter->count; i++) {
		r = &c->letter->recipients[i];
		if (r->outcome.fate == SMTP_UNDECIDED)
			client_judge_alone(&r->outcome, fate, subject, detail,
			    why);
	}
}

/*
 * What the reply means for whom it is about. 530 in clear is a call for
 * STARTTLS (RFC 3207 section 4), which may go better another time.
 */
static enum smtp_fate
fate_now(const struct smtp_client *c)
{
	if (c->reply.code == 530 && !c->secure)
		return SMTP_TEMPORARY;
	return client_fate(c->reply.code);
}

static void
judge_undecided(struct smtp_client *c)
{
	struct smtp_client_recipient *r;
	size_t i;

	for (i = 0; i < c->letter->count; i++) {
		r = &c->letter->recipients[i];
		if (r->outcome.fate == SMTP_UNDECIDED)
			client_judge(c, &r->outcome, fate_now(c));
	}
}

void
client_judge_taken(struct smtp_client *c, enum smtp_fate fate)
{
	struct smtp_client_recipient *r;
	size_t i;

	for (i = 0; i < c->letter->count; i++) {
		r = &c->letter->recipients[i];
		if (!r->taken || r->outcome.fate != SMTP_UNDECIDED)
			continue;
		client_judge(c, &r->outcome, fate);
		r->outcome.reports = fate == SMTP_DELIVERED && c->offers.dsn;
	}
}

void
client_letter_done(struct smtp_client *c, bool dirty)
{
	c->letter = NULL;
	c->dirty = dirty;
	c->state = CLIENT_IDLE;
}

static bool
any_undecided(const struct smtp_letter *letter)
{
	size_t i;

	for (i = 0; i < letter->count; i++)
		if (letter->recipients[i].outcome.fate == SMTP_UNDECIDED)
			return true;
	return false;
}

/*
 * Look at a recipient before anything is sent.
 *
 * Returns:  whether it needs SMTPUTF8.
 */
static bool
look_at_recipient(struct smtp_client *c, struct smtp_client_recipient *r)
{
	struct addr addr;
	const char *why;

	if (addr_mailbox(r->address, &addr, &why) == ADDR_BAD) {
		client_judge_alone(&r->outcome, SMTP_PERMANENT, 1, 3, why);
		return false;
	}
	if (addr.utf8 && !c->offers.utf8)
		client_judge_alone(&r->outcome, SMTP_PERMANENT, 6, 7,
		    "The server takes no addresses beyond ASCII");
	return addr.utf8;
}

/* Whether the sender, header or REQUIRETLS ask too much of this server. */
static void
look_at_letter(struct smtp_client *c)
{
	const struct smtp_letter *l = c->letter;
	struct addr addr = { .null = true };
	const char *why;

	if (l->sender.len > 0 &&
	    addr_mailbox(l->sender, &addr, &why) == ADDR_BAD)
		judge_all_alone(c, SMTP_PERMANENT, 1, 7, why);
	c->utf8 = c->utf8 || l->utf8 || addr.utf8;
	if ((l->utf8 || addr.utf8) && !c->offers.utf8)
		judge_all_alone(c, SMTP_PERMANENT, 6, 7,
		    "The server takes no mail beyond ASCII");
	/* RFC 8689 section 4.2.1; a notice goes all the same, section 5 */
	if (!l->require_tls || l->sender.len == 0)
		return;
	if (!c->secure || !c->verified)
		judge_all_alone(c, SMTP_PERMANENT, 7, 10,
		    "TLS to a proven server is required, and not to be had");
	else if (!c->offers.require_tls)
		judge_all_alone(c, SMTP_PERMANENT, 7, 30,
		    "The server does not promise to require TLS");
}

/* All is looked at but the size, which a downgrade may change. */
static void
letter_begin(struct smtp_client *c, uint64_t size)
{
	c->size = size;
	if (c->offers.size_max > 0 && size > c->offers.size_max)
		judge_all_alone(c, SMTP_PERMANENT, 3, 4,
		    "The message is larger than the server takes");
	if (!any_undecided(c->letter)) {
		client_letter_done(c, c->dirty);
	} else if (c->dirty) {
		client_say(c, "RSET");
		c->state = CLIENT_IN_RSET;
	} else {
		client_envelope_begin(c);
	}
}

void
smtp_client_send(struct smtp_client *c, struct smtp_letter *letter)
{
	struct smtp_client_recipient *r;
	uint64_t room;
	size_t i;

	must(letter->count > 0 &&
	    letter->count <= SMTP_CLIENT_RECIPIENTS_MAX);
	must(c->state == CLIENT_IDLE && c->letter == NULL);
	c->letter = letter;
	c->eight = letter->has_8bit;
	c->utf8 = false;
	room = c->offers.recipients_max > 0 ? c->offers.recipients_max :
	    SMTP_CLIENT_RECIPIENTS_MAX;
	for (i = 0; i < letter->count; i++) {
		r = &letter->recipients[i];
		r->told = r->taken = false;
		r->outcome = (struct smtp_outcome){ .fate = SMTP_UNDECIDED };
		c->utf8 = look_at_recipient(c, r) || c->utf8;
		if (r->outcome.fate != SMTP_UNDECIDED)
			continue;
		if (room > 0) {
			room--;
			continue;
		}
		client_judge_alone(&r->outcome, SMTP_TEMPORARY, 5, 3,
		    "The server takes fewer recipients at once");
		r->outcome.again = true;
	}
	look_at_letter(c);
	if (c->eight && !c->offers.eight && any_undecided(letter))
		c->state = CLIENT_IN_DOWNGRADE;
	else
		letter_begin(c, letter->size);
}

void
smtp_client_downgraded(struct smtp_client *c, enum smtp_client_downgrade how,
	uint64_t size)
{
	if (c->state == CLIENT_OVER)
		return;
	must(c->state == CLIENT_IN_DOWNGRADE);
	c->eight = how == SMTP_CLIENT_AS_IS;
	if (how == SMTP_CLIENT_REFUSED)
		judge_all_alone(c, SMTP_PERMANENT, 6, 3,
		    "The server takes no 8-bit text");
	letter_begin(c, size);
}

void
client_envelope_begin(struct smtp_client *c)
{
	c->mail_told = c->mail_heard = c->mail_taken = c->data_told = false;
	c->told = c->heard = c->taken = c->awaited = 0;
	c->last = c->chunk_failed = false;
	c->chunks = 0;
	c->at_start = true;
	c->state = CLIENT_IN_ENVELOPE;
}

/* Whether a parameter's value can stand in a command line. */
static bool
is_fit(struct str value, size_t max)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (value.at[i] <= ' ' || value.at[i] >= 127)
			return false;
	return value.len > 0 && value.len <= max;
}

static void
tell(struct smtp_client *c)
{
	client_say(c, "");
	c->awaited++;
}

static void
tell_mail(struct smtp_client *c)
{
	const struct smtp_letter *l = c->letter;
	bool headers = l->ret == SMTP_RET_HDRS || l->require_tls;

	buf_add_text(&c->out, "MAIL FROM:<");
	buf_add(&c->out, l->sender);
	buf_add_char(&c->out, '>');
	if (c->offers.size) {
		buf_add_text(&c->out, " SIZE=");
		buf_add_number(&c->out, c->size);
	}
	if (c->eight && c->offers.eight)
		buf_add_text(&c->out, " BODY=8BITMIME");
	if (c->utf8 && c->offers.utf8)
		buf_add_text(&c->out, " SMTPUTF8");
	if (c->offers.dsn && l->ret != SMTP_RET_NONE)
		buf_add_text(&c->out, headers ? " RET=HDRS" : " RET=FULL");
	if (c->offers.dsn && is_fit(l->envid, SMTP_ENVID_MAX)) {
		buf_add_text(&c->out, " ENVID=");
		buf_add(&c->out, l->envid);
	}
	if (l->require_tls && c->secure && c->offers.require_tls)
		buf_add_text(&c->out, " REQUIRETLS");
	c->mail_told = true;
	tell(c);
}

static void
tell_notify(struct buf *out, unsigned notify)
{
	static const struct {
		enum smtp_notify bit;
		const char *word;
	} words[] = {
		{ SMTP_NOTIFY_NEVER, "NEVER" },
		{ SMTP_NOTIFY_SUCCESS, "SUCCESS" },
		{ SMTP_NOTIFY_FAILURE, "FAILURE" },
		{ SMTP_NOTIFY_DELAY, "DELAY" },
	};
	const char *before = " NOTIFY=";
	size_t i;

	for (i = 0; i < countof(words); i++)
		if ((notify & words[i].bit) != 0) {
			buf_add_text(out, before);
			buf_add_text(out, words[i].word);
			before = ",";
		}
}

static void
tell_rcpt(struct smtp_client *c, struct smtp_client_recipient *r)
{
	buf_add_text(&c->out, "RCPT TO:<");
	buf_add(&c->out, r->address);
	buf_add_char(&c->out, '>');
	if (c->offers.dsn) {
		tell_notify(&c->out, r->notify);
		if (is_fit(r->orcpt, SMTP_ORCPT_MAX)) {
			buf_add_text(&c->out, " ORCPT=");
			buf_add(&c->out, r->orcpt);
		}
	}
	r->told = true;
	tell(c);
}

/* The next recipient that can be told to the server, or NULL. */
static struct smtp_client_recipient *
next_recipient(struct smtp_client *c)
{
	struct smtp_client_recipient *r;

	if (c->mail_heard && !c->mail_taken)
		return NULL;
	while (c->told < c->letter->count) {
		r = &c->letter->recipients[c->told++];
		if (r->outcome.fate == SMTP_UNDECIDED)
			return r;
	}
	return NULL;
}

bool
client_envelope_tell(struct smtp_client *c)
{
	bool chunks = c->setup->chunks && c->offers.chunking;
	struct smtp_client_recipient *r;

	if (!c->mail_told) {
		tell_mail(c);
		return true;
	}
	if (c->awaited > 0 && !c->offers.pipelining)
		return false;
	r = next_recipient(c);
	if (r != NULL) {
		tell_rcpt(c, r);
		return true;
	}
	if (!chunks && !c->data_told && (c->taken > 0 ||
	    (c->awaited > 0 && !(c->mail_heard && !c->mail_taken)))) {
		buf_add_text(&c->out, "DATA");
		c->data_told = true;
		tell(c);
		return true;
	}
	if (c->awaited > 0)
		return false;
	if (c->taken == 0)
		client_letter_done(c, c->mail_taken);
	else
		c->state = CLIENT_IN_CHUNKS;
	return true;
}

static void
mail_heard(struct smtp_client *c)
{
	c->mail_heard = true;
	c->mail_taken = c->reply.code < 300;
	if (c->mail_taken)
		c->mails++;
	else
		judge_undecided(c);
}

/*
 * 552 may mean what 452 does (RFC 5321 section 4.5.3.1.10): too many. That a
 * mailbox is full it says with x.2.2 (RFC 3463 section 3.3).
 */
static void
rcpt_heard(struct smtp_client *c, struct smtp_client_recipient *r)
{
	unsigned code = c->reply.code;
	bool many;

	if (r->outcome.fate != SMTP_UNDECIDED)
		return;
	if (code < 300) {
		r->taken = true;
		c->taken++;
		return;
	}
	many = (code == 452 || code == 552) && c->taken > 0 &&
	    !(c->reply.status[1] == 2 && c->reply.status[2] == 2);
	client_judge(c, &r->outcome, many ? SMTP_TEMPORARY : fate_now(c));
	r->outcome.again = many;
}

static void
data_heard(struct smtp_client *c)
{
	if (c->reply.code == 354 && c->taken > 0) {
		c->state = CLIENT_IN_TEXT;
	} else if (c->reply.code == 354) {
		/* RFC 2920 section 3.1: an empty text, which must fail */
		client_say(c, ".");
		c->state = CLIENT_IN_END;
	} else {
		client_judge_taken(c, client_fate(c->reply.code));
		client_letter_done(c, c->mail_taken);
	}
}

/* Whether a code can answer a command of the envelope. */
static bool
is_answer(unsigned code, bool data)
{
	if (code >= 400)
		return true;
	return data ? code == 354 : code < 300;
}

void
client_envelope_heard(struct smtp_client *c)
{
	bool data;

	c->awaited--;
	while (c->heard < c->told && !c->letter->recipients[c->heard].told)
		c->heard++;
	data = c->mail_heard && c->heard == c->told;
	if (!is_answer(c->reply.code, data))
		client_nonsense(c, "The server's reply fits no command");
	else if (!c->mail_heard)
		mail_heard(c);
	else if (!data)
		rcpt_heard(c, &c->letter->recipients[c->heard++]);
	else
		data_heard(c);
}
