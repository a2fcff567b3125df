/*
 * Writes notices: for a person first, then for programs, then the header of
 * the message. Much in it was said by strangers, so all of that goes through
 * add_clean(), and none of it can begin a line.
 */
#include "mail/bounce.h"

#include "mail/date.h"
#include "mail/head.h"

#define ID_MAX 200		/* bytes of a Message-ID that is repeated */

/* The words of each kind. */
static const struct {
	const char *subject;
	const char *lead;
	const char *action;	/* RFC 3464 section 2.3.3 */
	const char *end;
} kinds[] = {
	[BOUNCE_FAILED] = {
		"Your message was not delivered",
		"could not be delivered to:", "failed",
		"It will not be tried again.\r\n"
	},
	[BOUNCE_DELAYED] = {
		"Your message is delayed",
		"has not been delivered yet to:", "delayed",
		"You need not send it again.\r\n"
	},
	[BOUNCE_RELAYED] = {
		"Your message was passed on",
		"was taken by a server that will not report further, for:",
		"relayed", ""
	},
	[BOUNCE_DELIVERED] = {
		"Your message was delivered",
		"was delivered to:", "delivered", ""
	},
};

bool
bounce_is_due(struct str sender, unsigned notify, enum bounce_kind kind)
{
	bool asked = notify != 0;

	if (sender.len == 0 || (notify & BOUNCE_NOTIFY_NEVER) != 0)
		return false;
	switch (kind) {
	case BOUNCE_FAILED:
		return !asked || (notify & BOUNCE_NOTIFY_FAILURE) != 0;
	case BOUNCE_DELAYED:
		return !asked || (notify & BOUNCE_NOTIFY_DELAY) != 0;
	case BOUNCE_RELAYED:
	case BOUNCE_DELIVERED:
		return (notify & BOUNCE_NOTIFY_SUCCESS) != 0;
	}
	return false;
}

/* Add foreign text on one line: no control bytes, nothing but UTF-8. */
static void
add_clean(struct buf *out, struct str s)
{
	size_t i, len;
	int c;

	for (i = 0; i < s.len; i += len) {
		len = str_utf8(s, i);
		c = str_at(s, i);
		if (len == 0 || c < ' ' || c == 127) {
			buf_add_char(out, '?');
			len = 1;
		} else {
			buf_add(out, str_part(s, i, len));
		}
	}
}

