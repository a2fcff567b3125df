/*
 * Reads MTA-STS records and policies. Both come from whoever runs the domain
 * or the network on the way to it, so both are read strictly: what is
 * doubtful is no policy, which takes nothing away from opportunistic TLS.
 */
#include "talk/sts.h"

#include "mail/addr.h"

#define KEY_MAX 32		/* of a key, sections 3.1 and 3.2 */

/* Whether all of s is letters and digits, and of the others if given. */
static bool
is_word(struct str s, size_t max, struct str others)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!char_is_alnum(str_at(s, i)) &&
		    (i == 0 || str_find(others, 0, s.at[i]) == STR_NONE))
			return false;
	return s.len > 0 && s.len <= max;
}

/* Read a field behind the version: is it an id? */
static bool
record_field(struct str field, struct str *id)
{
	struct str key;
	size_t i;

	if (!str_split(&field, '=', &key) ||
	    !is_word(key, KEY_MAX, STR("_-.")) || field.len == 0)
		return false;
	for (i = 0; i < field.len; i++)
		if (field.at[i] <= ' ' || field.at[i] >= 127 ||
		    field.at[i] == '=')
			return false;
	if (!str_equal(key, STR("id")) || id->len > 0)
		return true;
	*id = field;
	return is_word(field, STS_ID_MAX, STR(""));
}

static enum sts_result
record_read(struct str record, struct str *id)
{
	struct str field;

	while (record.len > 0) {
		if (!str_split(&record, ';', &field))
			field = str_take(&record, record.len);
		field = str_trim(field);
		/* nothing may stand behind the last delimiter only */
		if (field.len == 0 && str_trim(record).len == 0)
			break;
		if (!record_field(field, id))
			return STS_BAD;
	}
	return id->len > 0 ? STS_OK : STS_BAD;
}

enum sts_result
sts_record(const struct str *records, size_t count, struct str *id)
{
	struct str version = STR("v=STSv1"), rest, found = STR("");
	size_t i, seen = 0;

	*id = STR("");
	for (i = 0; i < count; i++) {
		rest = records[i];
		if (!str_starts(rest, version))
			continue;
		str_take(&rest, version.len);
		while (str_skip(&rest, ' ') || str_skip(&rest, '\t'))
			continue;
		if (!str_skip(&rest, ';'))
			continue;
		found = rest;
		seen++;
	}
	if (seen == 0)
		return STS_NONE;
	return seen == 1 ? record_read(found, id) : STS_BAD;
}

/* Which fields were seen: all but mx count only once (section 3.2). */
struct seen {
	bool version, mode, max_age;
};

static const char *
read_version(struct seen *seen, struct str value)
{
	if (seen->version)
		return NULL;
	seen->version = true;
	return str_equal(value, STR("STSv1")) ? NULL :
	    "The policy is of another version";
}

static const char *
read_mode(struct seen *seen, struct str value, struct sts_policy *policy)
{
	if (seen->mode)
		return NULL;
	seen->mode = true;
	if (str_equal(value, STR("enforce")))
		policy->mode = STS_MODE_ENFORCE;
	else if (str_equal(value, STR("testing")))
		policy->mode = STS_MODE_TESTING;
	else if (!str_equal(value, STR("none")))
		return "The policy has no known mode";
	return NULL;
}

static const char *
read_max_age(struct seen *seen, struct str value, struct sts_policy *policy)
{
	uint64_t number;

	if (seen->max_age)
		return NULL;
	seen->max_age = true;
	if (value.len > 10 || !str_number(value, STS_AGE_MAX, &number))
		return "The policy has a max_age that is no fit number";
	policy->max_age_s = (int64_t)number;
	return NULL;
}

static const char *
read_mx(struct str value, struct sts_policy *policy)
{
	struct str name = value;

	if (str_starts(name, STR("*.")))
		str_take(&name, 2);
	if (!addr_is_domain(name) || !str_is_ascii(name))
		return "The policy has an mx that is no host name";
	if (policy->mx_count == STS_MX_MAX)
		return "The policy has too many mx";
	policy->mx[policy->mx_count++] = value;
	return NULL;
}

/* Read one line; NULL when it is good, or one we need not know. */
static const char *
read_line(struct str line, struct seen *seen, struct sts_policy *policy)
{
	struct str key;

	if (!str_split(&line, ':', &key) ||
	    !is_word(key, KEY_MAX, STR("_-.")))
		return "The policy has a line that is no field";
	line = str_trim(line);
	if (str_equal(key, STR("version")))
		return read_version(seen, line);
	if (str_equal(key, STR("mode")))
		return read_mode(seen, line, policy);
	if (str_equal(key, STR("max_age")))
		return read_max_age(seen, line, policy);
	if (str_equal(key, STR("mx")))
		return read_mx(line, policy);
	return NULL;
}

enum sts_result
sts_policy(struct str text, struct sts_policy *policy, const char **why)
{
	struct seen seen = { false, false, false };
	struct str line;

	*policy = (struct sts_policy){ .mode = STS_MODE_NONE };
	*why = text.len > STS_POLICY_MAX ? "The policy is too long" : NULL;
	while (text.len > 0 && *why == NULL) {
		if (!str_split(&text, '\n', &line))
			line = str_take(&text, text.len);
		if (str_ends(line, STR("\r")))
			line.len--;
		*why = read_line(line, &seen, policy);
	}
	if (*why != NULL)
		return STS_BAD;
	if (!seen.version || !seen.mode || !seen.max_age)
		*why = "The policy lacks version, mode or max_age";
	else if (policy->mode != STS_MODE_NONE && policy->mx_count == 0)
		*why = "The policy names no mx";
	return *why == NULL ? STS_OK : STS_BAD;
}

bool
sts_names(const struct sts_policy *policy, struct str host)
{
	struct str pattern, label, rest;
	size_t i;

	if (str_ends(host, STR(".")))
		host.len--;
	for (i = 0; i < policy->mx_count; i++) {
		pattern = policy->mx[i];
		rest = host;
		if (str_ends(pattern, STR(".")))
			pattern.len--;
		if (str_starts(pattern, STR("*."))) {
			str_take(&pattern, 2);
			if (!str_split(&rest, '.', &label) || label.len == 0)
				continue;
		}
		if (str_same(pattern, rest))
			return true;
	}
	return false;
}
