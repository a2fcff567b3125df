/* The commands serve, version and config-reference. */
#include "app/cli.h"

#include "app/role.h"
#include "base/str.h"

#include <fcntl.h>

#define WHY_MAX 2048		/* bytes of a sentence */
#define FD_MAX (1 << 20)

static const char serve_help[] =
	"usage: pillarbox serve [-c FILE] [--one] [--ready-fd N]\n\n"
	"Collect mail and hand it out until SIGTERM or SIGINT. SIGHUP reads "
	"the\nconfiguration and the certificates anew, and keeps the old ones "
	"if the new\nare no good.\n\n"
	"  --one          all roles in this process, uncaged: for debugging\n"
	"  --ready-fd N   write one byte to descriptor N once mail is taken\n";

/* How this was compiled, where the program can tell. */
#if defined(__x86_64__)
#define MACHINE "amd64"
#elif defined(__aarch64__)
#define MACHINE "arm64"
#elif defined(__arm__)
#define MACHINE "armv6"
#else
#define MACHINE "unknown"
#endif

int
cli_serve(struct cli *cli)
{
	const char *ready = NULL;
	bool one = false;
	const struct cli_option options[] = {
		{ "one", NULL, &one },
		{ "ready-fd", &ready, NULL },
	};
	uint64_t ready_fd = 0;
	struct buf why;
	int code, err;

	code = cli_options(cli, serve_help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	if (ready != NULL && (!str_number(str_of(ready), FD_MAX, &ready_fd) ||
	    fcntl((int)ready_fd, F_GETFD) < 0))
		return cli_fail(CLI_USAGE, "--ready-fd %s is not an open file "
		    "descriptor; give its number", ready);
	buf_init(&why, WHY_MAX);
	err = setup_load(&cli->setup, cli->file, &why);
	if (err != 0)
		cli_say("%s", buf_text(&why));
	buf_drop(&why);
	if (err != 0)
		return CLI_CONFIG;
	return role_serve(&cli->setup, cli->file, one,
	    ready != NULL ? (int)ready_fd : -1);
}

int
cli_version(struct cli *cli)
{
	int code = cli_options(cli, "usage: pillarbox version\n\nPrint the "
	    "version, and the machine it was built for.\n", NULL, 0);

	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	printf("pillarbox %s (%s)\n", PILLARBOX_VERSION, MACHINE);
	return CLI_DONE;
}

int
cli_reference(struct cli *cli)
{
	int code = cli_options(cli, "usage: pillarbox config-reference\n\n"
	    "Print every key of the configuration as a page of Markdown.\n",
	    NULL, 0);

	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	config_reference(stdout);
	return CLI_DONE;
}