static int
hex_digit(int c)
{
	if (char_is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Add what xtext stands for (RFC 3461 section 4). */
static void
add_xtext(struct buf *out, struct str s)
{
	int high, low;
	char c;

	while (s.len > 0) {
		high = hex_digit(str_at(s, 1));
		low = hex_digit(str_at(s, 2));
		c = s.at[0];
		if (c == '+' && high >= 0 && low >= 0) {
			c = (char)(high * 16 + low);
			str_take(&s, 2);
		}
		str_take(&s, 1);
		add_clean(out, str_from(&c, 1));
	}
}

static void
add_line(struct buf *out, const char *name, struct str value)
{
	buf_add_text(out, name);
	add_clean(out, value);
	buf_add_text(out, "\r\n");
}

static void
add_date(struct buf *out, const char *name, int64_t when)
{
	buf_add_text(out, name);
	date_add(out, when);
	buf_add_text(out, "\r\n");
}

/* How the enhanced code of a failure by time reads. */
static const unsigned expired[3] = { 4, 4, 7 };

static void
add_status(struct buf *out, const unsigned status[3])
{
	buf_add_format(out, "%u.%u.%u", status[0], status[1], status[2]);
}

/* Whether the notice needs UTF-8: all or nothing (RFC 6533 section 3). */
static bool
is_international(const struct bounce *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (!str_is_ascii(b->recipients[i].address))
			return true;
	return !str_is_ascii(b->head) || !str_is_ascii(b->to);
}

/* "<1@example.test>" of the message, if it is of that form. */
static struct str
message_id(struct str head)
{
	struct head_field field;
	struct str id;

	if (!head_find(head, STR("Message-ID"), &field))
		return STR("");
	id = str_trim(field.value);
	if (id.len > ID_MAX || !str_starts(id, STR("<")) ||
	    !str_ends(id, STR(">")) || str_find(id, 0, ' ') != STR_NONE ||
	    str_find_break(id, 0) < id.len)
		return STR("");
	return id;
}

static void
add_head(struct buf *out, const struct bounce *b, bool international)
{
	struct str id = message_id(b->head);

	buf_add_text(out, "From: Mail delivery <");
	add_clean(out, b->from);
	buf_add_text(out, ">\r\nTo: <");
	add_clean(out, b->to);
	buf_add_format(out, ">\r\nSubject: %s\r\n", kinds[b->kind].subject);
	add_date(out, "Date: ", b->now);
	buf_add_text(out, "Message-ID: <");
	add_clean(out, b->id);
	buf_add_char(out, '@');
	add_clean(out, b->host);
	buf_add_text(out, ">\r\n");
	if (id.len > 0) {
		add_line(out, "In-Reply-To: ", id);
		add_line(out, "References: ", id);
	}
	/* RFC 3834 section 5: nobody's holiday may answer this */
	buf_add_text(out, "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_");
	add_clean(out, b->id);
	buf_add_text(out, "\"\r\n");
	if (international)
		buf_add_text(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_add_text(out, "\r\n");
}

/* Begin a part, or close the last. */
static void
add_boundary(struct buf *out, const struct bounce *b, const char *type)
{
	buf_add_text(out, "--=_");
	add_clean(out, b->id);
	if (type == NULL)
		buf_add_text(out, "--\r\n");
	else
		buf_add_format(out, "\r\nContent-Type: %s\r\n", type);
}

static void
add_encoding(struct buf *out, bool international)
{
	if (international)
		buf_add_text(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_add_text(out, "\r\n");
}

/* What a person reads of one recipient. */
static void
add_told(struct buf *out, const struct bounce_recipient *r)
{
	buf_add_text(out, "  ");
	add_clean(out, r->address);
	buf_add_text(out, "\r\n");
	if (r->said.len == 0 && r->code == 0)
		return;
	buf_add_text(out, "    ");
	if (r->remote.len > 0) {
		add_clean(out, r->remote);
		buf_add_text(out, " said: ");
	}
	if (r->code > 0)
		buf_add_format(out, "%u ", r->code);
	add_clean(out, r->said);
	buf_add_text(out, "\r\n");
}

static bool
is_expired(const struct bounce *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (b->recipients[i].expired)
			return true;
	return false;
}

static void
add_text(struct buf *out, const struct bounce *b)
{
	size_t i;

	buf_add_text(out, "This is the mail server ");
	add_clean(out, b->host);
	buf_add_text(out, ".\r\n\r\nYour message of ");
	date_add(out, b->queued);
	buf_add_format(out, "\r\n%s\r\n\r\n", kinds[b->kind].lead);
	for (i = 0; i < b->count; i++)
		add_told(out, &b->recipients[i]);
	buf_add_text(out, "\r\n");
	if (b->kind == BOUNCE_DELAYED)
		add_date(out, "It will be tried until ", b->until);
	if (is_expired(b))
		add_date(out, "It has been tried again and again since ",
		    b->queued);
	buf_add_format(out, "%sIts header is attached.\r\n\r\n",
	    kinds[b->kind].end);
}

/* What a program reads of one recipient (RFC 3464 section 2.3). */
static void
add_fields(struct buf *out, const struct bounce *b,
	const struct bounce_recipient *r)
{
	struct str type, rest = r->orcpt;

	buf_add_text(out, "\r\n");
	if (str_split(&rest, ';', &type)) {
		buf_add_text(out, "Original-Recipient: ");
		add_clean(out, type);
		buf_add_text(out, "; ");
		add_xtext(out, rest);
		buf_add_text(out, "\r\n");
	}
	add_line(out, str_is_ascii(r->address) ?
	    "Final-Recipient: rfc822; " : "Final-Recipient: utf-8; ",
	    r->address);
	buf_add_format(out, "Action: %s\r\nStatus: ",
	    kinds[b->kind].action);
	add_status(out, r->expired ? expired : r->status);
	buf_add_text(out, "\r\n");
	if (r->remote.len > 0)
		add_line(out, "Remote-MTA: dns; ", r->remote);
	if (r->code > 0) {
		buf_add_format(out, "Diagnostic-Code: smtp; %u ", r->code);
		add_status(out, r->status);
		add_line(out, " ", r->said);
	}
	if (r->tried > 0)
		add_date(out, "Last-Attempt-Date: ", r->tried);
	if (b->kind == BOUNCE_DELAYED)
		add_date(out, "Will-Retry-Until: ", b->until);
}

static void
add_report(struct buf *out, const struct bounce *b)
{
	size_t i;

	if (b->envid.len > 0) {
		buf_add_text(out, "Original-Envelope-Id: ");
		add_xtext(out, b->envid);
		buf_add_text(out, "\r\n");
	}
	add_line(out, "Reporting-MTA: dns; ", b->host);
	add_date(out, "Arrival-Date: ", b->queued);
	for (i = 0; i < b->count; i++)
		add_fields(out, b, &b->recipients[i]);
	buf_add_text(out, "\r\n");
}

/* Whole fields, as many as there is room for. */
static void
add_original(struct buf *out, struct str head)
{
	struct head_field field;
	size_t room = BOUNCE_HEAD_MAX;

	while (head_next(&head, &field)) {
		if (field.whole.len > room)
			continue;
		room -= field.whole.len;
		buf_add(out, field.whole);
		if (!str_ends(field.whole, STR("\n")))
			buf_add_text(out, "\r\n");
	}
	buf_add_text(out, "\r\n");
}

void
bounce_add(struct buf *out, const struct bounce *b)
{
	bool international = is_international(b);

	must(b->count > 0 && b->count <= BOUNCE_RECIPIENTS_MAX);
	add_head(out, b, international);
	add_boundary(out, b, international ? "text/plain; charset=utf-8" :
	    "text/plain; charset=us-ascii");
	add_encoding(out, international);
	add_text(out, b);
	add_boundary(out, b, international ?
	    "message/global-delivery-status" : "message/delivery-status");
	add_encoding(out, international);
	add_report(out, b);
	add_boundary(out, b, international ? "message/global-headers" :
	    "text/rfc822-headers");
	add_encoding(out, international);
	add_original(out, b->head);
	add_boundary(out, b, NULL);
	must(!out->full);
}
