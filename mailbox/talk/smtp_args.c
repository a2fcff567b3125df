/*
 * Reads the parameters behind MAIL, RCPT and BDAT. Checks their form only:
 * whether a size is too large or an address may be used is for smtp.c to say.
 */
#include "talk/smtp_args.h"

#include <string.h>

#define BAD_SYNTAX "501 5.5.4 Parameters cannot be read"
#define BAD_TWICE "501 5.5.4 A parameter is given twice"

/* One parameter; value is empty when there is no '='. */
struct param {
	struct str name;
	struct str value;
	bool has_value;
};

/* RFC 5321 section 4.1.2, esmtp-keyword. */
static bool
param_name_ok(struct str name)
{
	size_t i;

	if (!char_is_alnum(str_at(name, 0)))
		return false;
	for (i = 1; i < name.len; i++)
		if (!char_is_alnum(str_at(name, i)) && str_at(name, i) != '-')
			return false;
	return true;
}

/* RFC 5321 section 4.1.2, esmtp-value; RFC 6531 section 3.3 adds UTF-8. */
static bool
param_value_ok(struct str value)
{
	size_t i;

	if (value.len == 0)
		return false;
	for (i = 0; i < value.len; i++) {
		int c = str_at(value, i);

		if (c <= ' ' || c == '=' || c == 127)
			return false;
	}
	return str_is_utf8(value);
}

enum param_result { PARAM_END, PARAM_ONE, PARAM_BAD };

/* Cut the next parameter off *line; each stands behind a space. */
static enum param_result
param_next(struct str *line, struct param *param)
{
	struct str word;

	if (line->len == 0)
		return PARAM_END;
	if (!str_skip(line, ' '))
		return PARAM_BAD;
	while (str_skip(line, ' '))
		;
	if (line->len == 0)
		return PARAM_END;
	word = str_take(line, str_find(*line, 0, ' '));
	param->has_value = str_split(&word, '=', &param->name);
	param->value = word;
	if (!param->has_value) {
		param->name = word;
		param->value = str_part(word, word.len, 0);
	}
	if (!param_name_ok(param->name))
		return PARAM_BAD;
	if (param->has_value && !param_value_ok(param->value))
		return PARAM_BAD;
	return PARAM_ONE;
}

static int
hex_digit(int c)
{
	if (char_is_digit(c))
		return c - '0';
	/* RFC 3461 section 4: capital letters only. */
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whether s is xtext of printable ASCII (RFC 3461 sections 4 and 4.4). */
static bool
xtext_ok(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		int c = str_at(s, i), high, low;

		if (c < '!' || c > '~' || c == '=')
			return false;
		if (c != '+')
			continue;
		high = hex_digit(str_at(s, ++i));
		low = hex_digit(str_at(s, ++i));
		if (high < 0 || low < 0)
			return false;
		if (high * 16 + low < ' ' || high * 16 + low > '~')
			return false;
	}
	return true;
}

/*
 * The address of ORCPT=utf-8; may hold UTF-8 and \x{HEX} besides what xtext
 * may (RFC 6533 section 3).
 */
static bool
utf8_xtext_ok(struct str s)
{
	size_t i, digits;

	for (i = 0; i < s.len; i++) {
		if (str_at(s, i) != '\\')
			continue;
		if (str_at(s, i + 1) != 'x' || str_at(s, i + 2) != '{')
			return false;
		i += 3;
		for (digits = 0; hex_digit(str_at(s, i)) >= 0; i++)
			digits++;
		if (digits < 1 || digits > 6 || str_at(s, i) != '}')
			return false;
	}
	return true;
}

static bool
size_read(struct str value, uint64_t *size)
{
	size_t i;

	if (value.len == 0 || value.len > SMTP_NUMBER_MAX)
		return false;
	for (i = 0; i < value.len; i++)
		if (!char_is_digit(str_at(value, i)))
			return false;
	if (!str_number(value, UINT64_MAX, size))
		*size = UINT64_MAX;
	return true;
}

static const char *
mail_size(struct smtp_mail_args *args, const struct param *param)
{
	if (args->has_size)
		return BAD_TWICE;
	args->has_size = true;
	return size_read(param->value, &args->size) ? NULL : BAD_SYNTAX;
}

static const char *
mail_body(struct smtp_mail_args *args, const struct param *param)
{
	if (args->body != SMTP_BODY_NONE)
		return BAD_TWICE;
	if (str_same(param->value, STR("7BIT")))
		args->body = SMTP_BODY_7BIT;
	else if (str_same(param->value, STR("8BITMIME")))
		args->body = SMTP_BODY_8BIT;
	else if (str_same(param->value, STR("BINARYMIME")))
		return "555 5.5.4 BINARYMIME is not offered";
	else
		return BAD_SYNTAX;
	return NULL;
}

static const char *
mail_utf8(struct smtp_mail_args *args, const struct param *param)
{
	if (args->utf8)
		return BAD_TWICE;
	args->utf8 = true;
	return param->has_value ? BAD_SYNTAX : NULL;
}

static const char *
mail_ret(struct smtp_mail_args *args, const struct param *param)
{
	if (args->ret != SMTP_RET_NONE)
		return BAD_TWICE;
	if (str_same(param->value, STR("FULL")))
		args->ret = SMTP_RET_FULL;
	else if (str_same(param->value, STR("HDRS")))
		args->ret = SMTP_RET_HDRS;
	else
		return BAD_SYNTAX;
	return NULL;
}

