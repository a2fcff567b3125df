/* What time it is, as sampled once per loop turn. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/*
 * net/loop.c alone reads clocks and fills this in; everybody else borrows a
 * pointer to it and keeps no copy across turns.
 */
struct clock {
	int64_t mono_ms;	/* never jumps: for timeouts */
	int64_t unix_s;		/* may jump: for dates people read */
};

#endif
