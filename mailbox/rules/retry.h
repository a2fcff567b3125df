/* When to try again what could not be sent (RFC 5321 section 4.5.4). */
#ifndef RULES_RETRY_H
#define RULES_RETRY_H

#include "base/base.h"

#define RETRY_FOR_S (5 * 86400)	/* then it goes back; section 4.5.4.1 says
				   four or five days at least */
#define RETRY_LEAST 12	/* attempts, a day of them, before the time can be
			   over: a clock that jumped gives up nothing */
#define RETRY_WAIT_MAX_S (4 * 3600 + 4 * 3600 / 8)	/* the longest pause
			   between two: what is to wait longer than that waits
			   by a clock that was wrong */
#define RETRY_NOTICE_S (4 * 3600)	/* then its sender is told, once */
#define RETRY_NEVER INT64_MIN

/*
 * When to try next, after an attempt that failed for now: soon at first, for
 * those who let nobody in at once, then every few hours, and once more when
 * the time is over, but RETRY_LEAST times at least. An eighth is added or
 * taken by chance, so that what failed together does not come back together.
 *
 * attempts  made so far, this one included; 1 or more
 * queued    when it was taken in, unix s
 * now       unix s; before queued counts as no time passed
 * chance    any random number
 *
 * Returns:  unix s, above now; RETRY_NEVER when the time is over.
 */
int64_t retry_next(unsigned attempts, int64_t queued, int64_t now,
	uint32_t chance);

/* Whether its sender is to hear now that it is late. */
bool retry_is_late(int64_t queued, int64_t now);

#endif
