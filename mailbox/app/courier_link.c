/*
 * One connection to a server: the socket, perhaps TLS on it, and the machine
 * that speaks (talk/smtp_client.h). It serves one job at a time, and for a
 * while waits for the next.
 *
 * A job is told last: once try_letter() or try_parted() were called, a job and
 * the link itself may be gone, unless the first has given a letter.
 */
#include "app/courier_part.h"

#include "base/log.h"
#include "mail/puny.h"

#include <stdlib.h>
#include <string.h>

#define LINK_IN_MAX 16384

static void
link_free(struct link *l)
{
	l->courier->link_count--;
	list_take(&l->all);
	dial_cancel(&l->dial);
	conn_drop(&l->conn);
	smtp_client_drop(&l->client);
	buf_drop(&l->host);
	buf_wipe(&l->user);
	buf_wipe(&l->secret);
	kit_drop(l->kit);
	free(l);
}

void
link_drop(struct link *l)
{
	link_free(l);
}

void
link_judge(struct smtp_outcome *o, unsigned subject, unsigned detail,
	const struct buf *said)
{
	struct str text = str_part(buf_str(said), 0, SMTP_CLIENT_SAID_MAX);

	*o = (struct smtp_outcome){
		.fate = SMTP_TEMPORARY, .status = { 4, subject, detail }
	};
	if (text.len > 0)
		memcpy(o->said, text.at, text.len);
}

void
link_part(struct link *l, const struct parting *parting, bool at_once)
{
	struct job *j = l->job;

	l->job = NULL;
	l->state = LINK_PARTS;
	if (at_once)
		link_free(l);
	else
		conn_finish(&l->conn);
	if (j != NULL)
		try_parted(j, parting);
}

/* The machine has said goodbye. */
static void
over(struct link *l)
{
	const struct smtp_client *c = &l->client;
	struct parting parting = {
		.trouble = c->trouble, .why = c->session,
		.stale = l->used && c->letters == l->letters &&
		    (c->trouble == SMTP_CLIENT_LOST ||
		    c->trouble == SMTP_CLIENT_CLOSED) && !c->session.unknown
	};

	if (link_starttls_broke(l) &&
	    link_goes_clear(l, str_of(c->session.said)))
		return;
	if (l->job != NULL && c->trouble != SMTP_CLIENT_FINE)
		log_event(LOG_INFO, "server-left",
		    LOG_N("job", l->job->number),
		    LOG_S("host", buf_str(&l->host)),
		    LOG_N("code", c->session.code),
		    LOG_C("why", c->session.code == 0 ? c->session.said :
		    "it said so"));
	link_part(l, &parting, c->trouble == SMTP_CLIENT_LOST);
}

/* Nobody could be reached at the address. */
static void
unreached(struct link *l, int err)
{
	struct parting parting = { .trouble = SMTP_CLIENT_LOST };
	struct buf said;

	buf_init(&said, SMTP_CLIENT_SAID_MAX);
	buf_add_text(&said, "No connection to ");
	dial_address_add(&said, &l->address, true);
	buf_add_format(&said, ": %s", strerror(-err));
	link_judge(&parting.why, 4, 1, &said);
	log_event(LOG_INFO, "server-unreached",
	    LOG_N("job", l->job->number), LOG_S("host", buf_str(&l->host)),
	    LOG_S("why", buf_str(&said)));
	buf_drop(&said);
	link_part(l, &parting, true);
}

/* Begin to wait for the server, for as long as the protocol says. */
static void
wind(struct link *l)
{
	l->moves = l->client.moves;
	l->left = l->client.out.len;
	conn_deadline(&l->conn, smtp_client_wait_ms(&l->client));
}

/*
 * Go on sending and reading. Time is counted anew when something was said or
 * heard, or text was taken: not for every byte that comes, and never behind
 * QUIT.
 */
