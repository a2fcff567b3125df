/*
 * Base subjects: clean UTF-8, not longer than what decodes from the subject,
 * without white space around; the base of a base subject that was no reply is
 * the same again, and a reply to it has it too.
 */
#include "mail/subject.h"
#include "mail/word.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf base, again, text;
	struct str in;

	in = str_from(data, size);
	buf_init(&base, OUT_MAX);
	buf_init(&again, OUT_MAX);
	buf_init(&text, OUT_MAX);
	(void)subject_base(&base, in);
	word_text(&text, in);
	must(base.len <= text.len);
	must(str_is_utf8(buf_str(&base)));
	must(str_trim(buf_str(&base)).len == base.len);
	must(str_find_str(buf_str(&base), STR("  ")) == STR_NONE);
	buf_clear(&text);
	buf_add_text(&text, "[list] Re: ");
	buf_add(&text, in);
	must(subject_base(&again, buf_str(&text)));
	must(str_equal(buf_str(&base), buf_str(&again)));
	buf_clear(&text);
	buf_add(&text, in);
	buf_add_text(&text, " (fwd)");
	buf_clear(&again);
	must(subject_base(&again, buf_str(&text)));
	must(str_equal(buf_str(&base), buf_str(&again)));
	buf_drop(&base);
	buf_drop(&again);
	buf_drop(&text);
	return 0;
}
