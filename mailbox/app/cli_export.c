/*
 * The command export: every message out of the box, unsealed, as one mbox
 * file or as a Maildir. One piece of one message is in memory at a time.
 *
 * 1. A message that cannot be read whole leaves nothing in the export; it is
 *    named and counted.
 * 2. When the command says it is done, the export is on stable storage.
 */
#include "app/cli.h"

#include "app/mbox.h"
#include "store/box.h"
#include "store/message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN_MAX 512	/* bytes of a file name in a Maildir */
#define FROM_LINE_MAX 2048

static const char help[] =
	"usage: pillarbox export --mbox FILE [-c FILE]\n"
	"       pillarbox export --maildir DIR [-c FILE]\n\n"
	"Write all mail, readable by anybody who gets hold of it, so choose "
	"the place\nwell. Asks for the owner password; the recovery key or an "
	"app password will\ndo. Works while the box runs, and takes nothing "
	"out of it.\n\n"
	"  --mbox FILE       one file in mboxrd form, or \"-\" to show it;\n"
	"                    keeps no marks of what was read\n"
	"  --maildir DIR     a directory with a file per message\n"
	"  --password-stdin  read the password as a line\n"
	"  --password-fd N   the same from descriptor N\n\n"
	"FILE and DIR must not be there yet. Exit code 6: all was written but "
	"the\nmessages named, which could not be read.\n";

struct export {
	struct cli *cli;
	struct message_reader *reader;
	struct buf piece;	/* of the message being written */
	const char *mbox;	/* one of these two */
	const char *maildir;
	FILE *file;		/* the mbox */
	int dir;		/* the Maildir */
	uint32_t uidvalidity;
	int64_t received;	/* of the message being written, unix s */
	uint64_t written, unreadable;
};

/* Whether something went wrong while writing, and what. */
static int
write_error(FILE *file)
{
	if (fflush(file) == 0 && !ferror(file))
		return 0;
	return errno != 0 ? -errno : -EIO;
}

/*
 * Write the message whose first piece was read to file.
 *
 * got       what message_read() said to that first piece
 *
 * Returns:  0, or what message_read() failed with.
 */
static int
write_body(struct export *e, FILE *file, bool quote, int got)
{
	struct mbox_out out = { .quote = quote };

	while (got > 0) {
		mbox_write(&out, file, buf_str(&e->piece));
		got = message_read(e->cli->db, e->reader, &e->piece);
	}
	mbox_write_end(&out, file);
	return got;
}

/* Append a message to the mbox; *unread tells why it could not be read. */
static int
append(struct export *e, int got, int *unread)
{
	off_t start = ftello(e->file);
	struct buf from;

	buf_init(&from, FROM_LINE_MAX);
	mbox_from(&from, buf_str(&e->piece), e->received);
	fwrite(from.at, 1, from.len, e->file);
	buf_drop(&from);
	*unread = write_body(e, e->file, true, got);
	fputc('\n', e->file);
	if (*unread == 0)
		return ferror(e->file) ? write_error(e->file) : 0;
	/* Take the part of it back; a pipe cannot, and keeps it. */
	if (fflush(e->file) == 0 && start >= 0 &&
	    ftruncate(fileno(e->file), start) == 0)
		(void)fseeko(e->file, start, SEEK_SET);
	return write_error(e->file);
}

/* The name of a message in new/ or cur/, with its marks. */
static void
maildir_names(const struct export *e, const struct box_item *item,
	char tmp[NAME_LEN_MAX], char final[NAME_LEN_MAX])
{
	bool seen = (item->flags & BOX_SEEN) != 0;
	char name[NAME_LEN_MAX / 2];

	(void)snprintf(name, sizeof name, "%" PRId64 ".V%" PRIu32 "U%" PRIu32
	    ".%.200s", e->received, e->uidvalidity, item->uid,
	    e->cli->setup.config.host);
	(void)snprintf(tmp, NAME_LEN_MAX, "tmp/%s", name);
	if (item->flags == 0)
		(void)snprintf(final, NAME_LEN_MAX, "new/%s", name);
	else
		(void)snprintf(final, NAME_LEN_MAX, "cur/%s:2,%s%s%s%s", name,
		    (item->flags & BOX_DRAFT) != 0 ? "D" : "",
		    (item->flags & BOX_FLAGGED) != 0 ? "F" : "",
		    (item->flags & BOX_ANSWERED) != 0 ? "R" : "",
		    seen ? "S" : "");
}

