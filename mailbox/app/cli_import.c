/*
 * The command import: messages from mbox files, Maildirs and single files,
 * into the inbox. It needs no password, since receiving never does. What is
 * read is told by looking: a directory with cur/ or new/ is a Maildir, a file
 * that begins with a From_ line an mbox, another file one message.
 *
 * Messages are committed in batches. When one cannot be stored, the batch it
 * is in is lost, the batches before it are kept, and the sentence says how
 * many messages those hold.
 */
#include "app/cli.h"

#include "app/mbox.h"
#include "mail/head.h"
#include "store/box.h"
#include "store/message.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH_MESSAGES 100
#define BATCH_BYTES (8u << 20)	/* so that a running box waits but briefly */

static const char help[] =
	"usage: pillarbox import FILE|DIR... [-c FILE]\n\n"
	"Take messages into the inbox: from mbox files, Maildirs, and files "
	"with one\nmessage (.eml). Works while the box runs, and asks for no "
	"password. Marks of\nwhat was read, flagged, answered or a draft are "
	"kept. Messages are not compared\nwith those that are there: what is "
	"imported twice is there twice. Of a Maildir\nthe inbox is taken; name "
	"its folders (DIR/.Name) for the rest.\n\n"
	"Exit code 6: all was taken but what is named, which could not be "
	"read.\n";

/* A message that was read to its end. */
struct whole {
	struct message_writer *writer;
	struct message_start start;
};

struct import {
	struct cli *cli;
	struct cli_progress progress;
	struct message_writer *writer;	/* of the open message, if any */
	struct whole batch[BATCH_MESSAGES]; /* read, and not yet kept */
	unsigned batch_count;
	uint64_t batch_bytes;
	struct buf piece;		/* its next piece */
	struct buf head;		/* its first piece, once that is full */
	uint64_t taken;			/* committed messages */
	uint64_t left;			/* what could not be read */
	int err;			/* of the store: all stops */
};

/* What is known of a message apart from its text. */
struct origin {
	const char *file;
	int64_t received;	/* unix s; 0: not known */
	unsigned flags;
	bool mbox;		/* it was in one */
	bool doubtful;		/* it may be no message at all */
};

/* Name something that is passed over. */
static void
pass_over(struct import *im, const char *file, const char *why)
{
	cli_progress_end(&im->progress);
	cli_say("%s %s; left out", file, why);
	im->left++;
}

/*
 * Keep what was read, in one transaction. None is open while something is
 * read, which may take as long as a pipe likes: a box that runs would have to
 * wait for its turn.
 */
static void
commit(struct import *im)
{
	unsigned n;

	for (n = 0; n < im->batch_count; n++) {
		struct whole *whole = &im->batch[n];

		if (im->err == 0)
			im->err = message_keep(whole->writer, &whole->start,
			    NULL);
		else
			message_abort(whole->writer);
	}
	if (im->err == 0 && n > 0)
		im->err = db_commit(im->cli->db);
	if (im->err == 0)
		im->taken += n;
	im->batch_count = 0;
	im->batch_bytes = 0;
}

static void
letter_begin(struct import *im)
{
	buf_clear(&im->piece);
	buf_clear(&im->head);
	im->writer = NULL;
}

/* Hand a piece to the store. */
static void
letter_piece(struct import *im, bool last)
{
	if (im->err == 0 && im->writer == NULL)
		im->err = message_begin(im->cli->db, &im->writer);
	if (im->err == 0)
		im->err = message_piece(im->writer, buf_str(&im->piece), last);
	/* The first of many may have begun an epoch. */
	if (im->err == 0 && db_pending(im->cli->db) == DB_URGENT)
		im->err = db_commit(im->cli->db);
	im->batch_bytes += im->piece.len;
	if (im->head.len == 0)
		buf_add(&im->head, buf_str(&im->piece));
	buf_clear(&im->piece);
}

/* Add text of the open message; whole pieces go on as more comes. */
static void
letter_add(struct import *im, struct str text)
{
	while (text.len > 0 && im->err == 0) {
		if (im->piece.len == PIECE_SIZE)
			letter_piece(im, false);
		buf_add(&im->piece, str_take(&text,
		    PIECE_SIZE - im->piece.len));
	}
}

static void
letter_abort(struct import *im)
{
	message_abort(im->writer);
	im->writer = NULL;
}

