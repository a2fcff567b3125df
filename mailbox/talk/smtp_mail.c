/*
 * MAIL and RCPT: who sends to whom. Decides by form and by policy; whether
 * the owner closed an address is for the shell to find out (SMTP_RCPT).
 */
#include "talk/smtp_args.h"
#include "talk/smtp_part.h"

#define NEEDS_EHLO "555 5.5.4 Parameters need EHLO"
#define NEEDS_UTF8 "553 5.6.7 This address needs SMTPUTF8"

/* What the sender and its parameters are refused for, or NULL. */
static const char *
mail_judge(const struct smtp *s, const struct addr *addr,
	const struct smtp_mail_args *args)
{
	if (!addr->null && addr->domain.len == 0)
		return "501 5.1.7 A sender has a domain";
	if (args->has_size && args->size > s->policy->size_max)
		return "552 5.3.4 Larger than we take";
	if (addr->utf8 && !args->utf8)
		return NEEDS_UTF8;
	if (s->policy->own_sender_refused &&
	    domains_hold(s->policy->domains, addr->domain))
		return "550 5.7.1 Mail of our own does not come this way";
	return NULL;
}

void
smtp_mail(struct smtp *s, struct str args)
{
	struct smtp_mail_args params;
	struct addr addr;
	const char *why;

	if (!s->greeted) {
		smtp_fault(s, "503 5.5.1 Say EHLO first");
		return;
	}
	if (s->have_mail) {
		smtp_fault(s, "503 5.5.1 Finish the message first");
		return;
	}
	if (s->mails >= SMTP_MAILS_MAX) {
		smtp_end(s, "421 4.7.0 Enough for one session");
		return;
	}
	if (!str_skip_word(&args, STR("FROM:"))) {
		smtp_fault(s, "501 5.5.4 Say MAIL FROM:<address>");
		return;
	}
	if (addr_path(&args, &addr, &why) != ADDR_OK) {
		smtp_fault_because(s, "501 5.1.7", why);
		return;
	}
	if (!s->extended && args.len > 0) {
		smtp_fault(s, NEEDS_EHLO);
		return;
	}
	if (smtp_args_mail(args, &params, &why) == SMTP_ARGS_OK)
		why = mail_judge(s, &addr, &params);
	if (why != NULL) {
		smtp_fault(s, why);
		return;
	}
	smtp_forget(s);
	if (!addr.null) {
		buf_add(&s->reverse_path, addr.local);
		buf_add_char(&s->reverse_path, '@');
		buf_add(&s->reverse_path, addr.domain);
	}
	must(!s->reverse_path.full);
	s->have_mail = true;
	s->utf8 = params.utf8;
	s->mails++;
	smtp_good(s, "250 2.1.0 Sender noted");
}

/* Whether the list of addresses, each ended by NUL, holds this one. */
static bool
list_holds(struct str list, struct str address)
{
	struct str one;

	while (str_split(&list, '\0', &one))
		if (str_equal(one, address))
			return true;
	return false;
}

/* Take back the recipient that was put on the lists to be judged. */
static void
recipient_forget(struct smtp *s)
{
	buf_cut(&s->recipients, s->recipients_len);
	buf_cut(&s->canonical, s->canonical_len);
	s->recipient = str_from(NULL, 0);
}

/* Put the recipient on both lists, where it stays if it is accepted. */
static void
recipient_note(struct smtp *s, const struct addr *addr)
{
	s->recipients_len = s->recipients.len;
	s->canonical_len = s->canonical.len;
	addr_canonical(&s->canonical, addr, s->policy->domains->names[0]);
	s->recipient = str_part(buf_str(&s->canonical), s->canonical_len,
	    s->canonical.len);
	if (addr->domain.len == 0)
		buf_add(&s->recipients, s->recipient);
	else {
		buf_add(&s->recipients, addr->local);
		buf_add_char(&s->recipients, '@');
		buf_add(&s->recipients, addr->domain);
	}
	buf_add_char(&s->recipients, '\0');
	must(!s->recipients.full && !s->canonical.full);
}

static void
recipient_ask(struct smtp *s, const struct addr *addr)
{
	struct str known = buf_str(&s->canonical);

	recipient_note(s, addr);
	known = str_part(buf_str(&s->canonical), 0, known.len);
	if (list_holds(known, s->recipient)) {
		recipient_forget(s);
		smtp_good(s, "250 2.1.5 Recipient noted already");
	} else if (s->recipient_count >= SMTP_RECIPIENTS_MAX) {
		recipient_forget(s);
		smtp_fault(s, "452 4.5.3 Too many recipients");
	} else
		s->asked = SMTP_RCPT;
}

/* What the recipient is refused for, or NULL. */
static const char *
rcpt_judge(const struct smtp *s, const struct addr *addr)
{
	if (addr->null)
		return "501 5.1.3 A recipient has a name";
	if (addr->utf8 && !s->utf8)
		return NEEDS_UTF8;
	switch (recipient_judge(s->policy->domains, addr)) {
	case RECIPIENT_OURS:
		return NULL;
	case RECIPIENT_FOREIGN:
		return "550 5.7.1 Not a domain of ours, and we never relay";
	case RECIPIENT_LITERAL:
		return "550 5.7.1 Not to an address in brackets";
	}
	must(false);
	return NULL;
}

void
smtp_rcpt(struct smtp *s, struct str args)
{
	struct smtp_rcpt_args params;
	struct addr addr;
	const char *why;

	if (!s->have_mail) {
		smtp_fault(s, "503 5.5.1 Send MAIL first");
		return;
	}
	if (s->by_chunks) {
		smtp_fault(s, "503 5.5.1 Too late, the text has begun");
		return;
	}
	if (!str_skip_word(&args, STR("TO:"))) {
		smtp_fault(s, "501 5.5.4 Say RCPT TO:<address>");
		return;
	}
	if (addr_path(&args, &addr, &why) != ADDR_OK) {
		smtp_fault_because(s, "501 5.1.3", why);
		return;
	}
	if (!s->extended && args.len > 0) {
		smtp_fault(s, NEEDS_EHLO);
		return;
	}
	if (smtp_args_rcpt(args, &params, &why) == SMTP_ARGS_OK)
		why = rcpt_judge(s, &addr);
	if (why != NULL)
		smtp_fault(s, why);
	else
		recipient_ask(s, &addr);
}

void
smtp_judged(struct smtp *s, enum smtp_verdict verdict)
{
	if (!smtp_answered(s, SMTP_RCPT))
		return;
	if (verdict == SMTP_ACCEPT) {
		buf_add_char(&s->canonical, '\0');
		s->recipient = str_from(NULL, 0);
		s->recipient_count++;
		smtp_good(s, "250 2.1.5 Recipient noted");
		return;
	}
	recipient_forget(s);
	switch (verdict) {
	case SMTP_ACCEPT:
	case SMTP_REFUSE:
		smtp_fault(s, "550 5.1.1 This address is closed");
		break;
	case SMTP_FULL:
		smtp_fault(s, "452 4.3.1 No room now, try again later");
		break;
	case SMTP_LATER:
		smtp_fault(s, "451 4.3.0 Not possible now, try again later");
		break;
	}
}
