/* The commands passwd and app-password: who may open the mail. */
#include "app/cli.h"

#include "store/credential.h"

#include <errno.h>
#include <string.h>

#define SECRET_MAX 256		/* bytes of what the store makes up */

static const char passwd_help[] =
	"usage: pillarbox passwd [-c FILE] [--recovery] [--new-recovery-key]\n"
	"\n"
	"Change the owner password: asks for the old one, then twice for the "
	"new one.\nThe mail itself is not touched, and a running box takes the "
	"new password at\nonce.\n\n"
	"  --recovery          ask for the recovery key, not the old password\n"
	"  --new-recovery-key  make and print a new recovery key; the old one\n"
	"                      opens nothing any more. The password stays.\n"
	"  --password-stdin    read old and new as one line each\n"
	"  --password-fd N     the same from descriptor N\n";

static const char app_help[] =
	"usage: pillarbox app-password add NAME [-c FILE]\n"
	"       pillarbox app-password list [--json] [-c FILE]\n"
	"       pillarbox app-password remove NAME [-c FILE]\n\n"
	"A password of its own for every program or provider that fetches the "
	"mail, so\nthat one can be revoked without touching the others. add "
	"asks for the owner\npassword and prints the new one once; it opens "
	"the same mail.\n\n"
	"  --json            list as one JSON array\n"
	"  --password-stdin  read the owner password as a line\n"
	"  --password-fd N   the same from descriptor N\n";

/* Make what was changed last. Returns: the exit code. */
static int
commit(struct cli *cli, const char *doing, int err)
{
	if (err == 0)
		err = db_commit(cli->db);
	return err == 0 ? CLI_DONE : cli_store_failed(cli, doing, err);
}

static int
change_password(struct cli *cli, const struct seal_owner *owner)
{
	struct buf password = { 0 };
	int code;

	code = cli_ask_new(cli, &password);
	if (code == CLI_DONE)
		code = commit(cli, "change the password",
		    credential_password(cli->db, owner, buf_str(&password)));
	buf_wipe(&password);
	if (code == CLI_DONE)
		puts("The password is changed. App passwords and the recovery "
		    "key stay as they are.");
	return code;
}

static int
change_recovery(struct cli *cli, const struct seal_owner *owner)
{
	struct buf recovery;
	int code;

	buf_init(&recovery, SECRET_MAX);
	code = commit(cli, "change the recovery key",
	    credential_recovery(cli->db, owner, &recovery));
	if (code == CLI_DONE)
		printf("Recovery key: %s\nPrint it, and keep it away from the "
		    "box; the one before it opens nothing any\nmore.\n",
		    buf_text(&recovery));
	buf_wipe(&recovery);
	return code;
}

