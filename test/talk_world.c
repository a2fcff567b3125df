/*
 * Answers what the pure machines ask, from memory: what the shells of app/
 * do with sockets and the store, without either. Time and chance are fixed.
 */
#include "talk_world.h"

#include <stdlib.h>

#define POP3_IDLE_S 600		/* RFC 1939 section 3 */
#define SMTP_IDLE_S 300		/* RFC 5321 section 4.5.3.2 */
#define UIDVALIDITY 0x1234abcd

static const struct str domain_names[] = {
	{ "example.test", 12 }, { "second.example", 14 }
};

void
world_init(struct world *w, const struct way *way)
{
	w->way = way;
	w->store = SMTP_ACCEPT;
	w->domains = (struct domains){
	    domain_names, countof(domain_names), false };
	w->policy = (struct smtp_policy){
	    .host = STR("mx.example.test"), .domains = &w->domains,
	    .size_max = 1000000, .line_max = 1000, .tls = true,
	    .own_sender_refused = true };
	buf_init(&w->in, WORLD_TEXT_MAX);
	buf_init(&w->told, WORLD_TEXT_MAX);
	buf_init(&w->coming, WORLD_TEXT_MAX);
}

static void
cut_off(struct world *w)
{
	if (w->talk == WORLD_POP3)
		pop3_drop(&w->at.pop3);
	if (w->talk == WORLD_SMTP)
		smtp_drop(&w->at.smtp);
	w->talk = WORLD_NONE;
	w->tls_wanted = w->over = false;
	buf_clear(&w->in);
	buf_clear(&w->told);
	buf_clear(&w->coming);
}

void
world_drop(struct world *w)
{
	size_t i;

	cut_off(w);
	buf_drop(&w->in);
	buf_drop(&w->told);
	buf_drop(&w->coming);
	for (i = 0; i < w->count; i++)
		buf_drop(&w->messages[i]);
	for (i = 0; i < w->closed_count; i++)
		buf_drop(&w->closed[i]);
}

void
world_arrive(struct world *w, struct buf message)
{
	must(w->count < WORLD_MESSAGES_MAX);
	w->messages[w->count++] = message;
}

void
world_close(struct world *w, struct str address, enum smtp_verdict verdict)
{
	must(w->closed_count < WORLD_CLOSED_MAX);
	buf_init(&w->closed[w->closed_count], 1000);
	buf_add(&w->closed[w->closed_count], address);
	w->verdicts[w->closed_count++] = verdict;
}

/* The owner's word on an address; LATER when he has none. */
static enum smtp_verdict
owner_says(const struct world *w, struct str address)
{
	size_t i;

	for (i = 0; i < w->closed_count; i++)
		if (str_same(buf_str(&w->closed[i]), address))
			return w->verdicts[i];
	return SMTP_LATER;
}

static struct buf *
machine_out(struct world *w)
{
	return w->talk == WORLD_POP3 ? &w->at.pop3.out : &w->at.smtp.out;
}

/* Send what is said, or the little that this way sends at a time. */
static void
send_out(struct world *w, bool all)
{
	struct buf *out = machine_out(w);
	size_t len = all || w->way->drain == 0 ? out->len : w->way->drain;

	buf_add(&w->told, str_part(buf_str(out), 0, len));
	buf_eat(out, len);
}

static bool
login_right(const struct buf *user, const struct buf *secret)
{
	return str_same(buf_str(user), STR("mailbox@example.test")) &&
	    str_equal(buf_str(secret), STR("right"));
}

static void
answer_login(struct world *w)
{
	struct pop3 *p = &w->at.pop3;
	struct pop3_item *items;
	size_t i, count = 0;

	if (w->login_busy || w->store == SMTP_LATER) {
		pop3_login(p, w->login_busy ? POP3_TOO_MANY : POP3_FAULT,
		    NULL, 0, 0);
		return;
	}
	if (!login_right(&p->user, &p->secret)) {
		pop3_login(p, POP3_REFUSED, NULL, 0, 0);
		return;
	}
	items = xalloc(w->count + 1, sizeof *items);
	for (i = 0; i < w->count; i++) {
		if (w->gone[i])
			continue;
		items[count].size = w->messages[i].len;
		items[count].uid = (uint32_t)i + 1;
		w->seen[count++] = (uint32_t)i;
	}
	pop3_login(p, POP3_WELCOME, items, count, UIDVALIDITY);
}

static void
answer_open(struct world *w)
{
	struct pop3 *p = &w->at.pop3;
	struct str text = buf_str(&w->messages[w->seen[p->index]]);

	if (w->store == SMTP_LATER) {
		pop3_body_end(p, true);
		return;
	}
	while (text.len > 0 && pop3_body(p, str_take(&text, w->way->piece)))
		while (p->out.len >= POP3_OUT_STOP)
			send_out(w, false);
	pop3_body_end(p, false);
}

static void
answer_commit(struct world *w)
{
	struct pop3 *p = &w->at.pop3;
	size_t i;

	for (i = 0; w->store == SMTP_ACCEPT && i < p->count; i++)
		if (p->items[i].deleted)
			w->gone[w->seen[i]] = true;
	pop3_committed(p, w->store == SMTP_ACCEPT);
}

