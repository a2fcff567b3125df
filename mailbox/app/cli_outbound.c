/*
 * The command "check --outbound": can letters be sent from this line, and what
 * is to be done if they cannot? It asks the DNS and knocks at mail servers by
 * itself, beside the running box or without it, and sends no letter.
 */
#include "app/cli_outbound.h"

#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 2048		/* bytes of a line */
#define SMART_HOST "send by another server: \"pillarbox smarthost set " \
	"HOST --user NAME\""

/* Domains that take mail from everywhere and tell whom they see. */
static const char *const known[] = { "gmail.com", "outlook.com" };

void
outbound_say(struct outbound *o, struct finding f, const char *format, ...)
{
	static const char *const names[] = { "good", "note", "bad" };
	char text[TEXT_MAX];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof text, format, values);
	va_end(values);
	o->failed = o->failed || f.grade == GRADE_BAD;
	if (!o->json) {
		printf("%-14s %s", f.what, f.grade == GRADE_BAD ?
		    "PROBLEM: " : "");
		cli_text(stdout, str_of(text));
		if (f.remedy != NULL)
			printf("\n%-14s -> %s", "", f.remedy);
		putchar('\n');
		fflush(stdout);
		return;
	}
	printf("%s\n {\"what\": ", o->lines++ > 0 ? "," : "");
	cli_json(stdout, str_of(f.what));
	printf(", \"result\": \"%s\", \"text\": ", names[f.grade]);
	cli_json(stdout, str_of(text));
	fputs(", \"do\": ", stdout);
	if (f.remedy != NULL)
		cli_json(stdout, str_of(f.remedy));
	else
		fputs("null", stdout);
	putchar('}');
}

bool
outbound_address(struct outbound *o, struct str host, unsigned port,
	struct dial_address *address)
{
	bool six = o->cli->setup.config.ipv6_first;
	int tries;

	for (tries = 0; tries < 2; tries++, six = !six) {
		if (!look_up(&o->look, six ? RESOLVE_AAAA : RESOLVE_A, host))
			continue;
		memcpy(address->ip, o->look.answer.records[0].ip,
		    sizeof address->ip);
		address->ip_len = six ? 16 : 4;
		address->port = port;
		return true;
	}
	return false;
}

static void
check_dns(struct outbound *o)
{
	const struct config *config = &o->cli->setup.config;
	struct str servers[RESOLVE_SERVERS_MAX];
	size_t count = setup_resolvers(&o->cli->setup, servers,
	    countof(servers));

	if (count == 0) {
		outbound_say(o, (struct finding){ GRADE_BAD, "dns", "name one "
		    "as \"dns.servers\" in the configuration, or wait until "
		    "the network is up" }, "no DNS server is known: "
		    SETUP_RESOLV " names none");
		return;
	}
	(void)look_up(&o->look, RESOLVE_MX, config->domains.names[0]);
	if (o->look.answer.result == RESOLVE_FAILED)
		outbound_say(o, (struct finding){ GRADE_BAD, "dns", "look "
		    "whether this machine has a line, and at \"dns.servers\" "
		    "or " SETUP_RESOLV }, "%.*s does not answer: %s",
		    (int)servers[0].len, servers[0].at, o->look.answer.why);
	else
		outbound_say(o, (struct finding){ GRADE_GOOD, "dns", NULL },
		    "%.*s answers", (int)servers[0].len, servers[0].at);
}

/* Say what became of the knock at a server of a domain. */
static void
say_knock(struct outbound *o, const char *domain, struct str host,
	const struct probe_result *result)
{
	enum grade grade = o->all.len > 0 ? GRADE_NOTE : GRADE_BAD;
	const char *remedy = o->all.len > 0 ? "no matter: letters go by your "
	    "smart host" : SMART_HOST;
	unsigned port = o->cli->setup.config.outbound_port;

	switch (result->end) {
	case PROBE_FINE:
		outbound_say(o, (struct finding){ GRADE_GOOD, "mail servers",
		    NULL }, "%.*s (%s) greets us on port %u", (int)host.len,
		    host.at, domain, port);
		return;
	case PROBE_UNREACHED:
		outbound_say(o, (struct finding){ grade, "mail servers",
		    o->all.len > 0 ? remedy : "port 25 is probably closed by "
		    "the provider of this line: ask it to open it, or "
		    SMART_HOST }, "%.*s (%s) cannot be reached on port %u: %s",
		    (int)host.len, host.at, domain, port,
		    strerror(-result->err));
		return;
	case PROBE_UNPROVEN:
	case PROBE_UNWELCOME:
	case PROBE_NO_LOGIN:
		outbound_say(o, (struct finding){ grade, "mail servers",
		    o->all.len > 0 ? remedy : "home lines are often on "
		    "blocklists: ask the provider for another address, or "
		    SMART_HOST }, "%.*s (%s) wants nothing of us: %s",
		    (int)host.len, host.at, domain, result->said);
		return;
	}
}

