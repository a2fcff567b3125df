/*
 * The configuration file, by way of libconfig, which no other file knows.
 * libconfig yields a tree; the tree is walked in the order of the file and
 * each key is looked up in the table of config_table.c, so that nothing
 * unknown passes unseen and the first fault named is the first in the file.
 * Including other files is refused: the roles get the text alone, and are
 * caged when they read it.
 */
#include "app/config.h"
#include "app/config_table.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_MAX 500		/* bytes of a message, file and line apart */

/* One text that the config owns; all hang on one chain. */
struct piece {
	struct piece *next;
	char text[];
};

struct strings {
	struct piece *first;
	struct str names[CONFIG_DOMAINS_MAX];
};

struct reader {
	struct config *config;
	const char *file;
	struct buf *why;
	config_t lib;
};

/* Say what is wrong at a line, in one line whatever the texts hold. */
static int __attribute__((format(printf, 3, 4)))
fault(struct reader *r, int line, const char *format, ...)
{
	char text[FAULT_MAX];
	va_list values;
	size_t i;

	va_start(values, format);
	(void)vsnprintf(text, sizeof text, format, values);
	va_end(values);
	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			text[i] = '?';
	buf_clear(r->why);
	buf_add_format(r->why, "%s:%d: %s", r->file, line > 0 ? line : 1,
	    text);
	return -EINVAL;
}

static int
line_of(const config_setting_t *setting)
{
	return (int)config_setting_source_line(setting);
}

/* Copy s into memory of the config. Lives: as long as the config. */
static char *
keep(struct config *config, struct str s)
{
	struct strings *strings = config->strings;
	struct piece *piece = xalloc(1, sizeof *piece + s.len + 1);

	memcpy(piece->text, s.at, s.len);
	piece->next = strings->first;
	strings->first = piece;
	return piece->text;
}

static char *
keep_lower(struct config *config, const char *text)
{
	char *copy = keep(config, str_of(text));
	size_t i;

	for (i = 0; copy[i] != '\0'; i++)
		copy[i] = (char)char_lower((unsigned char)copy[i]);
	return copy;
}

/* Get a text that is right for its type. */
static int
take_text(struct reader *r, const char *path, enum config_type type,
	const config_setting_t *setting, const char **text)
{
	const char *wrong;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return fault(r, line_of(setting),
		    "%s must be a text; put it in quotes", path);
	*text = config_setting_get_string(setting);
	wrong = config_text_wrong(type, *text);
	if (wrong != NULL)
		return fault(r, line_of(setting), "%s: \"%.100s\" %s", path,
		    *text, wrong);
	return 0;
}

static int
read_text(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	const char **target = (void *)((char *)r->config + key->at);
	const char *text;
	int err = take_text(r, key->path, key->type, setting, &text);

	if (err != 0)
		return err;
	*target = key->type == CONFIG_PATH || key->type == CONFIG_USER ?
	    keep(r->config, str_of(text)) : keep_lower(r->config, text);
	return 0;
}

static int
read_flag(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return fault(r, line_of(setting),
		    "%s must be true or false, without quotes", key->path);
	*(bool *)((char *)r->config + key->at) =
	    config_setting_get_bool(setting);
	return 0;
}

static int
read_number(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	int type = config_setting_type(setting);
	void *target = (char *)r->config + key->at;
	long long number;

	/* libconfig cuts large hexadecimal numbers without a word. */
	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) ||
	    config_setting_get_format(setting) != CONFIG_FORMAT_DEFAULT)
		return fault(r, line_of(setting), "%s must be a whole "
		    "number in decimal digits, without quotes", key->path);
	number = config_setting_get_int64(setting);
	if (number < 0 || (uint64_t)number < key->min ||
	    (uint64_t)number > key->max)
		return fault(r, line_of(setting),
		    "%s is %lld; it must be from %llu to %llu", key->path,
		    number, (unsigned long long)key->min,
		    (unsigned long long)key->max);
	if (key->type == CONFIG_SIZE)
		*(uint64_t *)target = (uint64_t)number;
	else
		*(unsigned *)target = (unsigned)number;
	return 0;
}

/* Where the texts of a list go: to one of the two arrays. */
struct list_target {
	struct str *views;
	const char **texts;
	size_t *count;
	int min, max;
};

static struct list_target
list_target(struct config *config, enum config_type type)
{
	struct strings *strings = config->strings;

	if (type == CONFIG_DOMAINS)
		return (struct list_target){ strings->names, NULL,
		    &config->domains.count, 1, CONFIG_DOMAINS_MAX };
	if (type == CONFIG_SENDERS)
		return (struct list_target){ config->senders, NULL,
		    &config->sender_count, 0, CONFIG_SENDERS_MAX };
	if (type == CONFIG_SERVERS)
		return (struct list_target){ NULL, config->dns_servers,
		    &config->dns_server_count, 0, CONFIG_DNS_MAX };
	return (struct list_target){ NULL, config->listen,
	    &config->listen_count, 1, CONFIG_LISTEN_MAX };
}

