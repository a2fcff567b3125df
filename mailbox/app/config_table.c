/*
 * Every key of the configuration, once, and what its texts may be: config.c
 * reads by this table, config_print.c prints the reference and the template
 * from it. Keys of one group stand together.
 */
#include "app/config_table.h"

#include <string.h>

#define PATH_LENGTH_MAX 1024	/* bytes */
#define USER_LENGTH_MAX 32	/* bytes; useradd(8) */

#define AT(member) offsetof(struct config, member)

const struct config_key config_keys[] = {
	{ "domains", CONFIG_DOMAINS, AT(domains), NULL, 0, 0, 0,
	  "The domains whose mail is collected, the main one first. Must be "
	  "given. A name with letters beyond ASCII is taken as written: list "
	  "the xn-- form beside it, since senders may use either." },
	{ "subdomains", CONFIG_FLAG, AT(domains.subdomains), NULL, 0, 0, 0,
	  "Whether anything@anything.DOMAIN is collected too." },
	{ "host", CONFIG_HOST, AT(host), NULL, 0, 0, 0,
	  "The name by which the box is known in DNS (MX, PTR, certificate) "
	  "and in its greeting." },
	{ "mailbox", CONFIG_LOCAL, AT(mailbox), "mailbox", 0, 0, 0,
	  "The login is this name at any of the domains." },
	{ "data", CONFIG_PATH, AT(data), "/var/lib/pillarbox", 0, 0, 0,
	  "The directory that holds the mail; nothing else should be in it." },
	{ "user", CONFIG_USER, AT(user), "pillarbox", 0, 0, 0,
	  "Whom the parts that meet the network become when started as root; "
	  "\"\" to stay root, which is for trials only." },
	{ "log_level", CONFIG_LEVEL, AT(log_level), "info", 0, 0, 0,
	  "How much is logged: \"error\" (somebody must act), \"info\" (a line "
	  "per message and session) or \"debug\"." },
	{ "listen", CONFIG_LISTEN, AT(listen), "*", 0, 0, 0,
	  "The addresses to listen on; \"*\" is every one, IPv6 and IPv4." },

	{ "smtp.port", CONFIG_NUMBER, AT(smtp_port), NULL, 25, 0, 65535,
	  "The port that takes mail; other servers know 25 alone. 0 turns it "
	  "off." },
	{ "smtp.size_max", CONFIG_SIZE, AT(size_max), NULL, 52428800,
	  1024, 1073741824,
	  "Bytes of the largest message taken. 25 MB of attachments, the most "
	  "that big providers send, are 35 MB on the wire; the default leaves "
	  "room above that." },
	{ "smtp.line_max", CONFIG_NUMBER, AT(line_max), NULL, 65536,
	  1000, 1048576,
	  "Bytes of the longest line taken. RFC 5321 section 4.5.3.1.6 says "
	  "1000, but real mail has longer ones and storing them costs "
	  "nothing, while refusing them would lose the letter." },
	{ "smtp.connections", CONFIG_NUMBER, AT(smtp_connections), NULL, 400,
	  1, 10000, "Connections at once, in all." },
	{ "smtp.per_network", CONFIG_NUMBER, AT(smtp_per_network), NULL, 100,
	  1, 10000,
	  "Connections at once from one network (IPv4 /24, IPv6 /48)." },
	{ "smtp.greet_delay_ms", CONFIG_NUMBER, AT(smtp_greet_delay_ms), NULL,
	  0, 0, 30000,
	  "Milliseconds to wait with the greeting. Whoever talks before it is "
	  "turned away: at 0 only those whose words came with the "
	  "connection, at 2000 most junk programs; honest servers wait." },
	{ "smtp.idle_s", CONFIG_NUMBER, AT(smtp_idle_s), NULL, 300, 1, 86400,
	  "Seconds without progress before a session is closed; RFC 5321 "
	  "section 4.5.3.2.7 asks for 300 or more." },
	{ "smtp.own_sender_refused", CONFIG_FLAG, AT(own_sender_refused), NULL,
	  1, 0, 0,
	  "Refuse mail from outside that claims a sender at one of our own "
	  "domains, which is forged." },

	{ "pop3.port", CONFIG_NUMBER, AT(pop3_port), NULL, 110, 0, 65535,
	  "The port for POP3 that turns to TLS with STLS. 0 turns it off." },
	{ "pop3.tls_port", CONFIG_NUMBER, AT(pop3s_port), NULL, 995, 0, 65535,
	  "The port for POP3 with TLS from the first byte. 0 turns it off." },
	{ "pop3.connections", CONFIG_NUMBER, AT(pop3_connections), NULL, 100,
	  1, 10000, "Connections at once, in all." },
	{ "pop3.per_network", CONFIG_NUMBER, AT(pop3_per_network), NULL, 50,
	  1, 10000,
	  "Connections at once from one network (IPv4 /24, IPv6 /48)." },
	{ "pop3.idle_s", CONFIG_NUMBER, AT(pop3_idle_s), NULL, 600, 1, 86400,
	  "Seconds without a command before a session is closed; RFC 1939 "
	  "section 3 demands 600 or more, less is for trials." },

	{ "imap.port", CONFIG_NUMBER, AT(imap_port), NULL, 143, 0, 65535,
	  "The port for IMAP that turns to TLS with STARTTLS. 0 turns it "
	  "off." },
	{ "imap.tls_port", CONFIG_NUMBER, AT(imaps_port), NULL, 993, 0, 65535,
	  "The port for IMAP with TLS from the first byte. 0 turns it off." },
	{ "imap.connections", CONFIG_NUMBER, AT(imap_connections), NULL, 100,
	  1, 10000,
	  "Connections at once, in all; a mail program often has several." },
	{ "imap.per_network", CONFIG_NUMBER, AT(imap_per_network), NULL, 50,
	  1, 10000,
	  "Connections at once from one network (IPv4 /24, IPv6 /48)." },
	{ "imap.idle_s", CONFIG_NUMBER, AT(imap_idle_s), NULL, 1800, 1, 86400,
	  "Seconds without a command before a session is closed; RFC 9051 "
	  "section 5.4 demands 1800 or more, less is for trials. Before the "
	  "login it is a minute at most." },

	{ "submission.port", CONFIG_NUMBER, AT(submission_port), NULL, 587,
	  0, 65535,
	  "The port where your mail programs hand in letters, turning to TLS "
	  "with STARTTLS. 0 turns it off." },
	{ "submission.tls_port", CONFIG_NUMBER, AT(submissions_port), NULL,
	  465, 0, 65535,
	  "The same with TLS from the first byte, which is the better choice. "
	  "0 turns it off." },
	{ "submission.connections", CONFIG_NUMBER, AT(submission_connections),
	  NULL, 50, 1, 10000, "Connections at once, in all." },
	{ "submission.per_network", CONFIG_NUMBER, AT(submission_per_network),
	  NULL, 20, 1, 10000,
	  "Connections at once from one network (IPv4 /24, IPv6 /48)." },
	{ "submission.idle_s", CONFIG_NUMBER, AT(submission_idle_s), NULL, 300,
	  1, 86400,
	  "Seconds without progress before a session is closed; RFC 5321 "
	  "section 4.5.3.2.7 asks for 300 or more." },
	{ "submission.identity", CONFIG_FLAG, AT(identity), NULL, 1, 0, 0,
	  "Whether a reply that you write from your main address goes out, by "
	  "itself, as the address that was written to, and is refused when "
	  "that is not known." },
	{ "submission.main_address", CONFIG_ADDRESS, AT(main_address), "",
	  0, 0, 0,
	  "Your own address, which nobody is to see in a letter that goes out "
	  "as another one. The login is treated so in any case; name here the "
	  "one your mail program writes from if it is not that. At a domain "
	  "that is not yours it must be named in submission.senders too." },
	{ "submission.senders", CONFIG_SENDERS, AT(senders), NULL, 0, 0, 0,
	  "Addresses of other domains that you may send from through this "
	  "box: \"me@a.example\", or \"@a.example\" for all of a domain. "
	  "Any address at your own domains may be sent from without being "
	  "listed." },

	{ "outbound.port", CONFIG_NUMBER, AT(outbound_port), NULL, 25,
	  1, 65535,
	  "The port of the servers that letters are sent to; other than 25 is "
	  "for trials." },
	{ "outbound.https_port", CONFIG_NUMBER, AT(outbound_https_port), NULL,
	  443, 1, 65535,
	  "The port where domains publish their MTA-STS policies; other than "
	  "443 is for trials." },
	{ "outbound.connections", CONFIG_NUMBER, AT(outbound_connections),
	  NULL, 20, 1, 1000, "Connections to other servers at once, in all." },
	{ "outbound.per_domain", CONFIG_NUMBER, AT(outbound_per_domain), NULL,
	  10, 1, 1000, "Connections at once for one domain." },
	{ "outbound.ipv6_first", CONFIG_FLAG, AT(ipv6_first), NULL, 0, 0, 0,
	  "Try the IPv6 addresses of a server before those of IPv4. Big "
	  "providers are harder to please over IPv6, where they want a "
	  "matching name (PTR) for your address." },

	{ "dns.servers", CONFIG_SERVERS, AT(dns_servers), NULL, 0, 0, 0,
	  "The DNS servers to ask, as \"192.0.2.1\", \"192.0.2.1:5353\", "
	  "\"2001:db8::1\" or \"[2001:db8::1]:5353\". Without any, those of "
	  "/etc/resolv.conf." },
	{ "dns.trust_ad", CONFIG_FLAG, AT(dns_trust_ad), NULL, 0, 0, 0,
	  "Whether to believe those servers when they say that they have "
	  "verified an answer (DNSSEC), and so to use DANE. Only for a "
	  "resolver that verifies, on this machine or behind a safe line." },

	{ "tls.certificates", CONFIG_CERTIFICATES, AT(certificates), NULL,
	  0, 0, 0,
	  "The certificate chains and keys, as PEM files. The one that "
	  "carries the name a client asks for is shown, else the first. "
	  "Without any, nobody can log in, so one must be given unless the "
	  "ports of POP3, IMAP and submission are all 0." },
	{ "tls.roots", CONFIG_PATH, AT(tls_roots),
	  "/etc/ssl/certs/ca-certificates.crt", 0, 0, 0,
	  "The certificate authorities to believe, as one PEM file: for smart "
	  "hosts and for domains with an MTA-STS policy. Most systems have it "
	  "from a package named ca-certificates." },
};

