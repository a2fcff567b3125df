/* The POP3 service of the keeper. */
#ifndef APP_SERVE_POP3_H
#define APP_SERVE_POP3_H

#include "app/gate.h"
#include "app/service.h"

/* Lives in the keeper. Zeroed plus serve_pop3_open(). */
struct pop3_service {
	struct service common;
	struct gate *gate;
	struct db *db;
	struct list settling;	/* sessions that go on after the commit */
	struct buf piece;	/* of the message being read */
};

/*
 * Begin to serve.
 *
 * start     for its ports and loop
 * gate      kept, and its database
 * era       one more user
 *
 * Returns:  0 or negative errno (logged).
 */
int serve_pop3_open(struct pop3_service *service,
	const struct role_start *start, struct gate *gate, struct era *era)
	__attribute__((warn_unused_result));

/* A new era for new sessions; one more user. */
void serve_pop3_renew(struct pop3_service *service, struct era *era);

/*
 * The turn has been committed, or could not be: tell those who wait for it.
 * They may open the next transaction.
 *
 * err       0 or negative errno, as from db_commit()
 */
void serve_pop3_settled(struct pop3_service *service, int err);

/* The least db_stamp() of the sessions that are logged in, or INT64_MAX. */
int64_t serve_pop3_oldest(const struct pop3_service *service);

/* Accept nobody any more, and part from all who need not be waited for. */
void serve_pop3_stop(struct pop3_service *service);

/* End what is left and free everything. */
void serve_pop3_drop(struct pop3_service *service);

#endif