int
cli_passwd(struct cli *cli)
{
	bool recovery = false, new_key = false;
	const struct cli_option options[] = {
		{ "recovery", NULL, &recovery },
		{ "new-recovery-key", NULL, &new_key },
		CLI_SECRET_OPTIONS(cli)
	};
	struct seal_owner *owner = NULL;
	int code;

	code = cli_options(cli, passwd_help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = cli_unlock(cli, recovery ? "Recovery key" :
		    "Password as it is now", &owner);
	if (code == CLI_DONE)
		code = new_key ? change_recovery(cli, owner) :
		    change_password(cli, owner);
	seal_owner_drop(owner);
	return code;
}

/* Whether a name can be told from others in a list and in the log. */
static int
check_name(struct str name)
{
	size_t i;

	if (name.len == 0 || name.len > CREDENTIAL_NAME_MAX ||
	    !str_is_utf8(name))
		return cli_fail(CLI_USAGE, "a name has 1 to %d bytes of "
		    "UTF-8; take another", CREDENTIAL_NAME_MAX);
	for (i = 0; i < name.len; i++)
		if (str_at(name, i) < ' ' || str_at(name, i) == 127)
			return cli_fail(CLI_USAGE, "a name holds no control "
			    "characters; take another");
	return CLI_DONE;
}

static int
add_app(struct cli *cli, struct str name)
{
	struct seal_owner *owner = NULL;
	struct buf password;
	int code, err;

	code = check_name(name);
	if (code == CLI_DONE)
		code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = cli_unlock(cli, "Owner password", &owner);
	if (code != CLI_DONE)
		return code;
	buf_init(&password, SECRET_MAX);
	err = credential_app_add(cli->db, owner, name, &password);
	seal_owner_drop(owner);
	if (err == -EEXIST)
		code = cli_fail(CLI_FAILED, "there is an app password \"%s\" "
		    "already; remove it first, or take another name",
		    name.at);
	else if (err == -E2BIG)
		code = cli_fail(CLI_FAILED, "there are as many app passwords "
		    "as there may be; remove one that is no longer used");
	else
		code = commit(cli, "add the app password", err);
	if (code == CLI_DONE)
		printf("%s\n", buf_text(&password));
	buf_wipe(&password);
	return code;
}

static int
remove_app(struct cli *cli, struct str name)
{
	int code, err;

	code = cli_open(cli, DB_WRITE);
	if (code != CLI_DONE)
		return code;
	err = credential_app_remove(cli->db, name);
	if (err == -ENOENT)
		return cli_fail(CLI_FAILED, "there is no app password \"%s\"; "
		    "\"pillarbox app-password list\" names them", name.at);
	return commit(cli, "remove the app password", err);
}

/* What list is about to print. */
struct app_list {
	bool json;
	size_t count;
	size_t width;		/* of the longest name */
	bool measuring;		/* nothing is printed yet */
};

static void
show_app(void *ctx, const struct credential *app)
{
	struct app_list *list = ctx;
	size_t width = cli_width(app->name);

	if (list->measuring) {
		list->width = width > list->width ? width : list->width;
		return;
	}
	list->count++;
	if (list->json) {
		fputs(list->count > 1 ? ",\n {\"name\": " : "\n {\"name\": ",
		    stdout);
		cli_json(stdout, app->name);
		fputs(", \"created\": ", stdout);
		cli_json_date(stdout, app->created);
		fputs(", \"last_used\": ", stdout);
		cli_json_date(stdout, app->last_used);
		putchar('}');
		return;
	}
	if (list->count == 1)
		printf("%-*s  MADE        LAST USED\n", (int)list->width,
		    "NAME");
	cli_text(stdout, app->name);
	printf("%*s  ", (int)(list->width - width), "");
	cli_date(stdout, app->created);
	fputs("  ", stdout);
	cli_date(stdout, app->last_used);
	putchar('\n');
}

static int
list_apps(struct cli *cli, bool json)
{
	struct app_list list = { .json = json, .width = 4, .measuring = true };
	int code, err;

	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	err = credential_app_list(cli->db, show_app, &list);
	list.measuring = false;
	if (json)
		putchar('[');
	if (err == 0)
		err = credential_app_list(cli->db, show_app, &list);
	if (json)
		fputs(list.count > 0 ? "\n]\n" : "]\n", stdout);
	if (err != 0)
		return cli_store_failed(cli, "list the app passwords", err);
	return CLI_DONE;
}

int
cli_app_password(struct cli *cli)
{
	bool json = false;
	const struct cli_option options[] = {
		{ "json", NULL, &json },
		CLI_SECRET_OPTIONS(cli)
	};
	const char *verb;
	int code;

	code = cli_options(cli, app_help, options, countof(options));
	if (code >= 0)
		return code;
	verb = cli->word_count > 0 ? cli->words[0] : "";
	if (strcmp(verb, "list") == 0 && cli->word_count == 1)
		return list_apps(cli, json);
	if (strcmp(verb, "add") == 0 && cli->word_count == 2)
		return add_app(cli, str_of(cli->words[1]));
	if (strcmp(verb, "remove") == 0 && cli->word_count == 2)
		return remove_app(cli, str_of(cli->words[1]));
	return cli_misused(cli);
}
