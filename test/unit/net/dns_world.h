/* A resolver of the tests, and the DNS server that it asks. */
#ifndef TEST_UNIT_NET_DNS_WORLD_H
#define TEST_UNIT_NET_DNS_WORLD_H

#include "net/dns_peer.h"
#include "net/resolve.h"

struct dns_world {
	struct loop loop;
	struct dns_peer peer;
	struct resolver *resolver;
	struct lookup lookup;
	struct resolve_answer answer;
	struct buf texts;
	int calls;
	bool drop;		/* the resolver, from within done() */
	bool keep_on;		/* the loop runs on after done() */
	struct timer bell;
};

void dns_begin(struct dns_world *w, bool trust_ad);
void dns_end(struct dns_world *w);

/* Turn the loop until something is told, or so long. */
void dns_run(struct dns_world *w, int64_t most_ms);

/*
 * Ask, and wait for the answer.
 *
 * Lives:    until the next is asked.
 */
const struct resolve_answer *dns_ask(struct dns_world *w,
	enum resolve_type type, const char *name,
	const struct dns_script *script);

#define SCRIPT(...) \
	((const struct dns_script){ .records = (const struct dns_record[]) \
	    { __VA_ARGS__ }, .count = sizeof (const struct dns_record[]) \
	    { __VA_ARGS__ } / sizeof (struct dns_record) })
#define DATA(bytes) .data = bytes, .len = sizeof (bytes) - 1

#define assert_text(record, literal) \
	assert_true(str_equal((record).text, STR(literal)))

#endif
