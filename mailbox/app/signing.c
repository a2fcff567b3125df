/*
 * Keys ready to sign. Reading one costs as much as many signatures, so they
 * are kept until the store says that they have changed.
 */
#include "app/signing.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 1024		/* in all that are kept ready */
#define NEVER INT64_MIN		/* a version that no store has */

struct signing_key {
	struct buf domain;	/* lower case */
	struct buf selector;
	struct crypto_key *key;
};

void
signing_open(struct signing *s, struct db *db)
{
	*s = (struct signing){ .db = db, .version = NEVER };
}

static void
forget(struct signing *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		buf_drop(&s->keys[i].domain);
		buf_drop(&s->keys[i].selector);
		crypto_key_drop(s->keys[i].key);
	}
	free(s->keys);
	s->keys = NULL;
	s->count = 0;
}

void
signing_drop(struct signing *s)
{
	forget(s);
	s->version = NEVER;
}

static void
name_keep(struct buf *name, struct str from)
{
	size_t i;

	buf_init(name, from.len);
	for (i = 0; i < from.len; i++)
		buf_add_char(name, (char)char_lower(str_at(from, i)));
}

/* One key of the store: kept ready if it signs. */
static void
keep(void *ctx, const struct dkim_key *from)
{
	struct signing *s = ctx;
	struct signing_key *key;
	struct crypto_key *ready;

	if (from->state != DKIM_SIGNS || s->count >= KEYS_MAX)
		return;
	if (crypto_key_read(&ready, from->pem) != 0) {
		log_event(LOG_ERROR, "dkim-key-unreadable",
		    LOG_S("domain", from->domain),
		    LOG_S("selector", from->selector));
		return;
	}
	s->keys = xresize(s->keys, (s->count + 1) * sizeof *s->keys);
	key = &s->keys[s->count++];
	key->key = ready;
	name_keep(&key->domain, from->domain);
	name_keep(&key->selector, from->selector);
}

/* Read them anew if they have changed. */
static void
refresh(struct signing *s)
{
	int64_t version;
	int err = dkim_version(s->db, &version);

	if (err == 0 && version == s->version)
		return;
	forget(s);
	s->version = NEVER;
	if (err == 0)
		err = dkim_list(s->db, NULL, true, keep, s);
	if (err == 0)
		s->version = version;
	else
		log_event(LOG_ERROR, "dkim-keys-unread",
		    LOG_C("why", strerror(-err)));
}

/* Add those of one kind. */
static size_t
collect(const struct signing *s, struct str domain, enum crypto_kind kind,
	struct sign_key *keys, size_t room)
{
	const struct signing_key *key;
	size_t i, count = 0;

	for (i = 0; i < s->count && count < room; i++) {
		key = &s->keys[i];
		if (crypto_key_kind(key->key) == kind &&
		    str_same(buf_str(&key->domain), domain))
			keys[count++] = (struct sign_key){
				.selector = buf_str(&key->selector),
				.key = key->key
			};
	}
	return count;
}

size_t
signing_find(struct signing *s, struct str address, struct sign_key *keys,
	size_t room, struct str *domain)
{
	struct str name, label;
	size_t i, count = 0, at = STR_NONE;

	refresh(s);
	for (i = 0; i < address.len; i++)
		if (str_at(address, i) == '@')
			at = i;
	if (at == STR_NONE)
		return 0;
	name = str_part(address, at + 1, address.len);
	do {
		/* RSA first, for those who look at the first alone */
		count = collect(s, name, CRYPTO_RSA, keys, room);
		count += collect(s, name, CRYPTO_ED25519, keys + count,
		    room - count);
		*domain = name;
	} while (count == 0 && str_split(&name, '.', &label));
	return count;
}
