/*
 * The command smarthost: another server that carries letters on, for a line
 * whose port 25 is closed, or for single domains.
 */
#include "app/cli.h"

#include "app/config_table.h"
#include "store/queue.h"
#include "store/route.h"

#include <errno.h>
#include <string.h>

#define PORT_USUAL 465		/* TLS from the first byte, RFC 8314 */

static const char help[] =
	"usage: pillarbox smarthost set HOST[:PORT] [--user NAME] "
	"[--for DOMAIN]\n"
	"       pillarbox smarthost set --direct --for DOMAIN\n"
	"       pillarbox smarthost list [--json]\n"
	"       pillarbox smarthost remove [--for DOMAIN]\n"
	"       each with [-c FILE]\n\n"
	"Hand letters to another server, which carries them on: that of your "
	"provider, or\nof a mail service. Needed where the line lets nobody "
	"reach port 25, as\n\"pillarbox check --outbound\" tells. The way "
	"there is always encrypted, and the\nname of the server is verified; "
	"what was held is tried anew at once.\n\n"
	"  HOST[:PORT]        the server; port 465 (TLS) unless it wants 587 "
	"(STARTTLS)\n"
	"  --user NAME        the login there; its password is asked for\n"
	"  --for DOMAIN       for recipients at that domain alone, not for "
	"all\n"
	"  --direct           no smart host for that domain, though there is "
	"one for all\n"
	"  --json             list as one JSON array\n"
	"  --password-stdin   read the password as a line; before it the owner "
	"password,\n                     should the key of this device have to "
	"be brought back\n"
	"  --password-fd N    the same from descriptor N\n";

/* What the options say. */
struct wish {
	const char *user, *domain;
	bool direct, json;
};

/* Copy a name of hosts in lower case. Returns: CLI_DONE, or not, said. */
static int
read_name(struct buf *out, const char *text)
{
	const char *wrong = config_text_wrong(CONFIG_HOST, text);

	if (wrong != NULL)
		return cli_fail(CLI_USAGE, "\"%s\" %s", text, wrong);
	for (; *text != '\0'; text++)
		buf_add_char(out, (char)char_lower((unsigned char)*text));
	return CLI_DONE;
}

/* Cut ":PORT" off a word of the command line. */
static int
read_port(char *word, unsigned *port)
{
	char *colon = strchr(word, ':');
	uint64_t number;

	*port = PORT_USUAL;
	if (colon == NULL)
		return CLI_DONE;
	if (!str_number(str_of(colon + 1), 65535, &number) || number == 0)
		return cli_fail(CLI_USAGE, "\"%s\" is no port; write it like "
		    "smtp.example.org:587", colon + 1);
	if (number == 25)
		return cli_fail(CLI_USAGE, "port 25 is for servers among "
		    "themselves; a smart host has 465 or 587");
	*colon = '\0';
	*port = (unsigned)number;
	return CLI_DONE;
}

/* Ask for the password, if there is a login. */
static int
read_secret(struct cli *cli, const struct route *route, struct buf *secret)
{
	struct buf prompt;
	int code;

	if (route->user.len == 0)
		return CLI_DONE;
	buf_init(&prompt, 2 * ADDR_DOMAIN_MAX + ROUTE_SECRET_MAX);
	buf_add_text(&prompt, "Password of ");
	buf_add(&prompt, route->user);
	buf_add_text(&prompt, " at ");
	buf_add(&prompt, route->host);
	code = cli_ask(cli, buf_text(&prompt), secret);
	buf_drop(&prompt);
	if (code == CLI_DONE && secret->len > ROUTE_SECRET_MAX)
		return cli_fail(CLI_PASSWORD, "that is longer than any "
		    "password");
	return code;
}

static void
say_route(const struct route *route)
{
	if (str_equal(route->domain, STR(ROUTE_ALL)))
		fputs("letters", stdout);
	else
		printf("letters to %.*s", (int)route->domain.len,
		    route->domain.at);
	if (route->host.len == 0)
		puts(" go straight to its own servers");
	else
		printf(" go by %.*s, port %u (%s)\n", (int)route->host.len,
		    route->host.at, route->port, route->port == PORT_USUAL ?
		    "TLS" : "STARTTLS");
}

/* Write it down, and let go what was held. */
static int
set_route(struct cli *cli, const struct route *route)
{
	int err = route_set(cli->db, route);

	if (err == 0)
		err = queue_retry(cli->db, 0);
	if (err == 0)
		err = db_commit(cli->db);
	if (err != 0)
		return cli_store_failed(cli, "set the smart host", err);
	say_route(route);
	return CLI_DONE;
}

