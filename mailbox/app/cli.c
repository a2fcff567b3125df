/*
 * What the commands share: reading options, loading the configuration,
 * opening the database, and saying in words what went wrong. Nothing here
 * knows a single command.
 */
#include "app/cli.h"

#include "net/loop.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 16		/* of one command, the common ones apart */
#define WHY_MAX 2048		/* bytes of a sentence */

static void __attribute__((format(printf, 1, 0)))
say(const char *format, va_list values)
{
	fflush(stdout);
	fputs("pillarbox: ", stderr);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
}

int
cli_fail(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(format, values);
	va_end(values);
	return code;
}

void
cli_say(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(format, values);
	va_end(values);
}

int
cli_misused(const struct cli *cli)
{
	return cli_fail(CLI_USAGE, "this is not how %s is used; see "
	    "\"pillarbox %s --help\"", cli->name, cli->name);
}

/* Say what getopt_long() disliked, which it left before optind. */
static int
refuse_option(const struct cli *cli, int result)
{
	const char *word = cli->words[optind - 1];

	if (result == ':')
		return cli_fail(CLI_USAGE, "%s needs a value; see "
		    "\"pillarbox %s --help\"", word, cli->name);
	return cli_fail(CLI_USAGE, "%s is no option of %s, or takes no value; "
	    "see \"pillarbox %s --help\"", word, cli->name,
	    cli->name);
}

int
cli_options(struct cli *cli, const char *help,
	const struct cli_option *options, size_t count)
{
	struct option table[OPTIONS_MAX + 3] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }
	};
	int result, at;
	size_t i;

	must(count <= OPTIONS_MAX);
	for (i = 0; i < count; i++)
		table[i + 2] = (struct option){ options[i].name,
		    options[i].text != NULL ? required_argument : no_argument,
		    NULL, 'o' };
	cli->file = CONFIG_FILE;
	opterr = 0;
	while ((result = getopt_long(cli->word_count, cli->words, ":c:h",
	    table, &at)) != -1) {
		if (result == 'c') {
			cli->file = optarg;
		} else if (result == 'h') {
			fputs(help, stdout);
			return CLI_DONE;
		} else if (result != 'o') {
			return refuse_option(cli, result);
		} else if (options[at - 2].text != NULL) {
			*options[at - 2].text = optarg;
		} else {
			*options[at - 2].flag = true;
		}
	}
	cli->words += optind;
	cli->word_count -= optind;
	return -1;
}

void
cli_drop(struct cli *cli)
{
	db_close(cli->db);
	cli->db = NULL;
	setup_drop(&cli->setup);
	if (cli->secrets != NULL && cli->secrets != stdin)
		fclose(cli->secrets);
	cli->secrets = NULL;
}

void
cli_now(struct cli *cli)
{
	clock_sample(&cli->clock);
}

int
cli_load(struct cli *cli)
{
	struct buf why;
	int err;

	buf_init(&why, WHY_MAX);
	err = setup_load_config(&cli->setup, cli->file, &why);
	if (err != 0)
		cli_say("%s", buf_text(&why));
	buf_drop(&why);
	return err == 0 ? CLI_DONE : CLI_CONFIG;
}

int
cli_open(struct cli *cli, enum db_mode mode)
{
	const char *data;
	int code = CLI_DONE, err;

	if (cli->setup.config.data == NULL)
		code = cli_load(cli);
	if (code != CLI_DONE)
		return code;
	cli_now(cli);
	data = cli->setup.config.data;
	err = db_open(&cli->db, data, mode, &cli->clock);
	if (err == -ENOENT)
		return cli_fail(CLI_DATA, "there is no mail in %s; make it "
		    "with \"pillarbox init\", or correct \"data\" in %s", data,
		    cli->file);
	return err == 0 ? CLI_DONE : cli_store_failed(cli, "open the mail",
	    err);
}

int
cli_store_failed(const struct cli *cli, const char *doing, int err)
{
	const char *data = cli->setup.config.data;

	switch (-err) {
	case EPROTO:
		return cli_fail(CLI_DATA, "could not %s: %s was written by a "
		    "newer pillarbox; install that one", doing, data);
	case EUCLEAN:
	case EBADMSG:
		return cli_fail(CLI_DATA, "could not %s: the mail in %s is "
		    "damaged; \"pillarbox check --data\" says more, and a "
		    "backup helps", doing, data);
	case ENOSPC:
	case EDQUOT:
		return cli_fail(CLI_FAILED, "could not %s: the disk is full; "
		    "make room and try again", doing);
	case EROFS:
		return cli_fail(CLI_FAILED, "could not %s: the disk is "
		    "mounted read-only; look in the kernel's log why", doing);
	case EACCES:
	case EPERM:
		return cli_fail(CLI_FAILED, "could not %s: this user may not; "
		    "run as root or as \"%s\"", doing,
		    cli->setup.config.user);
	case EBUSY:
		return cli_fail(CLI_FAILED, "could not %s: another command is "
		    "writing for long; try again when it is done", doing);
	default:
		return cli_fail(CLI_FAILED, "could not %s: %s", doing,
		    strerror(-err));
	}
}
