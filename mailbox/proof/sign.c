/*
 * Makes DKIM-Signature fields, relaxed/relaxed. The header is gone through
 * once and hashed once; each key adds its own field to a copy of that hash,
 * for the field is signed too, with an empty b= (RFC 6376 section 3.7).
 */
#include "proof/sign.h"

#include "base/codec.h"
#include "mail/head.h"
#include "proof/canon.h"

#define COLUMN_MAX 76		/* of the lines we write */
#define TAGS_MAX 8192		/* bytes of one DKIM-Signature field */

/*
 * What is signed (section 5.4.1): all fields of these names; those guarded
 * once more than they are there, whether or not there is any. The others are
 * what lists and resenders add rightfully.
 */
static const struct {
	const char *name;
	bool guarded;
} names[] = {
	{ "From", true },
	{ "Subject", true },
	{ "Date", true },
	{ "To", true },
	{ "Message-ID", true },
	{ "Cc", true },
	{ "Reply-To", true },
	{ "In-Reply-To", true },
	{ "References", true },
	{ "MIME-Version", true },
	{ "Content-Type", true },
	{ "Content-Transfer-Encoding", true },
	{ "Sender", false },
	{ "Content-ID", false },
	{ "Content-Description", false },
	{ "List-Id", false },
	{ "List-Help", false },
	{ "List-Unsubscribe", false },
	{ "List-Unsubscribe-Post", false },
	{ "List-Subscribe", false },
	{ "List-Post", false },
	{ "List-Owner", false },
	{ "List-Archive", false },
};

/* The fields to be signed, in the order of the header. */
struct chosen {
	size_t count;
	struct {
		size_t name;		/* index into names */
		struct head_field field;
	} fields[SIGN_FIELDS_MAX];
};

/* Text that is folded where it would grow wide. */
struct fold {
	struct buf *out;
	size_t column;
};

static void
fold_add(struct fold *f, struct str s)
{
	if (f->column + s.len > COLUMN_MAX) {
		buf_add(f->out, STR("\r\n "));
		f->column = 1;
	}
	buf_add(f->out, s);
	f->column += s.len;
}

static void
fold_line(struct fold *f)
{
	buf_add(f->out, STR("\r\n "));
	f->column = 1;
}

/* base64 has no places of its own to fold at. */
static void
fold_add_base64(struct fold *f, struct str raw)
{
	struct buf text;
	struct str rest;

	buf_init(&text, raw.len * 2 + 8);
	base64_encode(&text, raw);
	for (rest = buf_str(&text); rest.len > 0; ) {
		if (f->column >= COLUMN_MAX)
			fold_line(f);
		fold_add(f, str_take(&rest, COLUMN_MAX - f->column));
	}
	buf_drop(&text);
}

static size_t
find_name(struct str name)
{
	size_t i;

	for (i = 0; i < countof(names); i++)
		if (str_same(name, str_of(names[i].name)))
			break;
	return i;
}

static enum sign_result
choose(struct chosen *chosen, struct str head)
{
	struct head_field field;
	bool from = false;
	size_t name;

	while (head_next(&head, &field)) {
		name = find_name(field.name);
		if (name == countof(names))
			continue;
		if (chosen->count == SIGN_FIELDS_MAX)
			return SIGN_TOO_MANY;
		chosen->fields[chosen->count].name = name;
		chosen->fields[chosen->count].field = field;
		chosen->count++;
		from = from || name == 0;
	}
	return from ? SIGN_DONE : SIGN_NO_FROM;
}

static void
hash_field(struct sha256 *hash, const struct head_field *field)
{
	struct buf line;

	buf_init(&line, field->whole.len + 2);
	canon_field(&line, field);
	must(!line.full);
	crypto_sha256_add(hash, buf_str(&line));
	buf_drop(&line);
}

/*
 * Hash the chosen fields, name by name, those of a name from the last to the
 * first (section 5.4.2), and say in h= what was hashed.
 */
static void
hash_chosen(struct sha256 *hash, const struct chosen *chosen, struct buf *h)
{
	struct fold fold = { h, 3 };	/* behind " h=" */
	size_t name, i, said;

	for (name = 0; name < countof(names); name++) {
		said = names[name].guarded;
		for (i = chosen->count; i-- > 0; )
			if (chosen->fields[i].name == name) {
				hash_field(hash, &chosen->fields[i].field);
				said++;
			}
		for (; said > 0; said--) {
			fold_add(&fold, str_of(names[name].name));
			/* kept together: a fold is nowhere but behind it */
			buf_add_char(h, ':');
			fold.column++;
		}
	}
	buf_cut(h, h->len - 1);
}

