/*
 * Dates: what is read, when written and read again, is the same moment, also
 * in the form of mbox.
 */
#include "mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int64_t unix_s)
{
	struct buf out;
	int64_t again;

	/* a zone may lead out of the years that are written as they are */
	if (unix_s < -62167219200 || unix_s > 253402300799)
		return;
	buf_init(&out, 100);
	date_add(&out, unix_s);
	must(date_read(buf_str(&out), &again));
	must(again == unix_s);
	buf_clear(&out);
	date_add_mbox(&out, unix_s);
	must(date_read_mbox(buf_str(&out), &again));
	must(again == unix_s);
	buf_clear(&out);
	date_add_iso(&out, unix_s);
	must(out.len == 20 && !out.full);
	buf_drop(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;
	int64_t unix_s;

	input = str_from(data, size);
	if (date_read(input, &unix_s))
		check(unix_s);
	if (date_read_mbox(input, &unix_s))
		check(unix_s);
	return 0;
}
