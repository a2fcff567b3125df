/*
 * GETMETADATA and SETMETADATA (RFC 5464). The owner is alone, so that what is
 * private and what is shared differ by name only.
 */
#include "app/mua_mailbox.h"

#include "store/annotation.h"

#include <errno.h>
#include <stdlib.h>

#define METADATA_LOOKS 64	/* annotations looked at in a step */

/* The name as it is kept. */
static void
lower(struct buf *out, struct str name)
{
	size_t n;

	buf_clear(out);
	for (n = 0; n < name.len; n++)
		buf_add_char(out, (char)char_lower(str_at(name, n)));
}

/*
 * The mailbox, or 0 for the server; false: there is none, or no such name, and
 * the command has ended.
 */
static bool
metadata_begin(struct mua *m, int64_t *box)
{
	const struct imap_command *c = &m->imap.command;
	const struct imap_metadata *want = &c->u.metadata;
	size_t n;

	for (n = 0; n < want->count; n++) {
		if (want->entries[n].name.len <= ANNOTATION_NAME_MAX)
			continue;
		(void)mua_end_code(m, IMAP_NO, "The name of an entry is too "
		    "long.", "LIMIT");
		return false;
	}
	*box = 0;
	return c->mailbox.len == 0 || mua_find(m, "NONEXISTENT", box);
}

/* ---- GETMETADATA ---- */

struct get_job {
	int64_t box;
	size_t at;		/* the entry that was asked for */
	bool below;		/* those below it are looked at */
	struct buf behind;	/* the name to go on behind */
	struct annotation found;
	uint64_t longest;	/* of those that MAXSIZE left out */
};

static void
get_drop(void *at)
{
	struct get_job *job = at;

	buf_drop(&job->behind);
	buf_drop(&job->found.name);
	buf_wipe(&job->found.value);
}

/* A value: as a string, or when it has NUL as a literal8 (RFC 3516). */
static void
put_value(struct buf *out, struct str value)
{
	if (str_find(value, 0, '\0') == STR_NONE) {
		imap_put_string(out, value);
		return;
	}
	buf_add_format(out, "~{%zu}\r\n", value.len);
	buf_add(out, value);
}

/* value at NULL: there is none. */
static void
put_entry(struct mua *m, struct str name, struct str value)
{
	struct buf *out = &m->imap.out;

	buf_add(out, STR("* METADATA "));
	if (m->imap.command.mailbox.len == 0)
		buf_add(out, STR("\"\""));
	else
		mua_put_name(m, m->imap.command.mailbox);
	buf_add(out, STR(" ("));
	imap_put_astring(out, name);
	buf_add_char(out, ' ');
	if (value.at == NULL)
		buf_add(out, STR("NIL"));
	else
		put_value(out, value);
	buf_add(out, STR(")\r\n"));
}

/* Answer with what was found, unless it is too long. */
static void
put_found(struct mua *m, struct get_job *job)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	const struct str value = buf_str(&job->found.value);

	if (!want->has_maxsize || value.len <= want->maxsize)
		put_entry(m, buf_str(&job->found.name),
		    value.at == NULL ? STR("") : value);
	else if (value.len > job->longest)
		job->longest = value.len;
}

/*
 * A name behind which the first is this one, if it is there: names are ASCII.
 */
static void
before(struct buf *out, struct str name)
{
	buf_clear(out);
	buf_add(out, str_part(name, 0, name.len - 1));
	buf_add_char(out, (char)(name.at[name.len - 1] - 1));
	buf_add_char(out, '\xff');
}

/* The entry itself; 1: it is there, 0: it is not, or errno. */
static int
get_one(struct mua *m, int64_t box, struct str name, struct annotation *found)
{
	struct buf behind;
	int got;

	buf_init(&behind, ANNOTATION_NAME_MAX + 2);
	before(&behind, name);
	got = annotation_next(m->service->db, m->entry.owner, box,
	    buf_str(&behind), found);
	buf_drop(&behind);
	return got > 0 && !str_equal(buf_str(&found->name), name) ? 0 : got;
}

/* How many levels of a name lie below one that it begins with. */
static unsigned
levels(struct str name, size_t from)
{
	unsigned count = 0;

	for (; from < name.len; from++)
		count += name.at[from] == '/';
	return count;
}

/* The next entry below; 1, 0: there is none, or errno. */
static int
get_below(struct mua *m, struct get_job *job, struct str name)
{
	const unsigned depth = m->imap.command.u.metadata.depth;
	struct str found;
	int got = annotation_next(m->service->db, m->entry.owner, job->box,
	    buf_str(&job->behind), &job->found);

	if (got <= 0)
		return got;
	found = buf_str(&job->found.name);
	if (!str_starts(found, name) || str_at(found, name.len) != '/')
		return 0;
	buf_clear(&job->behind);
	buf_add(&job->behind, found);
	if (levels(found, name.len) <= depth)
		put_found(m, job);
	return 1;
}

/* Answer the entry itself; then those below it come. 0, or errno. */
static int
get_first(struct mua *m, struct get_job *job, struct str name)
{
	int got = get_one(m, job->box, name, &job->found);

	if (got > 0)
		put_found(m, job);
	else if (got == 0 && m->imap.command.u.metadata.depth == 0)
		put_entry(m, name, str_of(NULL));
	buf_clear(&job->behind);
	buf_add(&job->behind, name);
	buf_add_char(&job->behind, '/');
	return got < 0 ? got : 0;
}

