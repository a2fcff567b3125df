/* The command backup: a copy of the data directory while it is in use. */
#include "app/cli.h"

#include <errno.h>

static const char help[] =
	"usage: pillarbox backup DIR [-c FILE]\n\n"
	"Copy the whole data directory into DIR, which must be empty or not "
	"there,\nwhile the box runs. The copy is sealed as the mail is: it "
	"opens with the\npassword or the recovery key, and with nothing else. "
	"To use it, name it as\n\"data\" in the configuration.\n";

static void
step(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress_step(ctx, done, total, "bytes");
}

int
cli_backup(struct cli *cli)
{
	struct cli_progress progress;
	int code, err;

	code = cli_options(cli, help, NULL, 0);
	if (code >= 0)
		return code;
	if (cli->word_count != 1)
		return cli_misused(cli);
	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	cli_progress_begin(&progress, cli, "copying");
	err = db_backup(cli->db, cli->words[0], step, &progress);
	cli_progress_end(&progress);
	if (err == -EEXIST || err == -ENOTEMPTY)
		return cli_fail(CLI_FAILED, "%s is not empty; name a "
		    "directory that is, or that is not there yet",
		    cli->words[0]);
	if (err == -ENOENT || err == -ENOTDIR)
		return cli_fail(CLI_FAILED, "%s cannot be made; name a "
		    "directory below one that is there", cli->words[0]);
	if (err != 0)
		return cli_store_failed(cli, "write the copy", err);
	printf("The copy is in %s.\n", cli->words[0]);
	return CLI_DONE;
}
