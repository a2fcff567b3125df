/*
 * Configurations: whatever the text, it is refused with one line that names
 * a line of it, or read into values within their ranges; and what was read
 * is read the same from the file that config_template() makes of it.
 */
#include "app/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_refused(const struct config *config, struct str text,
	const struct buf *why)
{
	struct str rest = buf_str(why), line;
	uint64_t number, lines = 1;
	size_t i;

	for (i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	must(!why->full && str_find_break(rest, 0) == rest.len);
	must(str_skip_word(&rest, STR("f:")) && str_split(&rest, ':', &line));
	must(str_number(line, lines, &number) && number > 0);
	must(config->strings == NULL && config->domains.count == 0);
}

static void
check_ranges(const struct config *c)
{
	must(c->domains.count >= 1 && c->domains.count <= CONFIG_DOMAINS_MAX);
	must(domains_hold(&c->domains, c->domains.names[0]));
	must(c->host != NULL && c->host[0] != '\0' && c->data[0] == '/');
	must(c->listen_count >= 1 && c->listen_count <= CONFIG_LISTEN_MAX);
	must(c->smtp_port < 65536 && c->pop3_port < 65536);
	must(c->smtp_port + c->pop3_port + c->pop3s_port +
	    c->imap_port + c->imaps_port +
	    c->submission_port + c->submissions_port > 0);
	must(c->size_max >= 1024 && c->line_max >= 1000);
	must(c->certificate_count > 0 || c->pop3_port + c->pop3s_port +
	    c->imap_port + c->imaps_port +
	    c->submission_port + c->submissions_port == 0);
	must(c->outbound_port > 0 && c->outbound_port < 65536);
	must(c->sender_count <= CONFIG_SENDERS_MAX);
	must(c->dns_server_count <= CONFIG_DNS_MAX);
}

static void
check_same_outgoing(const struct config *a, const struct config *b)
{
	size_t i;

	must(a->submission_port == b->submission_port);
	must(a->submissions_port == b->submissions_port);
	must(a->identity == b->identity);
	must(strcmp(a->main_address, b->main_address) == 0);
	must(a->sender_count == b->sender_count);
	for (i = 0; i < a->sender_count; i++)
		must(str_equal(a->senders[i], b->senders[i]));
	must(a->outbound_port == b->outbound_port);
	must(a->ipv6_first == b->ipv6_first);
	must(a->dns_server_count == b->dns_server_count);
	for (i = 0; i < a->dns_server_count; i++)
		must(strcmp(a->dns_servers[i], b->dns_servers[i]) == 0);
	must(a->dns_trust_ad == b->dns_trust_ad);
	must(strcmp(a->tls_roots, b->tls_roots) == 0);
}

static void
check_same(const struct config *a, const struct config *b)
{
	size_t i;

	must(strcmp(a->data, b->data) == 0 && strcmp(a->host, b->host) == 0);
	must(strcmp(a->mailbox, b->mailbox) == 0);
	must(strcmp(a->user, b->user) == 0);
	must(strcmp(a->log_level, b->log_level) == 0);
	must(a->domains.count == b->domains.count);
	must(a->domains.subdomains == b->domains.subdomains);
	for (i = 0; i < a->domains.count; i++)
		must(str_equal(a->domains.names[i], b->domains.names[i]));
	must(a->listen_count == b->listen_count);
	for (i = 0; i < a->listen_count; i++)
		must(strcmp(a->listen[i], b->listen[i]) == 0);
	must(a->certificate_count == b->certificate_count);
	for (i = 0; i < a->certificate_count; i++)
		must(strcmp(a->certificates[i].key, b->certificates[i].key)
		    == 0);
	must(a->smtp_port == b->smtp_port && a->pop3_port == b->pop3_port);
	must(a->size_max == b->size_max && a->line_max == b->line_max);
	must(a->smtp_idle_s == b->smtp_idle_s);
	must(a->pop3_idle_s == b->pop3_idle_s);
	must(a->imap_port == b->imap_port && a->imaps_port == b->imaps_port);
	must(a->imap_idle_s == b->imap_idle_s);
	must(a->own_sender_refused == b->own_sender_refused);
	check_same_outgoing(a, b);
}

static void
check_template(const struct config *config)
{
	struct config again = { 0 };
	struct buf why;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	must(out != NULL);
	config_template(out, config);
	must(fclose(out) == 0);
	buf_init(&why, WHY_MAX);
	/* The comments of the template may make it too long to be read. */
	if (len <= CONFIG_TEXT_MAX) {
		must(config_parse(&again, str_from(text, len), "f", &why)
		    == 0);
		check_same(config, &again);
	}
	config_drop(&again);
	buf_drop(&why);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { 0 };
	struct str text = str_from(data, size);
	struct buf why;

	buf_init(&why, WHY_MAX);
	if (config_parse(&config, text, "f", &why) != 0) {
		check_refused(&config, text, &why);
	} else {
		must(why.len == 0);
		check_ranges(&config);
		check_template(&config);
	}
	config_drop(&config);
	buf_drop(&why);
	return 0;
}
