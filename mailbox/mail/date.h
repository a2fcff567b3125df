/* Dates as mail writes them, reckoned without the C library's clock. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include "base/buf.h"

/*
 * Add "Fri, 20 Nov 2026 21:37:58 +0000" (RFC 5322 section 3.3), always UTC.
 * Here and below, times outside of the years 0 to 9999 count as the nearest.
 */
void date_add(struct buf *out, int64_t unix_s);

/* Add "Fri Nov 20 21:37:58 2026", as an mbox From_ line has it (UTC). */
void date_add_mbox(struct buf *out, int64_t unix_s);

/* Add "2026-11-20T21:37:58Z" (RFC 3339). */
void date_add_iso(struct buf *out, int64_t unix_s);

/* Add " 7-Nov-2026 21:37:58 +0000" (RFC 9051 section 9, date-time; UTC). */
void date_add_imap(struct buf *out, int64_t unix_s);

/*
 * Read an RFC 5322 date (day name and seconds optional, comments and the
 * obsolete zones and years of section 4.3 accepted; without a zone: UTC; the
 * day name is not checked against the day).
 *
 * Returns:  false, *unix_s unchanged, when it is none.
 */
bool date_read(struct str text, int64_t *unix_s);

/*
 * Read the asctime() date of an mbox From_ line: UTC, unless a zone stands
 * before or behind the year, as some programs write it.
 */
bool date_read_mbox(struct str text, int64_t *unix_s);

#endif
