/* What a domain says of TLS to its mail servers: MTA-STS (RFC 8461). */
#ifndef TALK_STS_H
#define TALK_STS_H

#include "base/buf.h"

#define STS_ID_MAX 32		/* letters and digits; section 3.1 */
#define STS_POLICY_MAX 65536	/* bytes of a policy; section 3.3 */
#define STS_AGE_MAX 31557600	/* seconds; section 3.2 */
#define STS_MX_MAX 64		/* patterns in a policy */

enum sts_result {
	STS_OK,
	STS_NONE,	/* no such record: the domain has no policy */
	STS_BAD		/* counts as none too (section 3.1), but is worth a
			   line in the log */
};

/*
 * Find the id in the TXT records of "_mta-sts.DOMAIN".
 *
 * records   each with its strings joined, count of them; borrowed
 * id        on STS_OK what tells one policy from the next
 *
 * Returns:  STS_NONE without a record of version STSv1, STS_BAD with more
 *           than one or when it cannot be read.
 * Lives:    *id as long as the record's bytes.
 */
enum sts_result sts_record(const struct str *records, size_t count,
	struct str *id);

enum sts_mode { STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE };

/* A policy; views into the text it was read from. */
struct sts_policy {
	enum sts_mode mode;
	int64_t max_age_s;
	struct str mx[STS_MX_MAX];	/* "mx.example" or "*.example" */
	size_t mx_count;
};

/*
 * Read a policy as it was fetched from
 * https://mta-sts.DOMAIN/.well-known/mta-sts.txt (section 3.2). Without a
 * redirect followed, and of type text/plain: the fetcher sees to that.
 *
 * text      borrowed; the views of *policy point into it
 * why       on STS_BAD a static sentence
 *
 * Returns:  STS_OK or STS_BAD.
 */
enum sts_result sts_policy(struct str text, struct sts_policy *policy,
	const char **why);

/*
 * Whether a policy names an MX host (section 4.1): letter case and one
 * trailing dot of the host apart; "*." stands for one label, exactly.
 */
bool sts_names(const struct sts_policy *policy, struct str host);

#endif
