/*
 * The command init: a data directory, its database, the owner's key under a
 * password and a recovery key, and where they are missing a configuration
 * and a certificate.
 *
 * 1. Nothing that is there is ever written over.
 * 2. The database is made last; when it cannot be, what was made before it
 *    is removed again, so that init can simply be run anew.
 */
#include "app/cli.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "store/credential.h"
#include "store/device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MADE_MAX 16
#define NAMES_MAX 16		/* of a certificate */
#define PEM_MAX 16384
#define PATH_LEN_MAX 1280	/* the data directory and a name in it */
#define WHY_MAX 2048
#define GENERATED_BYTES 10	/* of chance: 80 bits, 16 letters */
#define RECOVERY_MAX 256
#define GIVE_DEPTH 2		/* levels of the data directory */

static const char help[] =
	"usage: pillarbox init --domain DOMAIN [OPTIONS]\n"
	"       pillarbox init -c FILE [OPTIONS]      FILE is there already\n\n"
	"Make the data directory, its keys and, if there is none, a "
	"configuration.\nNothing that is there is written over.\n\n"
	"  --domain DOMAIN      the domain whose mail is collected\n"
	"  --data DIR           the data directory (/var/lib/pillarbox)\n"
	"  --host NAME          the name of the box in DNS (mail.DOMAIN)\n"
	"  --user NAME          whom root becomes (pillarbox); \"\" to stay\n"
	"  --cert FILE --key FILE   use this certificate; without them one is\n"
	"                       made that signs itself\n"
	"  --self-signed        make that for a configuration that is there\n"
	"  --generate-password  make up the owner password and print it\n"
	"  --password-stdin     read the owner password as a line\n"
	"  --password-fd N      the same from descriptor N\n\n"
	"The owner password opens the mail and is the login of POP3 and "
	"submission. The\nrecovery key is printed once: it opens the mail when "
	"the password is lost.\n";

struct init {
	struct cli *cli;
	const char *domain, *data, *host, *user, *cert, *key;
	bool self_signed, generate;
	char cert_path[PATH_LEN_MAX], key_path[PATH_LEN_MAX];
	char *text;			/* of a new configuration */
	size_t text_len;
	char *made[MADE_MAX];		/* owned; removed again on failure */
	size_t made_count;
};

static void
note_made(struct init *init, const char *path)
{
	size_t size = strlen(path) + 1;

	must(init->made_count < MADE_MAX);
	init->made[init->made_count] = xalloc(1, size);
	memcpy(init->made[init->made_count++], path, size);
}

/* Forget what was made; unless kept, remove it first, the last one first. */
static void
end_made(struct init *init, bool keep)
{
	char *path;

	while (init->made_count > 0) {
		path = init->made[--init->made_count];
		if (!keep)
			(void)remove(path);
		free(path);
	}
}

/* Write a new file, durable; it must not be there yet. */
static int
write_new(struct init *init, const char *path, struct str text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "we");
	bool good;

	if (file == NULL)
		return cli_fail(CLI_FAILED, "could not make %s: %s", path,
		    strerror(errno));
	note_made(init, path);
	setvbuf(file, NULL, _IONBF, 0);
	good = fwrite(text.at, 1, text.len, file) == text.len &&
	    fsync(fd) == 0;
	if (fclose(file) != 0 || !good)
		return cli_fail(CLI_FAILED, "could not write %s: %s", path,
		    strerror(errno));
	return CLI_DONE;
}

/* Fill in a configuration by the options; config borrows all of it. */
static void
fill_config(struct init *init, struct config *config, struct str *domain)
{
	config_default(config);
	*domain = str_of(init->domain);
	config->domains.names = domain;
	config->domains.count = 1;
	config->host = init->host;
	if (init->data != NULL)
		config->data = init->data;
	if (init->user != NULL)
		config->user = init->user;
	else if (geteuid() != 0)
		config->user = "";
	if (init->self_signed) {
		(void)snprintf(init->cert_path, sizeof init->cert_path,
		    "%s/tls/cert.pem", config->data);
		(void)snprintf(init->key_path, sizeof init->key_path,
		    "%s/tls/key.pem", config->data);
		init->cert = init->cert_path;
		init->key = init->key_path;
	}
	config->certificates[0].cert = init->cert;
	config->certificates[0].key = init->key;
	config->certificate_count = 1;
}

