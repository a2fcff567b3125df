/*
 * The command address: the address book, beside the running box. The keeper
 * reads the state of an address from the database at every RCPT, so a change
 * acts at once.
 */
#include "app/cli.h"

#include "store/address.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CANONICAL_MAX 1024	/* bytes of an address, quoted at worst */

static const char help[] =
	"usage: pillarbox address list [--json] [-c FILE]\n"
	"       pillarbox address refuse|mute|open ADDRESS [-c FILE]\n"
	"       pillarbox address note ADDRESS TEXT [-c FILE]\n\n"
	"The addresses of your domains that were ever written to. Each is "
	"open at first;\none that leaked can be closed without touching the "
	"others:\n\n"
	"  refuse   senders are told that there is no such address\n"
	"  mute     letters are taken and thrown away\n"
	"  open     letters are collected again\n"
	"  note     keep a word on it, for yourself; \"\" takes it away\n\n"
	"A change acts on the running box at once. --json lists as one JSON "
	"array.\n";

static const char *
state_name(enum address_state state)
{
	switch (state) {
	case ADDRESS_OPEN:
		return "open";
	case ADDRESS_REFUSE:
		return "refuse";
	case ADDRESS_MUTE:
		return "mute";
	}
	return "open";
}

/* How wide the columns are; measured first, then printed. */
struct columns {
	size_t count;
	size_t name, received, refused, muted;
};

static void
measure(void *ctx, const struct address *a)
{
	struct columns *columns = ctx;

	cli_widen(&columns->name, cli_width(a->name));
	cli_widen(&columns->received, cli_digits(a->received));
	cli_widen(&columns->refused, cli_digits(a->refused));
	cli_widen(&columns->muted, cli_digits(a->muted));
}

static void
show(void *ctx, const struct address *a)
{
	struct columns *c = ctx;

	if (c->count++ == 0)
		printf("%-*s  STATE   %*s  %*s  %*s  %-10s  %-10s  NOTE\n",
		    (int)c->name, "ADDRESS", (int)c->received, "RECEIVED",
		    (int)c->refused, "REFUSED", (int)c->muted, "MUTED",
		    "FIRST", "LAST");
	cli_text(stdout, a->name);
	printf("%*s  %-6s  %*" PRIu64 "  %*" PRIu64 "  %*" PRIu64 "  ",
	    (int)(c->name - cli_width(a->name)), "", state_name(a->state),
	    (int)c->received, a->received, (int)c->refused, a->refused,
	    (int)c->muted, a->muted);
	cli_date(stdout, a->first_seen);
	if (a->first_seen == 0)
		fputs("         ", stdout);
	fputs("  ", stdout);
	cli_date(stdout, a->last_seen);
	if (a->note.len > 0) {
		fputs(a->last_seen == 0 ? "           " : "  ", stdout);
		cli_text(stdout, a->note);
	}
	putchar('\n');
}

static void
show_json(void *ctx, const struct address *a)
{
	struct columns *columns = ctx;

	fputs(columns->count++ > 0 ? ",\n {\"address\": " :
	    "\n {\"address\": ", stdout);
	cli_json(stdout, a->name);
	printf(", \"state\": \"%s\", \"received\": %" PRIu64
	    ", \"refused\": %" PRIu64 ", \"muted\": %" PRIu64
	    ", \"first_seen\": ", state_name(a->state), a->received,
	    a->refused, a->muted);
	cli_json_date(stdout, a->first_seen);
	fputs(", \"last_seen\": ", stdout);
	cli_json_date(stdout, a->last_seen);
	fputs(", \"note\": ", stdout);
	cli_json(stdout, a->note);
	putchar('}');
}

static int
list(struct cli *cli, bool json)
{
	struct columns columns = { .name = strlen("ADDRESS"),
	    .received = strlen("RECEIVED"), .refused = strlen("REFUSED"),
	    .muted = strlen("MUTED") };
	int code, err = 0;

	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	if (json)
		putchar('[');
	else
		err = address_list(cli->db, measure, &columns);
	if (err == 0)
		err = address_list(cli->db, json ? show_json : show, &columns);
	if (json)
		fputs(columns.count > 0 ? "\n]\n" : "]\n", stdout);
	return err == 0 ? CLI_DONE : cli_store_failed(cli,
	    "list the addresses", err);
}

