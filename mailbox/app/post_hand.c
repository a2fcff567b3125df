/*
 * Handing out what is due: the recipients of a letter that go to one place
 * make one job.
 */
#include "app/post_part.h"

#include "base/log.h"
#include "rules/retry.h"
#include "store/device.h"
#include "talk/smtp_args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DUE_AT_ONCE 32
#define LOOKED_AT_MAX 512	/* rows in a look; those at the courier and
				   those whose place is full are among them */
#define GO_ON_MS 50		/* then the look goes on behind them */
#define FULL_MAX 16384		/* bytes of routes that are known to be full */

/* A look at the queue. */
struct hand {
	struct post *p;
	int64_t now;

	struct queue_item *item;	/* the letter */
	bool due[QUEUE_RECIPIENTS_MAX];	/* of it, and not yet handed out */
	bool read;			/* text is its text */
	struct buf text;
	struct buf full;		/* routes whose place is full, each
					   ended by NUL */

	struct carry_job job;		/* its views point to these: */
	char place[POST_PLACE_MAX];
	unsigned char mark[POST_MARK];
	struct buf route_text, other_text, policy_id, policy_text;
	struct buf envid, orcpts;
	size_t members[QUEUE_RECIPIENTS_MAX];	/* of the job, in item */

	struct buf out;
};

static struct hand *
hand_new(struct post *p)
{
	struct hand *h = xalloc(1, sizeof *h);

	h->p = p;
	h->now = p->loop->clock.unix_s;
	buf_init(&h->text, PIECE_SIZE);
	buf_init(&h->full, FULL_MAX);
	buf_init(&h->route_text, POST_ROUTE_TEXT);
	buf_init(&h->other_text, POST_ROUTE_TEXT);
	buf_init(&h->policy_id, POLICY_TEXT_MAX);
	buf_init(&h->policy_text, POLICY_TEXT_MAX);
	buf_init(&h->envid, SMTP_ENVID_MAX);
	buf_init(&h->orcpts, QUEUE_RECIPIENTS_MAX * SMTP_ORCPT_MAX);
	buf_init(&h->out, WIRE_BODY_MAX);
	return h;
}

static void
hand_drop(struct hand *h)
{
	buf_wipe(&h->text);
	buf_drop(&h->full);
	buf_wipe(&h->route_text);
	buf_wipe(&h->other_text);
	buf_drop(&h->policy_id);
	buf_drop(&h->policy_text);
	buf_drop(&h->envid);
	buf_drop(&h->orcpts);
	buf_wipe(&h->out);
	free(h);
}

/* The text of a letter of one piece goes with its jobs. */
static int
read_text(struct hand *h)
{
	const struct queue_letter *letter = &h->item->letter;
	struct queue_reader *reader;
	int n;

	if (h->read)
		return 0;
	n = queue_open(h->p->db, letter->id, &reader);
	if (n != 0)
		return n;
	if (letter->size <= PIECE_SIZE) {
		n = queue_read(reader, &h->text);
		n = n < 0 ? n : h->text.len == letter->size ? 0 : -EBADMSG;
	}
	queue_close(reader);
	h->read = n == 0;
	return n;
}

/* Whether another domain goes by the smart host of the job. */
static bool
goes_along(struct hand *h, struct str domain)
{
	unsigned char mark[POST_MARK];
	struct route route;

	if (post_route_find(h->p, domain, &route, &h->other_text) != 0 ||
	    route.host.len == 0)
		return false;
	post_mark(&route, mark);
	return memcmp(mark, h->mark, POST_MARK) == 0;
}

/*
 * The ORCPT that others are told (RFC 3461 section 4.2): the address they get
 * anyway. What the client said may name somebody else, and is for our own
 * reports alone.
 *
 * Returns:  empty when there was none, or none can be.
 */
static struct str
orcpt_for(struct hand *h, const struct queue_recipient *r)
{
	const size_t from = h->orcpts.len;
	size_t i;
	int c;

	if (r->orcpt.len == 0 || !str_is_ascii(r->address))
		return STR("");
	/* all room at once: what was returned before are views into it */
	must(buf_space(&h->orcpts, h->orcpts.max - from) != NULL);
	buf_add_text(&h->orcpts, "rfc822;");
	for (i = 0; i < r->address.len &&
	    h->orcpts.len - from <= SMTP_ORCPT_MAX - 3; i++) {
		c = str_at(r->address, i);
		if (c > ' ' && c <= '~' && c != '+' && c != '=')
			buf_add_char(&h->orcpts, (char)c);
		else
			buf_add_format(&h->orcpts, "+%02X", (unsigned)c);
	}
	if (i < r->address.len) {
		buf_cut(&h->orcpts, from);
		return STR("");
	}
	return str_part(buf_str(&h->orcpts), from, SMTP_ORCPT_MAX);
}