const size_t config_key_count = countof(config_keys);

struct str
config_key_group(const struct config_key *key)
{
	struct str path = str_of(key->path);
	size_t dot = str_find(path, 0, '.');

	return str_part(path, 0, dot == STR_NONE ? 0 : dot);
}

struct str
config_key_name(const struct config_key *key)
{
	struct str path = str_of(key->path);
	size_t dot = str_find(path, 0, '.');

	return dot == STR_NONE ? path : str_part(path, dot + 1, path.len);
}

void
config_key_unknown(struct buf *why, struct str group, const char *name)
{
	struct str other;
	size_t i;

	for (i = 0; i < config_key_count; i++) {
		other = config_key_group(&config_keys[i]);
		if (str_equal(other, group) ||
		    !str_equal(config_key_name(&config_keys[i]), str_of(name)))
			continue;
		if (other.len == 0)
			buf_add_format(why, "%s does not belong into a group; "
			    "move it out of %.*s", name, (int)group.len,
			    group.at);
		else
			buf_add_format(why, "%s belongs into a group; write "
			    "%.*s = { %s = ...; };", name, (int)other.len,
			    other.at, name);
		return;
	}
	buf_add_format(why, "\"%.*s%s%.100s\" is no key; take it out, or look "
	    "for its right name in the output of \"pillarbox "
	    "config-reference\"", (int)group.len, group.at,
	    group.len > 0 ? "." : "", name);
}