static const char *
mail_envid(struct smtp_mail_args *args, const struct param *param)
{
	if (args->has_envid)
		return BAD_TWICE;
	args->has_envid = true;
	args->envid = param->value;
	if (param->value.len == 0 || param->value.len > SMTP_ENVID_MAX)
		return BAD_SYNTAX;
	return xtext_ok(param->value) ? NULL : BAD_SYNTAX;
}

/* An xtext mailbox or "<>", which nobody is told. */
static const char *
mail_auth(struct smtp_mail_args *args, const struct param *param)
{
	if (args->has_auth)
		return BAD_TWICE;
	args->has_auth = true;
	if (str_equal(param->value, STR("<>")))
		return NULL;
	return param->value.len > 0 && xtext_ok(param->value) ? NULL :
	    BAD_SYNTAX;
}

static const char *
mail_require_tls(struct smtp_mail_args *args, const struct param *param)
{
	if (args->require_tls)
		return BAD_TWICE;
	args->require_tls = true;
	return param->has_value ? BAD_SYNTAX : NULL;
}

enum smtp_args_result
smtp_args_mail(struct str line, struct smtp_mail_args *args, const char **why)
{
	struct param param;
	enum param_result result;

	memset(args, 0, sizeof *args);
	while ((result = param_next(&line, &param)) == PARAM_ONE) {
		if (str_same(param.name, STR("SIZE")))
			*why = mail_size(args, &param);
		else if (str_same(param.name, STR("BODY")))
			*why = mail_body(args, &param);
		else if (str_same(param.name, STR("SMTPUTF8")))
			*why = mail_utf8(args, &param);
		else if (str_same(param.name, STR("RET")))
			*why = mail_ret(args, &param);
		else if (str_same(param.name, STR("ENVID")))
			*why = mail_envid(args, &param);
		else if (str_same(param.name, STR("AUTH")))
			*why = mail_auth(args, &param);
		else if (str_same(param.name, STR("REQUIRETLS")))
			*why = mail_require_tls(args, &param);
		else
			*why = SMTP_ARGS_UNKNOWN;
		if (*why != NULL)
			return SMTP_ARGS_BAD;
	}
	*why = BAD_SYNTAX;
	return result == PARAM_END ? SMTP_ARGS_OK : SMTP_ARGS_BAD;
}

static const char *
rcpt_notify(struct smtp_rcpt_args *args, const struct param *param)
{
	struct str list = param->value, word;
	bool more = true;

	if (args->notify != 0)
		return BAD_TWICE;
	while (more) {
		more = str_split(&list, ',', &word);
		if (!more)
			word = list;
		if (str_same(word, STR("NEVER")))
			args->notify |= SMTP_NOTIFY_NEVER;
		else if (str_same(word, STR("SUCCESS")))
			args->notify |= SMTP_NOTIFY_SUCCESS;
		else if (str_same(word, STR("FAILURE")))
			args->notify |= SMTP_NOTIFY_FAILURE;
		else if (str_same(word, STR("DELAY")))
			args->notify |= SMTP_NOTIFY_DELAY;
		else
			return BAD_SYNTAX;
	}
	if (args->notify & SMTP_NOTIFY_NEVER &&
	    args->notify != SMTP_NOTIFY_NEVER)
		return BAD_SYNTAX;
	return NULL;
}

static const char *
rcpt_orcpt(struct smtp_rcpt_args *args, const struct param *param)
{
	struct str address = param->value, type;

	if (args->has_orcpt)
		return BAD_TWICE;
	args->has_orcpt = true;
	args->orcpt = param->value;
	if (param->value.len > SMTP_ORCPT_MAX)
		return BAD_SYNTAX;
	if (!str_split(&address, ';', &type) || address.len == 0)
		return BAD_SYNTAX;
	/* Registered types are such words as rfc822 (RFC 3461 section 4.2). */
	if (!param_name_ok(type))
		return BAD_SYNTAX;
	if (str_same(type, STR("utf-8")))
		return utf8_xtext_ok(address) ? NULL : BAD_SYNTAX;
	return xtext_ok(address) ? NULL : BAD_SYNTAX;
}

enum smtp_args_result
smtp_args_rcpt(struct str line, struct smtp_rcpt_args *args, const char **why)
{
	struct param param;
	enum param_result result;

	memset(args, 0, sizeof *args);
	while ((result = param_next(&line, &param)) == PARAM_ONE) {
		if (str_same(param.name, STR("NOTIFY")))
			*why = rcpt_notify(args, &param);
		else if (str_same(param.name, STR("ORCPT")))
			*why = rcpt_orcpt(args, &param);
		else
			*why = SMTP_ARGS_UNKNOWN;
		if (*why != NULL)
			return SMTP_ARGS_BAD;
	}
	*why = BAD_SYNTAX;
	return result == PARAM_END ? SMTP_ARGS_OK : SMTP_ARGS_BAD;
}

enum smtp_args_result
smtp_args_chunk(struct str line, struct smtp_chunk_args *args, bool *framed)
{
	struct str digits;

	memset(args, 0, sizeof *args);
	line = str_trim(line);
	digits = str_take(&line, str_find(line, 0, ' '));
	line = str_trim(line);
	*framed = size_read(digits, &args->size);
	args->last = str_same(line, STR("LAST"));
	return *framed && (args->last || line.len == 0) ? SMTP_ARGS_OK :
	    SMTP_ARGS_BAD;
}