/* Make the text of a configuration, and read it as serve will. */
static int
new_config(struct init *init)
{
	struct cli *cli = init->cli;
	struct config config;
	struct str domain;
	struct buf why;
	FILE *out;
	int err;

	if (init->domain == NULL)
		return cli_fail(CLI_USAGE, "%s is not there; say --domain "
		    "DOMAIN, so that one can be made", cli->file);
	if ((init->cert == NULL) != (init->key == NULL))
		return cli_fail(CLI_USAGE, "a certificate needs its key; say "
		    "--cert FILE and --key FILE, or neither");
	if (init->cert != NULL && init->self_signed)
		return cli_fail(CLI_USAGE, "--self-signed makes a certificate "
		    "and --cert names one; say one of them");
	init->self_signed = init->cert == NULL;
	fill_config(init, &config, &domain);
	out = open_memstream(&init->text, &init->text_len);
	must(out != NULL);
	config_template(out, &config);
	must(fclose(out) == 0);
	buf_init(&why, WHY_MAX);
	err = config_parse(&cli->setup.config,
	    str_from(init->text, init->text_len), cli->file, &why);
	if (err != 0)
		cli_say("these options do not make a configuration: %s",
		    buf_text(&why));
	buf_drop(&why);
	return err == 0 ? CLI_DONE : CLI_CONFIG;
}

/* Take the configuration that is there, or make the text of a new one. */
static int
find_config(struct init *init)
{
	struct cli *cli = init->cli;

	if (access(cli->file, F_OK) != 0 && errno == ENOENT)
		return new_config(init);
	if (init->domain != NULL || init->data != NULL || init->host != NULL ||
	    init->user != NULL || init->cert != NULL || init->key != NULL)
		return cli_fail(CLI_USAGE, "%s is there already and says all "
		    "that; leave those options out, or name a new file with "
		    "-c", cli->file);
	return cli_load(cli);
}

static int
make_directory(struct init *init, const char *path)
{
	if (mkdir(path, 0700) != 0)
		return cli_fail(CLI_FAILED, "could not make the directory %s: "
		    "%s", path, strerror(errno));
	note_made(init, path);
	return CLI_DONE;
}

/* See to a data directory that is there, holds no mail, and is private. */
static int
prepare_data(struct init *init)
{
	const char *data = init->cli->setup.config.data;
	char path[PATH_LEN_MAX];
	struct stat st;

	if (stat(data, &st) != 0 && errno == ENOENT)
		return make_directory(init, data);
	(void)snprintf(path, sizeof path, "%s/pillarbox.db", data);
	if (access(path, F_OK) == 0)
		return cli_fail(CLI_FAILED, "there is mail in %s already; "
		    "nothing was changed", data);
	if (stat(data, &st) != 0 || !S_ISDIR(st.st_mode))
		return cli_fail(CLI_FAILED, "%s is no directory that can be "
		    "used; take it away or name another", data);
	if ((st.st_mode & 077) != 0 && chmod(data, 0700) != 0)
		return cli_fail(CLI_FAILED, "others may look into %s and that "
		    "could not be changed: %s", data, strerror(errno));
	return CLI_DONE;
}

/* Make sure that there is a directory for a file. */
static int
prepare_parent(struct init *init, const char *file)
{
	char dir[PATH_LEN_MAX];
	char *slash;

	(void)snprintf(dir, sizeof dir, "%s", file);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return CLI_DONE;
	*slash = '\0';
	return access(dir, F_OK) == 0 ? CLI_DONE : make_directory(init, dir);
}

