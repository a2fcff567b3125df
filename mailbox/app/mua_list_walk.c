/*
 * The names that a LIST answers, in two passes over all mailboxes in octet
 * order: the first notes who matches a pattern, the second tells whom to
 * answer.
 *
 * 1. What lies below a name stands together, whoever is between the name and
 *    it: so sums over all that stands before a place say how many of those
 *    below a name are of a kind.
 * 2. A name that is not there, but above one that is, is met at the first of
 *    those below it.
 */
#include "app/mua_list_walk.h"

#include "talk/imap_pattern.h"

#include <stdlib.h>
#include <string.h>

struct list_walk {
	const struct imap_list *want;
	const struct mailboxes *all;
	bool lsub;
	size_t weight;		/* octets of the patterns */
	bool *match;		/* the name matches a pattern */
	uint32_t *there;	/* how many exist of those before it */
	uint32_t *hidden;	/* and meet the selection unanswered */
	size_t compared;	/* first pass: how far it is */
	size_t at;		/* second pass: the mailbox */
	size_t cut;		/* where the next name above it may end */
};

struct list_walk *
list_walk_new(const struct imap_list *want, const struct mailboxes *all,
	bool lsub)
{
	struct list_walk *w = xalloc(1, sizeof *w);
	size_t n;

	w->want = want;
	w->all = all;
	w->lsub = lsub;
	for (n = 0; n < want->count; n++)
		w->weight += want->reference.len + want->patterns[n].len + 1;
	w->match = xalloc(all->count + 1, sizeof *w->match);
	w->there = xalloc(all->count + 1, sizeof *w->there);
	w->hidden = xalloc(all->count + 1, sizeof *w->hidden);
	return w;
}

void
list_walk_drop(struct list_walk *w)
{
	if (w == NULL)
		return;
	free(w->match);
	free(w->there);
	free(w->hidden);
	free(w);
}

/* Whether a name is meant by one of the patterns. */
static bool
matches(const struct list_walk *w, struct str name)
{
	const struct imap_list *want = w->want;
	size_t n;

	/* RFC 5258 section 3: an empty pattern matches nothing. */
	for (n = 0; n < want->count; n++)
		if (want->patterns[n].len > 0 &&
		    imap_pattern_match(want->reference, want->patterns[n],
		    name) == IMAP_MATCH_YES)
			return true;
	return false;
}

/* Whether the LIST selects more narrowly than by name. */
static bool
selects(const struct list_walk *w)
{
	return w->lsub || (w->want->options &
	    (IMAP_SELECT_SUBSCRIBED | IMAP_SELECT_SPECIAL_USE)) != 0;
}

/* Whether a mailbox meets the selection, its name apart. */
static bool
selected(const struct list_walk *w, const struct mailbox *box)
{
	const unsigned options = w->want->options;

	if (!selects(w))
		return box->id != 0;
	if ((w->lsub || (options & IMAP_SELECT_SUBSCRIBED)) &&
	    !box->subscribed)
		return false;
	return (options & IMAP_SELECT_SPECIAL_USE) == 0 ||
	    box->special_use.len > 0;
}

/* What it takes to compare a name with the patterns (imap_pattern_match()). */
static void
spend(const struct list_walk *w, struct str name, size_t *budget)
{
	const size_t cost = w->weight * (name.len + 1);

	*budget -= cost < *budget ? cost : *budget;
}

/* The first pass; false: the budget is used up. */
static bool
compare(struct list_walk *w, size_t *budget)
{
	const struct mailbox *box;
	size_t n;

	for (n = w->compared; n < w->all->count && *budget > 0; n++) {
		box = &w->all->list[n];
		w->match[n] = matches(w, box->name);
		w->there[n + 1] = w->there[n] + (box->id != 0);
		w->hidden[n + 1] = w->hidden[n] +
		    (!w->match[n] && selected(w, box));
		spend(w, box->name, budget);
	}
	w->compared = n;
	return n == w->all->count;
}

/* Octet order of a name, and of another one with c behind it; 0: none. */
static int
order(struct str name, struct str other, char c)
{
	const size_t len = name.len < other.len ? name.len : other.len;
	const size_t whole = other.len + (c != 0);
	int by = len > 0 ? memcmp(name.at, other.at, len) : 0;

	if (by == 0 && c != 0 && name.len > other.len)
		by = str_at(name, other.len) - c;
	if (by != 0)
		return by;
	return (name.len > whole) - (name.len < whole);
}

/* The place of the first mailbox that is not before a name with c behind. */
static size_t
place(const struct mailboxes *all, struct str name, char c)
{
	size_t low = 0, high = all->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (order(all->list[middle].name, name, c) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Look at a name that matches a pattern: whether it is answered. mailbox is
 * NULL when there is none of that name.
 */
static bool
found_as(const struct list_walk *w, struct str name,
	const struct mailbox *mailbox, struct list_found *found)
{
	const size_t from = place(w->all, name, '/');
	const size_t to = place(w->all, name, '/' + 1);

	*found = (struct list_found){
		.name = name, .mailbox = mailbox,
		.parent = w->there[to] > w->there[from],
		.info = w->hidden[to] > w->hidden[from]
	};
	if (mailbox != NULL)
		found->selected = selected(w, mailbox);
	else
		found->selected = !selects(w) && found->parent;
	if (!selects(w) || (!w->lsub &&
	    (w->want->options & IMAP_SELECT_RECURSIVE) == 0))
		found->info = false;
	return found->selected || found->info;
}

/* How many octets two names begin with. */
static size_t
common(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.at[n] == b.at[n])
		n++;
	return n;
}

/*
 * The next name above the mailbox at w->at that no mailbox before it is below
 * and that is none itself; false: there is no more.
 */
static bool
above(struct list_walk *w, struct str *name)
{
	const struct mailbox *list = w->all->list;
	const struct str below = list[w->at].name;
	size_t end, at;

	if (w->cut == 0 && w->at > 0)
		w->cut = common(list[w->at - 1].name, below);
	while ((end = str_find(below, w->cut, '/')) != STR_NONE) {
		w->cut = end + 1;
		*name = str_part(below, 0, end);
		at = place(w->all, *name, 0);
		if (!str_equal(list[at].name, *name))
			return true;
	}
	return false;
}

enum list_walk_step
list_walk_next(struct list_walk *w, size_t *budget, struct list_found *found)
{
	const struct mailbox *box;
	struct str name;

	if (w->compared < w->all->count && !compare(w, budget))
		return LIST_WALK_PAUSE;
	while (w->at < w->all->count) {
		if (*budget == 0)
			return LIST_WALK_PAUSE;
		box = NULL;
		if (!above(w, &name)) {
			box = &w->all->list[w->at++];
			name = box->name;
			w->cut = 0;
		}
		spend(w, name, budget);
		if ((box != NULL ? w->match[w->at - 1] : matches(w, name)) &&
		    found_as(w, name, box, found))
			return LIST_WALK_FOUND;
	}
	return LIST_WALK_END;
}
