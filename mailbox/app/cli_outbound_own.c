/* What "check --outbound" looks at of ours: our keys and our smart hosts. */
#include "app/cli_outbound.h"

#include "proof/sign.h"
#include "store/dkim.h"
#include "store/route.h"

#include <errno.h>
#include <string.h>

#define NAME_MAX_LEN 512	/* bytes of a record's name */
#define ROUTE_TEXT_MAX 8192	/* bytes of a route */
#define DOMAINS_MAX 65536	/* bytes of the names of all routes */
#define TLS_PORT 465		/* TLS from the first byte */

/* Whether two TXT records say the same, white space apart. */
static bool
same_record(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (str_at(a, i) == ' ' || str_at(a, i) == '\t')
			i++;
		while (str_at(b, j) == ' ' || str_at(b, j) == '\t')
			j++;
		if (str_at(a, i) != str_at(b, j))
			return false;
		if (i >= a.len)
			return true;
		i++;
		j++;
	}
}

/* Keys while they are looked at. */
struct keys {
	struct outbound *o;
	bool main_signs;	/* the main domain has such keys */
	int err;
};

/* Say whether the record of a key is there. */
static void
check_record(struct keys *keys, const struct dkim_key *key, struct str name,
	struct str record)
{
	struct outbound *o = keys->o;
	const struct resolve_answer *answer = &o->look.answer;
	bool signs = key->state == DKIM_SIGNS, there = false;
	enum grade grade = signs ? GRADE_BAD : GRADE_NOTE;
	const char *remedy = "publish the record that \"pillarbox dkim show\" "
	    "prints; what was changed takes a while to be seen everywhere";
	size_t i;

	(void)look_up(&o->look, RESOLVE_TXT, name);
	for (i = 0; i < answer->count && !there; i++)
		there = same_record(answer->records[i].text, record);
	if (there)
		outbound_say(o, (struct finding){ GRADE_GOOD, "signatures",
		    signs ? NULL : "once both new records are there: "
		    "\"pillarbox dkim rotate\"" }, "%.*s is published",
		    (int)name.len, name.at);
	else if (answer->result == RESOLVE_FOUND)
		outbound_say(o, (struct finding){ grade, "signatures", remedy
		    }, "%.*s has another record than the key", (int)name.len,
		    name.at);
	else
		outbound_say(o, (struct finding){ grade, "signatures", remedy
		    }, "%.*s is not published: %s", (int)name.len, name.at,
		    look_why(&o->look));
}

static void
check_key(void *ctx, const struct dkim_key *key)
{
	struct keys *keys = ctx;
	struct crypto_key *read;
	struct buf name, record;

	if (key->state == DKIM_PAST)
		return;
	if (key->state == DKIM_SIGNS && str_equal(key->domain,
	    keys->o->cli->setup.config.domains.names[0]))
		keys->main_signs = true;
	if (crypto_key_read(&read, key->pem) != 0) {
		keys->err = -EBADMSG;
		return;
	}
	buf_init(&name, NAME_MAX_LEN);
	buf_init(&record, SIGN_RECORD_MAX);
	sign_record_name(&name, key->selector, key->domain);
	sign_record(&record, read);
	crypto_key_drop(read);
	check_record(keys, key, buf_str(&name), buf_str(&record));
	buf_drop(&name);
	buf_drop(&record);
}

int
outbound_check_keys(struct outbound *o)
{
	struct keys keys = { .o = o };
	int err = dkim_list(o->cli->db, NULL, true, check_key, &keys);

	if (err == -ENOKEY) {
		outbound_say(o, (struct finding){ GRADE_BAD, "signatures",
		    "log in once, or say \"pillarbox dkim show\" and give the "
		    "owner password" }, "the key of this device is not there, "
		    "so nothing is signed or sent");
		return 0;
	}
	if (err == 0 && keys.err == 0 && !keys.main_signs)
		outbound_say(o, (struct finding){ GRADE_BAD, "signatures",
		    "make keys with \"pillarbox dkim new\" and publish their "
		    "records" }, "letters go out unsigned, and many servers "
		    "take them for junk");
	return err == 0 ? keys.err : err;
}

