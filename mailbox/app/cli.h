/* What the commands share: options, sentences, asking, showing. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include "app/setup.h"
#include "base/clock.h"
#include "store/db.h"

#include <stdio.h>

/* How the program ends; also in --help. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,		/* the message says what */
	CLI_USAGE = 2,		/* the command line is wrong */
	CLI_CONFIG = 3,		/* the configuration or a certificate is */
	CLI_PASSWORD = 4,	/* the password is */
	CLI_DATA = 5,		/* the data directory is missing or broken */
	CLI_PARTLY = 6,		/* some messages could not be read */
	CLI_STOPPED = 7		/* status: the box is not running */
};

#define CLI_PASSWORD_LEN_MAX 240	/* bytes; a POP3 command line has 255
					   (RFC 2449 section 4) */
#define CLI_EXPIRY_SOON_S (21 * 86400)	/* a certificate that ends within is
					   spoken of */

/* One command being run: main() sets name and words. */
struct cli {
	const char *name;	/* of the command */
	char **words;		/* the command line from the command on; after
				   cli_options() the operands alone */
	int word_count;
	const char *file;	/* the configuration */

	struct setup setup;
	struct clock clock;	/* as of the last cli_now() */
	struct db *db;

	bool password_stdin;	/* secrets come line by line from there */
	const char *password_fd;
	FILE *secrets;
};

/* One option of a command: with a value if text is set, else a flag. */
struct cli_option {
	const char *name;	/* without the dashes */
	const char **text;
	bool *flag;
};

/*
 * Read the options of a command into what the table points to; -c FILE and
 * --help are known to all.
 *
 * help      printed by --help, and kept
 *
 * Returns:  -1 to go on; else the exit code.
 */
int cli_options(struct cli *cli, const char *help,
	const struct cli_option *options, size_t count);

/* Free all that the struct holds. */
void cli_drop(struct cli *cli);

/* Say "pillarbox: ..." on the standard error. Returns: code. */
int cli_fail(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same as a warning, or beside other lines. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say that the words do not fit the command. Returns: CLI_USAGE. */
int cli_misused(const struct cli *cli);

/* Load the configuration alone. Returns: CLI_DONE or the exit code, said. */
int cli_load(struct cli *cli);

/*
 * Load the configuration and open the database.
 *
 * Returns:  CLI_DONE, or the exit code after saying why.
 */
int cli_open(struct cli *cli, enum db_mode mode);

/*
 * Say what a failure of the store means.
 *
 * doing     what was tried: "write the export"
 *
 * Returns:  the exit code.
 */
int cli_store_failed(const struct cli *cli, const char *doing, int err);

/* Sample the clock. */
void cli_now(struct cli *cli);

/* The two options of commands that ask for secrets, for their tables. */
#define CLI_SECRET_OPTIONS(cli) \
	{ "password-stdin", NULL, &(cli)->password_stdin }, \
	{ "password-fd", &(cli)->password_fd, NULL }

/*
 * Ask for a secret: on the terminal without echo, or the next line of where
 * the options say.
 *
 * prompt    "Owner password"
 * secret    cleared first; the caller wipes it
 *
 * Returns:  CLI_DONE, or the exit code after saying why.
 */
int cli_ask(struct cli *cli, const char *prompt, struct buf *secret);

/*
 * Ask for a new password: twice on a terminal, else the next line of where
 * the options say; fit for logins.
 *
 * secret    cleared first; the caller wipes it
 *
 * Returns:  CLI_DONE, or the exit code after saying why.
 */
int cli_ask_new(struct cli *cli, struct buf *secret);

/*
 * Ask for the password, or another secret that opens, and unlock the owner's
 * key.
 *
 * prompt    "Owner password"
 * owner     returned owned
 *
 * Returns:  as cli_ask_new().
 */
struct seal_owner;
int cli_unlock(struct cli *cli, const char *prompt,
	struct seal_owner **owner);

/*
 * See to it that the device key is there, which a box that comes from a
 * backup gets back by its owner's password. The database is open for writing.
 *
 * Returns:  as cli_ask_new().
 */
int cli_device(struct cli *cli);

/* Print s as a JSON string; what is no UTF-8 becomes U+FFFD. */
void cli_json(FILE *out, struct str s);

/* Print "YYYY-MM-DD", or "-" for 0. */
void cli_date(FILE *out, int64_t unix_s);

/* Print a JSON string with date and time, or null for 0. */
void cli_json_date(FILE *out, int64_t unix_s);

/* Print foreign text on a terminal: control bytes become '?'. */
void cli_text(FILE *out, struct str s);

/* Print bytes as people read them: "1.5 GB". */
void cli_bytes(FILE *out, uint64_t bytes);

/* Print a span of time as people say it: "12 min". */
void cli_span(FILE *out, int64_t seconds);

/* How many columns s takes, by its UTF-8 letters; or a number. */
size_t cli_width(struct str s);
size_t cli_digits(uint64_t number);

/* Make a column as wide as what stands in it. */
void cli_widen(size_t *width, size_t needed);

/*
 * One status line on the terminal, for what takes more than a second. Zeroed
 * plus cli_progress_begin().
 */
struct cli_progress {
	struct cli *cli;
	const char *doing;	/* "exporting" */
	int64_t began_ms;
	int64_t shown_ms;
	bool terminal, shown;
};

void cli_progress_begin(struct cli_progress *p, struct cli *cli,
	const char *doing);

/* Show how far it is; total 0: not known. Cheap: redrawn now and then. */
void cli_progress_step(struct cli_progress *p, uint64_t done, uint64_t total,
	const char *unit);

/* Take the line away again; also before saying something else. */
void cli_progress_end(struct cli_progress *p);

/* The commands. Returns: the exit code. */
int cli_serve(struct cli *cli);
int cli_init(struct cli *cli);
int cli_check(struct cli *cli);
int cli_outbound(struct cli *cli, const char *to, bool json);
int cli_status(struct cli *cli);
int cli_passwd(struct cli *cli);
int cli_app_password(struct cli *cli);
int cli_address(struct cli *cli);
int cli_export(struct cli *cli);
int cli_import(struct cli *cli);
int cli_backup(struct cli *cli);
int cli_queue(struct cli *cli);
int cli_dkim(struct cli *cli);
int cli_smarthost(struct cli *cli);
int cli_version(struct cli *cli);
int cli_reference(struct cli *cli);

#endif
