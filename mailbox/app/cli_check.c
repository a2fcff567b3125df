/*
 * The commands check and status: what serve would look at, and how much is
 * there. Both work beside a running box and change nothing.
 */
#include "app/cli.h"

#include "store/address.h"
#include "store/box.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_LEN_MAX 1280	/* the data directory and a name in it */
#define WHY_MAX 2048		/* bytes of a sentence */

static const char check_help[] =
	"usage: pillarbox check [-c FILE] [--data]\n"
	"       pillarbox check [-c FILE] --outbound [--to DOMAIN] [--json]\n\n"
	"Look at all that serve looks at, without starting: the "
	"configuration, the\ncertificates, the data directory. Prints what is "
	"good, and warns of what will\nnot stay so.\n\n"
	"  --data        also every table and file of the mail (takes a "
	"while)\n"
	"  --outbound    look instead whether letters can be sent from here: "
	"asks the\n                DNS and knocks at two big providers, sends "
	"no letter, and says\n                what to do about what it finds\n"
	"  --to DOMAIN   knock at the servers of that domain instead\n"
	"  --json        that report as one JSON array\n";

static const char status_help[] =
	"usage: pillarbox status [-c FILE] [--json]\n\n"
	"Tell whether the box is running and how much is in it. Exit code 7 "
	"means that\nit is not running.\n\n"
	"  --json   as one JSON object\n";

/* Load configuration and certificates. Returns: CLI_DONE or CLI_CONFIG. */
static int
load_all(struct cli *cli)
{
	struct buf why;
	int err;

	buf_init(&why, WHY_MAX);
	err = setup_load(&cli->setup, cli->file, &why);
	if (err != 0)
		cli_say("%s", buf_text(&why));
	buf_drop(&why);
	return err == 0 ? CLI_DONE : CLI_CONFIG;
}

/* Say which certificates end soon, and which keys others may read. */
static void
check_certificates(const struct cli *cli)
{
	const struct config *config = &cli->setup.config;
	const struct config_certificate *pair;
	int64_t left_s;
	struct stat st;
	size_t i;

	for (i = 0; i < config->certificate_count; i++) {
		pair = &config->certificates[i];
		left_s = cli->setup.expires[i] - cli->clock.unix_s;
		printf("certificate    %s ends ", pair->cert);
		cli_date(stdout, cli->setup.expires[i]);
		putchar('\n');
		if (left_s < 0)
			cli_say("the certificate %s has ended; mail programs "
			    "will refuse it, so get a new one", pair->cert);
		else if (left_s < CLI_EXPIRY_SOON_S)
			cli_say("the certificate %s ends in %" PRId64 " days; "
			    "get a new one before that", pair->cert,
			    left_s / 86400);
		if (stat(pair->key, &st) == 0 && (st.st_mode & 077) != 0)
			cli_say("other users may read the key %s; run "
			    "\"chmod 600 %s\"", pair->key, pair->key);
	}
}

/* Say what is missing that sending needs; collecting does without. */
static void
check_sending(const struct cli *cli)
{
	const struct setup *setup = &cli->setup;
	struct str server;

	if (setup->roots_err != 0)
		cli_say("%s cannot be read: %s; nothing will go to smart hosts "
		    "and to domains with an MTA-STS policy, so install "
		    "ca-certificates, or correct \"tls.roots\"",
		    setup->config.tls_roots, strerror(-setup->roots_err));
	if (setup_resolvers(setup, &server, 1) == 0)
		cli_say(SETUP_RESOLV " names no DNS server, so nothing can be "
		    "sent; name one as \"dns.servers\", unless the network "
		    "will do so once it is up");
}

/* Whom serve becomes, and whether it can. */
static int
check_user(const struct config *config)
{
	if (geteuid() != 0)
		return CLI_DONE;
	if (config->user[0] == '\0') {
		cli_say("\"user\" is \"\": started as root, the box stays "
		    "root; name a user unless this is a trial");
		return CLI_DONE;
	}
	if (getpwnam(config->user) == NULL)
		return cli_fail(CLI_CONFIG, "there is no user \"%s\"; make it "
		    "with \"useradd --system --no-create-home %s\", or name "
		    "another as \"user\"", config->user, config->user);
	printf("user           %s\n", config->user);
	return CLI_DONE;
}

