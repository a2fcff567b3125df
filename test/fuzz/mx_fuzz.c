/* Address literals: whatever looks like one is read without a fault. */
#include "mail/addr.h"
#include "rules/mx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str domain = str_from(data, size);
	unsigned char ip[16];
	size_t len;

	if (mx_literal(domain, ip, &len))
		must(addr_is_literal(domain) && (len == 4 || len == 16));
	return 0;
}
