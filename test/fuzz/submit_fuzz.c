/*
 * Submitted headers: whatever is accepted shows the chosen address alone, is
 * not changed by a second time, and can be signed. The checks below do not use
 * what the rewriter looks with. The first byte of the input chooses: 1
 * SMTPUTF8, 2 an identity, 4 no sender, 8 somebody else gets it, 16 a reply
 * needs an identity.
 */
#include "mail/compose.h"
#include "mail/head.h"
#include "mail/people.h"
#include "proof/canon.h"
#include "proof/sign.h"
#include "rules/submit.h"
#include "unit/proof/verify.h"

#define BODY "text \t of a letter\r\n\r\n"

/* RFC 8032 section 7.1, test 1. */
static const char pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str names[] = {
	{ "example.test", 12 }, { "other.example", 13 }
};
static const struct domains ours = { names, 2, false };
static const struct str listed[] = { { "me@listed.example", 17 } };
static const struct str planted[] = {
	{ "mailbox@example.test", 20 }, { "mailbox@other.example", 21 }
};

static const struct submit_sent sent[] = {
	{ { "a@desk.local", 12 }, { "went@other.example", 18 } },
	{ { "b@desk.local", 12 }, { "mailbox@example.test", 20 } },
};

static bool
is_word_char(int c)
{
	return char_is_alnum(c) || c > 127 || (c > 0 && str_find(
	    STR("!#$%&'*+-./=?^_`{|}~"), 0, (char)c) != STR_NONE);
}

/* Whether an address stands in s, not as part of a longer one. */
static bool
shows(struct str s, struct str address)
{
	size_t i;
	int next;

	for (i = 0; i + address.len <= s.len; i++) {
		if (!str_same(str_part(s, i, address.len), address))
			continue;
		next = str_at(s, i + address.len);
		if ((i == 0 || !is_word_char(str_at(s, i - 1))) &&
		    !char_is_alnum(next) && next != '-' && next != '_')
			return true;
	}
	return false;
}

/* Add s without the white space around "@" and ".". */
static void
add_tight(struct buf *out, struct str s)
{
	int c;

	while (s.len > 0) {
		c = str_at(str_take(&s, 1), 0);
		while ((c == '@' || c == '.') && out->len > 0 && str_find(
		    STR(" \t"), 0, out->at[out->len - 1]) != STR_NONE)
			buf_cut(out, out->len - 1);
		buf_add_char(out, (char)(unsigned char)c);
		while ((c == '@' || c == '.') &&
		    (str_at(s, 0) == ' ' || str_at(s, 0) == '\t'))
			str_take(&s, 1);
	}
}

/* Whether the login stands in s, neither letters nor digits around it. */
static bool
shows_login(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (str_same(str_part(s, i, 7), STR("mailbox")) &&
		    (i == 0 || (!char_is_alnum(str_at(s, i - 1)) &&
		    str_at(s, i - 1) < 128)) &&
		    !char_is_alnum(str_at(s, i + 7)) &&
		    str_at(s, i + 7) < 128)
			return true;
	return false;
}

static bool
shows_tag(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (str_same(str_part(s, i, 8), STR("[sendas:")))
			return true;
	return false;
}

static bool
is_address_field(struct str name)
{
	static const char *const known[] = {
		"From", "Sender", "Reply-To", "Mail-Followup-To",
		"Mail-Reply-To", "Errors-To", "Return-Receipt-To",
		"Disposition-Notification-To", "X-Confirm-Reading-To",
		"Resent-From", "Resent-Sender", "X-Sender", "Return-Path",
		"X-Google-Original-From", "X-Original-From",
	};
	size_t i;

	for (i = 0; i < countof(known); i++)
		if (str_same(name, str_of(known[i])))
			return true;
	return false;
}

/* Check that a list holds nobody of ours but the chosen one; how many. */
static unsigned
check_people(struct str value, struct str chosen)
{
	enum people_result found;
	struct people people;
	struct person person;
	const char *why;

	person_init(&person);
	people_begin(&people, value);
	while ((found = people_next(&people, &person, &why)) == PEOPLE_ONE)
		must(str_same(buf_str(&person.mailbox), chosen) ||
		    (!domains_hold(&ours, person.addr.domain) &&
		    !str_same(buf_str(&person.mailbox), listed[0])));
	must(found == PEOPLE_END);
	person_drop(&person);
	return people.count;
}

static void
check_field(const struct head_field *field, const struct submit *result,
	bool outside)
{
	struct buf line, tight;
	size_t i;

	must(!str_same(field->name, STR("Bcc")));
	must(!str_same(field->name, STR("Received")));
	must(!str_starts(field->name, STR("X-Pillarbox-")));
	if (!outside && (str_same(field->name, STR("To")) ||
	    str_same(field->name, STR("Cc"))))
		return;
	buf_init(&line, SUBMIT_OUT_MAX);
	buf_init(&tight, SUBMIT_OUT_MAX);
	head_unfold(&line, field->whole);
	add_tight(&tight, buf_str(&line));
	for (i = 0; i < countof(planted); i++)
		must(str_same(buf_str(&result->chosen), planted[i]) ||
		    (!shows(buf_str(&line), planted[i]) &&
		    !shows(buf_str(&tight), planted[i])));
	must(shows_login(buf_str(&result->chosen)) ||
	    (!str_same(field->name, STR("Message-ID")) &&
	    !str_same(field->name, STR("References"))) ||
	    !shows_login(buf_str(&line)));
	must(!shows_tag(buf_str(&line)));
	if (is_address_field(field->name))
		(void)check_people(field->value, buf_str(&result->chosen));
	buf_drop(&line);
	buf_drop(&tight);
}