static void
go_on(struct link *l)
{
	conn_flush(&l->conn);
	if (l->job != NULL && l->client.mails != l->mails)
		try_moved(l->job);
	l->mails = l->client.mails;
	if (l->state != LINK_PARTS && (l->client.moves != l->moves ||
	    l->client.out.len < l->left))
		wind(l);
}

/* Wait for another letter, or say goodbye. */
static void
park(struct link *l)
{
	struct courier *c = l->courier;

	if (c->stopping || l->client.letters >= COURIER_LETTERS_MAX) {
		link_quit(l);
		return;
	}
	l->state = LINK_IDLES;
	list_take(&l->all);
	list_add(&c->links, &l->all);
	conn_flush(&l->conn);
	conn_deadline(&l->conn, COURIER_IDLE_MS);
}

void
link_quit(struct link *l)
{
	l->state = LINK_PARTS;
	smtp_client_quit(&l->client);
	conn_flush(&l->conn);
	wind(l);
}

/*
 * The machine is ready for a letter.
 *
 * Returns:  false when there is none, and l is the job's no more.
 */
static bool
send_next(struct link *l)
{
	const struct parting fine = { .trouble = SMTP_CLIENT_FINE };
	struct smtp_letter *letter = NULL;
	struct job *j = l->job;

	if (j != NULL)
		letter = try_letter(j);
	if (letter != NULL) {
		smtp_client_send(&l->client, letter);
		return true;
	}
	if (j == NULL)
		return false;
	l->job = NULL;
	park(l);
	try_parted(j, &fine);
	return false;
}

/* Returns: false when the piece is yet to come. */
static bool
send_piece(struct link *l)
{
	struct str piece;
	bool last;

	if (!text_next(l->job, &piece, &last)) {
		l->state = LINK_READS;
		conn_flush(&l->conn);
		conn_deadline(&l->conn, 0);
		return false;
	}
	smtp_client_body(&l->client, piece, last);
	return true;
}

/* Answer what the machine asks; false when it has to wait, or l is gone. */
static bool
answer(struct link *l, enum smtp_client_ask ask)
{
	switch (ask) {
	case SMTP_CLIENT_MORE:
		go_on(l);
		return false;
	case SMTP_CLIENT_DRAIN:
		go_on(l);
		l->drains = l->client.out.len >= SMTP_CLIENT_OUT_STOP;
		return !l->drains;
	case SMTP_CLIENT_STARTTLS:
		link_shake(l);
		return false;
	case SMTP_CLIENT_READY:
		return send_next(l);
	case SMTP_CLIENT_DOWNGRADE:
		/* The keeper has turned all it could into 7-bit text before
		   it signed: what is left has no name (mail/seven.h). */
		smtp_client_downgraded(&l->client, SMTP_CLIENT_AS_IS,
		    l->job->order.size);
		return true;
	case SMTP_CLIENT_BODY:
		return send_piece(l);
	case SMTP_CLIENT_BYE:
		over(l);
		return false;
	}
	return false;
}

/* Turn the machine; l may be gone afterwards. */
static void
turn(struct link *l)
{
	enum smtp_client_ask ask;
	struct str in;

	do {
		in = buf_str(&l->conn.in);
		ask = smtp_client_step(&l->client, &in);
		buf_eat(&l->conn.in, l->conn.in.len - in.len);
	} while (answer(l, ask));
}

void
link_lost(struct link *l, const char *why)
{
	smtp_client_lost(&l->client, why);
	turn(l);
}

void
link_text(struct link *l, struct str piece, bool last)
{
	must(l->state == LINK_READS);
	l->state = LINK_TALKS;
	smtp_client_body(&l->client, piece, last);
	turn(l);
}

static void
on_timeout(struct link *l)
{
	if (l->state == LINK_TALKS && l->client.out.len < l->left)
		wind(l);
	else if (l->state == LINK_PARTS)
		link_free(l);
	else if (l->state == LINK_IDLES)
		link_quit(l);
	else if (l->state == LINK_SHAKES)
		link_shake_failed(l);
	else
		link_lost(l, "The server did not answer in time");
}