/* What the signatures of one message have in common. */
struct signing {
	const struct signer *signer;
	struct sha256 head;
	struct str h;		/* of h= */
	struct str body_hash;
};

/* All of the field up to b=, which is empty, and no line end. */
static void
add_tags(struct fold *f, const struct signing *s, const struct sign_key *key)
{
	buf_add_format(f->out, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;",
	    crypto_key_kind(key->key) == CRYPTO_RSA ?
	    "rsa-sha256" : "ed25519-sha256");
	fold_line(f);
	buf_add(f->out, STR("d="));
	buf_add(f->out, s->signer->domain);
	buf_add_char(f->out, ';');
	fold_line(f);
	buf_add(f->out, STR("s="));
	buf_add(f->out, key->selector);
	buf_add_format(f->out, "; t=%lld;", (long long)s->signer->now);
	fold_line(f);
	buf_add(f->out, STR("h="));
	buf_add(f->out, s->h);
	buf_add_char(f->out, ';');
	fold_line(f);
	fold_add(f, STR("bh="));
	fold_add_base64(f, s->body_hash);
	fold_add(f, STR(";"));
	fold_line(f);
	fold_add(f, STR("b="));
}

static void
add_signature(struct buf *out, const struct signing *s,
	const struct sign_key *key)
{
	unsigned char digest[SHA256_SIZE];
	struct head_field field;
	struct sha256 hash = s->head;
	struct buf tags, line, raw;
	struct fold fold;
	struct str rest;

	buf_init(&tags, TAGS_MAX);
	buf_init(&line, TAGS_MAX);
	buf_init(&raw, CRYPTO_SIGNATURE_MAX);
	fold = (struct fold){ &tags, 0 };
	add_tags(&fold, s, key);
	rest = buf_str(&tags);
	must(!tags.full && head_next(&rest, &field));
	canon_field(&line, &field);
	/* this one field is hashed without its line end */
	crypto_sha256_add(&hash, str_part(buf_str(&line), 0, line.len - 2));
	crypto_sha256_end(&hash, digest);
	crypto_key_sign(key->key, digest, &raw);
	fold_add_base64(&fold, buf_str(&raw));
	must(!tags.full && !raw.full);
	buf_add(out, buf_str(&tags));
	buf_add(out, STR("\r\n"));
	buf_drop(&tags);
	buf_drop(&line);
	buf_drop(&raw);
}

enum sign_result
sign_add(struct buf *out, const struct signer *signer, struct str head,
	const unsigned char body_hash[SHA256_SIZE])
{
	struct signing signing = { .signer = signer };
	struct chosen chosen = { .count = 0 };
	enum sign_result result;
	struct buf h;
	size_t i;

	result = choose(&chosen, head);
	if (result != SIGN_DONE)
		return result;
	buf_init(&h, TAGS_MAX);
	crypto_sha256_init(&signing.head);
	hash_chosen(&signing.head, &chosen, &h);
	must(!h.full);
	signing.h = buf_str(&h);
	signing.body_hash = str_from(body_hash, SHA256_SIZE);
	for (i = 0; i < signer->count; i++)
		add_signature(out, &signing, &signer->keys[i]);
	must(!out->full);
	buf_drop(&h);
	return SIGN_DONE;
}

void
sign_record_name(struct buf *out, struct str selector, struct str domain)
{
	buf_add(out, selector);
	buf_add_text(out, "._domainkey.");
	buf_add(out, domain);
}

void
sign_record(struct buf *out, const struct crypto_key *key)
{
	struct buf raw;

	buf_init(&raw, CRYPTO_PUBLIC_MAX);
	crypto_key_public(key, &raw);
	buf_add_format(out, "v=DKIM1; k=%s; p=",
	    crypto_key_kind(key) == CRYPTO_RSA ? "rsa" : "ed25519");
	base64_encode(out, buf_str(&raw));
	buf_drop(&raw);
}

void
sign_record_split(struct buf *out, struct str record)
{
	bool first = true;

	for (; record.len > 0 || first; first = false) {
		buf_add_text(out, first ? "\"" : " \"");
		buf_add(out, str_take(&record, SIGN_STRING_MAX));
		buf_add_char(out, '"');
	}
}
