/*
 * The tree of keys in one array, each before those within it, so that walking
 * it backwards meets what is within first, and neither way needs a stack.
 */
#include "talk/imap_judge.h"

#include "talk/imap.h"

#include <stdlib.h>

#define BOUNDS_MAX (1 << 20)	/* runs of UIDs that are looked at for the
				   bounds; sets beyond are judged one by one */

bool
judge_is_group(enum imap_key key)
{
	return key == IMAP_KEY_AND || key == IMAP_KEY_OR ||
	    key == IMAP_KEY_NOT;
}

static enum judge_stage
stage_of(enum imap_key key)
{
	switch (key) {
	case IMAP_KEY_AND:
	case IMAP_KEY_OR:
	case IMAP_KEY_NOT:
	case IMAP_KEY_ALL:
	case IMAP_KEY_SET:
	case IMAP_KEY_UID:
	case IMAP_KEY_FLAG:
	case IMAP_KEY_UNFLAG:
	case IMAP_KEY_NEW:
	case IMAP_KEY_OLD:
	case IMAP_KEY_RECENT:
	case IMAP_KEY_BEFORE:
	case IMAP_KEY_ON:
	case IMAP_KEY_SINCE:
	case IMAP_KEY_SAVEDBEFORE:
	case IMAP_KEY_SAVEDON:
	case IMAP_KEY_SAVEDSINCE:
	case IMAP_KEY_SAVEDATESUPPORTED:
	case IMAP_KEY_OLDER:
	case IMAP_KEY_YOUNGER:
	case IMAP_KEY_LARGER:
	case IMAP_KEY_SMALLER:
	case IMAP_KEY_MODSEQ:
	case IMAP_KEY_EMAILID:
	case IMAP_KEY_THREADID:
		return JUDGE_ENTRY;
	case IMAP_KEY_SENTBEFORE:
	case IMAP_KEY_SENTON:
	case IMAP_KEY_SENTSINCE:
	case IMAP_KEY_BCC:
	case IMAP_KEY_CC:
	case IMAP_KEY_FROM:
	case IMAP_KEY_SUBJECT:
	case IMAP_KEY_TO:
		return JUDGE_SUMMARY;
	case IMAP_KEY_HEADER:
		return JUDGE_HEADER;
	case IMAP_KEY_BODY:
	case IMAP_KEY_TEXT:
		return JUDGE_TEXT;
	}
	must(false);
	return JUDGE_TEXT;
}

/*
 * Walk the tree in the order of the command, filling keys, or only counting
 * them when there are none. Returns: how many.
 */
static size_t
tree_flatten(struct judge_key *keys, const struct imap_search_key *top)
{
	/* what is open, and where it is in keys */
	struct {
		const struct imap_search_key *key;
		size_t at;
	} open[IMAP_NEST_MAX + 2];
	const struct imap_search_key *key = top;
	size_t depth = 0, count = 0;

	while (key != NULL) {
		if (keys != NULL)
			keys[count] = (struct judge_key){
				.key = key, .stage = stage_of(key->key),
				.end = count + 1
			};
		count++;
		if (key->child != NULL) {
			must(depth < countof(open));
			open[depth].key = key;
			open[depth++].at = count - 1;
			key = key->child;
			continue;
		}
		while (key->next == NULL && depth > 0) {
			key = open[--depth].key;
			if (keys != NULL)
				keys[open[depth].at].end = count;
		}
		key = depth > 0 ? key->next : NULL;
	}
	return count;
}

void
judge_init(struct judge *j, const struct imap_search_key *top)
{
	j->count = tree_flatten(NULL, top);
	j->keys = xalloc(j->count, sizeof *j->keys);
	(void)tree_flatten(j->keys, top);
}

void
judge_drop(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->count; i++) {
		uids_drop(&j->keys[i].uids);
		uids_drop(&j->keys[i].places);
	}
	free(j->keys);
	*j = (struct judge){ .count = 0 };
}

/* ---- of one message ---- */

void
judge_begin(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		j->keys[i].value = JUDGE_OPEN;
}

struct judge_key *
judge_next(struct judge *j, enum judge_stage stage,
	const struct judge_key *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - j->keys) + 1;
	struct judge_key *k;

	while (i < j->count) {
		k = &j->keys[i];
		if (k->value != JUDGE_OPEN)
			i = k->end;
		else if (k->stage == stage && !judge_is_group(k->key->key))
			return k;
		else
			i++;
	}
	return NULL;
}

static enum judge_value
negate(enum judge_value value)
{
	if (value == JUDGE_OPEN)
		return JUDGE_OPEN;
	return value == JUDGE_YES ? JUDGE_NO : JUDGE_YES;
}