static void
run_pop3(struct world *w, struct str *in)
{
	for (;;) {
		switch (pop3_step(&w->at.pop3, in)) {
		case POP3_MORE:
			return;
		case POP3_DRAIN:
			send_out(w, false);
			break;
		case POP3_STARTTLS:
			w->tls_wanted = true;
			return;
		case POP3_LOGIN:
			answer_login(w);
			break;
		case POP3_OPEN:
			answer_open(w);
			break;
		case POP3_COMMIT:
			answer_commit(w);
			break;
		case POP3_BYE:
			w->over = true;
			return;
		}
	}
}

static void
answer_author(struct world *w)
{
	struct smtp *s = &w->at.smtp;

	smtp_login(s, w->login_busy || w->store == SMTP_LATER ?
	    SMTP_LOGIN_LATER : login_right(&s->user, &s->secret) ?
	    SMTP_WELCOME : SMTP_LOGIN_REFUSED);
}

static void
answer_rcpt(struct world *w)
{
	struct smtp *s = &w->at.smtp;
	enum smtp_verdict owner = owner_says(w, s->recipient);

	if (owner == SMTP_REFUSE)
		smtp_judged(s, owner);
	else
		smtp_judged(s, w->store);
}

static void
answer_store(struct world *w)
{
	struct smtp *s = &w->at.smtp;
	struct str all = buf_str(&s->canonical), one;
	struct buf message;
	bool wanted = false;

	buf_add(&w->coming, buf_str(&s->piece));
	while (str_split(&all, '\0', &one))
		wanted = wanted || owner_says(w, one) != SMTP_ACCEPT;
	if (w->store == SMTP_ACCEPT && wanted) {
		must(s->size == w->coming.len);
		buf_init(&message, WORLD_TEXT_MAX);
		buf_add(&message, buf_str(&w->coming));
		world_arrive(w, message);
		w->stored++;
	}
	buf_clear(&w->coming);
	smtp_stored(s, w->store);
}

static void
run_smtp(struct world *w, struct str *in)
{
	struct smtp *s = &w->at.smtp;

	for (;;) {
		switch (smtp_step(s, in)) {
		case SMTP_MORE:
			return;
		case SMTP_DRAIN:
			send_out(w, false);
			break;
		case SMTP_STARTTLS:
			w->tls_wanted = true;
			return;
		case SMTP_LOGIN:
			answer_author(w);
			break;
		case SMTP_RCPT:
			answer_rcpt(w);
			break;
		case SMTP_OPEN:
			smtp_opened(s, w->store, STR("talk1"), WORLD_NOW);
			break;
		case SMTP_PIECE:
			must(s->piece.len == PIECE_SIZE);
			buf_add(&w->coming, buf_str(&s->piece));
			smtp_pieced(s, w->store);
			break;
		case SMTP_STORE:
			answer_store(w);
			break;
		case SMTP_ABORT:
			buf_clear(&w->coming);
			break;
		case SMTP_BYE:
			w->over = true;
			return;
		}
	}
}

static void
run(struct world *w)
{
	struct str in = buf_str(&w->in);
	size_t len = in.len;

	if (w->over || w->tls_wanted)
		return;
	if (w->talk == WORLD_POP3)
		run_pop3(w, &in);
	else
		run_smtp(w, &in);
	buf_eat(&w->in, len - in.len);
	send_out(w, w->tls_wanted || w->over);
}

void
world_say(struct world *w, struct str bytes)
{
	while (bytes.len > 0 && !w->over) {
		buf_add(&w->in, str_take(&bytes, w->way->feed));
		run(w);
	}
}

void
world_flush(struct world *w)
{
	run(w);
	send_out(w, true);
}

void
world_pop3(struct world *w, bool tls)
{
	cut_off(w);
	w->talk = WORLD_POP3;
	pop3_init(&w->at.pop3, tls, true);
}

static void
begin_smtp(struct world *w, bool submission)
{
	cut_off(w);
	w->talk = WORLD_SMTP;
	w->policy.submission = submission;
	w->at.smtp = (struct smtp){ 0 };
	smtp_init(&w->at.smtp, &w->policy, STR("192.0.2.1"));
}

void
world_submission(struct world *w, bool tls)
{
	begin_smtp(w, true);
	if (tls)
		smtp_secure_from_start(&w->at.smtp, STR("TLSv1.3"),
		    STR("TLS_AES_128_GCM_SHA256"));
}

void
world_smtp(struct world *w, bool tls)
{
	begin_smtp(w, false);
	if (tls) {
		world_say(w, STR("EHLO client.example\r\nSTARTTLS\r\n"));
		world_flush(w);
		buf_clear(&w->told);
		must(world_secure(w));
	}
}

bool
world_secure(struct world *w)
{
	if (!w->tls_wanted)
		return false;
	w->tls_wanted = false;
	buf_clear(&w->in);
	if (w->talk == WORLD_POP3)
		pop3_secured(&w->at.pop3);
	else
		smtp_secured(&w->at.smtp, STR("TLSv1.3"),
		    STR("TLS_AES_128_GCM_SHA256"));
	return true;
}

void
world_wait(struct world *w, uint64_t seconds)
{
	if (w->talk == WORLD_POP3 && seconds >= POP3_IDLE_S)
		w->over = true;
	if (w->talk == WORLD_SMTP && seconds >= SMTP_IDLE_S) {
		smtp_close(&w->at.smtp, "4.4.2 idle for too long");
		run(w);
	}
}
