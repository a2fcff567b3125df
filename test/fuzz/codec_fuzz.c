/*
 * Text forms: what decodes, encodes to the same text again (base32: up to
 * letter case, '-' and look-alikes); what encodes, decodes to the same bytes.
 */
#include "base/codec.h"

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_encode(struct str raw)
{
	struct buf text, back;

	buf_init(&text, OUT_MAX);
	buf_init(&back, OUT_MAX);
	base64_encode(&text, raw);
	must(base64_decode(&back, buf_str(&text)));
	must(str_equal(buf_str(&back), raw));
	buf_clear(&text);
	buf_clear(&back);
	base32_encode(&text, raw, 4);
	must(base32_decode(&back, buf_str(&text)));
	must(str_equal(buf_str(&back), raw));
	buf_clear(&text);
	hex_encode(&text, raw);
	must(text.len == raw.len * 2);
	buf_drop(&text);
	buf_drop(&back);
}

static void
check_decode(struct str text)
{
	struct buf raw, back;
	struct str plain;

	buf_init(&raw, OUT_MAX);
	buf_init(&back, OUT_MAX);
	if (base64_decode(&raw, text)) {
		base64_encode(&back, buf_str(&raw));
		must(str_equal(buf_str(&back), text));
	}
	buf_clear(&raw);
	buf_clear(&back);
	if (base32_decode(&raw, text)) {
		base32_encode(&back, buf_str(&raw), 0);
		buf_clear(&raw);
		must(base32_decode(&raw, buf_str(&back)));
		plain = buf_str(&back);
		must(plain.len <= text.len && plain.len * 5 / 8 == raw.len);
	}
	buf_drop(&raw);
	buf_drop(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;

	input = str_from(data, size);
	check_encode(input);
	check_decode(input);
	return 0;
}
