/*
 * Answers of the DNS: what c-ares takes for one, we read within our bounds,
 * and every text of a record is one that the rest may use.
 */
#include "net/resolve_part.h"

#include <ares.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_record(const struct resolve_record *record, enum resolve_type type)
{
	size_t i;

	must(record->text.len <= RESOLVE_TEXT_MAX);
	if (type != RESOLVE_MX && type != RESOLVE_PTR)
		return;
	must(record->text.len <= RESOLVE_NAME_MAX);
	for (i = 0; i < record->text.len; i++) {
		must(str_at(record->text, i) > ' ');
		must(str_at(record->text, i) < 127);
		must(!(str_at(record->text, i) >= 'A' &&
		    str_at(record->text, i) <= 'Z'));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum resolve_type types[] = { RESOLVE_A, RESOLVE_AAAA,
		RESOLVE_MX, RESOLVE_TXT, RESOLVE_TLSA, RESOLVE_PTR };
	struct resolve_answer answer;
	ares_dns_record_t *dns = NULL;
	struct buf texts;
	size_t i, k;

	if (ares_dns_parse(data, size, 0, &dns) != ARES_SUCCESS)
		return 0;
	/* the resolver hands on nothing but answers to its own question */
	for (i = 0; i < countof(types) && ares_dns_record_query_cnt(dns) == 1;
	    i++) {
		answer = (struct resolve_answer){ .count = 0 };
		texts = (struct buf){ .at = NULL };
		resolve_read(&answer, &texts, types[i], dns);
		must(answer.count <= RESOLVE_RECORDS_MAX);
		must(answer.count == 0 || answer.result == RESOLVE_FOUND);
		must((answer.result == RESOLVE_FAILED) ==
		    (answer.why != NULL));
		for (k = 0; k < answer.count; k++)
			check_record(&answer.records[k], types[i]);
		buf_drop(&texts);
	}
	ares_dns_record_destroy(dns);
	return 0;
}
