/* The configuration: what is read, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/config.h"

#define PAIR "tls = { certificates = ( { cert = \"/c\"; key = \"/k\"; } ); };\n"
#define NO_SERVICE "pop3 = { port = 0; tls_port = 0; };\n" \
	"imap = { port = 0; tls_port = 0; };\n" \
	"submission = { port = 0; tls_port = 0; };\n"
#define ENOUGH "domains = \"example.test\";\n" PAIR

int config_test(void);

static int
parse(struct config *config, const char *text, struct buf *why)
{
	buf_init(why, 1024);
	return config_parse(config, str_of(text), "x.conf", why);
}

static void
check_outgoing_defaults(const struct config *c)
{
	assert_int_equal(c->submission_port, 587);
	assert_int_equal(c->submissions_port, 465);
	assert_int_equal(c->submission_connections, 50);
	assert_int_equal(c->submission_per_network, 20);
	assert_int_equal(c->submission_idle_s, 300);
	assert_true(c->identity);
	assert_string_equal(c->main_address, "");
	assert_int_equal(c->sender_count, 0);
	assert_int_equal(c->outbound_port, 25);
	assert_int_equal(c->outbound_https_port, 443);
	assert_int_equal(c->outbound_connections, 20);
	assert_int_equal(c->outbound_per_domain, 10);
	assert_false(c->ipv6_first);
	assert_int_equal(c->dns_server_count, 0);
	assert_false(c->dns_trust_ad);
}

static void
defaults_are_filled_in(void **state)
{
	struct config c = { 0 };
	struct buf why;

	(void)state;
	assert_int_equal(parse(&c, ENOUGH, &why), 0);
	assert_string_equal(buf_text(&why), "");
	assert_int_equal(c.domains.count, 1);
	assert_string_equal(c.domains.names[0].at, "example.test");
	assert_false(c.domains.subdomains);
	assert_string_equal(c.host, "mail.example.test");
	assert_string_equal(c.mailbox, "mailbox");
	assert_string_equal(c.data, "/var/lib/pillarbox");
	assert_string_equal(c.user, "pillarbox");
	assert_string_equal(c.log_level, "info");
	assert_int_equal(c.listen_count, 1);
	assert_string_equal(c.listen[0], "*");
	assert_int_equal(c.smtp_port, 25);
	assert_int_equal(c.pop3_port, 110);
	assert_int_equal(c.pop3s_port, 995);
	assert_int_equal(c.size_max, 50 << 20);
	assert_int_equal(c.line_max, 65536);
	assert_int_equal(c.smtp_connections, 400);
	assert_int_equal(c.smtp_per_network, 100);
	assert_int_equal(c.smtp_greet_delay_ms, 0);
	assert_int_equal(c.smtp_idle_s, 300);
	assert_int_equal(c.pop3_connections, 100);
	assert_int_equal(c.pop3_per_network, 50);
	assert_int_equal(c.pop3_idle_s, 600);
	assert_int_equal(c.imap_port, 143);
	assert_int_equal(c.imaps_port, 993);
	assert_int_equal(c.imap_connections, 100);
	assert_int_equal(c.imap_per_network, 50);
	assert_int_equal(c.imap_idle_s, 1800);
	assert_true(c.own_sender_refused);
	assert_int_equal(c.certificate_count, 1);
	assert_string_equal(c.tls_roots, "/etc/ssl/certs/ca-certificates.crt");
	check_outgoing_defaults(&c);
	config_drop(&c);
	config_drop(&c);
	buf_drop(&why);
}

static const char all[] =
	"domains = [ \"Example.TEST\", \"b\xc3\xbc" "cher.example\" ];\n"
	"subdomains = true;\n"
	"host = \"MX.example.test\";\n"
	"mailbox = \"Anna.Smith\";\n"
	"data = \"/srv/Mail\";\n"
	"user = \"\";\n"
	"log_level = \"debug\";\n"
	"listen = [ \"192.0.2.1\", \"2001:DB8::1\" ];\n"
	"smtp = { port = 2525; size_max = 1073741824; line_max = 1000;\n"
	"  connections = 1; per_network = 2; greet_delay_ms = 3; idle_s = 4;\n"
	"  own_sender_refused = false; };\n"
	"pop3 : { port : 0; tls_port = 9995; connections = 5;\n"
	"  per_network = 6; idle_s = 86400; };\n"
	"imap = { port = 2143; tls_port = 0; connections = 12;\n"
	"  per_network = 13; idle_s = 14; };\n"
	"tls = { certificates = ( { cert = \"/a\"; key = \"/b\"; },\n"
	"  { key = \"/d\"; cert = \"/c\"; } ); roots = \"/Roots\"; };\n"
	"submission = { port = 2587; tls_port = 0; connections = 7;\n"
	"  per_network = 8; idle_s = 9; identity = false;\n"
	"  main_address = \"Me@provider.example\";\n"
	"  senders = [ \"@Work.example\", \"old+me@a.example\" ]; };\n"
	"outbound = { port = 2526; https_port = 8443; connections = 10;\n"
	"  per_domain = 11; ipv6_first = true; };\n"
	"dns = { servers = [ \"192.0.2.1\", \"192.0.2.2:5353\",\n"
	"  \"2001:DB8::1\", \"[2001:db8::2]:53\" ]; trust_ad = true; };\n";

static void
check_all_outgoing(const struct config *c)
{
	assert_int_equal(c->submission_port, 2587);
	assert_int_equal(c->submissions_port, 0);
	assert_int_equal(c->submission_connections, 7);
	assert_int_equal(c->submission_per_network, 8);
	assert_int_equal(c->submission_idle_s, 9);
	assert_false(c->identity);
	assert_string_equal(c->main_address, "me@provider.example");
	assert_int_equal(c->sender_count, 2);
	assert_string_equal(c->senders[0].at, "@work.example");
	assert_string_equal(c->senders[1].at, "old+me@a.example");
	assert_int_equal(c->outbound_port, 2526);
	assert_int_equal(c->outbound_https_port, 8443);
	assert_int_equal(c->outbound_connections, 10);
	assert_int_equal(c->outbound_per_domain, 11);
	assert_true(c->ipv6_first);
	assert_int_equal(c->dns_server_count, 4);
	assert_string_equal(c->dns_servers[0], "192.0.2.1");
	assert_string_equal(c->dns_servers[1], "192.0.2.2:5353");
	assert_string_equal(c->dns_servers[2], "2001:db8::1");
	assert_string_equal(c->dns_servers[3], "[2001:db8::2]:53");
	assert_true(c->dns_trust_ad);
	assert_string_equal(c->tls_roots, "/Roots");
}

static void
check_all(const struct config *c)
{
	assert_int_equal(c->domains.count, 2);
	assert_string_equal(c->domains.names[0].at, "example.test");
	assert_string_equal(c->domains.names[1].at, "b\xc3\xbc" "cher.example");
	assert_true(c->domains.subdomains);
	assert_string_equal(c->host, "mx.example.test");
	assert_string_equal(c->mailbox, "anna.smith");
	assert_string_equal(c->data, "/srv/Mail");
	assert_string_equal(c->user, "");
	assert_string_equal(c->log_level, "debug");
	assert_int_equal(c->listen_count, 2);
	assert_string_equal(c->listen[0], "192.0.2.1");
	assert_string_equal(c->listen[1], "2001:db8::1");
	assert_int_equal(c->smtp_port, 2525);
	assert_int_equal(c->size_max, 1073741824);
	assert_int_equal(c->line_max, 1000);
	assert_int_equal(c->smtp_connections, 1);
	assert_int_equal(c->smtp_per_network, 2);
	assert_int_equal(c->smtp_greet_delay_ms, 3);
	assert_int_equal(c->smtp_idle_s, 4);
	assert_false(c->own_sender_refused);
	assert_int_equal(c->pop3_port, 0);
	assert_int_equal(c->pop3s_port, 9995);
	assert_int_equal(c->pop3_connections, 5);
	assert_int_equal(c->pop3_per_network, 6);
	assert_int_equal(c->pop3_idle_s, 86400);
	assert_int_equal(c->imap_port, 2143);
	assert_int_equal(c->imaps_port, 0);
	assert_int_equal(c->imap_connections, 12);
	assert_int_equal(c->imap_per_network, 13);
	assert_int_equal(c->imap_idle_s, 14);
	assert_int_equal(c->certificate_count, 2);
	assert_string_equal(c->certificates[0].cert, "/a");
	assert_string_equal(c->certificates[0].key, "/b");
	assert_string_equal(c->certificates[1].cert, "/c");
	assert_string_equal(c->certificates[1].key, "/d");
	check_all_outgoing(c);
}

static void
every_key_is_read(void **state)
{
	struct config c = { 0 };
	struct buf why;

	(void)state;
	assert_int_equal(parse(&c, all, &why), 0);
	check_all(&c);
	assert_int_equal(c.certificates[1].line, 17);
	config_drop(&c);
	buf_drop(&why);
}

static void
the_template_says_the_same(void **state)
{
	struct config c = { 0 }, again = { 0 };
	struct buf why;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(parse(&c, all, &why), 0);
	config_template(out, &c);
	assert_int_equal(fclose(out), 0);
	buf_drop(&why);
	if (parse(&again, text, &why) != 0)
		fail_msg("%s\n%s", buf_text(&why), text);
	check_all(&again);
	config_drop(&c);
	config_drop(&again);
	buf_drop(&why);
	free(text);
}

struct refusal {
	const char *text;
	const char *why;	/* how the sentence begins */
};

