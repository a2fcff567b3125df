/*
 * Who is \Recent (RFC 3501 section 2.3.2): what arrived since the program
 * began and was not yet shown to a session that may write. It is not kept on
 * disk; IMAP4rev2 has done away with it.
 */
#include "app/mua_part.h"

#include <stdlib.h>
#include <string.h>

/* Where a mailbox is in the table, or would have to be. */
static size_t
place(const struct imap_service *service, int64_t box)
{
	size_t low = 0, high = service->recent_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (service->recents[middle].box < box)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
recent_first(const struct imap_service *service, int64_t box)
{
	size_t at = place(service, box);

	if (at < service->recent_count && service->recents[at].box == box)
		return service->recents[at].first;
	return 1;
}

void
recent_given(struct imap_service *service, int64_t box, uint32_t next)
{
	size_t at = place(service, box);
	struct imap_recent *r;

	if (at == service->recent_count || service->recents[at].box != box) {
		service->recents = xresize(service->recents,
		    (service->recent_count + 1) * sizeof *r);
		r = service->recents + at;
		memmove(r + 1, r, (service->recent_count - at) * sizeof *r);
		service->recent_count++;
		*r = (struct imap_recent){ .box = box };
	}
	if (service->recents[at].first < next)
		service->recents[at].first = next;
}

void
recent_open(struct imap_service *service)
{
	struct mailboxes all = { .count = 0 };
	struct box_status status;
	size_t n;

	if (mailbox_list(service->db, &all) != 0)
		return;
	for (n = 0; n < all.count; n++)
		if (all.list[n].id != 0 && box_status(service->db,
		    all.list[n].id, &status) == 0)
			recent_given(service, all.list[n].id, status.uidnext);
	mailbox_list_drop(&all);
}

void
recent_drop(struct imap_service *service)
{
	free(service->recents);
	service->recents = NULL;
	service->recent_count = 0;
}