/* Put the recipients together that go where the one at `first` goes. */
static int
gather(struct hand *h, size_t first)
{
	const struct queue_recipient *r = h->item->recipients;
	struct carry_job *job = &h->job;
	struct route route;
	size_t i;
	int err;

	err = post_route_find(h->p, r[first].route, &route, &h->route_text);
	if (err != 0)
		return err;
	memset(h->mark, 0, sizeof h->mark);
	job->smart_host = route.host;
	job->smart_port = route.port;
	job->user = route.user;
	job->secret = route.secret;
	job->domain = route.host.len > 0 ? route.host : r[first].route;
	if (route.host.len > 0)
		post_mark(&route, h->mark);
	job->count = 0;
	buf_clear(&h->orcpts);
	for (i = first; i < h->item->count; i++) {
		if (!h->due[i] || (!str_equal(r[i].route, r[first].route) &&
		    (route.host.len == 0 || !goes_along(h, r[i].route))))
			continue;
		h->members[job->count] = i;
		job->recipients[job->count++] = (struct carry_recipient){
			.id = r[i].id, .attempts = r[i].attempts,
			.address = r[i].address, .notify = r[i].notify,
			.orcpt = orcpt_for(h, &r[i])
		};
	}
	return 0;
}

/* Whether as many jobs as may be are under way to its place. */
static bool
is_full(const struct hand *h)
{
	const struct post *p = h->p;
	struct list *link;
	size_t count = 0;

	for (link = p->jobs.next; link != &p->jobs; link = link->next)
		if (strcmp(list_of(link, struct post_job, link)->place,
		    h->place) == 0)
			count++;
	return count >= p->era->setup.config.outbound_per_domain;
}

static void
name_place(struct hand *h)
{
	const struct carry_job *job = &h->job;
	struct buf name;

	buf_init(&name, sizeof h->place - 1);
	buf_add(&name, job->domain);
	if (job->smart_host.len > 0)
		buf_add_format(&name, ":%u", job->smart_port);
	memcpy(h->place, buf_text(&name), name.len + 1);
	buf_drop(&name);
}

/* Add what the letter says, and what is known of the place. */
static void
describe(struct hand *h)
{
	const struct queue_letter *letter = &h->item->letter;
	struct carry_job *job = &h->job;
	int err = -ENOENT;

	job->letter = letter->id;
	job->sender = letter->sender;
	job->size = letter->size;
	job->has_8bit = letter->has_8bit;
	job->utf8 = letter->utf8;
	job->require_tls = letter->require_tls;
	job->ret = letter->ret;
	/* what the client said may show its own name: reports are for it */
	buf_clear(&h->envid);
	if (letter->envid.len > 0)
		buf_add_format(&h->envid, "pb%" PRIu64, letter->id);
	job->envid = buf_str(&h->envid);
	job->whole = letter->size <= PIECE_SIZE;
	job->text = job->whole ? buf_str(&h->text) : STR("");
	if (job->smart_host.len == 0)
		err = policy_find(h->p->db, job->domain, &h->policy_id,
		    &h->policy_text, &job->policy_expires);
	if (err != 0)
		job->policy_expires = 0;
	job->policy_id = err == 0 ? buf_str(&h->policy_id) : STR("");
	job->policy = err == 0 ? buf_str(&h->policy_text) : STR("");
}

/* Give the job to the courier. */
static int
give(struct hand *h)
{
	struct post *p = h->p;
	struct wire_head head = { .kind = WIRE_CARRY };
	struct post_job *job;
	size_t i;
	int err;

	do
		head.session = ++p->serial;
	while (post_job_find(p, head.session) != NULL);
	describe(h);
	buf_clear(&h->out);
	carry_job_add(&h->out, &h->job);
	err = post_send(p, &head, buf_str(&h->out));
	if (err != 0)
		return err;
	job = post_job_new(p, head.session, h->job.letter);
	memcpy(job->place, h->place, sizeof job->place);
	memcpy(job->mark, h->mark, sizeof job->mark);
	for (i = 0; i < h->job.count; i++)
		job->ids[job->count++] = h->job.recipients[i].id;
	p->vacant--;
	return 0;
}

/* Remember that nothing more can go there in this look. */
static void
note_full(struct hand *h)
{
	const struct queue_recipient *r = h->item->recipients;
	struct str route;
	size_t i;

	for (i = 0; i < h->job.count; i++) {
		route = r[h->members[i]].route;
		if (h->full.len + route.len < FULL_MAX &&
		    !post_is_named(&h->full, route)) {
			buf_add(&h->full, route);
			buf_add_char(&h->full, '\0');
		}
	}
}

/* Hand the job out, unless its place is full. */
static int
hand_job(struct hand *h)
{
	int err;

	name_place(h);
	if (is_full(h)) {
		note_full(h);
		return 0;
	}
	err = read_text(h);
	return err != 0 ? err : give(h);
}

