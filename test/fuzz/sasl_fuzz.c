/*
 * A client that answers SASL challenges with anything. A name and a password
 * that come of it are fit to be used, and mean the same when they are sent
 * again; of a refused exchange nothing is left.
 *
 * The first byte of the input is the mechanism, and whether there is an
 * initial response; each line of the rest is a response.
 */
#include "base/codec.h"
#include "talk/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void
check_text(const struct buf *b)
{
	must(b->len > 0 && b->len <= SASL_NAME_MAX);
	must(str_is_utf8(buf_str(b)));
	must(str_find(buf_str(b), 0, '\0') == STR_NONE);
}

/* Say the same by PLAIN. */
static void
check_again(const struct sasl *s)
{
	struct buf raw, text;
	struct sasl again = { 0 };

	buf_init(&raw, 4 * SASL_NAME_MAX);
	buf_init(&text, SASL_LINE_MAX);
	buf_add_char(&raw, '\0');
	buf_add(&raw, buf_str(&s->user));
	buf_add_char(&raw, '\0');
	buf_add(&raw, buf_str(&s->secret));
	base64_encode(&text, buf_str(&raw));
	must(sasl_begin(&again, STR("PLAIN"), buf_str(&text), true) ==
	    SASL_DONE);
	must(str_equal(buf_str(&again.user), buf_str(&s->user)));
	must(str_equal(buf_str(&again.secret), buf_str(&s->secret)));
	sasl_drop(&again);
	buf_drop(&raw);
	buf_drop(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct str input = str_from(at, len), line = STR("");
	struct sasl s = { 0 };
	enum sasl_result result;
	bool initial;
	int set;

	if (len == 0)
		return 0;
	set = str_at(input, 0);
	str_take(&input, 1);
	initial = set & 2 && str_split(&input, '\n', &line);
	result = sasl_begin(&s, set & 1 ? STR("LOGIN") : STR("PLAIN"), line,
	    initial);
	while (result == SASL_MORE && str_split(&input, '\n', &line))
		result = sasl_step(&s, line);
	if (result == SASL_DONE) {
		check_text(&s.user);
		check_text(&s.secret);
		check_again(&s);
	} else if (result != SASL_MORE) {
		must(s.user.at == NULL && s.secret.at == NULL);
	}
	sasl_drop(&s);
	return 0;
}
