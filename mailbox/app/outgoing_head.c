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

#define REFERENCES_MAX 16	/* that are looked up for an identity */
#define SENT_MAX 32		/* that may be letters of ours */
#define DOMAINS_MAX 8		/* of ours that one of them is looked up for */

/* What the store knows of the letters that this one refers to. */
struct known {
	struct buf address;		/* that the first of them came to */
	struct submit_sent sent[SENT_MAX];
	size_t sent_count;
	struct buf ids;			/* sent points to these */
};

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
 * Find the address that the letter replies to came to; empty: none. A look
 * costs something, and a stranger can have written the references.
 */
static int
find_identity(struct outgoing *o, struct str head, struct buf *address)
{
	struct submit_references references;
	struct str id;
	size_t n;
	int err;

	submit_references_begin(&references, head);
	for (n = 0; n < REFERENCES_MAX &&
	    submit_references_next(&references, &id); n++) {
		err = identity_find(o->start.db, id, address);
		if (err == 0 && is_ours(o, buf_str(address)))
			return 0;
		buf_clear(address);
		if (err != 0 && err != -ENOENT)
			return err;
	}
	return 0;
}

/*
 * Find as what an id of ours went out, if it was mapped then.
 *
 * Returns:  1: added to out; 0; negative errno.
 */
static int
find_mapped(struct outgoing *o, const struct submit_policy *policy,
	struct str id, struct buf *out)
{
	const size_t from = out->len;
	size_t i;
	int n = 0;

	for (i = 0; i < policy->domains->count && i < DOMAINS_MAX &&
	    n == 0; i++) {
		buf_cut(out, from);
		if (submit_id_mapped(policy, id,
		    policy->domains->names[i], out))
			n = identity_is_sent(o->start.db, str_part(
			    buf_str(out), from, out->len));
	}
	if (n <= 0)
		buf_cut(out, from);
	return n;
}

/* Find what the letters of ours that it refers to went out as. */
static int
find_sent(struct outgoing *o, struct str head,
	const struct submit_policy *policy, struct known *known)
{
	struct submit_references references;
	struct str id;
	size_t n, from;
	int found;

	/* all room at once: what is found are views into it */
	must(buf_space(&known->ids, known->ids.max) != NULL);
	submit_references_begin(&references, head);
	for (n = 0; n < SENT_MAX &&
	    submit_references_next(&references, &id); n++) {
		from = known->ids.len;
		found = find_mapped(o, policy, id, &known->ids);
		if (found < 0)
			return found;
		if (found > 0)
			known->sent[known->sent_count++] =
			    (struct submit_sent){ id, str_part(buf_str(
			    &known->ids), from, known->ids.len) };
	}
	return 0;
}

/* Look up what the rules want to know, and let them do it. */
static int
rewrite(struct outgoing *o, struct str head, struct str secret,
	struct known *known)
{
	const struct config *config = &o->start.era->setup.config;
	const struct smtp *smtp = o->start.smtp;
	struct submit_policy policy = {
		.domains = &config->domains,
		.main_address = str_of(config->main_address),
		.mailbox = str_of(config->mailbox),
		.listed = config->senders,
		.listed_count = config->sender_count,
		.identify = config->identity,
		.sent = known->sent,
		.helo = buf_str(&smtp->helo),
		.client_ip = smtp->client_ip,
		.outside = o->count > o->own,
		.secret = secret,
		.id = o->start.id,
		.now = o->start.clock->unix_s,
		.smtputf8 = smtp->smtputf8
	};
	int err = 0;

	if (config->identity && submit_wants_identity(&policy, head))
		err = find_identity(o, head, &known->address);
	if (err == 0)
		err = find_sent(o, head, &policy, known);
	if (err != 0)
		return err;
	policy.identity = buf_str(&known->address);
	policy.sent_count = known->sent_count;
	(void)submit_rewrite(&o->submit, &policy, head,
	    buf_str(&smtp->reverse_path));
	return 0;
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
	struct known known = { .sent_count = 0 };
	int err;

	if (is_spaced(head)) {
		*refusal = SPACED;
		return SMTP_REFUSE;
	}
	buf_init(&known.address, ADDR_PATH_MAX);
	buf_init(&known.ids, SENT_MAX * SUBMIT_ID_MAX);
	err = device_secret(o->start.db, "message-id", secret);
	if (err == 0)
		err = rewrite(o, head, str_from(secret, sizeof secret),
		    &known);
	crypto_wipe(secret, sizeof secret);
	buf_drop(&known.address);
	buf_drop(&known.ids);
	if (err != 0)
		return keeper_verdict(err);
	if (o->submit.refusal != NULL) {
		*refusal = o->submit.refusal;
		return SMTP_REFUSE;
	}
	canonise(o);
	make_top(o);
	err = outgoing_copies_head(o);
	return err == 0 ? SMTP_ACCEPT : keeper_verdict(err);
}
