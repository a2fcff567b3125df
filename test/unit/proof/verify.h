/*
 * A verifier of DKIM signatures, as plain as can be: it shares no code with
 * what it looks at but str and buf, and asks the libraries themselves.
 */
#ifndef TEST_UNIT_PROOF_VERIFY_H
#define TEST_UNIT_PROOF_VERIFY_H

#include <mbedtls/pk.h>
#include <sodium.h>

#include "base/codec.h"
#include "base/crypto_key.h"

#define VERIFY_FIELDS_MAX 4000
#define VERIFY_TEXT_MAX (1 << 22)

struct verify_field {
	struct str whole;
	bool used;
};

/* Cut a line off, CRLF included. */
static inline struct str
verify_line(struct str *s)
{
	size_t end = str_find_str(*s, STR("\r\n"));

	return str_take(s, end == STR_NONE ? s->len : end + 2);
}

static inline bool
verify_is_space(int c)
{
	return c == ' ' || c == '\t';
}

/* Add s with each run of white space as one SP, and none at the end. */
static inline void
verify_squeeze(struct buf *out, struct str s)
{
	size_t i, from = out->len;

	for (i = 0; i < s.len; i++) {
		if (!verify_is_space(s.at[i]))
			buf_add_char(out, s.at[i]);
		else if (i == 0 || !verify_is_space(s.at[i - 1]))
			buf_add_char(out, ' ');
	}
	if (out->len > from && out->at[out->len - 1] == ' ')
		buf_cut(out, out->len - 1);
}

static inline void
verify_body_hash(struct str body, unsigned char hash[SHA256_SIZE])
{
	struct buf text;
	struct str line;

	buf_init(&text, VERIFY_TEXT_MAX);
	while (body.len > 0) {
		line = verify_line(&body);
		if (str_ends(line, STR("\r\n")))
			line.len -= 2;
		verify_squeeze(&text, line);
		buf_add_text(&text, "\r\n");
	}
	while (str_ends(buf_str(&text), STR("\r\n\r\n")) || text.len == 2)
		buf_cut(&text, text.len - 2);
	must(!text.full);
	crypto_hash_sha256(hash, (const unsigned char *)buf_text(&text),
	    text.len);
	buf_drop(&text);
}

static inline void
verify_add_field(struct buf *out, struct str whole)
{
	struct buf flat;
	struct str rest, name;
	size_t i;

	buf_init(&flat, VERIFY_TEXT_MAX);
	for (i = 0; i < whole.len; i++)
		if (whole.at[i] != '\r' && whole.at[i] != '\n')
			buf_add_char(&flat, whole.at[i]);
	rest = buf_str(&flat);
	must(str_split(&rest, ':', &name));
	name = str_trim(name);
	for (i = 0; i < name.len; i++)
		buf_add_char(out, (char)char_lower(name.at[i]));
	buf_add_char(out, ':');
	while (rest.len > 0 && verify_is_space(rest.at[0]))
		str_take(&rest, 1);
	verify_squeeze(out, rest);
	buf_add_text(out, "\r\n");
	buf_drop(&flat);
}

static inline struct str
verify_name(struct str whole)
{
	struct str name;

	return str_split(&whole, ':', &name) ? str_trim(name) : STR("");
}

/* The value of a tag, white space taken out. */
static inline bool
verify_tag(struct str field, const char *tag, struct buf *value)
{
	struct str rest = field, one, name;
	size_t i;

	buf_clear(value);
	str_split(&rest, ':', &name);
	while (rest.len > 0) {
		if (!str_split(&rest, ';', &one))
			one = str_take(&rest, rest.len);
		if (!str_split(&one, '=', &name) ||
		    !str_equal(str_trim(name), str_of(tag)))
			continue;
		for (i = 0; i < one.len; i++)
			if (!verify_is_space(one.at[i]) &&
			    one.at[i] != '\r' && one.at[i] != '\n')
				buf_add_char(value, one.at[i]);
		return true;
	}
	return false;
}

/* The fields of a message, its body left in *message. */
static inline size_t
verify_fields(struct str *message, struct verify_field *fields)
{
	struct str line;
	size_t count = 0;

	while (message->len > 0) {
		line = verify_line(message);
		if (str_equal(line, STR("\r\n")))
			break;
		if (verify_is_space(str_at(line, 0)) && count > 0) {
			fields[count - 1].whole.len += line.len;
			continue;
		}
		must(count < VERIFY_FIELDS_MAX);
		fields[count++] = (struct verify_field){ line, false };
	}
	return count;
}

/* Add what h= names, each name once more from the bottom. */
static inline void
verify_add_named(struct buf *out, struct str h, struct verify_field *fields,
	size_t count)
{
	struct str name;
	size_t i;

	while (h.len > 0) {
		if (!str_split(&h, ':', &name))
			name = str_take(&h, h.len);
		for (i = count; i-- > 0; )
			if (!fields[i].used &&
			    str_same(verify_name(fields[i].whole), name))
				break;
		if (i >= count)
			continue;
		fields[i].used = true;
		verify_add_field(out, fields[i].whole);
	}
}

static inline bool
verify_raw(struct str open, const unsigned char *hash, struct str signature)
{
	const unsigned char *at = (const unsigned char *)signature.at;
	const unsigned char *key = (const unsigned char *)open.at;
	mbedtls_pk_context pair;
	bool good;

	if (open.len == 32)
		return signature.len == 64 &&
		    crypto_sign_ed25519_verify_detached(at, hash, SHA256_SIZE,
		    key) == 0;
	mbedtls_pk_init(&pair);
	good = mbedtls_pk_parse_public_key(&pair, key, open.len) == 0 &&
	    mbedtls_pk_verify(&pair, MBEDTLS_MD_SHA256, hash, SHA256_SIZE, at,
	    signature.len) == 0;
	mbedtls_pk_free(&pair);
	return good;
}

/* Add the signature's own field, its b= emptied, without line end. */
static inline void
verify_add_own(struct buf *out, struct str whole)
{
	size_t b = str_find_str(whole, STR(" b="));

	must(b != STR_NONE);
	verify_add_field(out, str_part(whole, 0, b + 3));
	buf_cut(out, out->len - 2);
}

/*
 * Whether the nth field of a message is a signature that verifies with the
 * public key open.
 */
static inline bool
verify_message(struct str message, size_t nth, struct str open)
{
	static struct verify_field fields[VERIFY_FIELDS_MAX];
	unsigned char hash[SHA256_SIZE];
	struct buf text, value, raw;
	size_t count;
	bool good;

	buf_init(&text, VERIFY_TEXT_MAX);
	buf_init(&value, VERIFY_TEXT_MAX);
	buf_init(&raw, 4096);
	count = verify_fields(&message, fields);
	must(nth < count);
	verify_body_hash(message, hash);
	good = verify_tag(fields[nth].whole, "bh", &value) &&
	    base64_decode(&raw, buf_str(&value)) &&
	    str_equal(buf_str(&raw), str_from(hash, sizeof hash));
	if (good && verify_tag(fields[nth].whole, "h", &value))
		verify_add_named(&text, buf_str(&value), fields, count);
	if (good)
		verify_add_own(&text, fields[nth].whole);
	crypto_hash_sha256(hash, (const unsigned char *)buf_text(&text),
	    text.len);
	buf_clear(&raw);
	good = good && verify_tag(fields[nth].whole, "b", &value) &&
	    base64_decode(&raw, buf_str(&value)) &&
	    verify_raw(open, hash, buf_str(&raw));
	buf_drop(&text);
	buf_drop(&value);
	buf_drop(&raw);
	return good;
}

#endif
