/*
 * The mailboxes as they are, for who hears of them by NOTIFY. One look serves
 * all sessions until the next commit, and is kept as long as somebody was told
 * nothing newer.
 */
#include "app/mua_notify.h"

#include "app/mua_mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct notify_list *
notify_list_hold(struct notify_list *list)
{
	if (list != NULL)
		list->users++;
	return list;
}

void
notify_list_drop(struct notify_list *list)
{
	size_t n;

	if (list == NULL || --list->users > 0)
		return;
	for (n = 0; n < list->count; n++)
		free(list->list[n].name);
	free(list->list);
	free(list->names);
	free(list);
}

static int
by_id(const void *a, const void *b)
{
	const struct notify_known *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int
by_name(const void *a, const void *b)
{
	const struct notify_known *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static char *
copy_text(struct str s)
{
	char *text = xalloc(1, s.len + 1);

	if (s.len > 0)
		memcpy(text, s.at, s.len);
	return text;
}

/* One of them; false when it is no mailbox, or is gone. */
static bool
look_one(struct db *db, const struct mailbox *box, struct notify_known *k,
	int *err)
{
	const size_t use = box->special_use.len;

	*k = (struct notify_known){
		.id = box->id, .subscribed = box->subscribed
	};
	*err = box->id == 0 ? -ENOENT : box_status(db, box->id, &k->status);
	if (*err != 0) {
		*err = *err == -ENOENT ? 0 : *err;
		return false;
	}
	if (use < sizeof k->use)
		memcpy(k->use, box->special_use.at, use);
	k->name = copy_text(box->name);
	return true;
}

static int
look(struct db *db, struct notify_list *now)
{
	struct mailboxes all = { .count = 0 };
	int err = mailbox_list(db, &all);
	size_t n;

	now->list = xalloc(all.count + 1, sizeof now->list[0]);
	for (n = 0; n < all.count && err == 0; n++)
		if (look_one(db, &all.list[n], &now->list[now->count], &err))
			now->count++;
	mailbox_list_drop(&all);
	qsort(now->list, now->count, sizeof now->list[0], by_id);
	now->names = xalloc(now->count + 1, sizeof now->names[0]);
	for (n = 0; n < now->count; n++)
		now->names[n] = &now->list[n];
	qsort(now->names, now->count, sizeof now->names[0], by_name);
	return err;
}

int
notify_look(struct imap_service *service, struct notify_list **now)
{
	struct notify_list *fresh;
	int err;

	*now = NULL;
	if (service->mailboxes == NULL) {
		fresh = xalloc(1, sizeof *fresh);
		fresh->users = 1;
		err = look(service->db, fresh);
		if (err != 0) {
			notify_list_drop(fresh);
			return err;
		}
		service->mailboxes = fresh;
	}
	*now = notify_list_hold(service->mailboxes);
	return 0;
}

void
notify_look_again(struct imap_service *service)
{
	notify_list_drop(service->mailboxes);
	service->mailboxes = NULL;
}

const struct notify_known *
notify_list_id(const struct notify_list *list, int64_t id)
{
	const struct notify_known wanted = { .id = id };

	return list->count == 0 ? NULL : bsearch(&wanted, list->list,
	    list->count, sizeof wanted, by_id);
}

const struct notify_known *
notify_list_name(const struct notify_list *list, struct str name)
{
	size_t low = 0, high = list->count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = strncmp(list->names[middle]->name, name.at, name.len);
		if (order == 0)
			order = list->names[middle]->name[name.len] != '\0';
		if (order == 0)
			return list->names[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
