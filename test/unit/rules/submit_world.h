/* What the tests of the submission rewriter share. */
#ifndef TEST_UNIT_RULES_SUBMIT_WORLD_H
#define TEST_UNIT_RULES_SUBMIT_WORLD_H

#include "rules/submit.h"

#define TAIL "Date: Fri, 20 Nov 2026 21:37:58 +0000\r\n" \
	"Message-ID: <fresh@example.test>\r\n\r\n"
#define ME "From: \"Robert\" <mailbox@example.test>\r\n"
#define SHOP "From: Robert <shop@example.test>\r\n"
#define BY_TAG "shop@example.test by tag"
#define TAGGED ME "Subject: [sendas:shop]\r\n"
#define AS_SHOP SHOP "Subject:\r\n"

/*
 * Ours are example.test and other.example, the login is mailbox; listed are
 * me@listed.example and all of mine.example.
 */
extern const struct submit_policy submit_usual;

struct submit_vector {
	const char *head;	/* the empty line is added */
	const char *told;
};

/* Rewrite, and add "sender by what" to the new header; or add the refusal. */
void submit_tell(struct buf *out, const struct submit_policy *policy,
	struct str head, const char *sender);

/* Check vectors with mailbox@example.test as the sender. */
void submit_check(const struct submit_policy *policy,
	const struct submit_vector *vectors, size_t count);

#endif
