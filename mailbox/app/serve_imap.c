/*
 * IMAP in the keeper. Knows who is there and what they wait for; each
 * connection is driven by mua_session.c, each command carried out by another
 * of mua_*.c.
 *
 * Invariants:
 * 1. What a mail program is told was committed: news, and replies that read
 *    the store, wait for the end of a turn in which somebody changed it.
 * 2. A command that changed something is answered after the commit.
 * 3. No command takes longer than one step in a turn of the loop, and no
 *    session holds more replies than IMAP_OUT_STOP and what a step adds.
 * 4. The owner's key lives from the login to the end of the session, no
 *    longer.
 */
#include "app/serve_imap.h"

#include "app/mua_part.h"

#include "store/queue.h"

#include <stdlib.h>

#define HEARING_TURN 2		/* sessions with NOTIFY told in a turn */
#define LOOK_MS 3000		/* another process may have changed something */

static struct service_limits
limits_of(const struct config *config)
{
	return (struct service_limits){
		.connections = config->imap_connections,
		.per_network = config->imap_per_network
	};
}

static void
on_evict(struct service *s, struct member *member)
{
	(void)s;
	mua_evict(list_of(member, struct mua, member),
	    "There are too many connections.");
}

static void
on_look(struct timer *t)
{
	struct imap_service *service = list_of(t, struct imap_service, look);
	int64_t outside = db_outside(service->db);

	service->news = service->news || outside != service->outside;
	service->outside = outside;
	if (service->common.crowd.count > 0)
		timer_set(service->common.loop, t, LOOK_MS);
}

/*
 * Who has wished by NOTIFY is told of all mailboxes: a few in a turn, so that
 * nobody else waits for it, and each of them in his turn.
 */
static void
tell_some(struct imap_service *service)
{
	unsigned n;
	struct mua *m;

	for (n = 0; n < HEARING_TURN && !list_empty(&service->hearing); n++) {
		m = list_of(service->hearing.next, struct mua, hearing);
		list_take(&m->hearing);
		if (m->state == MUA_TALKS && mua_hears(m))
			mua_news(m);
	}
	if (!list_empty(&service->hearing))
		timer_set(service->common.loop, &service->tell, 0);
}

static void
on_tell(struct timer *t)
{
	struct imap_service *service = list_of(t, struct imap_service, tell);

	/* Else they are told when this turn has settled. */
	if (db_pending(service->db) == DB_URGENT) {
		service->news = true;
		return;
	}
	db_look(service->db);
	tell_some(service);
	db_looked(service->db);
}

static void
on_begin(struct service *s, int fd, const struct peer *peer,
	struct network network, bool secure)
{
	struct imap_service *service = list_of(s, struct imap_service, common);

	mua_join(service, fd, peer, network, secure);
	if (service->look.slot == 0) {
		service->outside = db_outside(service->db);
		timer_set(s->loop, &service->look, LOOK_MS);
	}
}

int
serve_imap_open(struct imap_service *service, const struct role_start *start,
	struct gate *gate, struct era *era)
{
	*service = (struct imap_service){
		.common = {
			.limits = limits_of, .begin = on_begin,
			.evict = on_evict
		},
		.gate = gate, .db = gate->db, .look = { .fire = on_look },
		.tell = { .fire = on_tell }
	};
	list_init(&service->settling);
	list_init(&service->hearing);
	buf_init(&service->piece, PIECE_SIZE);
	recent_open(service);
	return service_open(&service->common, start->loop, era, start->imap,
	    start->imaps);
}

void
serve_imap_renew(struct imap_service *service, struct era *era)
{
	service_renew(&service->common, era);
}

/* How far mailboxes are, each asked once. */
struct heard {
	struct {
		int64_t box;
		uint64_t modseq;
	} *boxes;
	size_t count;
};

/*
 * How far a mailbox is; one that is gone, or cannot be asked, is far enough
 * for everybody to look.
 */
static uint64_t
heard_modseq(struct heard *heard, struct db *db, int64_t box)
{
	struct box_status status = { .modseq = UINT64_MAX };
	size_t n;

	for (n = 0; n < heard->count; n++)
		if (heard->boxes[n].box == box)
			return heard->boxes[n].modseq;
	if (box_status(db, box, &status) != 0)
		status.modseq = UINT64_MAX;
	heard->boxes = xresize(heard->boxes,
	    (heard->count + 1) * sizeof heard->boxes[0]);
	heard->boxes[heard->count].box = box;
	heard->boxes[heard->count++].modseq = status.modseq;
	return status.modseq;
}

/* Tell news to those who may hear them now. */
static void
tell_all(struct imap_service *service)
{
	struct list *members = &service->common.crowd.members;
	struct list *link, *next;
	struct heard heard = { .count = 0 };
	struct mua *m;
	uint64_t modseq;

	notify_look_again(service);
	for (link = members->next; link != members; link = next) {
		next = link->next;
		m = list_of(link, struct mua, member.link);
		if (m->state != MUA_TALKS || !mua_hears(m))
			continue;
		if (m->notify != NULL) {
			if (m->hearing.next == NULL)
				list_add(&service->hearing, &m->hearing);
			continue;
		}
		modseq = !m->view.open ? 0 : heard_modseq(&heard, service->db,
		    m->view.box);
		if (modseq > m->view.modseq || modseq > m->view.gone_modseq)
			mua_news(m);
	}
	free(heard.boxes);
	tell_some(service);
}

void
serve_imap_settled(struct imap_service *service, int err, bool changed)
{
	struct list now;
	struct mua *m;

	service->news = service->news || changed;
	service_settling(&service->settling, &now);
	while (!list_empty(&now)) {
		m = list_of(now.next, struct mua, settling);
		list_take(&m->settling);
		if (!m->calm)
			m->settled = err;
		mua_settled(m);
	}
	/* Else the next commit is in this turn still. */
	if (service->news && db_pending(service->db) != DB_URGENT) {
		service->news = false;
		db_look(service->db);
		tell_all(service);
		db_looked(service->db);
	}
}

int64_t
serve_imap_oldest(const struct imap_service *service)
{
	const struct list *members = &service->common.crowd.members;
	struct list *link;
	const struct mua *m;
	int64_t oldest = INT64_MAX;

	for (link = members->next; link != members; link = link->next) {
		m = list_of(link, struct mua, member.link);
		if (m->stamp < oldest)
			oldest = m->stamp;
	}
	return oldest;
}

void
serve_imap_stop(struct imap_service *service)
{
	struct list *members = &service->common.crowd.members;
	struct list *link, *next;

	service_stop(&service->common);
	for (link = members->next; link != members; link = next) {
		next = link->next;
		mua_stop(list_of(link, struct mua, member.link));
	}
}

void
serve_imap_drop(struct imap_service *service)
{
	struct list *members = &service->common.crowd.members;

	while (!list_empty(members))
		mua_evict(list_of(members->next, struct mua, member.link),
		    MUA_STOPPING);
	timer_cancel(service->common.loop, &service->look);
	timer_cancel(service->common.loop, &service->tell);
	notify_look_again(service);
	service_drop(&service->common);
	recent_drop(service);
	buf_drop(&service->piece);
}
