/*
 * HTTPS by libcurl, in our loop, on sockets that net/dial.c has connected: it
 * looks up no name, follows nobody elsewhere, and reads no file.
 *
 * What ends a fetch is written down, and told by its timer, so that done()
 * never runs below libcurl or fetch_begin(). Until then the timer is the
 * deadline.
 */
#include "net/fetch.h"

#include "base/log.h"
#include "net/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#define HOST_MAX 253		/* bytes, RFC 1035 section 2.3.4 */
#define URL_MAX 1024
#define DIAL_MS 15000		/* for one address */

struct fetcher {
	struct loop *loop;
	struct str roots;
	CURLM *multi;
	struct timer timer;	/* when libcurl wants to be asked */
	struct guests guests;
	struct list fetches;
};

struct fetching {
	struct list link;
	struct fetcher *fetcher;
	struct fetch *fetch;
	struct timer timer;
	struct dial dial;
	int fd;			/* connected, and not yet libcurl's; or -1 */
	struct dial_address *addresses;
	size_t count, next;
	size_t max;
	const char *type;	/* NULL: any */
	struct buf host, url;
	struct buf text;
	CURL *easy;		/* NULL: still dialling, or over */
	struct curl_slist *way;
	enum fetch_result result;	/* at first: too late */
	const char *why;
};

/* ---- the end of one ---- */

/* Have libcurl forget it; its socket goes with it. */
static void
easy_drop(struct fetching *f)
{
	if (f->easy != NULL) {
		curl_multi_remove_handle(f->fetcher->multi, f->easy);
		curl_easy_cleanup(f->easy);
		f->easy = NULL;
	}
	curl_slist_free_all(f->way);
	f->way = NULL;
}

static void
fetching_drop(struct fetching *f)
{
	dial_cancel(&f->dial);
	easy_drop(f);
	if (f->fd >= 0)
		close(f->fd);
	timer_cancel(f->fetcher->loop, &f->timer);
	list_take(&f->link);
	buf_drop(&f->host);
	buf_drop(&f->url);
	buf_drop(&f->text);
	free(f->addresses);
	free(f);
}

/* To be told soon. */
static void
end(struct fetching *f, enum fetch_result result, const char *why)
{
	f->result = result;
	f->why = why;
	timer_set(f->fetcher->loop, &f->timer, 0);
}

/* It is over, or the time is up; done() may free anything. */
static void
on_due(struct timer *t)
{
	struct fetching *f = list_of(t, struct fetching, timer);
	struct fetch *fetch = f->fetch;
	enum fetch_result result = f->result;
	const char *why = f->why;
	struct buf text = f->text;

	f->text = (struct buf){ .at = NULL };
	fetch->fetching = NULL;
	fetching_drop(f);
	fetch->done(fetch, result, result == FETCH_DONE ? buf_str(&text) :
	    STR(""), why);
	buf_drop(&text);
}

/* ---- what libcurl says ---- */

static const char *
code_why(CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return "the certificate of the server proves nothing";
	case CURLE_SSL_CERTPROBLEM:
		return "there are no roots to judge a certificate by";
	case CURLE_SSL_CONNECT_ERROR:
		return "TLS with the server failed";
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		return "the server sends more than we take";
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return "the server hung up too early";
	default:
		return "the server does not speak HTTP as it should";
	}
}

/* Whether the answer is of this type, parameters apart. */
static bool
type_is(CURL *easy, const char *type)
{
	const char *given = NULL;
	struct str is, head;

	if (type == NULL)
		return true;
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &given);
	is = str_of(given);
	if (str_split(&is, ';', &head))
		is = head;
	return str_same(str_trim(is), str_of(type));
}

static void
answered(struct fetching *f, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		end(f, FETCH_FAILED, code_why(code));
	else if (status != 200)
		end(f, FETCH_ABSENT, "the server has no such text");
	else if (!type_is(f->easy, f->type))
		end(f, FETCH_FAILED, "the text is of another type");
	else
		end(f, FETCH_DONE, "");
}

