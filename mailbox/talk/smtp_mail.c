/*
 * MAIL and RCPT: who sends to whom. Decides by form and by policy; whether
 * the owner closed an address is for the shell to find out (SMTP_RCPT).
 */
#include "talk/smtp_args.h"
#include "talk/smtp_part.h"

#define NEEDS_EHLO "555 5.5.4 Parameters need EHLO"
#define NEEDS_UTF8 "553 5.6.7 This address needs SMTPUTF8"

/* What is wrong with a sender by what we are, or NULL. */
static const char *
sender_judge(const struct smtp_policy *policy, const struct addr *addr)
{
	if (!policy->submission)
		return policy->own_sender_refused &&
		    domains_hold(policy->domains, addr->domain) ?
		    "550 5.7.1 Mail of our own does not come this way" : NULL;
	/* A report has no sender (RFC 3834 section 3.1.1). */
	return addr->null || sender_is_ours(policy->domains, policy->listed,
	    policy->listed_count, addr) ? NULL :
	    "553 5.7.1 The sender is not one of your addresses";
}

/* What the sender and its parameters are refused for, or NULL. */
static const char *
mail_judge(const struct smtp *s, const struct addr *addr,
	const struct smtp_mail_args *args)
{
	if (!s->policy->submission && (args->has_auth || args->require_tls))
		return SMTP_ARGS_UNKNOWN;
	if (!addr->null && addr->domain.len == 0)
		return "501 5.1.7 A sender has a domain";
	if (args->has_size && args->size > s->policy->size_max)
		return "552 5.3.4 Larger than we take";
	if (addr->utf8 && !args->utf8)
		return NEEDS_UTF8;
	return sender_judge(s->policy, addr);
}

/* Why no message can begin now, or NULL. */
static const char *
mail_state_judge(const struct smtp *s)
{
	if (!s->greeted)
		return "503 5.5.1 Say EHLO first";
	if (s->policy->submission && !s->secure)
		return SMTP_NEEDS_TLS;
	/* RFC 4954 section 6 */
	if (s->policy->submission && !s->logged_in)
		return "530 5.7.0 Log in first";
	if (s->have_mail)
		return "503 5.5.1 Finish the message first";
	return NULL;
}

static void
mail_note(struct smtp *s, const struct addr *addr,
	const struct smtp_mail_args *args)
{
	smtp_forget(s);
	if (!addr->null) {
		buf_add(&s->reverse_path, addr->local);
		buf_add_char(&s->reverse_path, '@');
		buf_add(&s->reverse_path, addr->domain);
	}
	buf_add(&s->envid, args->envid);
	must(!s->reverse_path.full && !s->envid.full);
	s->ret = args->ret;
	s->smtputf8 = args->utf8;
	s->require_tls = args->require_tls;
	s->have_mail = true;
	s->mails++;
	smtp_good(s, "250 2.1.0 Sender noted");
}

