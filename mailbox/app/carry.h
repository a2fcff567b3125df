/* What keeper and courier tell each other, as bytes for the wire. */
#ifndef APP_CARRY_H
#define APP_CARRY_H

#include "net/wire.h"
#include "store/policy.h"
#include "store/queue.h"
#include "talk/smtp_client.h"

#define CARRY_JOBS_MAX 64	/* a courier has under way at once */

struct carry_recipient {
	uint64_t id;			/* of the queue */
	unsigned attempts;		/* made before this one */
	struct str address;
	unsigned notify;
	struct str orcpt;
};

/*
 * One letter for some recipients of one domain (or one smart host). Its number
 * is the session of WIRE_CARRY: no two jobs under way share one. Views.
 */
struct carry_job {
	uint64_t letter;		/* for the log */
	struct str sender;
	uint64_t size;			/* octets of the text */
	bool has_8bit, utf8, require_tls;
	unsigned ret;
	struct str envid;

	struct str domain;		/* of the recipients, lower case */
	struct str smart_host;		/* empty: by MX */
	unsigned smart_port;
	struct str user, secret;	/* for the smart host; may be empty */

	struct str policy_id;		/* MTA-STS as kept; empty: none is */
	struct str policy;
	int64_t policy_expires;

	struct carry_recipient recipients[QUEUE_RECIPIENTS_MAX];
	size_t count;

	bool whole;			/* text holds all of it; else it is had
					   by WIRE_FETCH */
	struct str text;
};

/*
 * Add a job to the body of a WIRE_CARRY.
 *
 * out       of at least WIRE_BODY_MAX, which any job fits without its text;
 *           a text that does not fit as well is left out, and whole is false
 *           at the other end. May hold a secret: wipe it.
 */
void carry_job_add(struct buf *out, const struct carry_job *job);

/* Read it. Returns: 0, or -EBADMSG. Views into body. */
int carry_job_read(struct carry_job *job, struct str body)
	__attribute__((warn_unused_result));

/* What became of one recipient. */
struct carry_outcome {
	uint64_t id;
	unsigned attempts;		/* as in the job */
	enum smtp_fate fate;		/* not SMTP_UNDECIDED */
	unsigned code;			/* of the reply; 0: nobody gave one */
	unsigned status[3];
	bool reports;			/* the server sends the reports */
	struct str said;
	struct str remote;		/* who said it; empty: ourselves */
};

/* What became of a job; its number is the session of WIRE_RESULT. */
struct carry_result {
	bool locked_out;	/* the smart host refused name or password:
				   nothing goes there until that is mended */
	struct carry_outcome outcomes[QUEUE_RECIPIENTS_MAX];
	size_t count;
};

void carry_result_add(struct buf *out, const struct carry_result *result);
int carry_result_read(struct carry_result *result, struct str body)
	__attribute__((warn_unused_result));

/* A policy that was fetched, for WIRE_POLICY. */
struct carry_policy {
	struct str domain, id, text;
	int64_t expires;	/* unix s */
};

void carry_policy_add(struct buf *out, const struct carry_policy *policy);
int carry_policy_read(struct carry_policy *policy, struct str body)
	__attribute__((warn_unused_result));

#endif
