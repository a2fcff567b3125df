/*
 * The command queue: letters that wait to be sent, beside the running box. The
 * keeper notices that the database was written to, so a change acts at once.
 */
#include "app/cli.h"

#include "store/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char help[] =
	"usage: pillarbox queue list [--json] [-c FILE]\n"
	"       pillarbox queue show ID [-c FILE]\n"
	"       pillarbox queue retry [ID] [-c FILE]\n"
	"       pillarbox queue hold|drop ID [-c FILE]\n\n"
	"The letters that are on their way to others. Each is tried for five "
	"days, less\nand less often; what cannot be delivered comes back to "
	"you as a report.\n\n"
	"  show    one letter: its recipients, what their servers said, its "
	"header\n"
	"  retry   try it now, also what was held; without ID, all of them\n"
	"  hold    do not try it until you say retry\n"
	"  drop    forget it; no report is made\n\n"
	"A change acts on the running box at once. --json lists as one JSON "
	"array.\n\n"
	"  --password-stdin   read the owner password as a line, should the "
	"key of this\n                     device have to be brought back\n"
	"  --password-fd N    the same from descriptor N\n";

/* What is said of a letter in one line. */
struct summary {
	char state[64];
	struct str first;	/* recipient */
};

/* Say when the next attempt is. */
static void
say_next(char *out, size_t size, int64_t after_s)
{
	FILE *text = fmemopen(out, size, "w");

	must(text != NULL);
	if (after_s <= 0) {
		fputs("due now", text);
	} else {
		fputs("next try in ", text);
		cli_span(text, after_s);
	}
	fclose(text);
}

static struct summary
summarise(const struct cli *cli, const struct queue_item *item)
{
	struct summary summary = { .first = item->recipients[0].address };
	int64_t next = INT64_MAX;
	size_t i, held = 0;

	for (i = 0; i < item->count; i++) {
		if (item->recipients[i].state == QUEUE_HELD)
			held++;
		else if (item->recipients[i].next < next)
			next = item->recipients[i].next;
	}
	if (held == item->count)
		(void)snprintf(summary.state, sizeof summary.state, "held");
	else
		say_next(summary.state, sizeof summary.state,
		    next - cli->clock.unix_s);
	return summary;
}

static struct str
sender_text(const struct queue_letter *letter)
{
	return letter->sender.len > 0 ? letter->sender : STR("<>");
}

/* How wide the columns are; measured first, then printed. */
struct columns {
	struct cli *cli;
	size_t count;
	size_t id, state, sender;
};

static void
measure(void *ctx, const struct queue_item *item)
{
	struct columns *c = ctx;
	struct summary summary = summarise(c->cli, item);

	cli_widen(&c->id, cli_digits(item->letter.id));
	cli_widen(&c->state, strlen(summary.state));
	cli_widen(&c->sender, cli_width(sender_text(&item->letter)));
}

static void
show_line(void *ctx, const struct queue_item *item)
{
	struct columns *c = ctx;
	struct summary summary = summarise(c->cli, item);
	struct str sender = sender_text(&item->letter);

	if (c->count++ == 0)
		printf("%*s  %-10s  %-*s  %-*s  TO\n", (int)c->id, "ID",
		    "QUEUED", (int)c->state, "STATE", (int)c->sender, "FROM");
	printf("%*" PRIu64 "  ", (int)c->id, item->letter.id);
	cli_date(stdout, item->letter.queued);
	printf("  %-*s  ", (int)c->state, summary.state);
	cli_text(stdout, sender);
	printf("%*s  ", (int)(c->sender - cli_width(sender)), "");
	cli_text(stdout, summary.first);
	if (item->count > 1)
		printf(" and %zu more", item->count - 1);
	putchar('\n');
}

static const char *
state_name(enum queue_state state)
{
	return state == QUEUE_HELD ? "held" : "waiting";
}

