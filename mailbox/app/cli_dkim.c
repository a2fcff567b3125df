/*
 * The command dkim: the keys that sign what goes out. A key is made, its
 * record published in the DNS, then it signs; when another takes its place
 * its record stays for a while, for letters that are still on their way.
 */
#include "app/cli.h"

#include "proof/sign.h"
#include "store/dkim.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PAST_S (7 * 86400)	/* the record of an old key stays so long */
#define NAME_MAX_LEN 512	/* bytes of a record's name */
#define SPLIT_MAX (2 * SIGN_RECORD_MAX)

static const char help[] =
	"usage: pillarbox dkim new [DOMAIN] [-c FILE]\n"
	"       pillarbox dkim show [DOMAIN] [--json] [-c FILE]\n"
	"       pillarbox dkim rotate [DOMAIN] [-c FILE]\n"
	"       pillarbox dkim remove DOMAIN SELECTOR [-c FILE]\n\n"
	"The keys that sign your letters, so that others can tell them from "
	"forged ones.\nEach has a record in the DNS that you publish once. "
	"DOMAIN is your main domain\nunless you name another; show without it "
	"shows all.\n\n"
	"  new      make a pair of keys, RSA and Ed25519; a domain's first "
	"sign at once,\n           later ones when you say rotate\n"
	"  show     the records to publish, and what to do next\n"
	"  rotate   the new keys sign from now on; the old ones' records stay "
	"for a week\n"
	"  remove   forget a key that signs no more\n\n"
	"  --json             show as one JSON array\n"
	"  --password-stdin   read the owner password as a line, should the "
	"key of this\n                     device have to be brought back\n"
	"  --password-fd N    the same from descriptor N\n";

static const char *
kind_name(unsigned kind)
{
	return kind == CRYPTO_RSA ? "rsa" : "ed25519";
}

static const char *
state_name(enum dkim_state state)
{
	switch (state) {
	case DKIM_NEXT:
		return "next";
	case DKIM_SIGNS:
		return "signs";
	case DKIM_PAST:
		return "past";
	}
	return "past";
}

/* What is published of a key. */
struct record {
	struct buf name, whole, split;
};

/* Make it from the private key. Returns: 0 or -EBADMSG. */
static int
record_make(struct record *r, const struct dkim_key *key)
{
	struct crypto_key *read;
	int err;

	buf_init(&r->name, NAME_MAX_LEN);
	buf_init(&r->whole, SIGN_RECORD_MAX);
	buf_init(&r->split, SPLIT_MAX);
	err = crypto_key_read(&read, key->pem);
	if (err != 0)
		return err;
	sign_record_name(&r->name, key->selector, key->domain);
	sign_record(&r->whole, read);
	sign_record_split(&r->split, buf_str(&r->whole));
	crypto_key_drop(read);
	return 0;
}

static void
record_drop(struct record *r)
{
	buf_drop(&r->name);
	buf_drop(&r->whole);
	buf_drop(&r->split);
}

/* Keys while they are shown, by domain. */
struct shown {
	struct cli *cli;
	size_t count;
	struct buf domain;	/* of the last one shown */
	bool signs, next, past;	/* it has such keys */
	int64_t changed;	/* when the last of the past ones was */
	int err;
};

static void
show_key_json(void *ctx, const struct dkim_key *key)
{
	struct shown *shown = ctx;
	struct record r;

	if (record_make(&r, key) != 0)
		shown->err = -EBADMSG;
	printf("%s\n {\"domain\": ", shown->count++ > 0 ? "," : "");
	cli_json(stdout, key->domain);
	fputs(", \"selector\": ", stdout);
	cli_json(stdout, key->selector);
	printf(", \"kind\": \"%s\", \"state\": \"%s\", \"created\": ",
	    kind_name(key->kind), state_name(key->state));
	cli_json_date(stdout, key->created);
	fputs(", \"changed\": ", stdout);
	cli_json_date(stdout, key->changed);
	fputs(", \"name\": ", stdout);
	cli_json(stdout, buf_str(&r.name));
	fputs(", \"record\": ", stdout);
	cli_json(stdout, buf_str(&r.whole));
	fputs(", \"split\": ", stdout);
	cli_json(stdout, buf_str(&r.split));
	putchar('}');
	record_drop(&r);
}

/* Say what is to be done with the keys of a domain. */
static void
advise(struct shown *shown)
{
	const char *domain = buf_text(&shown->domain);

	if (shown->domain.len == 0)
		return;
	putchar('\n');
	if (shown->next)
		printf("Next: publish the records of the keys that are next. "
		    "Once \"pillarbox check\n--outbound\" finds them, say "
		    "\"pillarbox dkim rotate %s\".\n", domain);
	else if (shown->signs)
		puts("Next: publish the records of the keys that sign, as TXT. "
		    "A form that takes no\nlong text takes the split one. "
		    "\"pillarbox check --outbound\" tells whether they\nare "
		    "there.");
	if (shown->past) {
		fputs("From ", stdout);
		cli_date(stdout, shown->changed + PAST_S);
		printf(" on take the records of the past keys out of the DNS, "
		    "and say\n\"pillarbox dkim remove %s SELECTOR\".\n",
		    domain);
	}
	shown->signs = shown->next = shown->past = false;
	shown->changed = 0;
	buf_clear(&shown->domain);
}

