/*
 * The table of keys as people read it: the reference of docs/config.md, and
 * the file that init writes.
 */
#include "app/config.h"
#include "app/config_table.h"

#include <inttypes.h>
#include <string.h>

#define TEMPLATE_WIDTH 70	/* columns of a comment */

/* Print a text in the quotes of libconfig. */
static void
print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void
print_number(FILE *out, const struct config *config,
	const struct config_key *key)
{
	const void *at = (const char *)config + key->at;

	if (key->type == CONFIG_SIZE)
		fprintf(out, "%" PRIu64, *(const uint64_t *)at);
	else
		fprintf(out, "%u", *(const unsigned *)at);
}

/* Print texts as one, or as several in brackets. */
static void
print_texts(FILE *out, const char *const *texts, size_t count)
{
	size_t i;

	if (count != 1)
		fputs("[ ", out);
	for (i = 0; i < count; i++) {
		if (i > 0)
			fputs(", ", out);
		print_quoted(out, texts[i]);
	}
	if (count != 1)
		fputs(count > 0 ? " ]" : "]", out);
}

/* The same for views, which come from C strings and so end in NUL. */
static void
print_views(FILE *out, const struct str *views, size_t count)
{
	const char *texts[CONFIG_DOMAINS_MAX];
	size_t i;

	must(count <= countof(texts));
	for (i = 0; i < count; i++)
		texts[i] = views[i].at;
	print_texts(out, texts, count);
}

static void
print_certificates(FILE *out, const struct config *config)
{
	size_t i;

	fputs("(", out);
	for (i = 0; i < config->certificate_count; i++) {
		fputs(i == 0 ? "\n\t\t{ cert = " : ",\n\t\t{ cert = ", out);
		print_quoted(out, config->certificates[i].cert);
		fputs(";\n\t\t  key = ", out);
		print_quoted(out, config->certificates[i].key);
		fputs("; }", out);
	}
	fputs(" )", out);
}

/* Print the value of a key as the file has it. */
static void
print_value(FILE *out, const struct config *config,
	const struct config_key *key)
{
	const void *at = (const char *)config + key->at;
	const char *text;

	switch (key->type) {
	case CONFIG_HOST:
		text = *(const char *const *)at;
		if (text != NULL)
			print_quoted(out, text);
		else
			fprintf(out, "\"mail.%s\"",
			    config->domains.names[0].at);
		return;
	case CONFIG_PATH:
	case CONFIG_LOCAL:
	case CONFIG_USER:
	case CONFIG_LEVEL:
	case CONFIG_ADDRESS:
		print_quoted(out, *(const char *const *)at);
		return;
	case CONFIG_FLAG:
		fputs(*(const bool *)at ? "true" : "false", out);
		return;
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
		print_number(out, config, key);
		return;
	case CONFIG_DOMAINS:
		print_views(out, config->domains.names, config->domains.count);
		return;
	case CONFIG_SENDERS:
		print_views(out, config->senders, config->sender_count);
		return;
	case CONFIG_LISTEN:
		print_texts(out, config->listen, config->listen_count);
		return;
	case CONFIG_SERVERS:
		print_texts(out, config->dns_servers,
		    config->dns_server_count);
		return;
	case CONFIG_CERTIFICATES:
		print_certificates(out, config);
		return;
	}
}

static void
print_range(FILE *out, const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_PATH:
		fputs("path from the first `/`", out);
		return;
	case CONFIG_HOST:
		fputs("domain name", out);
		return;
	case CONFIG_LOCAL:
		fputs("text: letters, digits, `.` `_` `+` `-`", out);
		return;
	case CONFIG_USER:
		fputs("name of a user", out);
		return;
	case CONFIG_LEVEL:
		fputs("`\"error\"`, `\"info\"` or `\"debug\"`", out);
		return;
	case CONFIG_FLAG:
		fputs("`true` or `false`", out);
		return;
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
		fprintf(out, "%" PRIu64 " to %" PRIu64, key->min, key->max);
		return;
	case CONFIG_DOMAINS:
		fprintf(out, "domain name, or up to %d as `[ \"a\", \"b\" ]`",
		    CONFIG_DOMAINS_MAX);
		return;
	case CONFIG_LISTEN:
		fprintf(out, "IP address or `\"*\"`, or up to %d in `[ ]`",
		    CONFIG_LISTEN_MAX);
		return;
	case CONFIG_ADDRESS:
		fputs("mail address, or `\"\"` for none", out);
		return;
	case CONFIG_SENDERS:
		fprintf(out, "up to %d addresses or `@domain` in `[ ]`",
		    CONFIG_SENDERS_MAX);
		return;
	case CONFIG_SERVERS:
		fprintf(out, "up to %d IP addresses, with or without port, in "
		    "`[ ]`", CONFIG_DNS_MAX);
		return;
	case CONFIG_CERTIFICATES:
		fprintf(out, "up to %d of `{ cert = \"PATH\"; key = \"PATH\"; "
		    "}` in `( )`", CONFIG_CERTIFICATES_MAX);
		return;
	}
}