static void
show_recipient_json(const struct queue_recipient *r)
{
	fputs("\n   {\"address\": ", stdout);
	cli_json(stdout, r->address);
	printf(", \"state\": \"%s\", \"attempts\": %u, \"next\": ",
	    state_name(r->state), r->attempts);
	cli_json_date(stdout, r->state == QUEUE_HELD ? 0 : r->next);
	fputs(", \"tried\": ", stdout);
	cli_json_date(stdout, r->tried);
	printf(", \"code\": %u, \"status\": \"%u.%u.%u\", \"said\": ", r->code,
	    r->status[0], r->status[1], r->status[2]);
	cli_json(stdout, r->said);
	fputs(", \"remote\": ", stdout);
	cli_json(stdout, r->remote);
	putchar('}');
}

static void
show_json(void *ctx, const struct queue_item *item)
{
	struct columns *c = ctx;
	size_t i;

	printf("%s\n {\"id\": %" PRIu64 ", \"sender\": ",
	    c->count++ > 0 ? "," : "", item->letter.id);
	cli_json(stdout, item->letter.sender);
	fputs(", \"queued\": ", stdout);
	cli_json_date(stdout, item->letter.queued);
	printf(", \"size\": %" PRIu64 ", \"recipients\": [",
	    item->letter.size);
	for (i = 0; i < item->count; i++) {
		fputs(i > 0 ? "," : "", stdout);
		show_recipient_json(&item->recipients[i]);
	}
	fputs("]}", stdout);
}

static int
list(struct cli *cli, bool json)
{
	struct columns columns = { .cli = cli, .id = strlen("ID"),
	    .state = strlen("STATE"), .sender = strlen("FROM") };
	int code, err = 0;

	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	if (json)
		putchar('[');
	else
		err = queue_list(cli->db, measure, &columns);
	if (err == 0)
		err = queue_list(cli->db, json ? show_json : show_line,
		    &columns);
	if (json)
		fputs(columns.count > 0 ? "\n]\n" : "]\n", stdout);
	else if (err == 0 && columns.count == 0)
		puts("Nothing waits to be sent.");
	return err == 0 ? CLI_DONE : cli_store_failed(cli, "list the queue",
	    err);
}

static void
show_recipient(const struct cli *cli, const struct queue_recipient *r)
{
	char next[64];

	fputs("\nto         ", stdout);
	cli_text(stdout, r->address);
	say_next(next, sizeof next, r->next - cli->clock.unix_s);
	printf("\n  state    %s\n", r->state == QUEUE_HELD ?
	    "held until you say retry" : next);
	if (r->attempts == 0)
		return;
	printf("  tried    %u times, the last ", r->attempts);
	cli_span(stdout, cli->clock.unix_s - r->tried);
	fputs(" ago\n  said     ", stdout);
	if (r->code != 0)
		printf("%u ", r->code);
	printf("%u.%u.%u ", r->status[0], r->status[1], r->status[2]);
	cli_text(stdout, r->said);
	fputs("\n  by       ", stdout);
	cli_text(stdout, r->remote.len > 0 ? r->remote : STR("this box"));
	putchar('\n');
}

static void
show_head(const struct buf *head)
{
	struct str rest = buf_str(head), line;

	putchar('\n');
	while (str_split(&rest, '\n', &line)) {
		if (str_skip(&line, '\t'))
			fputs("        ", stdout);
		if (str_ends(line, STR("\r")))
			line.len--;
		cli_text(stdout, line);
		putchar('\n');
	}
}

static void
show_item(const struct cli *cli, const struct queue_item *item)
{
	const struct queue_letter *letter = &item->letter;
	size_t i;

	printf("letter     %" PRIu64 "\nfrom       ", letter->id);
	cli_text(stdout, sender_text(letter));
	fputs("\nqueued     ", stdout);
	cli_date(stdout, letter->queued);
	fputs(", ", stdout);
	cli_span(stdout, cli->clock.unix_s - letter->queued);
	fputs(" ago\nsize       ", stdout);
	cli_bytes(stdout, letter->size);
	putchar('\n');
	if (letter->utf8)
		puts("needs      servers that know SMTPUTF8");
	if (letter->require_tls)
		puts("needs      servers that know REQUIRETLS");
	for (i = 0; i < item->count; i++)
		show_recipient(cli, &item->recipients[i]);
}