static void
show_key(void *ctx, const struct dkim_key *key)
{
	struct shown *shown = ctx;
	struct record r;

	if (record_make(&r, key) != 0)
		shown->err = -EBADMSG;
	if (!str_equal(buf_str(&shown->domain), key->domain)) {
		advise(shown);
		buf_add(&shown->domain, key->domain);
	}
	shown->signs = shown->signs || key->state == DKIM_SIGNS;
	shown->next = shown->next || key->state == DKIM_NEXT;
	if (key->state == DKIM_PAST) {
		shown->past = true;
		if (key->changed > shown->changed)
			shown->changed = key->changed;
	}
	printf("%skey      %.*s of %.*s, %s, %s since ",
	    shown->count++ > 0 ? "\n" : "", (int)key->selector.len,
	    key->selector.at, (int)key->domain.len, key->domain.at,
	    key->kind == CRYPTO_RSA ? "RSA" : "Ed25519",
	    state_name(key->state));
	cli_date(stdout, key->changed);
	printf("\nname     %s\nTXT      %s\nsplit    %s\n", buf_text(&r.name),
	    buf_text(&r.whole), buf_text(&r.split));
	record_drop(&r);
}

/* Show the keys of a domain, or of all. */
static int
show_keys(struct cli *cli, const struct str *domain, bool json)
{
	struct shown shown = { .cli = cli };
	int err;

	buf_init(&shown.domain, ADDR_DOMAIN_MAX);
	if (json)
		putchar('[');
	err = dkim_list(cli->db, domain, true, json ? show_key_json :
	    show_key, &shown);
	if (json)
		fputs(shown.count > 0 ? "\n]\n" : "]\n", stdout);
	else if (err == 0 && shown.count == 0)
		puts("There are no keys, so letters go out unsigned; make some "
		    "with \"pillarbox dkim\nnew\".");
	advise(&shown);
	buf_drop(&shown.domain);
	if (err == 0)
		err = shown.err;
	return err == 0 ? CLI_DONE : cli_store_failed(cli, "show the keys",
	    err);
}

/* What keys a domain has. */
struct census {
	uint64_t last;		/* number in the latest selector of ours */
	size_t next, signs;
};

static void
count_key(void *ctx, const struct dkim_key *key)
{
	struct census *census = ctx;
	struct str number = key->selector;
	uint64_t n;

	census->next += key->state == DKIM_NEXT;
	census->signs += key->state == DKIM_SIGNS;
	if (!str_starts(number, STR("pb")) || number.len < 4)
		return;
	if (str_number(str_part(number, 2, number.len - 3), UINT32_MAX, &n) &&
	    n > census->last)
		census->last = n;
}

/* Make a key of a kind and add it. Returns: 0 or negative errno. */
static int
add_key(struct cli *cli, struct dkim_key *key, uint64_t number)
{
	bool terminal = isatty(STDERR_FILENO) != 0 && key->kind == CRYPTO_RSA;
	struct buf pem, selector;
	int err;

	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	buf_init(&selector, DKIM_SELECTOR_MAX);
	buf_add_format(&selector, "pb%" PRIu64 "%c", number,
	    key->kind == CRYPTO_RSA ? 'r' : 'e');
	key->selector = buf_str(&selector);
	if (terminal)
		fputs("making an RSA key; on a small board that can take a "
		    "minute", stderr);
	crypto_key_make((enum crypto_kind)key->kind, &pem);
	if (terminal)
		fputs("\r\033[K", stderr);
	key->pem = buf_str(&pem);
	err = dkim_add(cli->db, key);
	buf_wipe(&pem);
	buf_drop(&selector);
	return err;
}

static int
make_keys(struct cli *cli, struct str domain)
{
	struct census census = { 0 };
	struct dkim_key key = { .domain = domain };
	int err;

	err = dkim_list(cli->db, &domain, false, count_key, &census);
	if (err == 0 && census.next > 0)
		return cli_fail(CLI_FAILED, "%.*s has new keys that do not "
		    "sign yet; publish their records (\"pillarbox dkim "
		    "show\"), then say \"pillarbox dkim rotate %.*s\"",
		    (int)domain.len, domain.at, (int)domain.len, domain.at);
	key.state = census.signs > 0 ? DKIM_NEXT : DKIM_SIGNS;
	/* RSA first, before a transaction is open: it takes long. */
	key.kind = CRYPTO_RSA;
	if (err == 0)
		err = add_key(cli, &key, census.last + 1);
	key.kind = CRYPTO_ED25519;
	if (err == 0)
		err = add_key(cli, &key, census.last + 1);
	if (err == 0)
		err = db_commit(cli->db);
	if (err == -E2BIG)
		return cli_fail(CLI_FAILED, "%.*s has %d keys, which is "
		    "enough; remove old ones first", (int)domain.len,
		    domain.at, DKIM_KEYS_MAX);
	if (err != 0)
		return cli_store_failed(cli, "make the keys", err);
	return show_keys(cli, &domain, false);
}

