/*
 * Names of mailboxes: what decodes, encodes to the same text again; every name
 * that is UTF-8 comes back.
 */
#include "mail/utf7.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf name, text;
	struct str in;

	in = str_from(data, size);
	buf_init(&name, OUT_MAX);
	buf_init(&text, OUT_MAX);
	if (utf7_decode(&name, in)) {
		must(str_is_utf8(buf_str(&name)));
		utf7_encode(&text, buf_str(&name));
		must(str_equal(buf_str(&text), in));
	}
	buf_clear(&name);
	buf_clear(&text);
	utf7_encode(&text, in);
	must(str_is_ascii(buf_str(&text)));
	must(utf7_decode(&name, buf_str(&text)));
	if (str_is_utf8(in))
		must(str_equal(buf_str(&name), in));
	buf_drop(&name);
	buf_drop(&text);
	return 0;
}