static void
check_lines(struct str head)
{
	struct str line;

	must(str_ends(head, STR("\r\n")));
	while (str_split(&head, '\n', &line)) {
		must(str_find(line, 0, '\r') == line.len - 1);
		must(line.len - 1 <= COMPOSE_LINE_MAX);
	}
}

static void
check_head(const struct submit *result, bool outside)
{
	struct head_field field;
	unsigned from, dates, ids;
	struct str head;

	head = buf_str(&result->head);
	check_lines(head);
	must(str_is_ascii(head) || (result->smtputf8 && str_is_utf8(head)));
	from = dates = ids = 0;
	while (head_next(&head, &field)) {
		check_field(&field, result, outside);
		dates += str_same(field.name, STR("Date"));
		ids += str_same(field.name, STR("Message-ID"));
		if (!str_same(field.name, STR("From")))
			continue;
		from++;
		must(check_people(field.value,
		    buf_str(&result->chosen)) == 1);
	}
	must(head.len == 0 && from == 1 && dates == 1 && ids == 1);
	must(result->sender.len == 0 || str_equal(buf_str(&result->sender),
	    buf_str(&result->chosen)));
}

/* What went out, put in again, is not changed. */
static void
check_again(struct submit_policy policy, const struct submit *once)
{
	struct submit twice;

	submit_init(&twice);
	policy.identity = STR("");
	policy.identify = false;
	policy.smtputf8 = once->smtputf8;
	must(submit_rewrite(&twice, &policy, buf_str(&once->head),
	    buf_str(&once->sender)) == SUBMIT_OK);
	must(str_equal(buf_str(&once->head), buf_str(&twice.head)));
	must(str_equal(buf_str(&once->sender), buf_str(&twice.sender)));
	must(twice.by == SUBMIT_BY_FROM);
	submit_drop(&twice);
}

static size_t
count_fields(struct str head)
{
	struct head_field field;
	size_t count = 0;

	while (head_next(&head, &field))
		count++;
	return count;
}

/* A plain verifier finds the signature of what goes out good. */
static void
check_signature(const struct submit *result)
{
	struct sign_key key = { STR("s"), NULL };
	struct signer signer = {
		.domain = STR("example.test"), .keys = &key, .count = 1
	};
	unsigned char hash[SHA256_SIZE];
	struct crypto_key *own;
	struct buf message, open;
	struct canon canon;

	if (count_fields(buf_str(&result->head)) >= VERIFY_FIELDS_MAX)
		return;
	must(crypto_key_read(&own, str_of(pem)) == 0);
	key.key = own;
	buf_init(&message, 2 * SUBMIT_OUT_MAX);
	buf_init(&open, CRYPTO_PUBLIC_MAX);
	canon_init(&canon);
	canon_feed(&canon, STR(BODY));
	canon_end(&canon, hash);
	if (sign_add(&message, &signer, buf_str(&result->head), hash) ==
	    SIGN_DONE) {
		buf_add(&message, buf_str(&result->head));
		buf_add_text(&message, BODY);
		crypto_key_public(own, &open);
		must(verify_message(buf_str(&message), 0, buf_str(&open)));
	}
	buf_drop(&message);
	buf_drop(&open);
	crypto_key_drop(own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct submit_references references;
	struct submit_policy policy;
	struct submit result;
	struct str head, id;
	unsigned count;

	if (size < 1)
		return 0;
	head = str_from(data + 1, size - 1);
	policy = (struct submit_policy){ .domains = &ours,
	    .main_address = planted[0], .mailbox = STR("mailbox"),
	    .listed = listed, .listed_count = 1,
	    .identity = data[0] & 2 ? STR("found@example.test") : STR(""),
	    .helo = STR("desk.isp.example"), .secret = STR("salt"),
	    .id = STR("fresh"), .now = 1795210678,
	    .client_ip = STR("192.0.2.77"),
	    .identify = data[0] & 16, .sent = sent, .sent_count = countof(sent),
	    .smtputf8 = data[0] & 1, .outside = data[0] & 8 };
	submit_references_begin(&references, head);
	for (count = 0; submit_references_next(&references, &id); count++)
		must(id.at >= head.at && id.len < head.len);
	must(count <= SUBMIT_IDS_MAX);
	(void)submit_wants_identity(&policy, head);
	must(submit_head_end(head) == STR_NONE ||
	    submit_head_end(head) <= head.len);
	submit_init(&result);
	if (submit_rewrite(&result, &policy, head,
	    data[0] & 4 ? STR("") : planted[0]) == SUBMIT_OK) {
		check_head(&result, policy.outside);
		check_signature(&result);
		check_again(policy, &result);
	} else
		must(str_at(str_of(result.refusal), 0) == '5');
	submit_drop(&result);
	return 0;
}