static bool
is_made_of(const char *text, const char *also)
{
	for (; *text != '\0'; text++)
		if (!char_is_alnum((unsigned char)*text) &&
		    strchr(also, *text) == NULL)
			return false;
	return true;
}

static bool
is_local(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= ADDR_LOCAL_MAX &&
	    is_made_of(text, "._+-") && strstr(text, "..") == NULL &&
	    text[0] != '.' && text[len - 1] != '.';
}

static bool
is_user(const char *text)
{
	return strlen(text) <= USER_LENGTH_MAX && is_made_of(text, "_-.") &&
	    text[0] != '-';
}

/* A name of hosts, not an address: the last label is no number. */
static bool
is_domain(const char *text)
{
	struct str s = str_of(text), label;
	uint64_t number;

	if (s.len > ADDR_DOMAIN_MAX || !addr_is_domain(s) || !str_is_utf8(s))
		return false;
	while (str_split(&s, '.', &label))
		;
	return !str_number(s, UINT64_MAX, &number);
}

static bool
is_ip(struct str text)
{
	struct buf literal;
	bool good;

	buf_init(&literal, ADDR_DOMAIN_MAX);
	buf_add_text(&literal, str_find(text, 0, ':') != STR_NONE ? "[IPv6:" :
	    "[");
	buf_add(&literal, text);
	buf_add_text(&literal, "]");
	good = !literal.full && addr_is_literal(buf_str(&literal));
	buf_drop(&literal);
	return good;
}

