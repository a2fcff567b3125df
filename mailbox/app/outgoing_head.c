/* What becomes of the header: asks the store what rules/submit.c wants. */
#include "app/outgoing_part.h"

#include "app/keeper.h"
#include "base/crypto.h"
#include "mail/trace.h"
#include "store/device.h"
#include "store/identity.h"

#include <errno.h>
#include <string.h>

/* RFC 5322 section 4.5: to be understood, but never to be sent. */
#define SPACED "550 5.6.0 A header field has a space before its colon"

static bool
is_spaced(struct str head)
{
	struct head_field field;

	while (head_next(&head, &field))
		if (str_at(field.whole, field.name.len) != ':')
			return true;
	return false;
}

/* Whether an address is one of ours still. */
static bool
is_ours(const struct outgoing *o, struct str address)
{
	const struct domains *domains =
	    &o->start.era->setup.config.domains;
	struct addr addr;
	const char *why;

	return addr_mailbox(address, &addr, &why) == ADDR_OK &&
	    recipient_judge(domains, &addr) == RECIPIENT_OURS;
}

/*
 * Find the address that the letter replies to came to; empty: none, or it is
 * not to be looked for.
 */
static int
find_identity(struct outgoing *o, struct str head, struct buf *address)
{
	struct submit_references references;
	struct str id;
	int err;

	if (!o->start.era->setup.config.identity)
		return 0;
	submit_references_begin(&references, head);
	while (submit_references_next(&references, &id)) {
		err = identity_find(o->start.db, id, address);
		if (err == 0 && is_ours(o, buf_str(address)))
			return 0;
		buf_clear(address);
		if (err != 0 && err != -ENOENT)
			return err;
	}
	return 0;
}

static enum submit_verdict
rewrite(struct outgoing *o, struct str head, struct str identity,
	struct str secret)
{
	const struct config *config = &o->start.era->setup.config;
	const struct smtp *smtp = o->start.smtp;
	const struct submit_policy policy = {
		.domains = &config->domains,
		.main_address = str_of(config->main_address),
		.mailbox = str_of(config->mailbox),
		.listed = config->senders,
		.listed_count = config->sender_count,
		.identity = identity,
		.helo = buf_str(&smtp->helo),
		.client_ip = smtp->client_ip,
		.outside = o->count > o->own,
		.secret = secret,
		.id = o->start.id,
		.now = o->start.clock->unix_s,
		.smtputf8 = smtp->smtputf8
	};

	return submit_rewrite(&o->submit, &policy, head,
	    buf_str(&smtp->reverse_path));
}

/* Received of ours, and the new header below it. */
static void
make_top(struct outgoing *o)
{
	const struct trace trace = {
		.host = str_of(o->start.era->setup.config.host),
		.protocol = o->start.smtp->smtputf8 ? STR("UTF8SMTPSA") :
		    STR("ESMTPSA"),
		.id = o->start.id,
		.now = o->start.clock->unix_s
	};
	struct str head = buf_str(&o->submit.head);

	trace_add_submitted(&o->top, &trace);
	if (o->queue != NULL)
		o->seven = seven_new(head, &o->top);
	else
		buf_add(&o->top, head);
	must(!o->top.full);
}

static void
canonise(struct outgoing *o)
{
	struct addr addr;
	const char *why;

	must(addr_mailbox(buf_str(&o->submit.chosen), &addr, &why) ==
	    ADDR_OK);
	addr_canonical(&o->canonical, &addr, addr.domain);
}

enum smtp_verdict
outgoing_head(struct outgoing *o, struct str head, const char **refusal)
{
	unsigned char secret[SEAL_KEY];
	struct buf identity;
	int err;

	if (is_spaced(head)) {
		*refusal = SPACED;
		return SMTP_REFUSE;
	}
	buf_init(&identity, ADDR_PATH_MAX);
	err = find_identity(o, head, &identity);
	if (err == 0)
		err = device_secret(o->start.db, "message-id", secret);
	if (err == 0 && rewrite(o, head, buf_str(&identity),
	    str_from(secret, sizeof secret)) == SUBMIT_REFUSED)
		*refusal = o->submit.refusal;
	crypto_wipe(secret, sizeof secret);
	buf_drop(&identity);
	if (err != 0)
		return keeper_verdict(err);
	if (o->submit.refusal != NULL)
		return SMTP_REFUSE;
	canonise(o);
	make_top(o);
	err = outgoing_copies_head(o);
	return err == 0 ? SMTP_ACCEPT : keeper_verdict(err);
}