/* Say what became of the visit to a smart host. */
static void
say_visit(struct outbound *o, const struct route *route,
	const struct probe_result *result)
{
	const char *host = route->host.at;

	switch (result->end) {
	case PROBE_FINE:
		outbound_say(o, (struct finding){ GRADE_GOOD, "smart host",
		    NULL }, "%s %s", host, route->user.len > 0 ? "lets us log "
		    "in" : "greets us");
		return;
	case PROBE_UNREACHED:
		outbound_say(o, (struct finding){ GRADE_BAD, "smart host",
		    "compare name and port with what its provider says: "
		    "\"pillarbox smarthost list\"" }, "%s cannot be reached "
		    "on port %u: %s", host, route->port,
		    strerror(-result->err));
		return;
	case PROBE_UNPROVEN:
		outbound_say(o, (struct finding){ GRADE_BAD, "smart host",
		    "use the name that stands in its certificate, and look at "
		    "\"tls.roots\"" }, "%s does not prove to be the one it "
		    "should be: %s", host, result->said);
		return;
	case PROBE_NO_LOGIN:
		outbound_say(o, (struct finding){ GRADE_BAD, "smart host",
		    "set it anew, with the right name and password: "
		    "\"pillarbox smarthost set\"" }, "%s does not let us log "
		    "in: %s", host, result->said);
		return;
	case PROBE_UNWELCOME:
		outbound_say(o, (struct finding){ GRADE_BAD, "smart host",
		    "ask its provider" }, "%s wants nothing of us: %s", host,
		    result->said);
		return;
	}
}

static void
visit(struct outbound *o, const struct route *route)
{
	bool on = route->port == TLS_PORT;
	struct probe_goal goal = {
		.host = route->host, .tls = o->tls,
		.setup = { .host = str_of(o->cli->setup.config.host),
		    .tls = on ? SMTP_CLIENT_TLS_ON : SMTP_CLIENT_ALWAYS,
		    .verified = on, .user = route->user,
		    .secret = route->secret }
	};
	struct probe_result result;

	if (o->tls == NULL)
		return;		/* that was said */
	if (!outbound_address(o, route->host, route->port, &goal.address)) {
		outbound_say(o, (struct finding){ GRADE_BAD, "smart host",
		    "correct its name: \"pillarbox smarthost set\"" }, "%s "
		    "has no address: %s", route->host.at, look_why(&o->look));
		return;
	}
	probe_run(&o->loop, &goal, &result);
	say_visit(o, route, &result);
}

/* Keep the domain of each route, a NUL behind it. */
static void
note_domain(void *ctx, const struct route *route)
{
	struct buf *domains = ctx;

	if (route->host.len == 0)
		return;
	buf_add(domains, route->domain);
	buf_add_char(domains, '\0');
}

int
outbound_check_routes(struct outbound *o)
{
	struct buf domains, text, host;
	struct route route;
	struct str rest, domain;
	int err;

	buf_init(&domains, DOMAINS_MAX);
	buf_init(&text, ROUTE_TEXT_MAX);
	buf_init(&host, ADDR_DOMAIN_MAX);
	err = route_list(o->cli->db, note_domain, &domains);
	rest = buf_str(&domains);
	while (err == 0 && str_split(&rest, '\0', &domain)) {
		err = route_find(o->cli->db, domain, &route, &text);
		if (err != 0)
			break;
		/* So that it ends in NUL. */
		buf_clear(&host);
		buf_add(&host, route.host);
		route.host = buf_str(&host);
		visit(o, &route);
	}
	if (err == -ENOKEY || err == -ENOENT)
		err = 0;	/* the first was said; the other was removed */
	buf_wipe(&text);
	buf_drop(&domains);
	buf_drop(&host);
	return err;
}

static void
note_route(void *ctx, const struct route *route)
{
	struct outbound *o = ctx;

	if (str_equal(route->domain, STR(ROUTE_ALL)))
		buf_add(&o->all, route->host);
}

int
outbound_find_routes(struct outbound *o)
{
	return route_list(o->cli->db, note_route, o);
}
