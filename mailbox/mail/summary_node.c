/* Says of a part what BODYSTRUCTURE tells (RFC 9051 section 7.5.2). */
#include "mail/envelope_part.h"
#include "mail/summary_part.h"

#define BARE_MAX 250		/* bytes that describe a part when there is no
				   room for more */

/* The value of a Content field; at NULL when such fields do not count. */
static struct str
content(const struct summary_maker *m, unsigned slot)
{
	return mime_part(m->mime)->mime ? summary_slot(m, slot) :
	    str_from(NULL, 0);
}

static bool
is_multipart(struct str type)
{
	return str_same(type, STR("multipart"));
}

/* The Content-Type; RFC 2045 section 5.2 has the default. */
static void
read_type(const struct summary_maker *m, struct param *param,
	struct str *type, struct str *subtype)
{
	struct str value;
	enum mime_kind kind;

	kind = mime_part(m->mime)->kind;
	value = content(m, SLOT_TYPE);
	if (value.at == NULL || !param_type(param, value, type, subtype)) {
		*param = (struct param){ STR("") };
		*type = kind == MIME_MESSAGE ? STR("message") : STR("text");
		*subtype = kind == MIME_MESSAGE ? STR("rfc822") :
		    kind == MIME_MULTIPART ? STR("mixed") : STR("plain");
	} else if (kind == MIME_LEAF && (is_multipart(*type) ||
	    (str_same(*type, STR("message")) &&
	    (str_same(*subtype, STR("rfc822")) ||
	    str_same(*subtype, STR("global")))))) {
		/* it lies too deep: its parts are not told */
		*type = STR("application");
		*subtype = STR("octet-stream");
	} else if (kind == MIME_MESSAGE) {
		/* as mail programs know them */
		*type = STR("message");
		*subtype = str_same(*subtype, STR("global")) ?
		    STR("global") : STR("rfc822");
	}
}

static void
add_string(struct buf *out, struct str s)
{
	buf_add_char(out, ' ');
	envelope_string(out, s);
}

/* The encoding, or what holds without one (RFC 2045 section 6.1). */
static void
add_encoding(const struct summary_maker *m, struct buf *out)
{
	struct param param;
	struct str value, word;

	value = content(m, SLOT_ENCODING);
	if (value.at == NULL || !param_word(&param, value, &word) ||
	    word.len == 0 || param.rest.len > 0)
		word = STR("7bit");
	add_string(out, word);
}

static void
add_disposition(struct summary_maker *m, struct buf *out)
{
	struct param param;
	struct str value, word;

	value = content(m, SLOT_DISPOSITION);
	if (value.at == NULL || !param_word(&param, value, &word)) {
		buf_add_text(out, " NIL");
		return;
	}
	buf_add_text(out, " (");
	envelope_string(out, word);
	buf_add_char(out, ' ');
	summary_params(out, &param, &m->value, false);
	buf_add_char(out, ')');
}

/* RFC 3282: tags with commas between them, as far as they are some. */
static void
add_language(const struct summary_maker *m, struct buf *out)
{
	struct str value, word;
	struct param param;
	const char *before;

	value = content(m, SLOT_LANGUAGE);
	before = " (";
	if (value.at != NULL)
		do {
			if (!param_word(&param, value, &word) || word.len == 0)
				break;
			buf_add_text(out, before);
			before = " ";
			envelope_string(out, word);
			value = param.rest;
		} while (str_skip(&value, ','));
	buf_add_text(out, before[1] == '(' ? " NIL" : ")");
}

/* The fields behind the size. */
static void
add_back(struct summary_maker *m, struct buf *out)
{
	add_disposition(m, out);
	add_language(m, out);
	add_string(out, content(m, SLOT_LOCATION));
}

static void
add_envelope(struct summary_maker *m, struct buf *out)
{
	struct str values[ENVELOPE_COUNT];
	unsigned i;

	for (i = 0; i < ENVELOPE_COUNT; i++)
		values[i] = summary_slot(m, i);
	envelope_write(out, values);
}

/* Whether the part is a message within a message. */
static bool
is_inner(const struct summary_maker *m, const struct summary_node *node)
{
	return node->depth > 0 &&
	    m->nodes[m->open[node->depth - 1]].kind == MIME_MESSAGE;
}

/* Describe it in m->made. */
static void
describe(struct summary_maker *m, struct summary_node *node)
{
	struct str type, subtype;
	struct param param;
	struct buf *out;

	out = &m->made;
	read_type(m, &param, &type, &subtype);
	node->lined = node->kind == MIME_LEAF && str_same(type, STR("text"));
	if (node->kind == MIME_MULTIPART) {
		add_string(out, subtype);
		node->front_len = out->len;
		buf_add_char(out, ' ');
		summary_params(out, &param, &m->value, false);
	} else {
		envelope_string(out, type);
		add_string(out, subtype);
		buf_add_char(out, ' ');
		summary_params(out, &param, &m->value, node->lined);
		add_string(out, content(m, SLOT_ID));
		add_string(out, content(m, SLOT_DESCRIPTION));
		add_encoding(m, out);
		buf_add_char(out, ' ');
		node->front_len = out->len;
		add_string(out, content(m, SLOT_MD5));
	}
	add_back(m, out);
	node->back_len = out->len - node->front_len;
	if (is_inner(m, node))
		add_envelope(m, out);
	node->envelope_len = out->len - node->front_len - node->back_len;
}

/* The same in few words. */
static void
describe_briefly(struct summary_maker *m, struct summary_node *node)
{
	struct buf *out;

	out = &m->made;
	if (node->kind == MIME_MULTIPART)
		buf_add_text(out, " \"mixed\"");
	else if (node->kind == MIME_MESSAGE)
		buf_add_text(out,
		    "\"message\" \"rfc822\" NIL NIL NIL \"7bit\" ");
	else
		buf_add_text(out, "\"application\" \"octet-stream\" NIL NIL "
		    "NIL \"7bit\" ");
	node->lined = false;
	node->front_len = out->len;
	buf_add_text(out, " NIL NIL NIL NIL");
	node->back_len = out->len - node->front_len;
	if (is_inner(m, node))
		buf_add_text(out, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	node->envelope_len = out->len - node->front_len - node->back_len;
}

void
summary_describe(struct summary_maker *m, struct summary_node *node)
{
	size_t reserve;

	buf_clear(&m->made);
	describe(m, node);
	reserve = m->max < SUMMARY_MAX ? 0 : MIME_PARTS_MAX * BARE_MAX;
	if (m->made.full ||
	    m->text.len + m->made.len > m->text.max - reserve) {
		m->failed = m->max < SUMMARY_MAX;
		buf_clear(&m->made);
		describe_briefly(m, node);
	}
	node->text = m->text.len;
	buf_add(&m->text, buf_str(&m->made));
}
