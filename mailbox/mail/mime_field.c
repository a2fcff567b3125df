/* Takes from the header of a part what decides how its body is read. */
#include "mail/mime_part.h"

#include "mail/param.h"

/* RFC 2046 section 5.2.1, and RFC 6532 section 3.7. */
static bool
is_message(struct str type, struct str subtype)
{
	return str_same(type, STR("message")) &&
	    (str_same(subtype, STR("rfc822")) ||
	    str_same(subtype, STR("global")));
}

static void
note_boundary(struct mime *m, struct mime_level *level, struct str value)
{
	struct buf text;

	buf_init(&text, MIME_FIELD_MAX);
	level->boundary = m->boundaries.len;
	level->has_boundary = param_find(value, STR("boundary"), &text, NULL);
	if (text.len > MIME_BOUNDARY_MAX)
		buf_cut(&text, MIME_BOUNDARY_MAX);
	level->boundary_len = text.len;
	buf_add(&m->boundaries, buf_str(&text));
	buf_drop(&text);
}

/* The first one counts. */
static void
note_type(struct mime *m, struct mime_level *level, struct str value)
{
	struct str type, subtype;
	struct param param;

	if (level->typed)
		return;
	level->typed = true;
	param_type(&param, value, &type, &subtype);
	if (is_message(type, subtype))
		level->part.kind = MIME_MESSAGE;
	if (!str_same(type, STR("multipart")))
		return;
	level->part.kind = MIME_MULTIPART;
	level->digest = str_same(subtype, STR("digest"));
	note_boundary(m, level, value);
}

/* The first one that is a word counts. */
static void
note_encoding(struct mime_level *level, struct str value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} encodings[] = {
		{ "7bit", MIME_7BIT }, { "8bit", MIME_8BIT },
		{ "binary", MIME_BINARY }, { "base64", MIME_BASE64 },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
	};
	struct param param;
	struct str word;
	size_t i;

	if (level->coded || !param_word(&param, value, &word) ||
	    word.len == 0 || param.rest.len > 0)
		return;
	level->coded = true;
	level->part.encoding = MIME_UNKNOWN;
	for (i = 0; i < countof(encodings); i++)
		if (str_same(word, str_of(encodings[i].name)))
			level->part.encoding = encodings[i].encoding;
}

void
mime_note_field(struct mime *m, struct str name, struct str value)
{
	struct mime_level *level;

	level = &m->levels[m->depth - 1];
	if (str_same(name, STR("Content-Type")))
		note_type(m, level, value);
	else if (str_same(name, STR("Content-Transfer-Encoding")))
		note_encoding(level, value);
	else if (str_same(name, STR("MIME-Version")))
		level->versioned = true;
}

void
mime_note_head(struct mime *m)
{
	const struct mime_level *outer;
	struct mime_level *level;

	level = &m->levels[m->depth - 1];
	outer = m->depth > 1 ? level - 1 : NULL;
	if (!level->typed && outer != NULL && outer->digest)
		level->part.kind = MIME_MESSAGE;
	level->part.mime = level->typed || level->versioned ||
	    (outer != NULL && outer->part.kind == MIME_MULTIPART);
	if (!level->part.mime)
		level->part.encoding = MIME_7BIT;
	if (m->depth >= MIME_DEPTH_MAX || m->parts >= MIME_PARTS_MAX) {
		level->part.kind = MIME_LEAF;
		level->has_boundary = false;
	}
	if (level->has_boundary)
		mime_bound(m);
}
