/* Inside of mail/charset*.c: a conversion and how it is done. */
#ifndef MAIL_CHARSET_PART_H
#define MAIL_CHARSET_PART_H

#include <iconv.h>

#include "mail/charset.h"

#define CHARSET_HELD 8		/* octets of a letter that is cut; 4 at most */
#define CHARSET_NAME_MAX 64	/* octets of a name that is looked up */

enum charset_kind {
	CHARSET_ASCII,		/* and letters of UTF-8, else windows-1252 */
	CHARSET_UTF8,
	CHARSET_LATIN1,		/* read as windows-1252 */
	CHARSET_MAC,
	CHARSET_UTF7,
	CHARSET_UTF16,
	CHARSET_UTF32,
	CHARSET_ICONV,
	CHARSET_SJIS,		/* iconv's, after a look at every pair */
	CHARSET_HZ,		/* shifts to 7-bit pairs, put before iconv's */
	CHARSET_KOREAN		/* likewise: ISO-2022-KR */
};

enum charset_order { ORDER_ASK, ORDER_BIG, ORDER_LITTLE };

/* What a name stands for. */
struct charset_name {
	const char *key;	/* lower case, letters and digits alone */
	enum charset_kind kind;
	enum charset_order order;
	const char *iconv;	/* the name that both C libraries know */
};

struct charset {
	enum charset_kind kind;
	enum charset_order order;	/* as named */
	iconv_t cd;			/* with iconv != NULL */
	const char *iconv;

	/* the state of a text */
	unsigned char held[CHARSET_HELD];
	size_t held_len;
	bool shifted;
	bool begun;			/* some of it, or a shift, was seen */
	uint32_t bits;
	unsigned bit_count;
	uint32_t high;			/* half of a pair, or 0 */
};

/* NULL when there is none. */
const struct charset_name *charset_find(struct str name);

/* The code point of an octet above 127. */
uint32_t charset_mac(int octet);

/*
 * Each takes whole letters off the front of *in and adds them; what is left
 * there is the beginning of a letter.
 */
void charset_feed_utf7(struct charset *c, struct str *in, struct buf *out);
void charset_feed_wide(struct charset *c, struct str *in, struct buf *out);
void charset_feed_shift(struct charset *c, struct str *in, struct buf *out);

/* The same by iconv(). */
void charset_feed_iconv(struct charset *c, struct str *in, struct buf *out);

#endif