static const struct refusal refusals[] = {
	/* of the syntax */
	{ "domains = \"example.test\"\nhost = ;\n", "x.conf:2: syntax error" },
	{ "\n\n}", "x.conf:3: syntax error" },
	{ "host = \"a", "x.conf:1: syntax error" },
	{ ENOUGH "domains = \"example.org\";\n",
	  "x.conf:3: duplicate setting name; take one of the two out" },
	{ "domains = [ \"a.example\", 5 ];\n",
	  "x.conf:1: mismatched element type in array; all that" },
	{ ENOUGH "smtp = { port = 25;\nport = 26; };\n",
	  "x.conf:4: duplicate setting name" },
	{ "@include \"/etc/passwd\"\n", "x.conf:1: @include is not allowed" },
	{ ENOUGH "\xff", "x.conf:1: the file is not UTF-8" },
	{ ENOUGH "smtp = { port = 99999999999999999999; };\n",
	  "x.conf:3: syntax error" },
	/* of names */
	{ ENOUGH "\nhsot = \"mail.example.test\";\n",
	  "x.conf:4: \"hsot\" is no key" },
	{ ENOUGH "smtp = {\n  prot = 25;\n};\n",
	  "x.conf:4: \"smtp.prot\" is no key" },
	{ ENOUGH "size_max = 5000;\n", "x.conf:3: size_max belongs into a "
	  "group; write smtp = { size_max = ...; };" },
	{ ENOUGH "smtp = { host = \"a.example\"; };\n",
	  "x.conf:3: host does not belong into a group; move it out of smtp" },
	{ ENOUGH "jmap = { port = 443; };\n", "x.conf:3: \"jmap\" is no key" },
	{ ENOUGH "smtp = 25;\n",
	  "x.conf:3: smtp must be a group; write smtp = { ... };" },
	/* of types */
	{ "domains = 5;\n" PAIR, "x.conf:1: domains must be a text" },
	{ "domains = [ 1, 2 ];\n" PAIR, "x.conf:1: domains must be a text" },
	{ ENOUGH "host = true;\n", "x.conf:3: host must be a text" },
	{ ENOUGH "subdomains = \"yes\";\n",
	  "x.conf:3: subdomains must be true or false" },
	{ ENOUGH "subdomains = 1;\n",
	  "x.conf:3: subdomains must be true or false" },
	{ ENOUGH "smtp = { port = \"25\"; };\n",
	  "x.conf:3: smtp.port must be a whole number" },
	{ ENOUGH "smtp = { port = 25.0; };\n",
	  "x.conf:3: smtp.port must be a whole number" },
	{ ENOUGH "smtp = { port = 0x100000019; };\n",
	  "x.conf:3: smtp.port must be a whole number" },
	{ ENOUGH "listen = { };\n", "x.conf:3: listen must be a text" },
	{ "domains = \"example.test\";\ntls = { certificates = \"/c\"; };\n",
	  "x.conf:2: tls.certificates must be a list" },
	{ "domains = \"example.test\";\n"
	  "tls = { certificates = ( \"/c\" ); };\n",
	  "x.conf:2: tls.certificates must hold groups" },
	/* of ranges */
	{ ENOUGH "smtp = { port = 65536; };\n",
	  "x.conf:3: smtp.port is 65536; it must be from 0 to 65535" },
	{ ENOUGH "smtp = { port = -1; };\n",
	  "x.conf:3: smtp.port is -1; it must be from 0 to 65535" },
	{ ENOUGH "smtp = { size_max = 4294967296; };\n",
	  "x.conf:3: smtp.size_max is 4294967296; it must be from 1024" },
	{ ENOUGH "smtp = { line_max = 999; };\n",
	  "x.conf:3: smtp.line_max is 999; it must be from 1000" },
	{ ENOUGH "pop3 = { idle_s = 0; };\n", "x.conf:3: pop3.idle_s is 0" },
	{ ENOUGH "listen = [ ];\n", "x.conf:3: listen holds 0 entries" },
	{ ENOUGH "listen = ( \"::1\", \"::2\", \"::3\", \"::4\", \"::5\", "
	  "\"::6\", \"::7\", \"::8\", \"::9\" );\n",
	  "x.conf:3: listen holds 9 entries; it must be from 1 to 8" },
	/* of values */
	{ "domains = \"example..test\";\n" PAIR,
	  "x.conf:1: domains: \"example..test\" is not a domain name" },
	{ "domains = \"example.test.\";\n" PAIR,
	  "x.conf:1: domains: \"example.test.\" is not a domain name" },
	{ "domains = \"\";\n" PAIR, "x.conf:1: domains: \"\" is not a domain" },
	{ "domains = \"192.0.2.1\";\n" PAIR,
	  "x.conf:1: domains: \"192.0.2.1\" is not a domain name" },
	{ "domains = \"@example.test\";\n" PAIR,
	  "x.conf:1: domains: \"@example.test\" is not a domain name" },
	{ "domains = [ \"a.example\",\n\"A.EXAMPLE\" ];\n" PAIR,
	  "x.conf:2: domains: \"a.example\" is there twice" },
	{ ENOUGH "host = \"mail example\";\n",
	  "x.conf:3: host: \"mail example\" is not a domain name" },
	{ ENOUGH "host = \"a\\nb\";\n", "x.conf:3: host: \"a?b\" is not" },
	{ ENOUGH "mailbox = \"me@example.test\";\n",
	  "x.conf:3: mailbox: \"me@example.test\" cannot be a login" },
	{ ENOUGH "mailbox = \".me\";\n", "x.conf:3: mailbox: \".me\" cannot" },
	{ ENOUGH "data = \"mail\";\n",
	  "x.conf:3: data: \"mail\" is not a whole path" },
	{ ENOUGH "user = \"-x\";\n", "x.conf:3: user: \"-x\" is not" },
	{ ENOUGH "log_level = \"loud\";\n",
	  "x.conf:3: log_level: \"loud\" is no level" },
	{ ENOUGH "listen = \"localhost\";\n",
	  "x.conf:3: listen: \"localhost\" is not an address" },
	{ ENOUGH "listen = \"192.0.2.300\";\n",
	  "x.conf:3: listen: \"192.0.2.300\" is not an address" },
	{ ENOUGH "listen = [ \"::1\", \"::1\" ];\n",
	  "x.conf:3: listen: \"::1\" is there twice" },
	{ "domains = \"example.test\";\ntls = { certificates = (\n"
	  "{ cert = \"/c\"; } ); };\n",
	  "x.conf:3: tls.certificates: key is missing" },
	{ "domains = \"example.test\";\ntls = { certificates = (\n"
	  "{ cert = \"/c\"; key = \"k\"; } ); };\n",
	  "x.conf:3: tls.certificates: \"k\" is not a whole path" },
	{ "domains = \"example.test\";\ntls = { certificates = (\n"
	  "{ cert = \"/c\"; kee = \"/k\"; } ); };\n",
	  "x.conf:3: tls.certificates: \"kee\" is no key here" },
	{ ENOUGH "submission = { main_address = \"me\"; };\n",
	  "x.conf:3: submission.main_address: \"me\" is not a mail address" },
	{ ENOUGH "submission = { main_address = \"me@[192.0.2.1]\"; };\n",
	  "x.conf:3: submission.main_address: \"me@[192.0.2.1]\" is not" },
	{ ENOUGH "submission = { main_address = \"postmaster\"; };\n",
	  "x.conf:3: submission.main_address: \"postmaster\" is not" },
	{ ENOUGH "submission = { senders = [ \"a.example\" ]; };\n",
	  "x.conf:3: submission.senders: \"a.example\" is not a mail" },
	{ ENOUGH "submission = { senders = \"@\"; };\n",
	  "x.conf:3: submission.senders: \"@\" is not a mail address" },
	{ ENOUGH "submission = { senders = ( \"me@a.example\",\n"
	  "\"ME@a.example\" ); };\n",
	  "x.conf:4: submission.senders: \"me@a.example\" is there twice" },
	{ ENOUGH "dns = { servers = \"localhost\"; };\n",
	  "x.conf:3: dns.servers: \"localhost\" is not the address" },
	{ ENOUGH "dns = { servers = \"192.0.2.1:0\"; };\n",
	  "x.conf:3: dns.servers: \"192.0.2.1:0\" is not the address" },
	{ ENOUGH "dns = { servers = \"[192.0.2.1]:53\"; };\n",
	  "x.conf:3: dns.servers: \"[192.0.2.1]:53\" is not the address" },
	{ ENOUGH "dns = { servers = \"[2001:db8::1]\"; };\n",
	  "x.conf:3: dns.servers: \"[2001:db8::1]\" is not the address" },
	{ ENOUGH "dns = { servers = [ \"::1\", \"::2\", \"::3\", \"::4\", "
	  "\"::5\", \"::6\", \"::7\", \"::8\", \"::9\" ]; };\n",
	  "x.conf:3: dns.servers holds 9 entries; it must be from 0 to 8" },
	{ ENOUGH "outbound = { port = 0; };\n",
	  "x.conf:3: outbound.port is 0; it must be from 1 to 65535" },
	{ ENOUGH "tls_port = 465;\n", "x.conf:3: tls_port belongs into a "
	  "group" },
	/* of the whole */
	{ "", "x.conf:1: domains is missing" },
	{ PAIR, "x.conf:1: domains is missing" },
	{ "domains = \"example.test\";\n",
	  "x.conf:1: tls.certificates is missing" },
	{ ENOUGH "pop3 = { port = 995; };\n",
	  "x.conf:3: pop3.port and pop3.tls_port are both 995" },
	{ ENOUGH "smtp = { port = 110; };\n",
	  "x.conf:3: smtp.port and pop3.port are both 110" },
	{ ENOUGH "pop3 = { port = 465; };\nsubmission = { port = 0; };\n",
	  "x.conf:3: pop3.port and submission.tls_port are both 465" },
	{ ENOUGH "imap = { port = 995; };\n",
	  "x.conf:3: pop3.tls_port and imap.port are both 995" },
	{ ENOUGH "submission = {\nport = 2525; };\n"
	  "smtp = { port = 2525; };\n",
	  "x.conf:4: smtp.port and submission.port are both 2525" },
	{ ENOUGH "smtp = { port = 0; };\n" NO_SERVICE,
	  "x.conf:1: every port is 0" },
	{ "domains = \"example.test\";\n"
	  "pop3 = { port = 0; tls_port = 0; };\n",
	  "x.conf:1: tls.certificates is missing" },
	{ ENOUGH "submission = {\nsenders = [ \"me@a.example\",\n"
	  "\"me@EXAMPLE.test\" ]; };\n",
	  "x.conf:4: submission.senders: \"me@example.test\" is at a domain" },
	{ ENOUGH "subdomains = true;\n"
	  "submission = { senders = \"@sub.example.test\"; };\n",
	  "x.conf:4: submission.senders: \"@sub.example.test\" is at a" },
};