static void
messages_read(struct fetcher *fetcher)
{
	struct fetching *f;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) !=
	    NULL) {
		must(message->msg == CURLMSG_DONE);
		must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &f) == CURLE_OK);
		answered(f, message->data.result);
	}
}

static void
on_timer(struct timer *t)
{
	struct fetcher *f = list_of(t, struct fetcher, timer);
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	messages_read(f);
}

static void
on_ready(struct guests *g, int fd, unsigned events)
{
	struct fetcher *f = list_of(g, struct fetcher, guests);
	int running, what = 0;

	if ((events & ~LOOP_WRITE) != 0)
		what |= CURL_CSELECT_IN;
	if ((events & LOOP_WRITE) != 0)
		what |= CURL_CSELECT_OUT;
	curl_multi_socket_action(f->multi, fd, what, &running);
	messages_read(f);
}

static int
on_moment(CURLM *multi, long ms, void *data)
{
	struct fetcher *f = data;

	(void)multi;
	if (ms < 0)
		timer_cancel(f->loop, &f->timer);
	else
		timer_set(f->loop, &f->timer, ms);
	return 0;
}

static int
on_state(CURL *easy, curl_socket_t fd, int what, void *data, void *unused)
{
	struct fetcher *f = data;
	unsigned events = 0;

	(void)easy, (void)unused;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	guests_want(&f->guests, fd, events);
	return 0;
}

static size_t
on_text(char *at, size_t size, size_t count, void *data)
{
	struct fetching *f = data;

	buf_add(&f->text, str_from(at, size * count));
	return f->text.full ? CURL_WRITEFUNC_ERROR : size * count;
}

static curl_socket_t
on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetching *f = data;
	int fd = f->fd;

	(void)purpose, (void)address;
	f->fd = -1;
	return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int
