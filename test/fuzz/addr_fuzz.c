/*
 * Addresses: what is read as a path has well-formed parts; its canonical
 * form reads as a mailbox and is its own canonical form; the trace written
 * from any words is whole lines.
 */
#include "mail/addr.h"
#include "mail/trace.h"

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_canonical(const struct addr *addr)
{
	struct buf once, twice;
	struct addr again;
	const char *why;

	buf_init(&once, OUT_MAX);
	buf_init(&twice, OUT_MAX);
	addr_canonical(&once, addr, STR("home.example"));
	must(addr_mailbox(buf_str(&once), &again, &why) == ADDR_OK);
	addr_canonical(&twice, &again, STR("other.example"));
	must(str_equal(buf_str(&once), buf_str(&twice)));
	must(str_find_break(buf_str(&once), 0) == once.len);
	buf_drop(&once);
	buf_drop(&twice);
}

static void
check_parts(const struct addr *addr)
{
	must(addr->local.len > 0 && addr->local.len <= ADDR_LOCAL_MAX);
	must(str_is_utf8(addr->local) && str_is_utf8(addr->domain));
	if (addr->literal)
		must(addr_is_literal(addr->domain));
	else if (addr->domain.len > 0)
		must(addr_is_domain(addr->domain));
	else
		must(str_same(addr->local, STR("postmaster")));
	must(addr->utf8 == (!str_is_ascii(addr->local) ||
	    !str_is_ascii(addr->domain)));
}

/* Whatever stands in input, the trace is lines of bounded length. */
static void
check_trace(struct str input)
{
	struct str text, line;
	struct trace trace;
	struct buf out;

	buf_init(&out, OUT_MAX);
	trace = (struct trace){ input, &input, 1, input, input, input, input,
	    input, input, input, 0 };
	trace_add(&out, &trace);
	text = buf_str(&out);
	while (str_split(&text, '\n', &line)) {
		must(line.len > 1 && line.len <= 999);
		must(str_find_break(line, 0) == line.len - 1);
	}
	must(text.len == 0 && !out.full);
	buf_drop(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input, in;
	struct addr addr;
	const char *why;

	in = input = str_from(data, size);
	why = NULL;
	if (addr_path(&in, &addr, &why) == ADDR_OK) {
		must(in.len < input.len);
		if (!addr.null) {
			check_parts(&addr);
			check_canonical(&addr);
		}
	} else
		must(why != NULL && in.at == input.at && in.len == input.len);
	if (addr_mailbox(input, &addr, &why) == ADDR_OK) {
		must(!addr.null);
		check_parts(&addr);
		check_canonical(&addr);
	}
	check_trace(input);
	return 0;
}
