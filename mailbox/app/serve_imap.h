/* The IMAP service of the keeper. */
#ifndef APP_SERVE_IMAP_H
#define APP_SERVE_IMAP_H

#include "app/gate.h"
#include "app/service.h"
#include "store/annotation.h"

/* Of a mailbox: UIDs from first on nobody was shown as \Recent. */
struct imap_recent {
	int64_t box;
	uint32_t first;
};

#define IMAP_ANNOTATED 16	/* annotations set, remembered for NOTIFY */

/* One that was set. */
struct imap_annotated {
	int64_t box;			/* 0: of the server */
	char name[ANNOTATION_NAME_MAX + 1];
};

/* Lives in the keeper. Zeroed plus serve_imap_open(). */
struct imap_service {
	struct service common;
	struct gate *gate;
	struct db *db;
	struct list settling;	/* sessions that go on after the commit */
	struct buf piece;	/* of the message being read, within one step */
	struct timer look;	/* for what other processes changed */
	int64_t outside;	/* db_outside() at the last look */
	bool news;		/* to be told when the turn has settled */
	struct imap_annotated annotated[IMAP_ANNOTATED];	/* a ring */
	uint64_t annotated_count;
	struct notify_list *mailboxes;	/* for NOTIFY, since the last commit;
					   NULL: nobody has asked yet */
	struct list hearing;	/* sessions with NOTIFY that are yet to be
				   told */
	struct timer tell;	/* them, in later turns */
	struct imap_recent *recents;	/* by box */
	size_t recent_count;
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
int serve_imap_open(struct imap_service *service,
	const struct role_start *start, struct gate *gate, struct era *era)
	__attribute__((warn_unused_result));

/* A new era for new sessions; one more user. */
void serve_imap_renew(struct imap_service *service, struct era *era);

/*
 * The turn has been committed, or could not be: tell those who wait for it,
 * and news to those who may hear them. They may open the next transaction.
 *
 * err       0 or negative errno, as from db_commit()
 * changed   something was committed
 */
void serve_imap_settled(struct imap_service *service, int err, bool changed);

/* The least db_stamp() of the sessions that read messages, or INT64_MAX. */
int64_t serve_imap_oldest(const struct imap_service *service);

/* Accept nobody any more, and part from all who need not be waited for. */
void serve_imap_stop(struct imap_service *service);

/* End what is left and free everything. */
void serve_imap_drop(struct imap_service *service);

#endif