/* Make a key and its certificate, where the configuration wants them. */
static int
make_certificate(struct init *init)
{
	const struct config *config = &init->cli->setup.config;
	const struct config_certificate *pair = &config->certificates[0];
	struct str names[NAMES_MAX] = { str_of(config->host) };
	struct buf key, cert;
	size_t count = 1, i;
	int code;

	if (config->certificate_count == 0)
		return cli_fail(CLI_USAGE, "%s names no certificate, so "
		    "--self-signed cannot make it", init->cli->file);
	for (i = 0; i < config->domains.count && count < NAMES_MAX; i++)
		names[count++] = config->domains.names[i];
	buf_init(&key, PEM_MAX);
	buf_init(&cert, PEM_MAX);
	code = prepare_parent(init, pair->key);
	if (code == CLI_DONE)
		code = prepare_parent(init, pair->cert);
	if (code == CLI_DONE && crypto_self_sign(names, count,
	    init->cli->clock.unix_s, &key, &cert) != 0)
		code = cli_fail(CLI_FAILED, "could not make a certificate for "
		    "%s; is that name too long?", config->host);
	if (code == CLI_DONE)
		code = write_new(init, pair->key, buf_str(&key), 0600);
	if (code == CLI_DONE)
		code = write_new(init, pair->cert, buf_str(&cert), 0644);
	buf_wipe(&key);
	buf_drop(&cert);
	return code;
}

/*
 * Give a directory and what is in it to a user, up to depth levels down. The
 * keys of TLS stay with root, who alone reads them.
 */
static int
give(int dir, const struct passwd *user, int depth)
{
	DIR *list = fdopendir(dir);
	struct dirent *entry;
	int child, err = 0;

	if (list == NULL)
		return -errno;
	if (fchown(dir, user->pw_uid, user->pw_gid) != 0)
		err = -errno;
	while (err == 0 && (entry = readdir(list)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    strcmp(entry->d_name, "tls") == 0)
			continue;
		if (fchownat(dir, entry->d_name, user->pw_uid, user->pw_gid,
		    AT_SYMLINK_NOFOLLOW) != 0)
			err = -errno;
		child = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0 && depth > 0 && err == 0)
			err = give(child, user, depth - 1);
		else if (child >= 0)
			close(child);
	}
	closedir(list);
	return err;
}