/* Add one of the texts of a list to the config. */
static int
add_text(struct reader *r, const struct config_key *key,
	const struct list_target *list, const config_setting_t *setting)
{
	const char *text, *copy;
	struct str there;
	size_t i;
	int err = take_text(r, key->path, key->type, setting, &text);

	if (err != 0)
		return err;
	copy = keep_lower(r->config, text);
	for (i = 0; i < *list->count; i++) {
		there = list->views != NULL ? list->views[i] :
		    str_of(list->texts[i]);
		if (str_equal(there, str_of(copy)))
			return fault(r, line_of(setting), "%s: \"%s\" is there "
			    "twice; take one out", key->path, copy);
	}
	if (list->views != NULL)
		list->views[*list->count] = str_of(copy);
	else
		list->texts[*list->count] = copy;
	++*list->count;
	return 0;
}

/* Read one text, or several in brackets. */
static int
read_texts(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	struct list_target list = list_target(r->config, key->type);
	int count, i, err = 0;

	*list.count = 0;
	if (!config_setting_is_array(setting) &&
	    !config_setting_is_list(setting))
		return add_text(r, key, &list, setting);
	count = config_setting_length(setting);
	if (count < list.min || count > list.max)
		return fault(r, line_of(setting),
		    "%s holds %d entries; it must be from %d to %d", key->path,
		    count, list.min, list.max);
	for (i = 0; i < count && err == 0; i++)
		err = add_text(r, key, &list,
		    config_setting_get_elem(setting, (unsigned)i));
	return err;
}

/* Read one { cert = ...; key = ...; }. */
static int
read_certificate(struct reader *r, const char *path,
	const config_setting_t *group)
{
	struct config_certificate *pair =
	    &r->config->certificates[r->config->certificate_count];
	const config_setting_t *setting;
	const char *name, *text, **target;
	unsigned i;
	int err;

	if (!config_setting_is_group(group))
		return fault(r, line_of(group), "%s must hold groups such as "
		    "{ cert = \"/a/chain.pem\"; key = \"/a/key.pem\"; }", path);
	for (i = 0; i < (unsigned)config_setting_length(group); i++) {
		setting = config_setting_get_elem(group, i);
		name = config_setting_name(setting);
		if (strcmp(name, "cert") != 0 && strcmp(name, "key") != 0)
			return fault(r, line_of(setting), "%s: \"%s\" is no "
			    "key here; only cert and key are", path, name);
		target = name[0] == 'c' ? &pair->cert : &pair->key;
		err = take_text(r, path, CONFIG_PATH, setting, &text);
		if (err != 0)
			return err;
		*target = keep(r->config, str_of(text));
	}
	if (pair->cert == NULL || pair->key == NULL)
		return fault(r, line_of(group), "%s: %s is missing; every "
		    "certificate needs its cert and its key", path,
		    pair->cert == NULL ? "cert" : "key");
	pair->line = line_of(group);
	r->config->certificate_count++;
	return 0;
}

static int
read_certificates(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	int count, i, err = 0;

	if (!config_setting_is_list(setting))
		return fault(r, line_of(setting), "%s must be a list such as "
		    "( { cert = \"/a/chain.pem\"; key = \"/a/key.pem\"; } )",
		    key->path);
	count = config_setting_length(setting);
	if (count > CONFIG_CERTIFICATES_MAX)
		return fault(r, line_of(setting),
		    "%s holds %d entries; it must be %d at most", key->path,
		    count, CONFIG_CERTIFICATES_MAX);
	for (i = 0; i < count && err == 0; i++)
		err = read_certificate(r, key->path,
		    config_setting_get_elem(setting, (unsigned)i));
	return err;
}

static int
read_key(struct reader *r, const struct config_key *key,
	const config_setting_t *setting)
{
	switch (key->type) {
	case CONFIG_PATH:
	case CONFIG_HOST:
	case CONFIG_LOCAL:
	case CONFIG_USER:
	case CONFIG_LEVEL:
	case CONFIG_ADDRESS:
		return read_text(r, key, setting);
	case CONFIG_FLAG:
		return read_flag(r, key, setting);
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
		return read_number(r, key, setting);
	case CONFIG_DOMAINS:
	case CONFIG_LISTEN:
	case CONFIG_SENDERS:
	case CONFIG_SERVERS:
		return read_texts(r, key, setting);
	case CONFIG_CERTIFICATES:
		return read_certificates(r, key, setting);
	}
	return 0;
}

static int
refuse_unknown(struct reader *r, struct str group,
	const config_setting_t *setting)
{
	buf_clear(r->why);
	config_key_unknown(r->why, group, config_setting_name(setting));
	return fault(r, line_of(setting), "%s", buf_text(r->why));
}