/* Whether the fields Status and X-Status of an mbox tell of a mark. */
static unsigned
status_flags(struct str head)
{
	struct head_field field;
	unsigned flags = 0;

	if (head_find(head, STR("Status"), &field) &&
	    str_find(field.value, 0, 'R') != STR_NONE)
		flags |= BOX_SEEN;
	if (head_find(head, STR("X-Status"), &field)) {
		if (str_find(field.value, 0, 'A') != STR_NONE)
			flags |= BOX_ANSWERED;
		if (str_find(field.value, 0, 'F') != STR_NONE)
			flags |= BOX_FLAGGED;
	}
	return flags;
}

/* What tells that the open message is none; NULL: it is one. */
static const char *
letter_wrong(const struct import *im, const struct origin *origin)
{
	struct str head = buf_str(im->head.len > 0 ? &im->head : &im->piece);
	struct head_field field;

	if (head.len == 0)
		return "holds a message that is empty";
	if (origin->doubtful && !head_next(&head, &field))
		return "is neither a message nor an mbox";
	return NULL;
}

/* Keep the open message, if it is one. */
static void
letter_end(struct import *im, const struct origin *origin)
{
	struct message_start start = { BOX_INBOX, origin->received,
	    origin->flags };
	const char *wrong = letter_wrong(im, origin);

	if (wrong == NULL)
		letter_piece(im, true);
	else
		pass_over(im, origin->file, wrong);
	if (wrong != NULL || im->err != 0) {
		letter_abort(im);
		return;
	}
	if (start.received == 0 &&
	    !mbox_date(buf_str(&im->head), &start.received))
		start.received = im->cli->clock.unix_s;
	if (origin->mbox)
		start.flags |= status_flags(buf_str(&im->head));
	im->batch[im->batch_count++] = (struct whole){ im->writer, start };
	im->writer = NULL;
	if (im->batch_count == BATCH_MESSAGES ||
	    im->batch_bytes >= BATCH_BYTES)
		commit(im);
	cli_progress_step(&im->progress, im->taken + im->batch_count, 0,
	    "messages");
}

/* Read an open mbox: messages between From_ lines. */
static void
import_mbox(struct import *im, struct mbox_in *in, struct origin *origin)
{
	struct mbox_line line;
	bool open = false, after_empty = true, blank = false;
	int64_t when;

	while (im->err == 0 && mbox_read(in, &line)) {
		when = 0;
		/* The file begins with "From ", date or not. */
		if (line.starts && after_empty &&
		    (mbox_is_from(line.text, &when) || !open)) {
			if (open)
				letter_end(im, origin);
			letter_begin(im);
			origin->received = when;
			/* The rest of an overlong From_ line is not text. */
			while (!line.ends && mbox_read(in, &line))
				;
			open = true;
			blank = after_empty = false;
			continue;
		}
		/* The empty line before the next From_ line is not text. */
		if (blank)
			letter_add(im, STR("\r\n"));
		blank = line.starts && line.ends && line.text.len == 0;
		after_empty = blank;
		if (blank)
			continue;
		if (line.starts)
			(void)str_take(&line.text, mbox_quoted(line.text));
		letter_add(im, line.text);
		if (line.ends)
			letter_add(im, STR("\r\n"));
	}
	if (in->in_line)
		letter_add(im, STR("\r\n"));
	if (open && im->err == 0 && !ferror(in->file))
		letter_end(im, origin);
	else
		letter_abort(im);
}

/* Read an open file as one message. */
static void
import_one(struct import *im, struct mbox_in *in, const struct origin *origin)
{
	struct mbox_line line;

	letter_begin(im);
	while (im->err == 0 && mbox_read(in, &line)) {
		letter_add(im, line.text);
		if (line.ends)
			letter_add(im, STR("\r\n"));
	}
	if (in->in_line)
		letter_add(im, STR("\r\n"));
	if (im->err == 0 && !ferror(in->file))
		letter_end(im, origin);
	else
		letter_abort(im);
}

static void
pass_over_unread(struct import *im, const char *file)
{
	char why[128];

	(void)snprintf(why, sizeof why, "cannot be read (%s)",
	    strerror(errno));
	pass_over(im, file, why);
}

/*
 * Import a file.
 *
 * single    it is one message, whatever it begins with
 */