/* Knock at a server of a domain. */
static void
knock(struct outbound *o, const char *domain, struct str host)
{
	const struct config *config = &o->cli->setup.config;
	struct probe_goal goal = {
		.host = host,
		.setup = { .host = str_of(config->host),
		    .tls = SMTP_CLIENT_CLEAR }
	};
	struct probe_result result;

	if (!outbound_address(o, host, config->outbound_port, &goal.address)) {
		outbound_say(o, (struct finding){ GRADE_BAD, "mail servers",
		    NULL }, "%.*s (%s) has no address: %s", (int)host.len,
		    host.at, domain, look_why(&o->look));
		return;
	}
	probe_run(&o->loop, &goal, &result);
	say_knock(o, domain, host, &result);
	o->reached = o->reached || result.end == PROBE_FINE;
	if (result.end == PROBE_FINE && result.seen[0] != '\0') {
		memcpy(o->seen, result.seen, sizeof o->seen);
		o->seen_by = domain;
	}
}

/* The record that comes first, by preference. */
static const struct resolve_record *
first_of(const struct resolve_answer *answer)
{
	const struct resolve_record *first = &answer->records[0];
	size_t i;

	for (i = 1; i < answer->count; i++)
		if (answer->records[i].preference < first->preference)
			first = &answer->records[i];
	return first;
}

static void
check_domain(struct outbound *o, const char *domain)
{
	struct buf host;

	buf_init(&host, ADDR_DOMAIN_MAX);
	(void)look_up(&o->look, RESOLVE_MX, str_of(domain));
	if (o->look.answer.result == RESOLVE_FOUND)
		buf_add(&host, first_of(&o->look.answer)->text);
	else
		buf_add_text(&host, domain);
	if (o->look.answer.result == RESOLVE_FOUND && host.len == 0)
		outbound_say(o, (struct finding){ GRADE_NOTE, "mail servers",
		    NULL }, "%s takes no mail at all", domain);
	else if (o->look.answer.result == RESOLVE_NONE ||
	    o->look.answer.result == RESOLVE_FAILED)
		outbound_say(o, (struct finding){ GRADE_BAD, "mail servers",
		    NULL }, "the servers of %s are not known: %s", domain,
		    look_why(&o->look));
	else
		knock(o, domain, buf_str(&host));
	buf_drop(&host);
}

/* Whether a name has our address, as others see it. */
static bool
name_leads_back(struct outbound *o, struct str name)
{
	bool six = strchr(o->seen, ':') != NULL, same = false;
	struct dial_address address = { .ip_len = six ? 16 : 4 };
	struct buf text;
	size_t i;

	(void)look_up(&o->look, six ? RESOLVE_AAAA : RESOLVE_A, name);
	buf_init(&text, DIAL_TEXT_MAX);
	for (i = 0; i < o->look.answer.count && !same; i++) {
		memcpy(address.ip, o->look.answer.records[i].ip,
		    sizeof address.ip);
		buf_clear(&text);
		dial_address_add(&text, &address, false);
		same = str_same(buf_str(&text), str_of(o->seen));
	}
	buf_drop(&text);
	return same;
}

