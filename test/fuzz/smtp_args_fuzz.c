/*
 * Parameters of SMTP commands: a refusal has a reply, what is accepted is
 * within its limits, and reads the same behind more spaces.
 */
#include "base/buf.h"
#include "talk/smtp_args.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_reply(const char *why)
{
	must(why != NULL && why[0] == '5' && strlen(why) < 510);
	must(strncmp(why + 3, " 5.", 3) == 0);
}

static void
check_mail(struct str line, struct str spaced)
{
	struct smtp_mail_args args, again;
	const char *why = NULL;

	if (smtp_args_mail(line, &args, &why) != SMTP_ARGS_OK) {
		check_reply(why);
		return;
	}
	must(args.has_size || args.size == 0);
	must(args.envid.len <= SMTP_ENVID_MAX);
	must(str_is_ascii(args.envid));
	must(str_find(args.envid, 0, ' ') == STR_NONE);
	if (line.len == 0)
		return;
	must(smtp_args_mail(spaced, &again, &why) == SMTP_ARGS_OK);
	must(again.size == args.size && again.body == args.body);
	must(again.utf8 == args.utf8 && again.ret == args.ret);
	must(str_equal(again.envid, args.envid));
}

static void
check_rcpt(struct str line, struct str spaced)
{
	struct smtp_rcpt_args args, again;
	const char *why = NULL;

	if (smtp_args_rcpt(line, &args, &why) != SMTP_ARGS_OK) {
		check_reply(why);
		return;
	}
	must(args.notify < 16);
	must(args.notify == SMTP_NOTIFY_NEVER ||
	    !(args.notify & SMTP_NOTIFY_NEVER));
	must(args.orcpt.len <= SMTP_ORCPT_MAX && str_is_utf8(args.orcpt));
	if (line.len == 0)
		return;
	must(smtp_args_rcpt(spaced, &again, &why) == SMTP_ARGS_OK);
	must(again.notify == args.notify);
	must(str_equal(again.orcpt, args.orcpt));
}

static void
check_chunk(struct str line)
{
	struct smtp_chunk_args args;
	bool framed;

	if (smtp_args_chunk(line, &args, &framed) == SMTP_ARGS_OK)
		must(framed);
	must(framed || args.size == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf spaced;

	buf_init(&spaced, size + 2);
	buf_add_char(&spaced, ' ');
	buf_add(&spaced, str_from(data, size));
	buf_add_char(&spaced, ' ');
	check_mail(str_from(data, size), buf_str(&spaced));
	check_rcpt(str_from(data, size), buf_str(&spaced));
	check_chunk(str_from(data, size));
	buf_drop(&spaced);
	return 0;
}