static int
give_data(const struct config *config)
{
	const struct passwd *user;
	int dir, err;

	if (geteuid() != 0 || config->user[0] == '\0')
		return CLI_DONE;
	user = getpwnam(config->user);
	must(user != NULL);
	dir = open(config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = dir < 0 ? -errno : give(dir, user, GIVE_DEPTH);
	return err == 0 ? CLI_DONE : cli_fail(CLI_FAILED, "could not give %s "
	    "to the user %s: %s", config->data, config->user, strerror(-err));
}

/* Make up a password, or ask for one. */
static int
get_password(struct init *init, struct buf *password)
{
	unsigned char chance[GENERATED_BYTES];

	if (!init->generate)
		return cli_ask_new(init->cli, password);
	crypto_random(chance, sizeof chance);
	buf_init(password, CREDENTIAL_PASSWORD_MAX);
	base32_encode(password, str_from(chance, sizeof chance), 4);
	crypto_wipe(chance, sizeof chance);
	return CLI_DONE;
}

/* The last step: the database with the owner's key in it. */
static int
make_database(struct init *init, struct str password, struct buf *recovery)
{
	struct cli *cli = init->cli;
	char path[PATH_LEN_MAX];
	size_t i;
	int err;
	static const char *const files[] = {
		"blob", "pillarbox.db", "pillarbox.db-wal", "pillarbox.db-shm",
		DEVICE_FILE
	};

	for (i = 0; i < countof(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s",
		    cli->setup.config.data, files[i]);
		note_made(init, path);
	}
	err = db_open(&cli->db, cli->setup.config.data, DB_CREATE,
	    &cli->clock);
	if (err == 0)
		err = credential_create(cli->db, password, recovery);
	if (err == 0)
		err = db_commit(cli->db);
	db_close(cli->db);
	cli->db = NULL;
	if (err == -ENOMEM)
		return cli_fail(CLI_FAILED, "there is too little memory free "
		    "to stretch the password; stop something and try again");
	return err == 0 ? give_data(&cli->setup.config) :
	    cli_store_failed(cli, "make the database", err);
}

/* Say what is left to do. */
static void
say_next(const struct config *config)
{
	const char *domain = config->domains.names[0].at;
	int width = (int)strlen(config->host);

	if (width < (int)strlen(domain))
		width = (int)strlen(domain);
	printf("\nNext:\n"
	    "  1. Put into the DNS of %s%s:\n"
	    "       %-*s  MX   10 %s\n"
	    "       %-*s  A    the address of this box\n"
	    "       %-*s  TXT  \"v=spf1 mx ~all\"\n"
	    "     and the two records that \"pillarbox dkim new\" prints.\n"
	    "  2. \"pillarbox check\", then \"pillarbox serve\".\n"
	    "  3. \"pillarbox check --outbound\" tells whether letters can be "
	    "sent from this line.\n", domain, config->domains.count > 1 ?
	    ", and of your other domains alike" : "", width, domain,
	    config->host, width, config->host, width, domain);
}

/* Everything that is made, in an order in which failing costs nothing. */
static int
make_all(struct init *init, struct str password, struct buf *recovery)
{
	const struct config *config = &init->cli->setup.config;
	bool had_text = init->text != NULL;
	int code;

	code = prepare_data(init);
	if (code == CLI_DONE && init->self_signed)
		code = make_certificate(init);
	if (code == CLI_DONE && had_text)
		code = write_new(init, init->cli->file,
		    str_from(init->text, init->text_len), 0644);
	if (code == CLI_DONE)
		code = make_database(init, password, recovery);
	end_made(init, code == CLI_DONE);
	if (code != CLI_DONE)
		return code;
	printf("The mail lives in %s", config->data);
	printf(had_text ? ", the configuration in %s.\n" :
	    ", as %s says.\n", init->cli->file);
	printf("The login is %s@%s", config->mailbox,
	    config->domains.names[0].at);
	if (init->generate)
		printf(", the password %.*s", (int)password.len, password.at);
	if (init->self_signed)
		printf(".\nMail programs will not trust its certificate, which "
		    "signs itself; once you have\nanother, name that as "
		    "\"tls.certificates\"");
	printf(".\n\nRecovery key: %s\nPrint it, and keep it away from the "
	    "box. It opens the mail when the password is\nlost; without "
	    "either nobody can ever read it. It is not shown again.\n",
	    buf_text(recovery));
	say_next(config);
	return CLI_DONE;
}

/* What can be seen to be wrong before a password is asked for. */
static int
look_first(const struct init *init)
{
	const struct config *config = &init->cli->setup.config;
	const struct config_certificate *pair = &config->certificates[0];

	if (geteuid() == 0 && config->user[0] != '\0' &&
	    getpwnam(config->user) == NULL)
		return cli_fail(CLI_CONFIG, "there is no user \"%s\"; make "
		    "it with \"useradd --system --no-create-home %s\", or "
		    "name another as \"user\"", config->user, config->user);
	if (init->self_signed && config->certificate_count > 0 &&
	    (access(pair->cert, F_OK) == 0 || access(pair->key, F_OK) == 0))
		return cli_fail(CLI_FAILED, "%s or %s is there already; leave "
		    "--self-signed out to use them", pair->cert, pair->key);
	return CLI_DONE;
}

int
cli_init(struct cli *cli)
{
	struct init init = { .cli = cli };
	const struct cli_option options[] = {
		{ "domain", &init.domain, NULL },
		{ "data", &init.data, NULL },
		{ "host", &init.host, NULL },
		{ "user", &init.user, NULL },
		{ "cert", &init.cert, NULL },
		{ "key", &init.key, NULL },
		{ "self-signed", NULL, &init.self_signed },
		{ "generate-password", NULL, &init.generate },
		CLI_SECRET_OPTIONS(cli)
	};
	struct buf password = { 0 }, recovery;
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0)
		return cli_misused(cli);
	cli_now(cli);
	buf_init(&recovery, RECOVERY_MAX);
	code = find_config(&init);
	if (code == CLI_DONE)
		code = look_first(&init);
	if (code == CLI_DONE)
		code = get_password(&init, &password);
	if (code == CLI_DONE)
		code = make_all(&init, buf_str(&password), &recovery);
	buf_wipe(&password);
	buf_wipe(&recovery);
	free(init.text);
	return code;
}