/* Read an address of ours as a person writes it. */
static int
read_address(struct cli *cli, const char *text, struct buf *canonical)
{
	const struct config *config = &cli->setup.config;
	struct addr addr;
	const char *why;

	if (strchr(text, '@') == NULL)
		return cli_fail(CLI_USAGE, "\"%s\" is no address; write it "
		    "whole, like shop@%s", text, config->domains.names[0].at);
	if (addr_mailbox(str_of(text), &addr, &why) != ADDR_OK)
		return cli_fail(CLI_USAGE, "\"%s\" is no address: %s", text,
		    why);
	if (recipient_judge(&config->domains, &addr) != RECIPIENT_OURS)
		return cli_fail(CLI_USAGE, "%s is not at a domain of this box; "
		    "these are in the configuration, the main one is %s", text,
		    config->domains.names[0].at);
	buf_init(canonical, CANONICAL_MAX);
	addr_canonical(canonical, &addr, config->domains.names[0]);
	return CLI_DONE;
}

static int
change(struct cli *cli, const char *verb, struct str name, const char *note)
{
	enum address_state state = ADDRESS_OPEN;
	int err;

	if (strcmp(verb, "refuse") == 0)
		state = ADDRESS_REFUSE;
	else if (strcmp(verb, "mute") == 0)
		state = ADDRESS_MUTE;
	if (note != NULL)
		err = address_note(cli->db, name, str_of(note));
	else
		err = address_set(cli->db, name, state);
	if (err == 0)
		err = db_commit(cli->db);
	if (err != 0)
		return cli_store_failed(cli, "change the address", err);
	cli_text(stdout, name);
	if (note != NULL)
		puts(note[0] == '\0' ? " has no note now" : " has that note "
		    "now");
	else
		printf(" is %s now\n", state == ADDRESS_REFUSE ? "refused" :
		    state == ADDRESS_MUTE ? "muted" : "open");
	return CLI_DONE;
}

/* Check everything, then open the database and change one row. */
static int
change_one(struct cli *cli, const char *verb, const char *address,
	const char *note)
{
	struct buf canonical = { 0 };
	int code;

	if (note != NULL && (strlen(note) > ADDRESS_NOTE_MAX ||
	    !str_is_utf8(str_of(note))))
		return cli_fail(CLI_USAGE, "a note has at most %d bytes of "
		    "UTF-8; make it shorter", ADDRESS_NOTE_MAX);
	code = cli_load(cli);
	if (code == CLI_DONE)
		code = read_address(cli, address, &canonical);
	/* RFC 5321 section 4.5.1. */
	if (code == CLI_DONE && strcmp(verb, "refuse") == 0 &&
	    str_starts(buf_str(&canonical), STR("postmaster@")))
		code = cli_fail(CLI_USAGE, "every domain has to take letters "
		    "to its postmaster; mute that address instead");
	if (code == CLI_DONE)
		code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = change(cli, verb, buf_str(&canonical), note);
	buf_drop(&canonical);
	return code;
}

int
cli_address(struct cli *cli)
{
	bool json = false;
	const struct cli_option options[] = { { "json", NULL, &json } };
	const char *verb;
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	verb = cli->word_count > 0 ? cli->words[0] : "";
	if (strcmp(verb, "list") == 0 && cli->word_count == 1)
		return list(cli, json);
	if (strcmp(verb, "note") == 0 && cli->word_count == 3)
		return change_one(cli, verb, cli->words[1], cli->words[2]);
	if (cli->word_count == 2 && (strcmp(verb, "refuse") == 0 ||
	    strcmp(verb, "mute") == 0 || strcmp(verb, "open") == 0))
		return change_one(cli, verb, cli->words[1], NULL);
	return cli_misused(cli);
}
