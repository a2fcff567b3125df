/* The program: find the command and run it. */
#include "app/cli.h"
#include "base/crypto.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(struct cli *cli);
	const char *what;
};

static const struct command commands[] = {
	{ "serve", cli_serve, "collect mail and hand it out, until stopped" },
	{ "init", cli_init, "make the data directory and its keys" },
	{ "check", cli_check, "look whether serve would start, and the mail" },
	{ "status", cli_status, "how much is there, and is it running" },
	{ "passwd", cli_passwd, "change the password or the recovery key" },
	{ "app-password", cli_app_password,
	  "passwords for single programs: add, list, remove" },
	{ "address", cli_address,
	  "the address book: list, refuse, mute, open, note" },
	{ "queue", cli_queue,
	  "letters that wait to be sent: list, show, retry, hold, drop" },
	{ "dkim", cli_dkim,
	  "the keys that sign: new, show, rotate, remove" },
	{ "smarthost", cli_smarthost,
	  "send by another server: set, list, remove" },
	{ "export", cli_export, "write all mail as mbox or Maildir" },
	{ "import", cli_import, "take mail in from mbox, Maildir or files" },
	{ "backup", cli_backup, "copy the data directory while in use" },
	{ "config-reference", cli_reference, "every key of the configuration" },
	{ "version", cli_version, "which pillarbox this is" },
};

static void
help(FILE *out)
{
	size_t i;

	fputs("usage: pillarbox COMMAND [-c FILE] [OPTIONS]\n\n", out);
	for (i = 0; i < countof(commands); i++)
		fprintf(out, "  %-17s %s\n", commands[i].name,
		    commands[i].what);
	fputs("\nEvery command has its own --help. The configuration is "
	    CONFIG_FILE "\nunless -c says otherwise.\n\n"
	    "Exit codes: 0 done; 1 failed; 2 wrong command line; 3 wrong "
	    "configuration or\ncertificate; 4 wrong password; 5 data "
	    "directory missing or broken; 6 done but for\nsome messages; "
	    "7 not running (status).\n", out);
}

int
main(int argc, char **argv)
{
	struct cli cli = { 0 };
	const char *name = argc > 1 ? argv[1] : "";
	size_t i;
	int code;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
	    strcmp(name, "help") == 0) {
		help(stdout);
		return CLI_DONE;
	}
	if (strcmp(name, "--version") == 0)
		name = "version";
	if (name[0] == '\0') {
		help(stderr);
		return CLI_USAGE;
	}
	for (i = 0; i < countof(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			break;
	if (i == countof(commands))
		return cli_fail(CLI_USAGE, "there is no command \"%s\"; "
		    "\"pillarbox --help\" lists them", name);
	crypto_start();
	/* A command speaks in sentences; serve opens the log for itself. */
	log_open("pillarbox", commands[i].run == cli_serve ? LOG_INFO :
	    LOG_NONE);
	cli.name = name;
	cli.words = argv + 1;
	cli.word_count = argc - 1;
	code = commands[i].run(&cli);
	cli_drop(&cli);
	if (fflush(stdout) != 0 && code == CLI_DONE)
		code = cli_fail(CLI_FAILED, "the output could not be written "
		    "whole; is the disk full?");
	return code;
}