bool
config_is_server(struct str s)
{
	struct str rest = s, ip;
	uint64_t port;

	if (is_ip(rest))
		return true;
	if (str_skip(&rest, '[')) {
		if (!str_split(&rest, ']', &ip) ||
		    str_find(ip, 0, ':') == STR_NONE || !str_skip(&rest, ':'))
			return false;
	} else if (!str_split(&rest, ':', &ip)) {
		return false;
	}
	return is_ip(ip) && str_number(rest, 65535, &port) && port > 0;
}

static bool
is_mailbox(const char *text)
{
	struct addr addr;
	const char *why;

	return addr_mailbox(str_of(text), &addr, &why) == ADDR_OK &&
	    !addr.literal && addr.domain.len > 0;
}

const char *
config_text_wrong(enum config_type type, const char *text)
{
	switch (type) {
	case CONFIG_PATH:
		return text[0] == '/' && strlen(text) < PATH_LENGTH_MAX ? NULL :
		    "is not a whole path; write it from the first /";
	case CONFIG_HOST:
	case CONFIG_DOMAINS:
		return is_domain(text) ? NULL : "is not a domain name; write "
		    "it like \"example.org\", with no dot at the end";
	case CONFIG_LOCAL:
		return is_local(text) ? NULL : "cannot be a login; use "
		    "letters, digits and single . _ + - between them";
	case CONFIG_USER:
		return is_user(text) ? NULL : "is not the name of a user; "
		    "write it like \"pillarbox\"";
	case CONFIG_LEVEL:
		return strcmp(text, "debug") == 0 ||
		    strcmp(text, "info") == 0 || strcmp(text, "error") == 0 ?
		    NULL : "is no level; write \"error\", \"info\" or "
		    "\"debug\"";
	case CONFIG_LISTEN:
		return strcmp(text, "*") == 0 || is_ip(str_of(text)) ? NULL :
		    "is not an address; write \"*\", or one like "
		    "\"192.0.2.1\" or \"2001:db8::1\"";
	case CONFIG_ADDRESS:
		return text[0] == '\0' || is_mailbox(text) ? NULL :
		    "is not a mail address; write it like \"me@a.example\"";
	case CONFIG_SENDERS:
		return is_mailbox(text) || (text[0] == '@' &&
		    is_domain(text + 1)) ? NULL : "is not a mail address; "
		    "write it like \"me@a.example\", or \"@a.example\" for "
		    "all of a domain";
	case CONFIG_SERVERS:
		return config_is_server(str_of(text)) ? NULL : "is not the "
		    "address of a server; write it like \"192.0.2.1\", "
		    "\"2001:db8::1\" or \"[2001:db8::1]:5353\"";
	case CONFIG_FLAG:
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
	case CONFIG_CERTIFICATES:
		return NULL;
	}
	return NULL;
}

/* Set one key to what the table says. */
static void
set_default(struct config *config, const struct config_key *key)
{
	void *target = (char *)config + key->at;

	switch (key->type) {
	case CONFIG_PATH:
	case CONFIG_HOST:
	case CONFIG_LOCAL:
	case CONFIG_USER:
	case CONFIG_LEVEL:
	case CONFIG_ADDRESS:
		*(const char **)target = key->text;
		return;
	case CONFIG_FLAG:
		*(bool *)target = key->number != 0;
		return;
	case CONFIG_NUMBER:
		*(unsigned *)target = (unsigned)key->number;
		return;
	case CONFIG_SIZE:
		*(uint64_t *)target = key->number;
		return;
	case CONFIG_LISTEN:
		config->listen[0] = key->text;
		config->listen_count = 1;
		return;
	case CONFIG_DOMAINS:
	case CONFIG_SENDERS:
	case CONFIG_SERVERS:
	case CONFIG_CERTIFICATES:
		return;
	}
}

void
config_default(struct config *config)
{
	size_t i;

	memset(config, 0, sizeof *config);
	for (i = 0; i < config_key_count; i++)
		set_default(config, &config_keys[i]);
}