void
config_reference(FILE *out)
{
	struct config config;
	const struct config_key *key;
	size_t i;

	config_default(&config);
	fputs("# Configuration\n\n"
	    "One file, `" CONFIG_FILE "` unless a command says `-c FILE`, in "
	    "the syntax of libconfig:\n`name = value;`, texts in double "
	    "quotes, groups as `smtp = { port = 25; };`, and comments\n"
	    "behind `#`. Only `domains` and a certificate must be given. "
	    "Anything unknown, of the wrong\nkind or out of range is refused "
	    "with file and line; `pillarbox check` does so without\nstarting. "
	    "`@include` is not allowed, and no secret is ever in the file.\n\n"
	    "This page is made by `pillarbox config-reference`.\n\n"
	    "| Key | Value | Default | |\n|---|---|---|---|\n", out);
	for (i = 0; i < config_key_count; i++) {
		key = &config_keys[i];
		fprintf(out, "| `%s` | ", key->path);
		print_range(out, key);
		fputs(" | ", out);
		if (key->type == CONFIG_HOST) {
			fputs("`\"mail.\"` and the main domain", out);
		} else if (key->type != CONFIG_DOMAINS &&
		    key->type != CONFIG_CERTIFICATES) {
			fputc('`', out);
			print_value(out, &config, key);
			fputc('`', out);
		} else {
			fputs("none", out);
		}
		fprintf(out, " | %s |\n", key->doc);
	}
}

static bool
is_default(const struct config *config, const struct config *usual,
	const struct config_key *key)
{
	const char *at = (const char *)config + key->at;
	const char *usual_at = (const char *)usual + key->at;
	const char *text, *usual_text;

	switch (key->type) {
	case CONFIG_PATH:
	case CONFIG_HOST:
	case CONFIG_LOCAL:
	case CONFIG_USER:
	case CONFIG_LEVEL:
	case CONFIG_ADDRESS:
		text = *(const char *const *)(const void *)at;
		usual_text = *(const char *const *)(const void *)usual_at;
		return text == NULL || (usual_text != NULL &&
		    strcmp(text, usual_text) == 0);
	case CONFIG_FLAG:
		return *(const bool *)at == *(const bool *)usual_at;
	case CONFIG_NUMBER:
		return memcmp(at, usual_at, sizeof (unsigned)) == 0;
	case CONFIG_SIZE:
		return memcmp(at, usual_at, sizeof (uint64_t)) == 0;
	case CONFIG_DOMAINS:
		return config->domains.count == 0;
	case CONFIG_LISTEN:
		return config->listen_count == 1 &&
		    strcmp(config->listen[0], usual->listen[0]) == 0;
	case CONFIG_SENDERS:
		return config->sender_count == 0;
	case CONFIG_SERVERS:
		return config->dns_server_count == 0;
	case CONFIG_CERTIFICATES:
		return config->certificate_count == 0;
	}
	return true;
}

/* Print a text as a comment, broken at spaces. */
static void
print_comment(FILE *out, const char *indent, struct str text)
{
	struct str rest = text, word;
	size_t column = 0;

	while (rest.len > 0) {
		if (!str_split(&rest, ' ', &word))
			word = str_take(&rest, rest.len);
		if (column > 0 && column + 1 + word.len > TEMPLATE_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column == 0)
			fprintf(out, "%s#", indent);
		fprintf(out, " %.*s", (int)word.len, word.at);
		column += 1 + word.len;
	}
	fputc('\n', out);
}

void
config_template(FILE *out, const struct config *config)
{
	struct config usual;
	const struct config_key *key;
	struct str group = str_of(""), next, name;
	const char *indent;
	size_t i;

	config_default(&usual);
	fputs("# The configuration of pillarbox. \"pillarbox check\" tells "
	    "whether it is right.\n# A setting behind # stands at its "
	    "default.\n", out);
	for (i = 0; i < config_key_count; i++) {
		key = &config_keys[i];
		next = config_key_group(key);
		name = config_key_name(key);
		if (!str_equal(next, group)) {
			fprintf(out, group.len > 0 ? "};\n\n%.*s = {\n" :
			    "\n%.*s = {\n", (int)next.len, next.at);
			group = next;
		} else {
			fputc('\n', out);
		}
		indent = group.len > 0 ? "\t" : "";
		print_comment(out, indent, str_of(key->doc));
		fprintf(out, "%s%s%.*s = ", indent,
		    is_default(config, &usual, key) ? "# " : "",
		    (int)name.len, name.at);
		print_value(out, config, key);
		fputs(";\n", out);
	}
	if (group.len > 0)
		fputs("};\n", out);
}
