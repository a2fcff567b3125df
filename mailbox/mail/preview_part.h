/* Inside of mail/preview*.c: text on its way to the words. */
#ifndef MAIL_PREVIEW_PART_H
#define MAIL_PREVIEW_PART_H

#include "mail/charset.h"
#include "mail/preview.h"

#define PREVIEW_NAME_MAX 12	/* of tags and entities that mean something */

enum preview_state {
	PREVIEW_TEXT,
	PREVIEW_LESS,		/* behind "<" */
	PREVIEW_NAME,		/* in the name of a tag */
	PREVIEW_TAG,		/* behind its name */
	PREVIEW_VALUE,		/* behind an equals sign */
	PREVIEW_QUOTED,		/* in quotes */
	PREVIEW_MARK,		/* behind "<!": a comment, or a declaration */
	PREVIEW_COMMENT,
	PREVIEW_ENTITY		/* behind "&" */
};

/* Words, single spaces between them. */
struct preview_words {
	struct buf text;
	size_t letters;		/* of text */
	bool space;		/* white space came behind the last one */
};

struct preview {
	struct charset *charset;
	bool html;
	size_t looked;		/* octets */
	struct buf utf8;	/* of the last piece */
	struct preview_words own;
	struct preview_words quoted;	/* told when there are no others */

	bool line_begun;	/* more than ">" was in this line */
	bool line_quoted;

	enum preview_state state;
	uint32_t quote;		/* the sign that ends the quotes */
	unsigned dashes;	/* of "<!--" or "-->" */
	char name[PREVIEW_NAME_MAX];
	size_t name_len;	/* PREVIEW_NAME_MAX + 1: it is longer */
	bool closing;		/* the tag began with "</" */
	char skipped[PREVIEW_NAME_MAX];	/* up to the end tag of this name */
	size_t skipped_len;
	unsigned quotes;	/* blockquotes that are open */
};

/* Add a letter to the words. */
void preview_put(struct preview *p, uint32_t point);

/* Whether letters of text come now, rather than of tags and the like. */
bool preview_html_reads(const struct preview *p);

/* How many octets at the front of text mean nothing where it stands. */
size_t preview_html_idle(const struct preview *p, struct str text);

/* Read one letter of HTML. */
void preview_html(struct preview *p, uint32_t point);

/* No more comes: "<" and "&" that waited for more are letters. */
void preview_html_end(struct preview *p);

#endif
