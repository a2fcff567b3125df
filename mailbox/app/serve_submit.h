/*
 * The submission service of the keeper (RFC 6409, RFC 8314 section 3.3): its
 * owner's mail programs give it letters for anywhere.
 */
#ifndef APP_SERVE_SUBMIT_H
#define APP_SERVE_SUBMIT_H

#include "app/gate.h"
#include "app/post.h"
#include "app/service.h"
#include "app/signing.h"

/* Lives in the keeper. Zeroed plus serve_submit_open(). */
struct submit_service {
	struct service common;
	struct gate *gate;
	struct db *db;
	struct post *post;	/* woken when a letter was queued */
	struct signing signing;
	struct list settling;	/* sessions whose letter is being committed */
};

/*
 * Begin to serve.
 *
 * start     for its ports and loop
 * gate      kept, and its database
 * post      kept
 * era       one more user
 *
 * Returns:  0 or negative errno (logged).
 */
int serve_submit_open(struct submit_service *service,
	const struct role_start *start, struct gate *gate, struct post *post,
	struct era *era) __attribute__((warn_unused_result));

/* A new era for new sessions; one more user. */
void serve_submit_renew(struct submit_service *service, struct era *era);

/*
 * The turn has been committed, or could not be: tell those who wait for it.
 * They may open the next transaction.
 *
 * err       0 or negative errno, as from db_commit()
 */
void serve_submit_settled(struct submit_service *service, int err);

/* Accept nobody any more, and part from all who have no letter under way. */
void serve_submit_stop(struct submit_service *service);

/* End what is left and free everything. */
void serve_submit_drop(struct submit_service *service);

#endif