/* Write a message to a file of its own; *unread as for append(). */
static int
drop_in(struct export *e, const struct box_item *item, int got, int *unread)
{
	char tmp[NAME_LEN_MAX], final[NAME_LEN_MAX];
	FILE *file;
	int fd, err;

	maildir_names(e, item, tmp, final);
	fd = openat(e->dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	file = fd < 0 ? NULL : fdopen(fd, "we");
	if (file == NULL)
		return -errno;
	*unread = write_body(e, file, false, got);
	err = write_error(file);
	fclose(file);
	if (err == 0 && *unread == 0 &&
	    renameat(e->dir, tmp, e->dir, final) != 0)
		err = -errno;
	if (err != 0 || *unread != 0)
		(void)unlinkat(e->dir, tmp, 0);
	return err;
}

/* Write one message. Returns: 0, or negative errno of writing. */
static int
export_one(struct export *e, const struct box_item *item)
{
	int err = 0, got, unread = 0;

	buf_clear(&e->piece);
	got = box_received(e->cli->db, BOX_INBOX, item->uid, &e->received);
	if (got == 0)
		got = message_open(e->cli->db, e->reader, item->message);
	if (got == -ENOENT)
		return 0;	/* fetched and deleted while this ran */
	if (got == 0)
		got = message_read(e->cli->db, e->reader, &e->piece);
	if (got < 0)
		unread = got;
	else if (e->mbox != NULL)
		err = append(e, got, &unread);
	else
		err = drop_in(e, item, got, &unread);
	if (unread == 0) {
		e->written++;
		return err;
	}
	e->unreadable++;
	cli_say("message %" PRIu32 " cannot be read (%s) and is left out",
	    item->uid, unread == -EBADMSG ? "it is damaged" :
	    strerror(-unread));
	return err;
}

static int
make_maildir(struct export *e)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	size_t i;

	if (mkdir(e->maildir, 0700) != 0)
		return -errno;
	e->dir = open(e->maildir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->dir < 0)
		return -errno;
	for (i = 0; i < countof(parts); i++)
		if (mkdirat(e->dir, parts[i], 0700) != 0)
			return -errno;
	return 0;
}

static int
make_mbox(struct export *e)
{
	int fd;

	if (strcmp(e->mbox, "-") == 0) {
		e->file = stdout;
		return 0;
	}
	fd = open(e->mbox, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	e->file = fd < 0 ? NULL : fdopen(fd, "we");
	return e->file == NULL ? -errno : 0;
}

/* Make the place to write to. Returns: the exit code. */
static int
make_target(struct export *e)
{
	const char *target = e->mbox != NULL ? e->mbox : e->maildir;
	int err = e->mbox != NULL ? make_mbox(e) : make_maildir(e);

	if (err == -EEXIST)
		return cli_fail(CLI_FAILED, "%s is there already, and nothing "
		    "is written over; name another", target);
	if (err != 0)
		return cli_fail(CLI_FAILED, "could not make %s: %s", target,
		    strerror(-err));
	return CLI_DONE;
}

/* Make all durable. Returns: 0 or negative errno. */
static int
finish(struct export *e)
{
	int err = 0;

	if (e->maildir != NULL) {
		if (syncfs(e->dir) != 0)
			err = -errno;
	} else {
		err = write_error(e->file);
		/* A pipe or a terminal has nothing to sync. */
		if (err == 0 && fsync(fileno(e->file)) != 0 &&
		    errno != EINVAL && errno != EROFS)
			err = -errno;
	}
	return err;
}

static int
export_all(struct export *e, const struct box_item *items, size_t count)
{
	struct cli_progress progress;
	int err = 0;
	size_t i;

	cli_progress_begin(&progress, e->cli, "exporting");
	for (i = 0; i < count && err == 0; i++) {
		err = export_one(e, &items[i]);
		cli_progress_step(&progress, i + 1, count, "messages");
	}
	if (err == 0)
		err = finish(e);
	cli_progress_end(&progress);
	if (err != 0)
		return cli_fail(CLI_FAILED, "could not write the export: %s; "
		    "it is not whole", strerror(-err));
	fprintf(stderr, "messages written: %" PRIu64 "\n", e->written);
	if (e->unreadable == 0)
		return CLI_DONE;
	return cli_fail(CLI_PARTLY, "messages left out, as said above: %"
	    PRIu64 "; \"pillarbox check --data\" may tell why",
	    e->unreadable);
}

/* List the mailbox, unlock, and write. */
static int
run(struct export *e)
{
	struct cli *cli = e->cli;
	struct seal_owner *owner = NULL;
	struct box_item *items = NULL;
	struct box_status status;
	size_t count = 0;
	int code, err;

	code = cli_unlock(cli, "Password or recovery key", &owner);
	if (code != CLI_DONE)
		return code;
	err = box_status(cli->db, BOX_INBOX, &status);
	if (err == 0)
		err = box_list(cli->db, BOX_INBOX, &items, &count);
	if (err != 0) {
		seal_owner_drop(owner);
		return cli_store_failed(cli, "list the mail", err);
	}
	e->uidvalidity = status.uidvalidity;
	code = make_target(e);
	if (code == CLI_DONE) {
		buf_init(&e->piece, PIECE_SIZE);
		e->reader = message_reader_new(owner);
		code = export_all(e, items, count);
		message_reader_drop(e->reader);
		buf_wipe(&e->piece);
	}
	if (e->file != NULL && e->file != stdout)
		fclose(e->file);
	if (e->dir >= 0)
		close(e->dir);
	free(items);
	seal_owner_drop(owner);
	return code;
}

int
cli_export(struct cli *cli)
{
	struct export e = { .cli = cli, .dir = -1 };
	const struct cli_option options[] = {
		{ "mbox", &e.mbox, NULL },
		{ "maildir", &e.maildir, NULL },
		CLI_SECRET_OPTIONS(cli)
	};
	int code;

	code = cli_options(cli, help, options, countof(options));
	if (code >= 0)
		return code;
	if (cli->word_count > 0 || (e.mbox == NULL) == (e.maildir == NULL))
		return cli_misused(cli);
	code = cli_open(cli, DB_READ);
	return code == CLI_DONE ? run(&e) : code;
}