static int
check_mail(struct cli *cli, bool whole)
{
	struct box_status status;
	struct stat st;
	struct buf why;
	int code, err;

	code = cli_open(cli, DB_READ);
	if (code != CLI_DONE)
		return code;
	err = box_status(cli->db, BOX_INBOX, &status);
	if (err != 0)
		return cli_store_failed(cli, "read the mail", err);
	printf("data           %s holds %" PRIu64 " messages\n",
	    cli->setup.config.data, status.messages);
	if (stat(cli->setup.config.data, &st) == 0 && (st.st_mode & 077) != 0)
		cli_say("other users may look into %s; run \"chmod 700 %s\"",
		    cli->setup.config.data, cli->setup.config.data);
	if (!whole)
		return CLI_DONE;
	buf_init(&why, WHY_MAX);
	err = db_verify(cli->db, &why);
	if (err == -EUCLEAN)
		code = cli_fail(CLI_DATA, "the mail is damaged: %s; restore a "
		    "backup, or export what can still be read",
		    buf_text(&why));
	else if (err != 0)
		code = cli_store_failed(cli, "look at the mail", err);
	else
		puts("mail           every table and file fits");
	buf_drop(&why);
	return code;
}

int
cli_check(struct cli *cli)
{
	bool whole = false, outbound = false, json = false;
	const char *to = NULL;
	const struct cli_option options[] = {
		{ "data", NULL, &whole },
		{ "outbound", NULL, &outbound },
		{ "to", &to, NULL },
		{ "json", NULL, &json }
	};
	int code;

	code = cli_options(cli, check_help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0 || (outbound && whole) ||
	    (!outbound && (to != NULL || json)))
		return cli_misused(cli);
	if (outbound)
		return cli_outbound(cli, to, json);
	code = load_all(cli);
	if (code != CLI_DONE)
		return code;
	cli_now(cli);
	printf("configuration  %s\n", cli->file);
	check_certificates(cli);
	check_sending(cli);
	code = check_user(&cli->setup.config);
	if (code == CLI_DONE)
		code = check_mail(cli, whole);
	return code;
}

/* What status tells. */
struct facts {
	bool running;
	uint64_t pid;		/* 0: not known */
	struct box_status box;
	uint64_t addresses, refused, muted;
	uint64_t disk_free, disk_all;	/* bytes */
};

static void
count_address(void *ctx, const struct address *address)
{
	struct facts *facts = ctx;

	facts->addresses++;
	if (address->state == ADDRESS_REFUSE)
		facts->refused++;
	if (address->state == ADDRESS_MUTE)
		facts->muted++;
}

/*
 * The supervisor holds a lock on the file "lock" of the data directory as
 * long as it lives, and has written its process id there.
 */
