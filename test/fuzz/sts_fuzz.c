/*
 * MTA-STS: what is read points into the text, keeps to its bounds, and reads
 * the same written anew. The input is a record, or a policy.
 */
#include "talk/sts.h"

#include "mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
print(struct buf *out, const struct sts_policy *p)
{
	static const char *const modes[] = { "none", "testing", "enforce" };
	size_t i;

	buf_add_format(out, "version: STSv1\r\nmode: %s\r\n",
	    modes[p->mode]);
	for (i = 0; i < p->mx_count; i++) {
		buf_add_text(out, "mx: ");
		buf_add(out, p->mx[i]);
		buf_add_text(out, "\r\n");
	}
	buf_add_format(out, "max_age: %lld\r\n", (long long)p->max_age_s);
}

static void
check_policy(struct str text)
{
	struct sts_policy p, again;
	struct buf out;
	const char *why;
	size_t i;

	if (sts_policy(text, &p, &why) != STS_OK)
		return;
	must(p.max_age_s >= 0 && p.max_age_s <= STS_AGE_MAX);
	buf_init(&out, 4 * STS_POLICY_MAX);
	print(&out, &p);
	must(out.len > STS_POLICY_MAX ||
	    sts_policy(buf_str(&out), &again, &why) == STS_OK);
	if (out.len <= STS_POLICY_MAX) {
		must(again.mode == p.mode && again.mx_count == p.mx_count);
		for (i = 0; i < p.mx_count; i++)
			must(str_equal(p.mx[i], again.mx[i]));
	}
	for (i = 0; i < p.mx_count; i++)
		/* a pattern is not a host that it names */
		must(sts_names(&p, p.mx[i]) ||
		    str_starts(p.mx[i], STR("*.")));
	must(!sts_names(&p, STR("")));
	buf_drop(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from(data, size), id;

	if (sts_record(&text, 1, &id) == STS_OK)
		must(id.len > 0 && id.len <= STS_ID_MAX &&
		    id.at >= text.at && id.at + id.len <= text.at + text.len);
	check_policy(text);
	return 0;
}
