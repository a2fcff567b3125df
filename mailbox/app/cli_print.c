/* How commands show things: JSON, dates, sizes, foreign text, progress. */
#include "app/cli.h"

#include "mail/date.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 100

void
cli_json(FILE *out, struct str s)
{
	size_t i, len;
	int c;

	fputc('"', out);
	for (i = 0; i < s.len; i += len) {
		len = str_utf8(s, i);
		c = str_at(s, i);
		if (len == 0) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < ' ' || c == 127) {
			fprintf(out, "\\u%04x", (unsigned)c);
		} else {
			fwrite(s.at + i, 1, len, out);
		}
	}
	fputc('"', out);
}

void
cli_date(FILE *out, int64_t unix_s)
{
	struct buf date;

	buf_init(&date, 64);
	date_add_iso(&date, unix_s);
	if (unix_s == 0)
		fputc('-', out);
	else
		fprintf(out, "%.10s", buf_text(&date));
	buf_drop(&date);
}

void
cli_json_date(FILE *out, int64_t unix_s)
{
	struct buf date;

	buf_init(&date, 64);
	date_add_iso(&date, unix_s);
	if (unix_s == 0)
		fputs("null", out);
	else
		fprintf(out, "\"%s\"", buf_text(&date));
	buf_drop(&date);
}

void
cli_text(FILE *out, struct str s)
{
	size_t i, len;

	for (i = 0; i < s.len; i += len) {
		len = str_utf8(s, i);
		if (len == 0 || str_at(s, i) < ' ' || str_at(s, i) == 127) {
			fputc('?', out);
			len = 1;
		} else {
			fwrite(s.at + i, 1, len, out);
		}
	}
}

size_t
cli_width(struct str s)
{
	size_t i, len, width = 0;

	for (i = 0; i < s.len; i += len == 0 ? 1 : len) {
		len = str_utf8(s, i);
		width++;
	}
	return width;
}

size_t
cli_digits(uint64_t number)
{
	size_t count = 1;

	for (; number >= 10; number /= 10)
		count++;
	return count;
}

void
cli_widen(size_t *width, size_t needed)
{
	if (needed > *width)
		*width = needed;
}

void
cli_span(FILE *out, int64_t seconds)
{
	if (seconds < 60)
		fprintf(out, "%" PRId64 " s", seconds < 0 ? 0 : seconds);
	else if (seconds < 3600)
		fprintf(out, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * 86400)
		fprintf(out, "%" PRId64 " h", seconds / 3600);
	else
		fprintf(out, "%" PRId64 " days", seconds / 86400);
}

void
cli_bytes(FILE *out, uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	uint64_t unit = 1000;
	size_t i = 0;

	if (bytes < 1000) {
		fprintf(out, "%" PRIu64 " bytes", bytes);
		return;
	}
	while (i + 1 < countof(units) && bytes >= unit * 1000) {
		unit *= 1000;
		i++;
	}
	fprintf(out, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
	    bytes % unit / (unit / 10), units[i]);
}

void
cli_progress_begin(struct cli_progress *p, struct cli *cli, const char *doing)
{
	cli_now(cli);
	*p = (struct cli_progress){ .cli = cli, .doing = doing,
	    .began_ms = cli->clock.mono_ms,
	    .terminal = isatty(STDERR_FILENO) != 0 };
}

void
cli_progress_step(struct cli_progress *p, uint64_t done, uint64_t total,
	const char *unit)
{
	int64_t now_ms;

	if (!p->terminal)
		return;
	cli_now(p->cli);
	now_ms = p->cli->clock.mono_ms;
	if (now_ms - p->began_ms < PROGRESS_AFTER_MS ||
	    now_ms - p->shown_ms < PROGRESS_EVERY_MS)
		return;
	p->shown_ms = now_ms;
	p->shown = true;
	if (total > 0)
		fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " %s, "
		    "%" PRIu64 " %%\033[K", p->doing, done, total, unit,
		    done * 100 / total);
	else
		fprintf(stderr, "\r%s: %" PRIu64 " %s\033[K", p->doing, done,
		    unit);
}

void
cli_progress_end(struct cli_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