on_options(void *data, curl_socket_t fd, curlsocktype purpose)
{
	(void)data, (void)fd, (void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* ---- one fetch ---- */

#define OPTION(easy, option, value) \
	must(curl_easy_setopt(easy, option, value) == CURLE_OK)

/*
 * The name leads to an address that is nobody's, since the socket is ours;
 * "+" has libcurl forget it in a while.
 */
static struct curl_slist *
way_new(const struct fetching *f)
{
	struct curl_slist *way;
	struct buf text;

	buf_init(&text, URL_MAX);
	buf_add_char(&text, '+');
	buf_add(&text, buf_str(&f->host));
	buf_add_text(&text, ":443:192.0.2.1");
	way = curl_slist_append(NULL, buf_text(&text));
	must(way != NULL);
	buf_drop(&text);
	return way;
}

static void
options_set(struct fetching *f)
{
	struct curl_blob roots = { .flags = CURL_BLOB_NOCOPY };
	CURL *easy = f->easy;

	roots.data = (void *)(uintptr_t)f->fetcher->roots.at;
	roots.len = f->fetcher->roots.len;
	OPTION(easy, CURLOPT_PRIVATE, f);
	OPTION(easy, CURLOPT_URL, buf_text(&f->url));
	OPTION(easy, CURLOPT_RESOLVE, f->way);
	OPTION(easy, CURLOPT_PROTOCOLS_STR, "https");
	OPTION(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	OPTION(easy, CURLOPT_OPENSOCKETDATA, f);
	OPTION(easy, CURLOPT_SOCKOPTFUNCTION, on_options);
	OPTION(easy, CURLOPT_WRITEFUNCTION, on_text);
	OPTION(easy, CURLOPT_WRITEDATA, f);
	OPTION(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max);
	OPTION(easy, CURLOPT_FOLLOWLOCATION, 0L);
	OPTION(easy, CURLOPT_FORBID_REUSE, 1L);
	OPTION(easy, CURLOPT_NOSIGNAL, 1L);
	OPTION(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	OPTION(easy, CURLOPT_USERAGENT, "pillarbox");
	OPTION(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	OPTION(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	OPTION(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	OPTION(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	OPTION(easy, CURLOPT_CAINFO_BLOB, &roots);
}

/* Begin with the address that comes next. */
static void
address_try(struct fetching *f)
{
	if (f->next == f->count)
		end(f, FETCH_FAILED, "no address of the server answers");
	else
		dial_begin(&f->dial, f->fetcher->loop,
		    &f->addresses[f->next++], DIAL_MS);
}

static void
on_dialled(struct dial *d, int fd)
{
	struct fetching *f = list_of(d, struct fetching, dial);

	if (fd < 0) {
		address_try(f);
		return;
	}
	f->fd = fd;
	f->way = way_new(f);
	f->easy = curl_easy_init();
	must(f->easy != NULL);
	options_set(f);
	must(curl_multi_add_handle(f->fetcher->multi, f->easy) == CURLM_OK);
}

/* Write the URL; false when host or path would make another of it. */
static bool
url_write(struct fetching *f, struct str host, struct str path)
{
	size_t i;
	int c;

	for (i = 0; i < host.len; i++) {
		c = str_at(host, i);
		if (!char_is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	for (i = 0; i < path.len; i++)
		if (str_at(path, i) <= ' ' || str_at(path, i) > '~')
			return false;
	buf_add(&f->host, host);
	buf_add_text(&f->url, "https://");
	buf_add(&f->url, host);
	buf_add(&f->url, path);
	return host.len > 0 && str_at(path, 0) == '/' && !f->host.full &&
	    !f->url.full;
}

void
fetch_begin(struct fetcher *fetcher, struct fetch *fetch,
	const struct fetch_goal *goal)
{
	struct fetching *f = xalloc(1, sizeof *f);
	size_t i;

	must(fetch->fetching == NULL && fetch->done != NULL);
	*f = (struct fetching){
		.fetcher = fetcher,
		.fetch = fetch,
		.timer = { .fire = on_due },
		.dial = { .done = on_dialled },
		.fd = -1,
		.addresses = xalloc(goal->count, sizeof *f->addresses),
		.count = goal->count,
		.max = goal->max,
		.type = goal->type,
		.result = FETCH_FAILED,
		.why = "the server took too long"
	};
	for (i = 0; i < goal->count; i++)
		f->addresses[i] = goal->addresses[i];
	fetch->fetching = f;
	list_add(&fetcher->fetches, &f->link);
	buf_init(&f->host, HOST_MAX);
	buf_init(&f->url, URL_MAX);
	buf_init(&f->text, goal->max);
	timer_set(fetcher->loop, &f->timer, FETCH_DEADLINE_MS);
	if (url_write(f, goal->host, goal->path))
		address_try(f);
	else
		end(f, FETCH_FAILED, "no such name can be asked");
}

void
fetch_cancel(struct fetch *fetch)
{
	if (fetch->fetching == NULL)
		return;
	fetching_drop(fetch->fetching);
	fetch->fetching = NULL;
}

/* ---- the fetcher ---- */

int
fetcher_open(struct fetcher **f, struct loop *loop, struct str roots)
{
	struct fetcher *made;

	*f = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_event(LOG_ERROR, "fetcher-failed",
		    LOG_C("error", "libcurl does not start"));
		return -EIO;
	}
	made = xalloc(1, sizeof *made);
	*made = (struct fetcher){
		.loop = loop,
		.roots = roots,
		.multi = curl_multi_init(),
		.timer = { .fire = on_timer }
	};
	must(made->multi != NULL);
	guests_init(&made->guests, loop, on_ready);
	list_init(&made->fetches);
	curl_multi_setopt(made->multi, CURLMOPT_SOCKETFUNCTION, on_state);
	curl_multi_setopt(made->multi, CURLMOPT_SOCKETDATA, made);
	curl_multi_setopt(made->multi, CURLMOPT_TIMERFUNCTION, on_moment);
	curl_multi_setopt(made->multi, CURLMOPT_TIMERDATA, made);
	*f = made;
	return 0;
}

void
fetcher_drop(struct fetcher *f)
{
	if (f == NULL)
		return;
	while (!list_empty(&f->fetches))
		fetch_cancel(list_of(f->fetches.next, struct fetching,
		    link)->fetch);
	curl_multi_cleanup(f->multi);
	curl_global_cleanup();
	guests_drop(&f->guests);
	timer_cancel(f->loop, &f->timer);
	free(f);
}