/* Read every setting of the root (group empty) or of a group. */
static int
read_group(struct reader *r, struct str group, const config_setting_t *parent)
{
	const config_setting_t *setting;
	const struct config_key *key;
	struct str name;
	unsigned n, count = (unsigned)config_setting_length(parent);
	int err = 0;
	size_t i;

	for (n = 0; n < count && err == 0; n++) {
		setting = config_setting_get_elem(parent, n);
		name = str_of(config_setting_name(setting));
		for (i = 0; i < config_key_count; i++) {
			key = &config_keys[i];
			if (str_equal(config_key_group(key), group) &&
			    str_equal(config_key_name(key), name))
				break;
			if (group.len == 0 &&
			    str_equal(config_key_group(key), name))
				break;
		}
		if (i == config_key_count)
			err = refuse_unknown(r, group, setting);
		else if (str_equal(config_key_group(key), group))
			err = read_key(r, key, setting);
		else if (config_setting_is_group(setting))
			err = read_group(r, name, setting);
		else
			err = fault(r, line_of(setting), "%s must be a group; "
			    "write %s = { ... };", name.at, name.at);
	}
	return err;
}

/* Give the box its usual name, unless it has another. */
static int
read_host(struct reader *r)
{
	struct config *c = r->config;
	struct buf host;

	if (c->host != NULL)
		return 0;
	buf_init(&host, ADDR_DOMAIN_MAX);
	buf_add_text(&host, "mail.");
	buf_add(&host, c->domains.names[0]);
	if (!host.full)
		c->host = keep(c, buf_str(&host));
	buf_drop(&host);
	return c->host != NULL ? 0 : fault(r, 1, "host is missing; the main "
	    "domain is too long to put \"mail.\" before it");
}

/* Look at what only the whole can tell. */
static int
read_whole(struct reader *r)
{
	struct config *c = r->config;
	struct strings *strings = c->strings;
	const config_setting_t *at = NULL;
	const char *places[2] = { NULL, NULL };
	size_t i;
	int err;

	if (c->domains.count == 0)
		return fault(r, 1, "domains is missing; write domains = "
		    "\"example.org\"; with your domain");
	c->domains.names = strings->names;
	err = read_host(r);
	if (err != 0)
		return err;
	buf_clear(r->why);
	if (!config_whole_wrong(c, r->why, places))
		return 0;
	for (i = 0; i < countof(places) && at == NULL; i++)
		if (places[i] != NULL)
			at = config_lookup(&r->lib, places[i]);
	return fault(r, at == NULL ? 1 : line_of(at), "%s", buf_text(r->why));
}

static const char **
refuse_include(config_t *lib, const char *dir, const char *path,
	const char **error)
{
	(void)lib, (void)dir, (void)path;
	*error = "@include is not allowed; write everything into this file";
	return NULL;
}

/* What to do about an error of libconfig's. */
static const char *
advice(const char *text)
{
	if (strstr(text, "syntax") != NULL)
		return "; every setting reads name = value; and texts stand "
		    "in quotes (look at the line before, too)";
	if (strstr(text, "duplicate") != NULL)
		return "; take one of the two out";
	if (strstr(text, "array") != NULL)
		return "; all that stands in [ ] must be of one kind";
	return "";
}

/* Let libconfig read the text, which must end in NUL. */
static int
read_tree(struct reader *r, const char *text)
{
	config_set_include_func(&r->lib, refuse_include);
	if (config_read_string(&r->lib, text) == CONFIG_TRUE)
		return 0;
	return fault(r, config_error_line(&r->lib), "%s%s",
	    config_error_text(&r->lib), advice(config_error_text(&r->lib)));
}

int
config_parse(struct config *config, struct str text, const char *file,
	struct buf *why)
{
	struct reader r = { .config = config, .file = file, .why = why };
	struct piece *copy;
	int err;

	config_drop(config);
	if (text.len > CONFIG_TEXT_MAX)
		return fault(&r, 1, "the file is larger than %d bytes, so it "
		    "is not a configuration", CONFIG_TEXT_MAX);
	if (str_find(text, 0, '\0') != STR_NONE || !str_is_utf8(text))
		return fault(&r, 1, "the file is not UTF-8 text; save it as "
		    "such");
	config_default(config);
	config->strings = xalloc(1, sizeof (struct strings));
	copy = xalloc(1, sizeof *copy + text.len + 1);
	if (text.len > 0)
		memcpy(copy->text, text.at, text.len);
	config_init(&r.lib);
	err = read_tree(&r, copy->text);
	free(copy);
	if (err == 0)
		err = read_group(&r, str_of(""),
		    config_root_setting(&r.lib));
	if (err == 0)
		err = read_whole(&r);
	config_destroy(&r.lib);
	if (err != 0)
		config_drop(config);
	return err;
}

void
config_drop(struct config *config)
{
	struct strings *strings = config->strings;
	struct piece *piece;

	if (strings != NULL)
		while ((piece = strings->first) != NULL) {
			strings->first = piece->next;
			free(piece);
		}
	free(strings);
	memset(config, 0, sizeof *config);
}
