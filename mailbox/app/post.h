/*
 * The post office in the keeper: it hands what is due to the courier, notes
 * what became of it, tries again, and tells the owner.
 */
#ifndef APP_POST_H
#define APP_POST_H

#include "app/era.h"
#include "net/loop.h"
#include "net/wire.h"
#include "store/db.h"

/* Lives in the keeper. Zeroed plus post_open(). */
struct post;

/*
 * Begin. Nothing is handed out before there is a wire.
 *
 * era       one more user
 */
struct post *post_new(struct loop *loop, struct db *db, struct era *era);
void post_drop(struct post *p);		/* NULL is fine */

/* A new era; one more user. */
void post_renew(struct post *p, struct era *era);

/* Use another wire to the courier; fd is given. */
void post_wire(struct post *p, int fd);

/* Letters were queued within this turn: look once it has settled. */
void post_wake(struct post *p);

/*
 * The turn has been committed, or could not be: tell the courier what is
 * noted, and hand out what is due. err as from db_commit().
 */
void post_settled(struct post *p, int err);

/* Hand out nothing more; results are still noted. */
void post_stop(struct post *p);

/* Whether nothing is under way at the courier that could still be noted. */
bool post_idle(const struct post *p);

#endif
