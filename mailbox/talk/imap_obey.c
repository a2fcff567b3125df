/* Verbs: when they may be said, what reads them, who answers them. */
#include "talk/imap_part.h"

#include "talk/imap_parse.h"

#define LOGGED_IN (IMAP_AFTER | IMAP_SELECTED)
#define ALWAYS (IMAP_BEFORE | LOGGED_IN)

static const struct imap_verb_row verbs[] = {
	{ "FETCH", IMAP_FETCH, IMAP_SELECTED, true, true, imap_parse_fetch,
	    NULL },
	{ "STORE", IMAP_STORE, IMAP_SELECTED, true, true, imap_parse_store,
	    NULL },
	{ "SEARCH", IMAP_SEARCH, IMAP_SELECTED, true, true,
	    imap_parse_search, NULL },
	{ "NOOP", IMAP_NOOP, ALWAYS, false, false, NULL, NULL },
	{ "IDLE", IMAP_IDLE, LOGGED_IN, false, false, NULL, NULL },
	{ "SELECT", IMAP_SELECT, LOGGED_IN, false, false, imap_parse_select,
	    NULL },
	{ "EXAMINE", IMAP_EXAMINE, LOGGED_IN, false, false,
	    imap_parse_select, NULL },
	{ "STATUS", IMAP_STATUS, LOGGED_IN, false, false, imap_parse_status,
	    NULL },
	{ "LIST", IMAP_LIST, LOGGED_IN, false, false, imap_parse_list,
	    NULL },
	{ "LSUB", IMAP_LSUB, LOGGED_IN, false, false, imap_parse_lsub,
	    NULL },
	{ "COPY", IMAP_COPY, IMAP_SELECTED, true, true, imap_parse_copy,
	    NULL },
	{ "MOVE", IMAP_MOVE, IMAP_SELECTED, true, true, imap_parse_copy,
	    NULL },
	{ "EXPUNGE", IMAP_EXPUNGE, IMAP_SELECTED, true, false,
	    imap_parse_expunge, NULL },
	{ "SORT", IMAP_SORT, IMAP_SELECTED, true, true, imap_parse_sort,
	    NULL },
	{ "THREAD", IMAP_THREAD, IMAP_SELECTED, true, true,
	    imap_parse_thread, NULL },
	{ "CHECK", IMAP_CHECK, IMAP_SELECTED, false, false, NULL, NULL },
	{ "CLOSE", IMAP_CLOSE, IMAP_SELECTED, false, false, NULL, NULL },
	{ "UNSELECT", IMAP_UNSELECT, IMAP_SELECTED, false, false, NULL,
	    NULL },
	{ "CREATE", IMAP_CREATE, LOGGED_IN, false, false, imap_parse_create,
	    NULL },
	{ "DELETE", IMAP_DELETE, LOGGED_IN, false, false,
	    imap_parse_mailbox, NULL },
	{ "RENAME", IMAP_RENAME, LOGGED_IN, false, false, imap_parse_rename,
	    NULL },
	{ "SUBSCRIBE", IMAP_SUBSCRIBE, LOGGED_IN, false, false,
	    imap_parse_mailbox, NULL },
	{ "UNSUBSCRIBE", IMAP_UNSUBSCRIBE, LOGGED_IN, false, false,
	    imap_parse_mailbox, NULL },
	{ "NAMESPACE", IMAP_NAMESPACE, LOGGED_IN, false, false, NULL, NULL },
	{ "APPEND", IMAP_APPEND, LOGGED_IN, false, false, NULL, NULL },
	{ "REPLACE", IMAP_REPLACE, IMAP_SELECTED, true, true, NULL, NULL },
	{ "GETQUOTA", IMAP_GETQUOTA, LOGGED_IN, false, false,
	    imap_parse_get_quota, NULL },
	{ "GETQUOTAROOT", IMAP_GETQUOTAROOT, LOGGED_IN, false, false,
	    imap_parse_mailbox, NULL },
	{ "SETQUOTA", IMAP_SETQUOTA, LOGGED_IN, false, false,
	    imap_parse_set_quota, NULL },
	{ "GETMETADATA", IMAP_GETMETADATA, LOGGED_IN, false, false,
	    imap_parse_get_metadata, NULL },
	{ "SETMETADATA", IMAP_SETMETADATA, LOGGED_IN, false, false,
	    imap_parse_set_metadata, NULL },
	{ "NOTIFY", IMAP_NOTIFY, LOGGED_IN, false, false, imap_parse_notify,
	    NULL },
	{ "COMPRESS", IMAP_COMPRESS, LOGGED_IN, false, false,
	    imap_parse_compress, NULL },
	{ "CAPABILITY", IMAP_CAPABILITY, ALWAYS, false, false, NULL,
	    imap_run_capability },
	{ "LOGOUT", IMAP_LOGOUT, ALWAYS, false, false, NULL,
	    imap_run_logout },
	{ "ID", IMAP_ID, ALWAYS, false, false, NULL, imap_run_id },
	{ "ENABLE", IMAP_ENABLE, LOGGED_IN, false, false, NULL,
	    imap_run_enable },
	{ "STARTTLS", IMAP_STARTTLS, IMAP_BEFORE, false, false, NULL,
	    imap_run_starttls },
	{ "LOGIN", IMAP_LOGIN, IMAP_BEFORE, false, false, NULL,
	    imap_run_login },
	{ "AUTHENTICATE", IMAP_AUTHENTICATE, IMAP_BEFORE, false, false, NULL,
	    imap_run_authenticate },
};

