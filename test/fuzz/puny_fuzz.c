/*
 * Domains beyond ASCII: whatever comes out is a name of the DNS, and names
 * itself.
 */
#include "mail/puny.h"

#define OUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str domain = str_from(data, size);
	struct buf once, twice;

	buf_init(&once, OUT_MAX);
	buf_init(&twice, OUT_MAX);
	if (puny_domain(&once, domain)) {
		must(str_is_utf8(domain) && str_is_ascii(buf_str(&once)));
		must(once.len > 0 && once.len <= PUNY_DOMAIN_MAX);
		must(puny_domain(&twice, buf_str(&once)));
		must(str_equal(buf_str(&once), buf_str(&twice)));
	}
	buf_drop(&once);
	buf_drop(&twice);
	return 0;
}