/* Hand out those of the letter that go where the one at `first` goes. */
static int
hand_place(struct hand *h, size_t first)
{
	struct post *p = h->p;
	size_t i;
	int err = gather(h, first);

	if (err == -EBADMSG)
		return post_hold(p, h->item, h->due, TROUBLE_PASSWORD,
		    &h->item->recipients[first].route);
	if (err == 0)
		err = hand_job(h);
	if (err == -EBADMSG)
		return post_hold(p, h->item, h->due, TROUBLE_TEXT, NULL);
	for (i = 0; err == 0 && i < h->job.count; i++)
		h->due[h->members[i]] = false;
	return err;
}

/* Hand out those of the letter that are due, place by place. */
static int
hand_places(struct hand *h)
{
	size_t first;
	int err = 0;

	for (first = 0; first < h->item->count && err == 0 &&
	    h->p->vacant > 0; first++)
		if (h->due[first])
			err = hand_place(h, first);
	return err;
}

/* Whether it is the wire that is at fault, and not the letter. */
static bool
is_of_wire(int err)
{
	return err == -EAGAIN || err == -EPIPE;
}

/*
 * Hand out a letter. One that is in trouble waits, so that all others go on.
 *
 * Returns:  0; what the wire says; or what the store says when it cannot even
 *           be put off.
 */
static int
hand_letter(struct hand *h, uint64_t letter)
{
	size_t i;
	int err = queue_item(h->p->db, letter, &h->item);

	if (err != 0)
		return err == -ENOENT ? 0 : err;
	for (i = 0; i < h->item->count; i++)
		h->due[i] = post_is_due(h->p, &h->item->recipients[i]) &&
		    !post_busy(h->p, h->item->recipients[i].id);
	h->read = false;
	err = hand_places(h);
	if (err != 0 && err != -ENOENT && !is_of_wire(err)) {
		log_event(LOG_ERROR, "letter-put-off",
		    LOG_N("queue", (int64_t)letter),
		    LOG_C("why", strerror(-err)));
		err = post_put_off(h->p, h->item, h->due);
	}
	queue_item_drop(h->item);
	return err == -ENOENT ? 0 : err;
}

/*
 * Hand out who is due behind a place in the order.
 *
 * until     unix s
 * place     gets where to go on; zeroed when all were looked at
 *
 * Returns:  0; -EAGAIN: the wire is full; or what the store says.
 */
static int
hand_due(struct hand *h, int64_t until, struct queue_place *place)
{
	struct queue_due due[DUE_AT_ONCE];
	uint64_t latest = 0;
	int i, n = 1, looked, err = 0;

	for (looked = 0; looked < LOOKED_AT_MAX && n > 0; looked += n) {
		n = queue_due(h->p->db, until, place, due, DUE_AT_ONCE);
		for (i = 0; i < n && err == 0 && h->p->vacant > 0; i++) {
			if (due[i].letter == latest ||
			    post_busy(h->p, due[i].recipient) ||
			    post_is_named(&h->full, str_of(due[i].route)))
				continue;
			latest = due[i].letter;
			err = hand_letter(h, latest);
		}
		if (err != 0 || n < 0 || h->p->vacant == 0)
			break;
	}
	if (n == 0 || err != 0 || h->p->vacant == 0)
		*place = (struct queue_place){ .next = 0 };
	return n < 0 ? n : err;
}

/* Hand out who is due by now, and who is by a clock that was wrong. */
static void
hand_all(struct hand *h)
{
	struct queue_place wrong = {
		.next = h->now + RETRY_WAIT_MAX_S, .recipient = INT64_MAX
	};
	struct post *p = h->p;
	int err = hand_due(h, h->now, &p->place);

	if (err == 0 && p->vacant > 0)
		err = hand_due(h, INT64_MAX, &wrong);
	p->wanted = err == -EAGAIN;
}

/* Without the device key nothing can be read. */
static bool
key_there(struct post *p)
{
	if (device_ready(p->db)) {
		p->keyless = false;
		return true;
	}
	if (!p->keyless)
		log_event(LOG_ERROR, "nothing-sent", LOG_C("why",
		    "the device key is missing"), LOG_C("do",
		    "log in once with the owner's password"));
	p->keyless = true;
	return false;
}

void
post_hand(struct post *p)
{
	struct hand *h;

	if (!p->wire_up || !p->met || p->blocked || p->stopping ||
	    p->vacant == 0)
		return;
	p->wanted = false;
	if (key_there(p)) {
		h = hand_new(p);
		hand_all(h);
		hand_drop(h);
	}
	post_look_later(p);
	if (p->place.recipient != 0)
		timer_set(p->loop, &p->look, GO_ON_MS);
}