static void
import_file(struct import *im, struct origin *origin, bool single)
{
	FILE *file = fopen(origin->file, "re");
	struct mbox_in *in;
	char start[8] = "";
	size_t len;

	if (file == NULL) {
		pass_over_unread(im, origin->file);
		return;
	}
	in = xalloc(1, sizeof *in);
	in->file = file;
	/* Not by seeking back, which a pipe cannot. */
	len = fread(in->at, 1, strlen("From "), file);
	in->to = len;
	memcpy(start, in->at, len);
	origin->mbox = !single && strcmp(start, "From ") == 0;
	origin->doubtful = !single && !origin->mbox;
	if (origin->mbox)
		import_mbox(im, in, origin);
	else
		import_one(im, in, origin);
	if (ferror(file))
		pass_over_unread(im, origin->file);
	free(in);
	fclose(file);
}

/* The marks in the name of a file in cur/, behind ":2,". */
static unsigned
name_flags(const char *name)
{
	const char *marks = strstr(name, ":2,");
	unsigned flags = 0;

	for (; marks != NULL && *marks != '\0'; marks++)
		switch (*marks) {
		case 'S':
			flags |= BOX_SEEN;
			break;
		case 'F':
			flags |= BOX_FLAGGED;
			break;
		case 'R':
			flags |= BOX_ANSWERED;
			break;
		case 'D':
			flags |= BOX_DRAFT;
			break;
		}
	return flags;
}

/* The seconds a Maildir name begins with, as deliveries write them. */
static int64_t
name_date(const char *name)
{
	struct str rest = str_of(name), seconds;
	uint64_t number = 0;

	if (str_split(&rest, '.', &seconds))
		(void)str_number(seconds, INT64_MAX, &number);
	return (int64_t)number;
}

static int
is_message_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Import what is in new/ or cur/ of a Maildir, in the order of names. */
static void
import_directory(struct import *im, const char *maildir, const char *part)
{
	struct dirent **entries;
	struct origin origin;
	struct buf path;
	int count, i;

	buf_init(&path, 2 * 4096);
	buf_add_format(&path, "%s/%s", maildir, part);
	count = scandir(buf_text(&path), &entries, is_message_file, alphasort);
	if (count < 0 && errno != ENOENT)
		pass_over_unread(im, buf_text(&path));
	for (i = 0; i < count; i++) {
		buf_clear(&path);
		buf_add_format(&path, "%s/%s/%s", maildir, part,
		    entries[i]->d_name);
		origin = (struct origin){ .file = buf_text(&path),
		    .received = name_date(entries[i]->d_name),
		    .flags = name_flags(entries[i]->d_name) };
		if (im->err == 0)
			import_file(im, &origin, true);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	buf_drop(&path);
}

static void
import_path(struct import *im, const char *path)
{
	struct origin origin = { .file = path };
	struct stat st, new, cur;
	struct buf inner;
	bool maildir;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		import_file(im, &origin, false);
		return;
	}
	buf_init(&inner, 2 * 4096);
	buf_add_format(&inner, "%s/new", path);
	maildir = stat(buf_text(&inner), &new) == 0 && S_ISDIR(new.st_mode);
	buf_clear(&inner);
	buf_add_format(&inner, "%s/cur", path);
	maildir |= stat(buf_text(&inner), &cur) == 0 && S_ISDIR(cur.st_mode);
	buf_drop(&inner);
	if (maildir) {
		import_directory(im, path, "cur");
		import_directory(im, path, "new");
	} else {
		pass_over(im, path, "is a directory without new/ and cur/, so "
		    "no Maildir");
	}
}

int
cli_import(struct cli *cli)
{
	struct import *im;
	int code, i;

	code = cli_options(cli, help, NULL, 0);
	if (code >= 0)
		return code;
	if (cli->word_count < 1)
		return cli_misused(cli);
	code = cli_open(cli, DB_WRITE);
	if (code != CLI_DONE)
		return code;
	im = xalloc(1, sizeof *im);
	im->cli = cli;
	buf_init(&im->piece, PIECE_SIZE);
	buf_init(&im->head, PIECE_SIZE);
	cli_progress_begin(&im->progress, cli, "importing");
	for (i = 0; i < cli->word_count && im->err == 0; i++)
		import_path(im, cli->words[i]);
	commit(im);
	cli_progress_end(&im->progress);
	fprintf(stderr, "messages taken in: %" PRIu64 "\n", im->taken);
	if (im->err != 0)
		code = cli_store_failed(cli, "store the rest", im->err);
	else if (im->left > 0)
		code = cli_fail(CLI_PARTLY, "left out, as said above: %"
		    PRIu64, im->left);
	buf_wipe(&im->piece);
	buf_wipe(&im->head);
	free(im);
	return code;
}
