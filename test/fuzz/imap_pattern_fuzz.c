/*
 * Reference, pattern and name, separated by LF, matched as a second, naive
 * matcher does, which tries one wildcard after another.
 */
#include "talk/imap_pattern.h"

#define INPUT_MAX 24	/* octets: the naive one takes its time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
naive(struct str pattern, struct str name)
{
	int c = str_at(pattern, 0);
	size_t i;

	if (c < 0)
		return name.len == 0;
	str_take(&pattern, 1);
	if (c != '*' && c != '%')
		return str_skip(&name, (char)c) && naive(pattern, name);
	for (i = 0; ; i++) {
		if (naive(pattern, str_part(name, i, name.len)))
			return true;
		if (i == name.len || (c == '%' && str_at(name, i) == '/'))
			return false;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str reference = STR(""), pattern = STR(""), name;
	enum imap_match match;
	char both[INPUT_MAX];
	size_t len = 0, i;

	name = str_from(data, size);
	if (size > INPUT_MAX || !str_split(&name, '\n', &reference) ||
	    !str_split(&name, '\n', &pattern))
		return 0;
	match = imap_pattern_match(reference, pattern, name);
	/* the letter case of INBOX is left to the unit test */
	if (str_starts(name, STR("INBOX")))
		return 0;
	for (i = 0; i < reference.len; i++)
		both[len++] = (char)str_at(reference, i);
	for (i = 0; i < pattern.len; i++)
		both[len++] = (char)str_at(pattern, i);
	must((match == IMAP_MATCH_YES) == naive(str_from(both, len), name));
	return 0;
}