/* A look at one annotation; 0, or errno. */
static int
get_step(struct mua *m, struct get_job *job)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	struct buf name;
	int got;

	buf_init(&name, ANNOTATION_NAME_MAX);
	lower(&name, want->entries[job->at].name);
	if (job->below) {
		got = get_below(m, job, buf_str(&name));
		job->below = got > 0;
	} else {
		got = get_first(m, job, buf_str(&name));
		job->below = want->depth > 0;
	}
	buf_drop(&name);
	if (!job->below)
		job->at++;
	return got < 0 ? got : 0;
}

enum mua_go
mua_get_metadata(struct mua *m)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	struct get_job *job = m->job;
	unsigned looks;
	int err;

	if (job == NULL) {
		job = mua_job(m, sizeof *job, get_drop);
		buf_init(&job->behind, ANNOTATION_NAME_MAX + 2);
		buf_init(&job->found.name, ANNOTATION_NAME_MAX);
		buf_init(&job->found.value, ANNOTATION_MAX);
		if (!metadata_begin(m, &job->box))
			return MUA_DONE;
	}
	for (looks = 0; job->at < want->count; looks++) {
		if (looks == METADATA_LOOKS || mua_full(m))
			return MUA_AGAIN;
		err = get_step(m, job);
		if (err != 0)
			return mua_end_errno(m, err);
	}
	if (job->longest > 0)
		return mua_end_code(m, IMAP_OK, "Some are longer.",
		    "METADATA LONGENTRIES %llu",
		    (unsigned long long)job->longest);
	return mua_end(m, IMAP_OK, "These are they.");
}

/* ---- SETMETADATA ---- */

struct set_job {
	int64_t box;
	size_t count;			/* entries that are set */
	struct annotation old;		/* of one of them */
	struct {
		struct buf value;	/* what it was before */
		bool there;
	} *before;
};

static void
set_drop(void *at)
{
	struct set_job *job = at;
	size_t n;

	for (n = 0; n < job->count; n++)
		buf_wipe(&job->before[n].value);
	free(job->before);
	buf_drop(&job->old.name);
	buf_wipe(&job->old.value);
}

/* Set one entry, and remember what it was. */
static int
set_one(struct mua *m, struct set_job *job, const struct str name,
	struct str value)
{
	int got = get_one(m, job->box, name, &job->old), err;

	if (got < 0)
		return got;
	err = annotation_set(m->service->db, m->entry.owner, job->box, name,
	    value);
	if (err != 0)
		return err;
	buf_init(&job->before[job->count].value, ANNOTATION_MAX);
	job->before[job->count].there = got > 0;
	if (got > 0)
		buf_add(&job->before[job->count].value,
		    buf_str(&job->old.value));
	job->count++;
	return 0;
}

/* RFC 5464 section 4.3: when one cannot be set, none is. */
static int
set_back(struct mua *m, struct set_job *job)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	struct str value;
	struct buf name;
	size_t n = job->count;
	int err = 0;

	buf_init(&name, ANNOTATION_NAME_MAX);
	while (n-- > 0 && err == 0) {
		value = buf_str(&job->before[n].value);
		if (job->before[n].there && value.at == NULL)
			value = STR("");
		else if (!job->before[n].there)
			value = str_of(NULL);
		lower(&name, want->entries[n].name);
		err = annotation_set(m->service->db, m->entry.owner, job->box,
		    buf_str(&name), value);
	}
	buf_drop(&name);
	return err != 0 ? db_doom(m->service->db, err) : 0;
}

static enum mua_go
metadata_set(struct mua *m)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	const struct set_job *job = m->job;
	struct buf name;
	size_t n;

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	buf_init(&name, ANNOTATION_NAME_MAX);
	for (n = 0; n < want->count; n++) {
		lower(&name, want->entries[n].name);
		notify_annotated(m, job->box, buf_str(&name));
	}
	buf_drop(&name);
	return mua_end(m, IMAP_OK, "They are set.");
}

/* One of them is too long or too many. */
static enum mua_go
end_unset(struct mua *m, int err)
{
	if (err == -E2BIG)
		return mua_end_code(m, IMAP_NO, "The value is too long.",
		    "METADATA MAXSIZE %d", ANNOTATION_MAX);
	if (err == -EDQUOT)
		return mua_end_code(m, IMAP_NO, "There are too many.",
		    "METADATA TOOMANY");
	return mua_end_errno(m, err);
}

/* Set all of them, or none: 0, or why not. */
static int
set_all(struct mua *m, struct set_job *job)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	struct str value;
	struct buf name;
	size_t n;
	int err = 0, back;

	buf_init(&name, ANNOTATION_NAME_MAX);
	for (n = 0; n < want->count && err == 0; n++) {
		value = want->entries[n].value;
		if (want->entries[n].nil)
			value = str_of(NULL);
		else if (value.len == 0)
			value = STR("");
		lower(&name, want->entries[n].name);
		err = value.len > ANNOTATION_MAX ? -E2BIG :
		    set_one(m, job, buf_str(&name), value);
	}
	buf_drop(&name);
	back = err != 0 ? set_back(m, job) : 0;
	return back != 0 ? back : err;
}

enum mua_go
mua_set_metadata(struct mua *m)
{
	const struct imap_metadata *want = &m->imap.command.u.metadata;
	struct set_job *job = mua_job(m, sizeof *job, set_drop);
	int err;

	job->before = xalloc(want->count, sizeof *job->before);
	buf_init(&job->old.name, ANNOTATION_NAME_MAX);
	buf_init(&job->old.value, ANNOTATION_MAX);
	if (!metadata_begin(m, &job->box))
		return MUA_DONE;
	err = set_all(m, job);
	if (err != 0)
		return end_unset(m, err);
	m->step = metadata_set;
	return MUA_SETTLE;
}