void
smtp_mail(struct smtp *s, struct str args)
{
	struct smtp_mail_args params;
	struct addr addr;
	const char *why;

	why = mail_state_judge(s);
	if (why != NULL) {
		smtp_fault(s, why);
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
	if (why != NULL)
		smtp_fault(s, why);
	else
		mail_note(s, &addr, &params);
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

/* The same for an address as written, letter case of the domain apart. */
static bool
list_names(struct str list, const struct addr *addr)
{
	struct str one;

	while (str_split(&list, '\0', &one))
		if (str_starts(one, addr->local) &&
		    str_at(one, addr->local.len) == '@' && str_same(
		    str_part(one, addr->local.len + 1, one.len), addr->domain))
			return true;
	return false;
}

/* Take back the recipient that was put on the lists to be judged. */
static void
recipient_forget(struct smtp *s)
{
	buf_cut(&s->recipients, s->recipients_len);
	buf_cut(&s->canonical, s->canonical_len);
	buf_cut(&s->wishes, s->wishes_len);
	s->recipient = str_from(NULL, 0);
}

/* The recipient stays on the lists. */
static void
recipient_keep(struct smtp *s)
{
	buf_add_char(&s->canonical, '\0');
	must(!s->canonical.full);
	s->recipient = str_from(NULL, 0);
	s->recipient_count++;
	smtp_good(s, "250 2.1.5 Recipient noted");
}

/* Put what is wished for the recipient on its list. */
static void
wish_note(struct smtp *s, const struct smtp_rcpt_args *args)
{
	s->wishes_len = s->wishes.len;
	if (!s->policy->submission)
		return;
	buf_add_char(&s->wishes, (char)('0' + args->notify));
	buf_add(&s->wishes, args->orcpt);
	buf_add_char(&s->wishes, '\0');
	must(!s->wishes.full);
}

/* Put the recipient on both lists, where it stays if it is accepted. */
static void
recipient_note(struct smtp *s, const struct addr *addr, bool ours)
{
	s->recipients_len = s->recipients.len;
	s->canonical_len = s->canonical.len;
	if (ours)
		addr_canonical(&s->canonical, addr,
		    s->policy->domains->names[0]);
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

/* Whether the recipient that was noted last had been noted before. */
static bool
recipient_known(const struct smtp *s, const struct addr *addr, bool ours)
{
	if (ours)
		return list_holds(str_part(buf_str(&s->canonical), 0,
		    s->canonical_len), s->recipient);
	return list_names(str_part(buf_str(&s->recipients), 0,
	    s->recipients_len), addr);
}

static void
recipient_ask(struct smtp *s, const struct addr *addr,
	const struct smtp_rcpt_args *args)
{
	const bool ours = recipient_judge(s->policy->domains, addr) ==
	    RECIPIENT_OURS;

	recipient_note(s, addr, ours);
	wish_note(s, args);
	if (recipient_known(s, addr, ours)) {
		recipient_forget(s);
		smtp_good(s, "250 2.1.5 Recipient noted already");
	} else if (s->recipient_count >= SMTP_RECIPIENTS_MAX) {
		recipient_forget(s);
		smtp_fault(s, "452 4.5.3 Too many recipients");
	} else if (ours)
		s->asked = SMTP_RCPT;
	else
		recipient_keep(s);
}

/* What a recipient elsewhere is refused for, or NULL. */
static const char *
foreign_judge(const struct smtp *s, const struct addr *addr)
{
	if (!s->policy->submission)
		return "550 5.7.1 Not a domain of ours, and we never relay";
	/* RFC 6409 section 4.2: a name that stands by itself. */
	if (str_find(addr->domain, 0, '.') == STR_NONE)
		return "550 5.1.2 The domain is not whole, as in mail.example";
	return NULL;
}

/* What the recipient is refused for, or NULL. */
static const char *
rcpt_judge(const struct smtp *s, const struct addr *addr)
{
	if (addr->null)
		return "501 5.1.3 A recipient has a name";
	if (addr->utf8 && !s->smtputf8)
		return NEEDS_UTF8;
	switch (recipient_judge(s->policy->domains, addr)) {
	case RECIPIENT_OURS:
		return NULL;
	case RECIPIENT_FOREIGN:
		return foreign_judge(s, addr);
	case RECIPIENT_LITERAL:
		return s->policy->submission ?
		    "550 5.1.2 Not to an address in brackets, name a domain" :
		    "550 5.7.1 Not to an address in brackets";
	}
	must(false);
	return NULL;
}

/*
 * Refuse a recipient. Of the owner, who has logged in, wrong ones are no
 * errors: an address book may be old.
 */
static void
recipient_refuse(struct smtp *s, const char *reply)
{
	if (!s->policy->submission) {
		smtp_fault(s, reply);
		return;
	}
	s->complaint = reply;
	smtp_say(s, reply);
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
	if (smtp_args_rcpt(args, &params, &why) != SMTP_ARGS_OK) {
		smtp_fault(s, why);
		return;
	}
	why = rcpt_judge(s, &addr);
	if (why != NULL)
		recipient_refuse(s, why);
	else
		recipient_ask(s, &addr, &params);
}

void
smtp_judged(struct smtp *s, enum smtp_verdict verdict)
{
	if (!smtp_answered(s, SMTP_RCPT))
		return;
	if (verdict == SMTP_ACCEPT) {
		recipient_keep(s);
		return;
	}
	recipient_forget(s);
	switch (verdict) {
	case SMTP_ACCEPT:
	case SMTP_REFUSE:
		recipient_refuse(s, "550 5.1.1 This address is closed");
		break;
	case SMTP_FULL:
		smtp_fault(s, "452 4.3.1 No room now, try again later");
		break;
	case SMTP_LATER:
		smtp_fault(s, "451 4.3.0 Not possible now, try again later");
		break;
	}
}