/* What follows for a group from those within it. */
static enum judge_value
group_value(const struct judge *j, const struct judge_key *group)
{
	/* one such value decides */
	const enum judge_value decides = group->key->key == IMAP_KEY_AND ?
	    JUDGE_NO : JUDGE_YES;
	size_t i = (size_t)(group - j->keys) + 1;
	bool open = false;

	if (group->key->key == IMAP_KEY_NOT)
		return negate(j->keys[i].value);
	for (; i < group->end; i = j->keys[i].end) {
		if (j->keys[i].value == decides)
			return decides;
		open = open || j->keys[i].value == JUDGE_OPEN;
	}
	return open ? JUDGE_OPEN : negate(decides);
}

enum judge_value
judge_fold(struct judge *j)
{
	struct judge_key *k;
	size_t i;

	for (i = j->count; i > 0; i--) {
		k = &j->keys[i - 1];
		if (judge_is_group(k->key->key) && k->value == JUDGE_OPEN)
			k->value = group_value(j, k);
	}
	return j->keys[0].value;
}

/* ---- of all messages ---- */

/* What is known of a key: who may be meant, and if they certainly are. */
struct bound {
	struct uids uids;
	bool any;	/* uids is empty, and means all */
	bool sure;
};

/* Add the UIDs at some places. */
static void
places_add(struct uids *out, const struct uids *places, const struct uids *all)
{
	uint32_t place, end, uid, last;
	size_t i;

	for (i = 0; i < places->count; i++) {
		place = places->runs[i].first;
		end = places->runs[i].last;
		while (place <= end && (uid = uids_at(all, place)) != 0 &&
		    uids_run(all, uid, &last)) {
			if (last - uid > end - place)
				last = uid + (end - place);
			uids_add(out, uid, last);
			place += last - uid + 1;
		}
	}
}

static void
set_bound(struct bound *b, const struct judge_key *k, const struct uids *all)
{
	struct uids meant = { 0 };

	places_add(&meant, &k->places, all);
	uids_join(&meant, &k->uids);
	uids_meet(&b->uids, &meant, all);
	uids_drop(&meant);
	b->sure = true;
}

static void
not_bound(struct bound *b, const struct bound *child, const struct uids *all)
{
	b->sure = child->sure;
	b->any = !child->sure;
	if (child->sure && !child->any) {
		uids_copy(&b->uids, all);
		uids_part(&b->uids, &child->uids);
	}
}

static void
and_bound(struct bound *b, const struct bound *child)
{
	struct uids both = { 0 };

	b->sure = b->sure && child->sure;
	if (child->any)
		return;
	if (b->any) {
		uids_copy(&b->uids, &child->uids);
		b->any = false;
		return;
	}
	uids_meet(&both, &b->uids, &child->uids);
	uids_drop(&b->uids);
	b->uids = both;
}

static void
or_bound(struct bound *b, const struct bound *child)
{
	b->sure = b->sure && child->sure;
	b->any = b->any || child->any;
	if (b->any)
		uids_drop(&b->uids);
	else
		uids_join(&b->uids, &child->uids);
}

static void
group_bound(const struct judge *j, struct bound *bounds, size_t at,
	const struct uids *all)
{
	const struct judge_key *k = &j->keys[at];
	struct bound *b = &bounds[at];
	size_t i = at + 1;

	if (k->key->key == IMAP_KEY_NOT) {
		not_bound(b, &bounds[i], all);
		return;
	}
	b->sure = true;
	b->any = k->key->key == IMAP_KEY_AND;
	for (; i < k->end; i = j->keys[i].end)
		if (k->key->key == IMAP_KEY_AND)
			and_bound(b, &bounds[i]);
		else
			or_bound(b, &bounds[i]);
}

static void
key_bound(const struct judge *j, struct bound *bounds, size_t at,
	const struct uids *all)
{
	const struct judge_key *k = &j->keys[at];

	if (judge_is_group(k->key->key)) {
		group_bound(j, bounds, at, all);
	} else if (k->key->key == IMAP_KEY_SET ||
	    k->key->key == IMAP_KEY_UID) {
		set_bound(&bounds[at], k, all);
	} else {
		bounds[at].any = true;
		bounds[at].sure = k->key->key == IMAP_KEY_ALL ||
		    k->key->key == IMAP_KEY_SAVEDATESUPPORTED;
	}
}

bool
judge_bounds(const struct judge *j, const struct uids *all, struct uids *found)
{
	struct bound *bounds;
	bool sure;
	size_t i;

	if (all->count > BOUNDS_MAX / j->count) {
		uids_copy(found, all);
		return false;
	}
	bounds = xalloc(j->count, sizeof *bounds);
	for (i = j->count; i > 0; i--)
		key_bound(j, bounds, i - 1, all);
	sure = bounds[0].sure;
	if (bounds[0].any)
		uids_copy(found, all);
	else
		uids_join(found, &bounds[0].uids);
	for (i = 0; i < j->count; i++)
		uids_drop(&bounds[i].uids);
	free(bounds);
	return sure;
}
