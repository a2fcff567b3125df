/*
 * Dates out and in. Days are reckoned in years that begin in March, so that
 * the leap day is the last one; everything here is UTC and pure arithmetic.
 */
#include "mail/date.h"

#include "mail/head.h"

#include <string.h>

#define DAY_SECONDS 86400

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct moment {
	int64_t year;
	int month;		/* 1 to 12 */
	int day;
	int hour, minute, second;
	int zone;		/* minutes east of Greenwich */
};

/* The proleptic Gregorian calendar repeats every 400 years, 146097 days. */
static int64_t
days_from_date(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 +
	    day - 1;
	/* 719468 days lie between 1 March of year 0 and 1 January 1970 */
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

static void
date_from_days(int64_t days, struct moment *m)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	m->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	m->month = (int)(month < 10 ? month + 3 : month - 9);
	m->year = year_of_era + era * 400 + (m->month <= 2);
}

/* Split a time up; returns the day of the week, Sunday 0. */
static int
moment_from_unix(int64_t unix_s, struct moment *m)
{
	int64_t days, left;

	/* the years 0 to 9999: four digits are what the forms have room for */
	if (unix_s < -62167219200)
		unix_s = -62167219200;
	if (unix_s > 253402300799)
		unix_s = 253402300799;
	days = unix_s / DAY_SECONDS;
	left = unix_s % DAY_SECONDS;
	if (left < 0) {
		left += DAY_SECONDS;
		days--;
	}
	date_from_days(days, m);
	m->hour = (int)(left / 3600);
	m->minute = (int)(left / 60 % 60);
	m->second = (int)(left % 60);
	/* day 0 was a Thursday */
	return (int)(((days + 4) % 7 + 7) % 7);
}

void
date_add(struct buf *out, int64_t unix_s)
{
	struct moment m;
	int weekday;

	weekday = moment_from_unix(unix_s, &m);
	buf_add_format(out, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000",
	    &day_names[weekday * 3], m.day, &month_names[m.month * 3 - 3],
	    (int)m.year, m.hour, m.minute, m.second);
}

void
date_add_mbox(struct buf *out, int64_t unix_s)
{
	struct moment m;
	int weekday;

	weekday = moment_from_unix(unix_s, &m);
	buf_add_format(out, "%.3s %.3s %2d %02d:%02d:%02d %04d",
	    &day_names[weekday * 3], &month_names[m.month * 3 - 3], m.day,
	    m.hour, m.minute, m.second, (int)m.year);
}

void
date_add_iso(struct buf *out, int64_t unix_s)
{
	struct moment m;

	(void)moment_from_unix(unix_s, &m);
	buf_add_format(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)m.year,
	    m.month, m.day, m.hour, m.minute, m.second);
}