static const struct imap_verb_row *
find_verb(struct str name)
{
	size_t i;

	for (i = 0; i < countof(verbs); i++)
		if (str_same(name, str_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

/* tag = 1*<any ASTRING-CHAR except "+"> */
static bool
take_tag(struct imap *m, struct imap_words *w)
{
	struct str tag;

	tag = words_bare(w);
	if (tag.len == 0 || tag.len > IMAP_TAG_MAX ||
	    str_find(tag, 0, '+') != STR_NONE)
		return words_fail(w, "A tag was expected.");
	buf_clear(&m->reading->tag);
	buf_add(&m->reading->tag, tag);
	m->command.tag = buf_str(&m->reading->tag);
	return true;
}

/* The verb, behind UID if that stands there. */
static const struct imap_verb_row *
take_verb(struct imap *m, struct imap_words *w)
{
	const struct imap_verb_row *row;
	struct str name;

	m->command.uid = words_skip_label(w, STR("UID"));
	if (m->command.uid && !words_space(w))
		return NULL;
	name = words_label(w);
	row = find_verb(name);
	if (row != NULL && (!m->command.uid || row->uid))
		return row;
	(void)words_fail(w, name.len == 0 ? "A command was expected." :
	    m->command.uid ?
	    "There is no such command with UID." :
	    "There is no such command.");
	return NULL;
}

/* Somebody took us for a web server: nothing that follows is for us. */
static bool
is_http(const struct imap *m, const struct imap_words *w)
{
	static const char *const names[] = {
		"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT"
	};
	size_t i;

	if (m->reading->authenticated || words_next(w) != '/')
		return false;
	for (i = 0; i < countof(names); i++)
		if (str_equal(m->command.tag, str_of(names[i])))
			return true;
	return false;
}

/* No password is taken in clear, not even a literal that would be one. */
static bool
is_private(const struct imap *m, struct imap_words *w)
{
	const enum imap_verb verb = m->command.verb;

	if (m->tls || (verb != IMAP_LOGIN && verb != IMAP_AUTHENTICATE))
		return true;
	return words_fail_code(w, IMAP_NO, "PRIVACYREQUIRED",
	    m->reading->offered ?
	    "There are no passwords without TLS: say STARTTLS first." :
	    "There are no passwords without TLS.");
}

const struct imap_verb_row *
imap_obey_begin(struct imap *m, struct imap_words *w)
{
	const struct imap_verb_row *row;
	unsigned now;

	if (!take_tag(m, w) || !words_space(w))
		return NULL;
	row = take_verb(m, w);
	if (row == NULL)
		return NULL;
	m->command.verb = row->verb;
	now = !m->reading->authenticated ? IMAP_BEFORE :
	    m->selected ? IMAP_SELECTED : IMAP_AFTER;
	if ((row->when & now) != 0)
		return is_private(m, w) ? row : NULL;
	(void)words_fail(w, now == IMAP_BEFORE ? "Log in first." :
	    now == IMAP_AFTER && row->when == IMAP_SELECTED ?
	    "Select a mailbox first." : "You are logged in already.");
	return NULL;
}

/* Read what stands behind the verb. */
static bool
parse(struct imap *m, struct imap_words *w, const struct imap_verb_row *row)
{
	const struct imap_command *c = &m->command;

	/* a message would have been announced by a literal */
	if (row->verb == IMAP_APPEND || row->verb == IMAP_REPLACE)
		return words_fail(w, "A message as a literal was expected.");
	if (!(row->parse == NULL ? words_end(w) :
	    row->parse(w, &m->command)))
		return false;
	/* RFC 9586 section 3 */
	if ((m->enabled & IMAP_ENABLED_UIDONLY) != 0 &&
	    (w->numbers || (row->numbers && !c->uid)))
		return words_fail_code(w, IMAP_BAD, "UIDREQUIRED",
		    "With UIDONLY there are no sequence numbers.");
	m->enabled |= w->implied;
	return true;
}

static void
begin_idle(struct imap *m)
{
	struct imap_reading *r = m->reading;

	buf_drop(&r->text);
	r->tail_len = 0;
	r->state = IMAP_AT_IDLE;
	m->idling = true;
	buf_add(&m->out, STR("+ idling\r\n"));
}

void
imap_obey(struct imap *m)
{
	struct imap_words w = imap_words_from(m, 0);
	const struct imap_verb_row *row = imap_obey_begin(m, &w);

	if (row != NULL && row->run != NULL)
		row->run(m, &w);
	else if (row == NULL && is_http(m, &w))
		imap_leave(m, "This is IMAP.");
	else if (row == NULL || !parse(m, &w, row))
		imap_finish_wrong(m, &w);
	else if (row->verb == IMAP_IDLE)
		begin_idle(m);
	else if (row->verb == IMAP_NOOP && !m->reading->authenticated)
		imap_finish(m, IMAP_OK, STR(""), "As you wish.");
	else
		m->reading->state = IMAP_AT_DO;
}

void
imap_obey_idle(struct imap *m, struct str line)
{
	if (!str_same(line, STR("DONE"))) {
		imap_finish(m, IMAP_BAD, STR(""), "DONE was expected.");
		return;
	}
	m->idling = false;
	m->reading->state = IMAP_AT_DO;
}
