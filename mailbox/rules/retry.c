/*
 * The schedule of the queue. RFC 5321 section 4.5.4.1 wants half an hour
 * between attempts but leaves the strategy to us: most that fails for now is
 * greylisting, which is over within minutes.
 */
#include "rules/retry.h"

/* Seconds to wait after the first, second, ... attempt; then the last. */
static const int64_t waits[] = {
	5 * 60, 10 * 60, 20 * 60, 40 * 60, 3600, 2 * 3600, 4 * 3600
};

/* Up to an eighth more or less. */
static int64_t
spread(int64_t wait, uint32_t chance)
{
	int64_t room = wait / 4;

	return wait - room / 2 + (int64_t)chance % (room + 1);
}

static int64_t
age(int64_t queued, int64_t now)
{
	return now > queued ? now - queued : 0;
}

int64_t
retry_next(unsigned attempts, int64_t queued, int64_t now, uint32_t chance)
{
	int64_t left = RETRY_FOR_S - age(queued, now);
	int64_t wait;
	size_t n;

	must(attempts > 0);
	if (left <= 0 && attempts >= RETRY_LEAST)
		return RETRY_NEVER;
	n = attempts < countof(waits) ? attempts : countof(waits);
	wait = spread(waits[n - 1], chance);
	return now + (left <= 0 || wait < left ? wait : left);
}

bool
retry_is_late(int64_t queued, int64_t now)
{
	return age(queued, now) >= RETRY_NOTICE_S;
}