static void
find_running(const char *data, struct facts *facts)
{
	char path[PATH_LEN_MAX], line[32];
	FILE *lock;

	(void)snprintf(path, sizeof path, "%s/lock", data);
	lock = fopen(path, "re");
	if (lock == NULL)
		return;
	facts->running = flock(fileno(lock), LOCK_SH | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK;
	if (facts->running && fgets(line, sizeof line, lock) != NULL)
		(void)str_number(str_trim(str_of(line)), INT32_MAX,
		    &facts->pid);
	fclose(lock);
}

/* When certificates end; not known when they or their keys cannot be read. */
static void
find_expiry(struct cli *cli)
{
	struct setup whole = { 0 };
	struct buf why;

	buf_init(&why, WHY_MAX);
	if (setup_load(&whole, cli->file, &why) == 0)
		memcpy(cli->setup.expires, whole.expires,
		    sizeof whole.expires);
	setup_drop(&whole);
	buf_drop(&why);
}

static int
find_facts(struct cli *cli, struct facts *facts)
{
	const char *data = cli->setup.config.data;
	struct statvfs disk;
	int err;

	find_running(data, facts);
	find_expiry(cli);
	if (statvfs(data, &disk) == 0) {
		facts->disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
		facts->disk_all = (uint64_t)disk.f_blocks * disk.f_frsize;
	}
	err = box_status(cli->db, BOX_INBOX, &facts->box);
	if (err == 0)
		err = address_list(cli->db, count_address, facts);
	return err == 0 ? CLI_DONE : cli_store_failed(cli, "read the mail",
	    err);
}

static void
show_facts(const struct cli *cli, const struct facts *facts)
{
	const struct config *config = &cli->setup.config;
	size_t i;

	if (facts->running)
		printf("running        yes, as process %" PRIu64 "\n",
		    facts->pid);
	else
		puts("running        no");
	fputs("domains       ", stdout);
	for (i = 0; i < config->domains.count; i++)
		printf(" %s", config->domains.names[i].at);
	printf("\nlogin          %s@%s\nmessages       %" PRIu64 ", ",
	    config->mailbox, config->domains.names[0].at, facts->box.messages);
	cli_bytes(stdout, facts->box.octets);
	printf("\naddresses      %" PRIu64 ", of which %" PRIu64
	    " refused, %" PRIu64 " muted\n", facts->addresses, facts->refused,
	    facts->muted);
	for (i = 0; i < config->certificate_count; i++) {
		printf("certificate    %s ends ",
		    config->certificates[i].cert);
		cli_date(stdout, cli->setup.expires[i]);
		if (cli->setup.expires[i] != 0 && cli->setup.expires[i] -
		    cli->clock.unix_s < CLI_EXPIRY_SOON_S)
			fputs(": get a new one", stdout);
		putchar('\n');
	}
	fputs("disk           ", stdout);
	cli_bytes(stdout, facts->disk_free);
	fputs(" free of ", stdout);
	cli_bytes(stdout, facts->disk_all);
	putchar('\n');
}

static void
show_json(const struct cli *cli, const struct facts *facts)
{
	const struct config *config = &cli->setup.config;
	size_t i;

	printf("{\"running\": %s, \"pid\": ", facts->running ? "true" :
	    "false");
	if (facts->pid != 0)
		printf("%" PRIu64, facts->pid);
	else
		fputs("null", stdout);
	fputs(", \"version\": ", stdout);
	cli_json(stdout, str_of(PILLARBOX_VERSION));
	fputs(", \"host\": ", stdout);
	cli_json(stdout, str_of(config->host));
	fputs(", \"mailbox\": ", stdout);
	cli_json(stdout, str_of(config->mailbox));
	fputs(", \"domains\": [", stdout);
	for (i = 0; i < config->domains.count; i++) {
		fputs(i > 0 ? ", " : "", stdout);
		cli_json(stdout, config->domains.names[i]);
	}
	printf("], \"messages\": %" PRIu64 ", \"octets\": %" PRIu64
	    ", \"unseen\": %" PRIu64 ", \"addresses\": {\"all\": %" PRIu64
	    ", \"refuse\": %" PRIu64 ", \"mute\": %" PRIu64 "}",
	    facts->box.messages, facts->box.octets, facts->box.unseen,
	    facts->addresses, facts->refused, facts->muted);
	fputs(", \"certificates\": [", stdout);
	for (i = 0; i < config->certificate_count; i++) {
		fputs(i > 0 ? ", {\"cert\": " : "{\"cert\": ", stdout);
		cli_json(stdout, str_of(config->certificates[i].cert));
		fputs(", \"expires\": ", stdout);
		cli_json_date(stdout, cli->setup.expires[i]);
		putchar('}');
	}
	printf("], \"disk\": {\"free\": %" PRIu64 ", \"all\": %" PRIu64
	    "}}\n", facts->disk_free, facts->disk_all);
}

int
cli_status(struct cli *cli)
{
	struct facts facts = { 0 };
	bool json = false;
	const struct cli_option options[] = { { "json", NULL, &json } };
	int code;

	code = cli_options(cli, status_help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	code = cli_open(cli, DB_READ);
	if (code == CLI_DONE)
		code = find_facts(cli, &facts);
	if (code != CLI_DONE)
		return code;
	if (json)
		show_json(cli, &facts);
	else
		show_facts(cli, &facts);
	return facts.running ? CLI_DONE : CLI_STOPPED;
}
