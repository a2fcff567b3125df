#include "talk/imap_flag.h"

const struct imap_flag_name imap_flag_names[IMAP_FLAG_NAMES] = {
	{ IMAP_ANSWERED, { "\\Answered", 9 } },
	{ IMAP_FLAGGED, { "\\Flagged", 8 } },
	{ IMAP_DELETED, { "\\Deleted", 8 } },
	{ IMAP_SEEN, { "\\Seen", 5 } },
	{ IMAP_DRAFT, { "\\Draft", 6 } },
};