/* Say that a letter is not there, or what else is wrong. */
static int
letter_failed(const struct cli *cli, uint64_t id, const char *doing, int err)
{
	if (err == -ENOENT)
		return cli_fail(CLI_FAILED, "there is no letter %" PRIu64
		    " in the queue: it was sent, or given up, or never there; "
		    "\"pillarbox queue list\" shows what waits", id);
	return cli_store_failed(cli, doing, err);
}

static int
show(struct cli *cli, uint64_t id)
{
	struct queue_item *item;
	struct buf head;
	int code, err;

	code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = cli_device(cli);
	if (code != CLI_DONE)
		return code;
	err = queue_item(cli->db, id, &item);
	if (err != 0)
		return letter_failed(cli, id, "read the letter", err);
	show_item(cli, item);
	queue_item_drop(item);
	buf_init(&head, QUEUE_HEAD_MAX);
	err = queue_head(cli->db, id, &head);
	if (err == 0)
		show_head(&head);
	buf_wipe(&head);
	return err == 0 ? CLI_DONE : letter_failed(cli, id,
	    "read the letter", err);
}

/* Forget a letter, and say for whom it was. */
static int
drop(struct cli *cli, uint64_t id)
{
	struct queue_item *item;
	size_t i;
	int err;

	err = queue_item(cli->db, id, &item);
	if (err != 0)
		return err;
	err = queue_drop(cli->db, id);
	if (err == 0)
		err = db_commit(cli->db);
	if (err == 0) {
		printf("letter %" PRIu64 " is dropped, and nobody is told:\n",
		    id);
		for (i = 0; i < item->count; i++) {
			fputs("  ", stdout);
			cli_text(stdout, item->recipients[i].address);
			putchar('\n');
		}
	}
	queue_item_drop(item);
	return err;
}

static int
retry(struct cli *cli, uint64_t id)
{
	int err = queue_retry(cli->db, id);

	if (err == 0)
		err = db_commit(cli->db);
	if (err == 0 && id == 0)
		puts("all letters are tried now");
	else if (err == 0)
		printf("letter %" PRIu64 " is tried now\n", id);
	return err;
}

static int
hold(struct cli *cli, uint64_t id)
{
	int err = queue_hold(cli->db, id);

	if (err == 0)
		err = db_commit(cli->db);
	if (err == 0)
		printf("letter %" PRIu64 " is held until \"pillarbox queue "
		    "retry %" PRIu64 "\"\n", id, id);
	return err;
}

static int
change(struct cli *cli, uint64_t id, int (*how)(struct cli *cli, uint64_t id))
{
	int code, err;

	code = cli_open(cli, DB_WRITE);
	if (code != CLI_DONE)
		return code;
	err = how(cli, id);
	return err == 0 ? CLI_DONE : letter_failed(cli, id,
	    "change the queue", err);
}

int
cli_queue(struct cli *cli)
{
	bool json = false;
	const struct cli_option options[] = {
		{ "json", NULL, &json },
		CLI_SECRET_OPTIONS(cli)
	};
	const char *verb;
	uint64_t id = 0;
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	verb = cli->word_count > 0 ? cli->words[0] : "";
	if (strcmp(verb, "list") == 0 && cli->word_count == 1)
		return list(cli, json);
	if (strcmp(verb, "retry") == 0 && cli->word_count == 1)
		return change(cli, 0, retry);
	if (cli->word_count != 2)
		return cli_misused(cli);
	if (!str_number(str_of(cli->words[1]), INT64_MAX, &id) || id == 0)
		return cli_fail(CLI_USAGE, "\"%s\" is no number of a letter; "
		    "\"pillarbox queue list\" shows them", cli->words[1]);
	if (strcmp(verb, "show") == 0)
		return show(cli, id);
	if (strcmp(verb, "retry") == 0)
		return change(cli, id, retry);
	if (strcmp(verb, "hold") == 0)
		return change(cli, id, hold);
	if (strcmp(verb, "drop") == 0)
		return change(cli, id, drop);
	return cli_misused(cli);
}