static int
set_by_words(struct cli *cli, const struct wish *wish, char *host)
{
	struct route route = { .port = PORT_USUAL };
	struct buf name, domain, secret = { 0 };
	int code = CLI_DONE;

	buf_init(&name, ADDR_DOMAIN_MAX);
	buf_init(&domain, ADDR_DOMAIN_MAX);
	if (wish->domain != NULL)
		code = read_name(&domain, wish->domain);
	else
		buf_add_text(&domain, ROUTE_ALL);
	if (code == CLI_DONE && host != NULL)
		code = read_port(host, &route.port);
	if (code == CLI_DONE && host != NULL)
		code = read_name(&name, host);
	route.domain = buf_str(&domain);
	route.host = buf_str(&name);
	route.user = str_of(wish->user);
	if (code == CLI_DONE && route.user.len > ROUTE_SECRET_MAX)
		code = cli_fail(CLI_USAGE, "that is longer than any login");
	if (code == CLI_DONE)
		code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = cli_device(cli);
	if (code == CLI_DONE)
		code = read_secret(cli, &route, &secret);
	route.secret = buf_str(&secret);
	if (code == CLI_DONE)
		code = set_route(cli, &route);
	buf_wipe(&secret);
	buf_drop(&domain);
	buf_drop(&name);
	return code;
}

static int
remove_route(struct cli *cli, const struct wish *wish)
{
	struct buf domain;
	int code = CLI_DONE, err;

	buf_init(&domain, ADDR_DOMAIN_MAX);
	if (wish->domain != NULL)
		code = read_name(&domain, wish->domain);
	else
		buf_add_text(&domain, ROUTE_ALL);
	if (code == CLI_DONE)
		code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE) {
		err = route_remove(cli->db, buf_str(&domain));
		if (err == 0)
			err = db_commit(cli->db);
		if (err == -ENOENT)
			code = cli_fail(CLI_FAILED, "there is no such smart "
			    "host; \"pillarbox smarthost list\" shows all");
		else if (err != 0)
			code = cli_store_failed(cli, "remove the smart host",
			    err);
		else
			puts("removed; what waits goes by the other rules "
			    "when it is next tried");
	}
	buf_drop(&domain);
	return code;
}

static void
show_route(void *ctx, const struct route *route)
{
	size_t *count = ctx;

	++*count;
	say_route(route);
	if (route->user.len > 0) {
		fputs("  login ", stdout);
		cli_text(stdout, route->user);
		putchar('\n');
	}
}

static void
show_json(void *ctx, const struct route *route)
{
	size_t *count = ctx;

	printf("%s\n {\"for\": ", (*count)++ > 0 ? "," : "");
	cli_json(stdout, route->domain);
	fputs(", \"host\": ", stdout);
	if (route->host.len > 0)
		cli_json(stdout, route->host);
	else
		fputs("null", stdout);
	printf(", \"port\": %u, \"user\": ", route->port);
	cli_json(stdout, route->user);
	putchar('}');
}

static int
list(struct cli *cli, bool json)
{
	size_t count = 0;
	int code, err;

	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	if (json)
		putchar('[');
	err = route_list(cli->db, json ? show_json : show_route, &count);
	if (json)
		fputs(count > 0 ? "\n]\n" : "]\n", stdout);
	else if (err == 0 && count == 0)
		puts("There is no smart host: letters go straight to the "
		    "servers of their domains.");
	return err == 0 ? CLI_DONE : cli_store_failed(cli,
	    "list the smart hosts", err);
}

int
cli_smarthost(struct cli *cli)
{
	struct wish wish = { 0 };
	const struct cli_option options[] = {
		{ "user", &wish.user, NULL },
		{ "for", &wish.domain, NULL },
		{ "direct", NULL, &wish.direct },
		{ "json", NULL, &wish.json },
		CLI_SECRET_OPTIONS(cli)
	};
	const char *verb;
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	verb = cli->word_count > 0 ? cli->words[0] : "";
	if (strcmp(verb, "list") == 0 && cli->word_count == 1)
		return list(cli, wish.json);
	if (strcmp(verb, "remove") == 0 && cli->word_count == 1)
		return remove_route(cli, &wish);
	if (strcmp(verb, "set") != 0)
		return cli_misused(cli);
	if (wish.direct && cli->word_count == 1 && wish.domain != NULL &&
	    wish.user == NULL)
		return set_by_words(cli, &wish, NULL);
	if (!wish.direct && cli->word_count == 2)
		return set_by_words(cli, &wish, cli->words[1]);
	return cli_misused(cli);
}