static void
faults_are_named_with_their_line(void **state)
{
	struct config c = { 0 };
	const struct refusal *r;
	struct buf why;
	size_t i;

	(void)state;
	for (i = 0; i < countof(refusals); i++) {
		r = &refusals[i];
		if (parse(&c, r->text, &why) != -EINVAL)
			fail_msg("not refused: %s", r->text);
		if (!str_starts(buf_str(&why), str_of(r->why)))
			fail_msg("%s\nsays: %s\nnot:  %s", r->text,
			    buf_text(&why), r->why);
		assert_null(strchr(buf_text(&why), '\n'));
		assert_int_equal(c.domains.count, 0);
		assert_null(c.strings);
		buf_drop(&why);
	}
}

static void
what_is_no_text_is_refused(void **state)
{
	struct config c = { 0 };
	struct buf why, large;

	(void)state;
	buf_init(&why, 1024);
	buf_init(&large, 2 * CONFIG_TEXT_MAX);
	assert_int_equal(config_parse(&c, STR(ENOUGH "\0"), "x", &why),
	    -EINVAL);
	while (large.len <= CONFIG_TEXT_MAX)
		buf_add_text(&large, "# a comment as long as that\n");
	assert_int_equal(config_parse(&c, buf_str(&large), "x", &why),
	    -EINVAL);
	assert_non_null(strstr(buf_text(&why), "larger than"));
	buf_drop(&large);
	buf_drop(&why);
}