/* Whether the address that others see has a name, and the right one. */
static void
check_name(struct outbound *o)
{
	enum grade grade = o->all.len > 0 ? GRADE_NOTE : GRADE_BAD;
	const char *host = o->cli->setup.config.host;
	const char *remedy = "have the provider of this line give that address "
	    "the name that \"host\" has in the configuration (PTR); big "
	    "providers refuse letters without";
	struct buf name;

	if (o->seen[0] == '\0')
		return;
	outbound_say(o, (struct finding){ GRADE_GOOD, "address", NULL }, "%s, "
	    "as %s sees it", o->seen, o->seen_by);
	if (!look_up(&o->look, RESOLVE_PTR, str_of(o->seen))) {
		outbound_say(o, (struct finding){ grade, "name", remedy },
		    "%s has no name (PTR): %s", o->seen, look_why(&o->look));
		return;
	}
	buf_init(&name, ADDR_DOMAIN_MAX);
	buf_add(&name, o->look.answer.records[0].text);
	if (!name_leads_back(o, buf_str(&name)))
		outbound_say(o, (struct finding){ grade, "name", remedy },
		    "%s is named %s, which does not lead back to it", o->seen,
		    buf_text(&name));
	else if (!str_same(buf_str(&name), str_of(host)))
		outbound_say(o, (struct finding){ GRADE_NOTE, "name", remedy },
		    "%s is named %s, not %s", o->seen, buf_text(&name), host);
	else
		outbound_say(o, (struct finding){ GRADE_GOOD, "name", NULL },
		    "%s is named %s, and that is %s", o->seen, host, o->seen);
	buf_drop(&name);
}

static void
check_roots(struct outbound *o)
{
	const struct setup *setup = &o->cli->setup;
	const char *remedy = "install ca-certificates, or correct "
	    "\"tls.roots\"";

	if (setup->roots_err != 0)
		outbound_say(o, (struct finding){ GRADE_BAD, "authorities",
		    remedy }, "%s cannot be read: %s; nothing goes to smart "
		    "hosts and to domains with an MTA-STS policy",
		    setup->config.tls_roots, strerror(-setup->roots_err));
	else if (tls_client_open(&o->tls, buf_str(&setup->roots)) != 0)
		outbound_say(o, (struct finding){ GRADE_BAD, "authorities",
		    remedy }, "%s holds no certificate",
		    setup->config.tls_roots);
	else
		outbound_say(o, (struct finding){ GRADE_GOOD, "authorities",
		    NULL }, "%s", setup->config.tls_roots);
}

/* Say it in one sentence. */
static void
conclude(struct outbound *o)
{
	if (o->all.len > 0)
		outbound_say(o, (struct finding){ GRADE_GOOD, "so", NULL },
		    "letters go by %s; straight from this line they %s",
		    buf_text(&o->all), o->reached ? "could go, too" :
		    "could not go");
	else if (o->reached)
		outbound_say(o, (struct finding){ GRADE_GOOD, "so", NULL },
		    "letters can go straight from this line");
	else
		outbound_say(o, (struct finding){ GRADE_BAD, "so", SMART_HOST
		    }, "letters cannot go straight from this line");
}

/* All of it, the loop and the resolver being there. */
static int
check_all(struct outbound *o, const char *to)
{
	size_t i;
	int err;

	err = outbound_find_routes(o);
	if (err != 0)
		return err;
	check_roots(o);
	check_dns(o);
	if (to != NULL)
		check_domain(o, to);
	for (i = 0; to == NULL && i < countof(known); i++)
		check_domain(o, known[i]);
	check_name(o);
	err = outbound_check_keys(o);
	if (err == 0)
		err = outbound_check_routes(o);
	if (err == 0)
		conclude(o);
	return err;
}

/* Open what questions need, and ask them. Returns: the exit code. */
static int
check(struct outbound *o, const char *to)
{
	struct setup *setup = &o->cli->setup;
	struct str servers[RESOLVE_SERVERS_MAX];
	struct resolver *resolver = NULL;
	int err;

	setup_load_outside(setup);
	buf_init(&o->all, ADDR_DOMAIN_MAX);
	err = loop_init(&o->loop);
	if (err == 0)
		err = resolver_open(&resolver, &o->loop, servers,
		    setup_resolvers(setup, servers, countof(servers)), false);
	look_init(&o->look, &o->loop, resolver);
	if (o->json)
		putchar('[');
	if (err == 0)
		err = check_all(o, to);
	if (o->json)
		fputs(o->lines > 0 ? "\n]\n" : "]\n", stdout);
	look_drop(&o->look);
	tls_client_drop(o->tls);
	resolver_drop(resolver);
	loop_drop(&o->loop);
	buf_drop(&o->all);
	if (err != 0)
		return cli_store_failed(o->cli, "look at what is sent", err);
	return o->failed ? CLI_FAILED : CLI_DONE;
}

int
cli_outbound(struct cli *cli, const char *to, bool json)
{
	struct outbound o = { .cli = cli, .json = json };
	int code = cli_load(cli);

	if (code == CLI_DONE)
		code = cli_open(cli, DB_READ);
	return code == CLI_DONE ? check(&o, to) : code;
}
