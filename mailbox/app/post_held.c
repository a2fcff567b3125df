/* What cannot be sent through a fault of the box: held, or put off. */
#include "app/post_part.h"

#include "app/post_notice.h"
#include "base/log.h"

#define NAMES_MAX 65536		/* bytes of routes */
#define PUT_OFF_S 300		/* and up to an eighth more */

/* RFC 3463: other mail system status; misconfigured */
const unsigned post_trouble_status[][3] = {
	[TROUBLE_TEXT] = { 4, 3, 0 }, [TROUBLE_PASSWORD] = { 4, 3, 5 }
};

struct str
post_trouble_said(enum post_trouble trouble)
{
	return trouble == TROUBLE_TEXT ? STR("Its text cannot be read") :
	    STR("The password of its smart host cannot be read");
}

/* A letter is told of once; and passwords, while somebody is held for one. */
static int
is_told(struct post *p, const struct queue_item *item,
	enum post_trouble trouble, bool *told)
{
	const struct queue_recipient *r;
	struct buf names;
	size_t i;
	int err = 0;

	*told = false;
	if (trouble == TROUBLE_PASSWORD) {
		buf_init(&names, NAMES_MAX);
		err = queue_routes(p->db, QUEUE_HELD,
		    post_trouble_status[trouble], &names);
		*told = names.len > 0;
		buf_drop(&names);
		return err;
	}
	for (i = 0; i < item->count; i++) {
		r = &item->recipients[i];
		if (r->state == QUEUE_HELD && str_equal(r->said,
		    post_trouble_said(trouble)))
			*told = true;
	}
	return 0;
}

int
post_trouble_tell(struct post *p, const struct queue_item *item,
	enum post_trouble trouble, struct str route, struct message_writer **w)
{
	const struct notice_desk desk = {
		.db = p->db, .era = p->era, .now = p->loop->clock.unix_s
	};
	bool told;
	int err = is_told(p, item, trouble, &told);

	*w = NULL;
	if (err != 0 || told)
		return err;
	return trouble == TROUBLE_TEXT ?
	    notice_unreadable(&desk, &item->letter, w) :
	    notice_no_password(&desk, route, w);
}

int
post_hold(struct post *p, const struct queue_item *item, bool *whom,
	enum post_trouble trouble, const struct str *route)
{
	const unsigned *status = post_trouble_status[trouble];
	const struct notice_desk desk = {
		.db = p->db, .era = p->era, .now = p->loop->clock.unix_s
	};
	struct queue_attempt attempt = {
		.state = QUEUE_HELD, .next = desk.now,
		.status = { status[0], status[1], status[2] },
		.said = post_trouble_said(trouble), .remote = STR("")
	};
	const struct queue_recipient *r;
	struct message_writer *notice;
	bool met;
	size_t i;
	int err = post_trouble_tell(p, item, trouble, route == NULL ? STR("") :
	    *route, &notice);

	if (err != 0)
		return err;
	err = notice_keep(&desk, notice);
	for (i = 0; err == 0 && i < item->count; i++) {
		r = &item->recipients[i];
		if (!whom[i] || (route != NULL && !str_equal(r->route,
		    *route)))
			continue;
		attempt.number = r->attempts;
		attempt.told_late = r->told_late;
		err = queue_tried(p->db, r->id, &attempt, &met);
		whom[i] = false;
	}
	if (err != 0)
		return db_doom(p->db, err);
	log_event(LOG_ERROR, "held", LOG_N("queue", (int64_t)item->letter.id),
	    LOG_S("why", post_trouble_said(trouble)));
	p->changed = true;
	return 0;
}

int
post_put_off(struct post *p, const struct queue_item *item, const bool *whom)
{
	uint32_t chance;
	size_t i;
	int err = 0;

	crypto_random(&chance, sizeof chance);
	for (i = 0; err == 0 && i < item->count; i++)
		if (whom[i])
			err = queue_put_off(p->db, item->recipients[i].id,
			    p->loop->clock.unix_s + PUT_OFF_S +
			    chance % (PUT_OFF_S / 8 + 1));
	return err;
}
