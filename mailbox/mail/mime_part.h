/* What the files of the MIME parser share; nobody else includes it. */
#ifndef MAIL_MIME_PART_H
#define MAIL_MIME_PART_H

#include "mail/mime.h"

#define MIME_LOOK_MAX (MIME_BOUNDARY_MAX + 5)	/* octets of a line that are
						   looked at: "--", "--", CR */

/* A part that is open; those it lies in are below it on the stack. */
struct mime_level {
	struct mime_part part;
	uint64_t lines;		/* line ends before its body */
	size_t boundary;	/* where its boundary begins in boundaries */
	size_t boundary_len;
	bool has_boundary;
	bool bounded;		/* its delimiters are looked for */
	bool digest;		/* RFC 2046 section 5.1.5 */
	bool typed;		/* its header had a Content-Type */
	bool coded;		/* and a Content-Transfer-Encoding */
	bool versioned;		/* and a MIME-Version */
};

enum mime_state {
	MIME_BEGINS,		/* a part */
	MIME_IN_HEADER,
	MIME_IN_BODY,
	MIME_ENDS,		/* parts, until keep are left */
	MIME_SKIPS,		/* the rest of a delimiter line */
	MIME_OVER
};

/*
 * What is read of a line before it is known what it is stands in held: two
 * octets for the line end before it, which is a delimiter's if it is one, then
 * as much as was read of the line itself.
 */
struct mime {
	enum mime_state state;
	enum mime_event event;		/* the one to tell */
	bool ended;			/* no more input comes */
	struct mime_level *levels;
	unsigned depth;			/* how many are open */
	unsigned room;
	unsigned told;			/* the level an event is about */
	struct buf boundaries;		/* of all levels */
	unsigned char places[MIME_DEPTH_MAX];	/* the bounded ones by the order
						   of their boundaries */
	unsigned bounded;		/* how many they are */
	unsigned parts;			/* so far */
	uint64_t offset;		/* octets taken from the input */
	uint64_t lines;			/* line ends among them */

	bool line_start;
	bool cr;			/* a CR was taken, perhaps of a CRLF */
	size_t eol;			/* octets of the line end held back */
	char held[2 + MIME_LOOK_MAX];
	size_t held_len;		/* behind the first two */

	bool header_over;		/* its empty line has passed */
	struct buf field;		/* the one being read */
	bool field_begun;
	bool field_cut;			/* the rest of it is passed over */
	struct str name, value, text;	/* told */

	unsigned matched;		/* the level of a delimiter */
	bool closes;			/* it is the last one */
	unsigned keep;			/* with MIME_ENDS */
	bool opens;			/* then a part begins */
	uint64_t end, end_lines;	/* of the parts that end */
	unsigned cut;			/* the level whose header a delimiter
					   ended */
	size_t cut_eol;			/* octets of the line end before it */
};

/* ---- mime_boundary.c ---- */

/* The delimiters of the innermost level are looked for from here on. */
void mime_bound(struct mime *m);

/* Those of a level are no longer; nothing if they were not. */
void mime_unbound(struct mime *m, struct mime_level *level);

/* The level whose boundary line begins with; m->depth: none. */
unsigned mime_find_boundary(const struct mime *m, struct str line);

/* ---- mime_field.c ---- */

/* Note what a field of the header says about the part. */
void mime_note_field(struct mime *m, struct str name, struct str value);

/* The header is over: decide what the part is. */
void mime_note_head(struct mime *m);

/* ---- mime_head.c ---- */

/* Read the header of the innermost part; true when there is an event. */
bool mime_read_header(struct mime *m, struct str *in);

/* ---- mime_line.c ---- */

/* Have an event told; always true. */
bool mime_tell(struct mime *m, enum mime_event event);

struct mime_level *mime_innermost(struct mime *m);

/* Take octets of the input. */
struct str mime_take(struct mime *m, struct str *in, size_t len);

/* Where what is not held back ends. */
uint64_t mime_settled(const struct mime *m);

/* A delimiter was found: the parts within its multipart are over. */
void mime_end_parts(struct mime *m);

enum mime_look { MIME_LOOK_MORE, MIME_LOOK_NO, MIME_LOOK_YES };

/*
 * Whether the line that begins here is a delimiter; m->matched and m->closes
 * say of whom. What is taken of in meanwhile is in held.
 */
enum mime_look mime_look(struct mime *m, struct str *in);

/* What is held of a line. */
struct str mime_held(const struct mime *m);

#endif
