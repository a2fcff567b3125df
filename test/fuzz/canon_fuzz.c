/*
 * Signing: however a body is cut its hash is the same, and a plain verifier
 * finds the signature of any message good. The first byte chooses the cut;
 * then come header, empty line and body.
 */
#include "proof/canon.h"
#include "proof/sign.h"
#include "unit/proof/verify.h"

#define OUT_MAX (1 << 21)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8032 section 7.1, test 1. */
static const char pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static void
hash_body(struct str body, size_t step, unsigned char hash[SHA256_SIZE])
{
	struct canon canon;

	canon_init(&canon);
	while (body.len > 0)
		canon_feed(&canon, str_take(&body, step));
	canon_end(&canon, hash);
}

/* Whether s ends its lines with CRLF alone, as all that we take in does. */
static bool
is_text(struct str s)
{
	size_t i;

	while ((i = str_find_break(s, 0)) < s.len) {
		str_take(&s, i);
		if (!str_skip(&s, '\r') || !str_skip(&s, '\n'))
			return false;
	}
	return true;
}

/* Whether each line of s is a field or goes on with one. */
static bool
is_head(struct str s)
{
	struct head_field field;
	struct str line, one;
	size_t count;

	for (count = 0; s.len > 0; count++) {
		line = verify_line(&s);
		one = line;
		if (!str_ends(line, STR("\r\n")) ||
		    count == VERIFY_FIELDS_MAX)
			return false;
		if (count > 0 && verify_is_space(str_at(line, 0)))
			continue;
		if (!head_next(&one, &field))
			return false;
	}
	return true;
}

static void
check_signature(struct str head, struct str body,
	const unsigned char hash[SHA256_SIZE])
{
	struct sign_key key = { STR("s"), NULL };
	struct signer signer = {
		.domain = STR("example.test"), .keys = &key, .count = 1
	};
	struct crypto_key *own;
	struct buf message, open;

	must(crypto_key_read(&own, str_of(pem)) == 0);
	key.key = own;
	buf_init(&message, OUT_MAX);
	buf_init(&open, CRYPTO_PUBLIC_MAX);
	if (sign_add(&message, &signer, head, hash) == SIGN_DONE) {
		must(is_head(buf_str(&message)));
		buf_add(&message, head);
		buf_add_text(&message, "\r\n");
		buf_add(&message, body);
		crypto_key_public(own, &open);
		must(verify_message(buf_str(&message), 0, buf_str(&open)));
	}
	buf_drop(&message);
	buf_drop(&open);
	crypto_key_drop(own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char whole[SHA256_SIZE], cut[SHA256_SIZE];
	struct str input, head;
	size_t end;

	if (size < 1)
		return 0;
	input = str_from(data + 1, size - 1);
	hash_body(input, size, whole);
	hash_body(input, data[0] + 1u, cut);
	must(crypto_equal(whole, cut, sizeof whole));
	end = str_find_str(input, STR("\r\n\r\n"));
	if (end == STR_NONE || !is_text(input))
		return 0;
	head = str_take(&input, end + 2);
	str_take(&input, 2);
	if (!is_head(head))
		return 0;
	hash_body(input, data[0] + 1u, cut);
	verify_body_hash(input, whole);
	must(crypto_equal(whole, cut, sizeof whole));
	check_signature(head, input, cut);
	return 0;
}