static void
on_closed(struct link *l)
{
	if (l->state == LINK_PARTS || l->state == LINK_IDLES)
		link_free(l);
	else if (l->state == LINK_SHAKES)
		link_shake_failed(l);
	else
		link_lost(l, "The connection was lost");
}

static void
on_input(struct link *l)
{
	if (l->state == LINK_SHAKES)
		return;
	if (l->state == LINK_READS) {
		/* It has something to say of the text before all came. */
		l->state = LINK_TALKS;
		smtp_client_body(&l->client, STR(""), false);
	}
	turn(l);
}

static void
on_drained(struct link *l)
{
	bool drains = l->drains;

	l->drains = false;
	if (l->state != LINK_TALKS)
		return;
	if (drains && l->job != NULL)
		try_moved(l->job);
	wind(l);
	if (drains)
		turn(l);
}

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct link *l = list_of(c, struct link, conn);

	switch (event) {
	case CONN_INPUT:
		on_input(l);
		break;
	case CONN_DRAINED:
		on_drained(l);
		break;
	case CONN_SECURED:
		l->state = LINK_TALKS;
		if (l->setup.tls != SMTP_CLIENT_TLS_ON)
			smtp_client_secured(&l->client, l->setup.verified);
		wind(l);
		turn(l);
		break;
	case CONN_TIMEOUT:
		on_timeout(l);
		break;
	case CONN_CLOSED:
		on_closed(l);
		break;
	}
}

static void
on_dial(struct dial *d, int fd)
{
	struct link *l = list_of(d, struct link, dial);
	int err = fd;

	if (fd >= 0) {
		smtp_client_init(&l->client, &l->setup);
		l->conn = (struct conn){ .on = on_conn };
		err = conn_open(&l->conn, l->courier->loop, fd, LINK_IN_MAX,
		    &l->client.out);
	}
	if (err < 0) {
		unreached(l, err);
		return;
	}
	l->state = LINK_TALKS;
	wind(l);
	if (l->setup.tls == SMTP_CLIENT_TLS_ON)
		link_shake(l);
	else
		turn(l);
}

static void
keep(struct buf *into, struct str s, size_t max)
{
	buf_init(into, max);
	buf_add(into, s);
	must(!into->full);
}

static void
keep_setup(struct link *l, const struct job *j)
{
	keep(&l->user, j->order.user, SMTP_CLIENT_SECRET_MAX);
	keep(&l->secret, j->order.secret, SMTP_CLIENT_SECRET_MAX);
	l->setup = (struct smtp_client_setup){
		.host = str_of(l->kit->setup.config.host),
		.tls = j->place.tls,
		.verified = j->place.proof != TLS_ANY,
		.chunks = true,
		.user = buf_str(&l->user), .secret = buf_str(&l->secret)
	};
	l->proof = j->place.proof;
}

void
link_begin(struct job *j, const struct dial_address *address,
	const unsigned char key[SHA256_SIZE])
{
	struct courier *c = j->courier;
	struct link *l = xalloc(1, sizeof *l);

	pool_make_room(c);
	l->courier = c;
	l->kit = kit_hold(j->kit);
	l->job = j;
	j->link = l;
	memcpy(l->key, key, sizeof l->key);
	buf_init(&l->host, PUNY_DOMAIN_MAX);
	must(puny_domain(&l->host, j->place.host));
	keep_setup(l, j);
	l->address = *address;
	list_add(&c->links, &l->all);
	c->link_count++;
	l->dial.done = on_dial;
	dial_begin(&l->dial, c->loop, address, COURIER_DIAL_MS);
}

void
link_take_up(struct link *l, struct job *j)
{
	must(l->state == LINK_IDLES && l->job == NULL);
	l->job = j;
	j->link = l;
	l->used = true;
	l->letters = l->client.letters;
	l->state = LINK_TALKS;
	wind(l);
	turn(l);
}