static void
digits_put(char *at, size_t count, int64_t number)
{
	while (count-- > 0) {
		at[count] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* Many at once are listed, so it is done without printf(). */
void
date_add_imap(struct buf *out, int64_t unix_s)
{
	char text[] = " d-Mon-yyyy hh:mm:ss +0000";
	struct moment m;

	(void)moment_from_unix(unix_s, &m);
	digits_put(text, 2, m.day);
	if (m.day < 10)
		text[0] = ' ';
	memcpy(text + 3, &month_names[m.month * 3 - 3], 3);
	digits_put(text + 7, 4, m.year);
	digits_put(text + 12, 2, m.hour);
	digits_put(text + 15, 2, m.minute);
	digits_put(text + 18, 2, m.second);
	buf_add_text(out, text);
}

static int
month_days(int64_t year, int month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool leap;

	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

/* A leap second (60) counts as the first of the next minute. */
static bool
moment_to_unix(const struct moment *m, int64_t *unix_s)
{
	if (m->day < 1 || m->day > month_days(m->year, m->month) ||
	    m->hour > 23 || m->minute > 59 || m->second > 60)
		return false;
	*unix_s = days_from_date(m->year, m->month, m->day) * DAY_SECONDS +
	    m->hour * 3600 + (m->minute - m->zone) * 60 + m->second;
	return true;
}

/* Read a number of least to most digits and the space behind it. */
static bool
take_number(struct str *s, size_t least, size_t most, int *number)
{
	uint64_t value;
	size_t len;

	for (len = 0; char_is_digit(str_at(*s, len)); len++)
		continue;
	if (len < least || len > most ||
	    !str_number(str_take(s, len), INT32_MAX, &value))
		return false;
	*number = (int)value;
	return head_skip_space(s, NULL);
}

/* Cut a word of letters and the space behind it off *s. */
static bool
take_word(struct str *s, struct str *word)
{
	size_t len;

	for (len = 0; char_is_alpha(str_at(*s, len)); len++)
		continue;
	*word = str_take(s, len);
	return head_skip_space(s, NULL);
}

/* Which of the three-letter names a word is, from 0, or -1. */
static int
name_index(const char *names, struct str word)
{
	struct str left;
	int i;

	left = str_of(names);
	for (i = 0; left.len > 0; i++)
		if (str_same(str_take(&left, 3), word))
			return i;
	return -1;
}

static bool
take_month(struct str *s, int *month)
{
	struct str word;

	if (!take_word(s, &word))
		return false;
	*month = name_index(month_names, word) + 1;
	return *month > 0;
}

/* RFC 5322 section 4.3: two and three digits are years of our time. */
static bool
take_year(struct str *s, int64_t *year)
{
	size_t digits;
	int number;

	for (digits = 0; char_is_digit(str_at(*s, digits)); digits++)
		continue;
	if (!take_number(s, 2, 4, &number))
		return false;
	if (digits == 2)
		number += number < 50 ? 2000 : 1900;
	else if (digits == 3)
		number += 1900;
	*year = number;
	return true;
}

/* hour ":" minute [ ":" second ] */
static bool
take_time(struct str *s, struct moment *m)
{
	m->second = 0;
	if (!take_number(s, 1, 2, &m->hour) || !str_skip(s, ':') ||
	    !head_skip_space(s, NULL) || !take_number(s, 2, 2, &m->minute))
		return false;
	if (!str_skip(s, ':'))
		return true;
	return head_skip_space(s, NULL) && take_number(s, 2, 2, &m->second);
}

/*
 * "+hhmm", or a name (RFC 5322 section 4.3): those that are not known,
 * military letters among them, tell nothing and count as UTC.
 */
static bool
take_zone(struct str *s, int *zone)
{
	static const struct {
		struct str name;
		int hours;
	} zones[] = {
		{ { "EDT", 3 }, -4 }, { { "EST", 3 }, -5 },
		{ { "CDT", 3 }, -5 }, { { "CST", 3 }, -6 },
		{ { "MDT", 3 }, -6 }, { { "MST", 3 }, -7 },
		{ { "PDT", 3 }, -7 }, { { "PST", 3 }, -8 },
	};
	struct str word;
	int number;
	bool west;
	size_t i;

	*zone = 0;
	west = str_skip(s, '-');
	if (west || str_skip(s, '+')) {
		if (!take_number(s, 4, 4, &number) || number % 100 > 59)
			return false;
		*zone = number / 100 * 60 + number % 100;
		if (west)
			*zone = -*zone;
		return true;
	}
	if (!take_word(s, &word))
		return false;
	for (i = 0; i < countof(zones); i++)
		if (str_same(word, zones[i].name))
			*zone = zones[i].hours * 60;
	return true;
}

bool
date_read(struct str text, int64_t *unix_s)
{
	struct moment m;
	struct str word;

	if (!head_skip_space(&text, NULL))
		return false;
	if (char_is_alpha(str_at(text, 0))) {
		if (!take_word(&text, &word) ||
		    name_index(day_names, word) < 0)
			return false;
		str_skip(&text, ',');
		if (!head_skip_space(&text, NULL))
			return false;
	}
	if (!take_number(&text, 1, 2, &m.day) ||
	    !take_month(&text, &m.month) || !take_year(&text, &m.year) ||
	    !take_time(&text, &m) || !take_zone(&text, &m.zone))
		return false;
	return text.len == 0 && moment_to_unix(&m, unix_s);
}

bool
date_read_mbox(struct str text, int64_t *unix_s)
{
	struct moment m;
	struct str word;
	int zone;

	if (!head_skip_space(&text, NULL) || !take_word(&text, &word) ||
	    name_index(day_names, word) < 0 || !take_month(&text, &m.month) ||
	    !take_number(&text, 1, 2, &m.day) || !take_time(&text, &m) ||
	    !take_zone(&text, &m.zone) || !take_year(&text, &m.year) ||
	    !take_zone(&text, &zone))
		return false;
	if (zone != 0)
		m.zone = zone;
	return text.len == 0 && moment_to_unix(&m, unix_s);
}