static void
no_certificate_is_needed_without_logins(void **state)
{
	struct config c = { 0 };
	struct buf why;

	(void)state;
	assert_int_equal(parse(&c, "domains = \"example.test\";\n"
	    NO_SERVICE, &why), 0);
	assert_int_equal(c.certificate_count, 0);
	config_drop(&c);
	buf_drop(&why);
}

/* docs/config.md is what the table prints; the tests start at the top. */
static void
the_reference_is_up_to_date(void **state)
{
	char *text, *page;
	size_t len, page_len;
	FILE *out = open_memstream(&text, &len);
	FILE *in = fopen("docs/config.md", "re");

	(void)state;
	config_reference(out);
	assert_int_equal(fclose(out), 0);
	if (in == NULL)
		fail_msg("no docs/config.md in the working directory");
	page = malloc(len + 2);
	page_len = fread(page, 1, len + 1, in);
	fclose(in);
	page[page_len] = '\0';
	assert_string_equal(page, text);
	free(page);
	free(text);
}

int
config_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(the_template_says_the_same),
		cmocka_unit_test(faults_are_named_with_their_line),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(no_certificate_is_needed_without_logins),
		cmocka_unit_test(the_reference_is_up_to_date),
	};

	return cmocka_run_group_tests_name("app/config", tests, NULL, NULL);
}