static int
rotate(struct cli *cli, struct str domain)
{
	int err = dkim_rotate(cli->db, domain);

	if (err == 0)
		err = db_commit(cli->db);
	if (err == -ENOENT)
		return cli_fail(CLI_FAILED, "%.*s has no new keys; make them "
		    "with \"pillarbox dkim new %.*s\" and publish their "
		    "records first", (int)domain.len, domain.at,
		    (int)domain.len, domain.at);
	if (err != 0)
		return cli_store_failed(cli, "change the keys", err);
	printf("The new keys of %.*s sign from now on. Leave the records of "
	    "the old ones in the\nDNS until ", (int)domain.len, domain.at);
	cli_date(stdout, cli->clock.unix_s + PAST_S);
	puts(": letters that are on their way are checked with them.");
	return CLI_DONE;
}

/* Finds one key by its selector. */
struct search {
	struct str selector;
	bool signs;
};

static void
look_at_key(void *ctx, const struct dkim_key *key)
{
	struct search *search = ctx;

	if (str_same(key->selector, search->selector))
		search->signs = key->state == DKIM_SIGNS;
}

static int
remove_key(struct cli *cli, struct str domain, struct str selector)
{
	struct search search = { .selector = selector };
	int err;

	err = dkim_list(cli->db, &domain, false, look_at_key, &search);
	if (err == 0 && search.signs)
		return cli_fail(CLI_FAILED, "%.*s signs; let another take its "
		    "place first, with \"pillarbox dkim new\" and \"pillarbox "
		    "dkim rotate\"", (int)selector.len, selector.at);
	if (err == 0)
		err = dkim_remove(cli->db, domain, selector);
	if (err == 0)
		err = db_commit(cli->db);
	if (err == -ENOENT)
		return cli_fail(CLI_FAILED, "%.*s has no key %.*s; \"pillarbox "
		    "dkim show\" lists them", (int)domain.len, domain.at,
		    (int)selector.len, selector.at);
	if (err != 0)
		return cli_store_failed(cli, "remove the key", err);
	printf("%.*s is forgotten; take its record %.*s._domainkey.%.*s out of "
	    "the DNS\n", (int)selector.len, selector.at, (int)selector.len,
	    selector.at, (int)domain.len, domain.at);
	return CLI_DONE;
}

/*
 * Get the domain that is meant, by default the main one. Only new keys have to
 * be for a domain of ours: it may have left the configuration since.
 */
static int
read_domain(struct cli *cli, const char *verb, struct buf *domain)
{
	const struct domains *ours = &cli->setup.config.domains;
	const char *text = cli->word_count > 1 ? cli->words[1] :
	    ours->names[0].at;

	if (strcmp(verb, "new") == 0 && !domains_hold(ours, str_of(text)))
		return cli_fail(CLI_USAGE, "%s is not a domain of this box; "
		    "these are in the configuration, the main one is %s", text,
		    ours->names[0].at);
	for (; *text != '\0'; text++)
		buf_add_char(domain, (char)char_lower((unsigned char)*text));
	if (str_ends(buf_str(domain), STR(".")))
		buf_cut(domain, domain->len - 1);
	return CLI_DONE;
}

/* Do what the words say, the database being open. */
static int
obey(struct cli *cli, const char *verb, struct str domain, bool json)
{
	if (strcmp(verb, "show") == 0)
		return show_keys(cli, cli->word_count > 1 ? &domain : NULL,
		    json);
	if (strcmp(verb, "new") == 0)
		return make_keys(cli, domain);
	if (strcmp(verb, "rotate") == 0)
		return rotate(cli, domain);
	return remove_key(cli, domain, str_of(cli->words[2]));
}

int
cli_dkim(struct cli *cli)
{
	bool json = false;
	const struct cli_option options[] = {
		{ "json", NULL, &json },
		CLI_SECRET_OPTIONS(cli)
	};
	const char *verb;
	struct buf domain;
	bool removes;
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	verb = cli->word_count > 0 ? cli->words[0] : "";
	removes = strcmp(verb, "remove") == 0;
	if ((!removes && strcmp(verb, "new") != 0 &&
	    strcmp(verb, "show") != 0 && strcmp(verb, "rotate") != 0) ||
	    (removes ? cli->word_count != 3 : cli->word_count > 2))
		return cli_misused(cli);
	buf_init(&domain, ADDR_DOMAIN_MAX + 1);
	code = cli_load(cli);
	if (code == CLI_DONE)
		code = read_domain(cli, verb, &domain);
	if (code == CLI_DONE)
		code = cli_open(cli, DB_WRITE);
	if (code == CLI_DONE)
		code = cli_device(cli);
	if (code == CLI_DONE)
		code = obey(cli, verb, buf_str(&domain), json);
	buf_drop(&domain);
	return code;
}
