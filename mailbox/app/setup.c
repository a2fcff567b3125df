/*
 * What the supervisor reads from the disk before anything is caged, and
 * hands to the roles as bytes: the text of the configuration, the roots,
 * resolv.conf, then the PEM of every certificate and key, each behind its
 * length. It knows nothing of TLS; base/crypto.h tells whether a pair fits.
 */
#include "app/setup.h"

#include "app/config_table.h"
#include "base/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Read a whole file to out.
 *
 * Returns:  0; -EFBIG when it is larger than out->max; negative errno.
 */
static int
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	size_t got;
	char *at;
	int err = 0;

	if (file == NULL)
		return -errno;
	/* Unbuffered, so that no copy of a key is left in freed memory. */
	setvbuf(file, NULL, _IONBF, 0);
	at = buf_space(out, out->max);
	must(at != NULL);
	got = fread(at, 1, out->max, file);
	buf_grew(out, got);
	if (ferror(file))
		err = -errno;
	else if (got == out->max && fgetc(file) != EOF)
		err = -EFBIG;
	fclose(file);
	return err;
}

/* What an errno of reading a file means to its owner. */
static const char *
read_why(int err)
{
	switch (-err) {
	case ENOENT:
	case ENOTDIR:
		return "is not there; correct the path";
	case EACCES:
	case EPERM:
		return "may not be read by this user; run as root, or change "
		    "its owner or mode";
	case EISDIR:
		return "is a directory; name the file in it";
	case EFBIG:
		return "is too large to be what it should be; correct the path";
	default:
		return strerror(-err);
	}
}

static int
load_pem(const struct config_certificate *pair, const char *path,
	const char *file, struct buf *pem, struct buf *why)
{
	int err;

	buf_init(pem, SETUP_PEM_MAX);
	err = read_file(path, pem);
	if (err != 0)
		buf_add_format(why, "%s:%d: %s %s", file, pair->line, path,
		    read_why(err));
	return err;
}

static int
load_pair(struct setup *setup, size_t i, const char *file, struct buf *why)
{
	const struct config_certificate *pair = &setup->config.certificates[i];
	int err;

	err = load_pem(pair, pair->cert, file, &setup->certs[i], why);
	if (err != 0)
		return err;
	err = load_pem(pair, pair->key, file, &setup->keys[i], why);
	if (err != 0)
		return err;
	setup->pairs[i].cert = buf_str(&setup->certs[i]);
	setup->pairs[i].key = buf_str(&setup->keys[i]);
	err = crypto_check_pair(setup->pairs[i].cert, setup->pairs[i].key,
	    &setup->expires[i]);
	if (err == -EKEYREJECTED)
		buf_add_format(why, "%s:%d: the key %s does not belong to the "
		    "certificate %s; name the key it was made with", file,
		    pair->line, pair->key, pair->cert);
	else if (err != 0)
		buf_add_format(why, "%s:%d: %s and %s are not a certificate "
		    "chain and its key without a passphrase, in PEM; look "
		    "whether they are the right way round", file, pair->line,
		    pair->cert, pair->key);
	return err;
}

int
setup_load_config(struct setup *setup, const char *file, struct buf *why)
{
	int err;

	setup_drop(setup);
	buf_clear(why);
	buf_init(&setup->text, CONFIG_TEXT_MAX);
	err = read_file(file, &setup->text);
	if (err != 0)
		buf_add_format(why, "%s %s, name another with -c FILE, or let "
		    "\"pillarbox init\" make one", file, read_why(err));
	else
		err = config_parse(&setup->config, buf_str(&setup->text), file,
		    why);
	if (err != 0)
		setup_drop(setup);
	return err;
}

/* Read a file that need not be there; empty when it is not, or too large. */
static int
read_spare(const char *path, struct buf *out, size_t max)
{
	int err;

	buf_drop(out);
	buf_init(out, max);
	err = read_file(path, out);
	if (err != 0)
		buf_drop(out);
	return err;
}

static void
stamp_resolv(int64_t *changed, int64_t *size)
{
	struct stat st;

	*changed = *size = 0;
	if (stat(SETUP_RESOLV, &st) != 0)
		return;
	*changed = (int64_t)st.st_mtim.tv_sec * 1000000000 +
	    st.st_mtim.tv_nsec;
	*size = st.st_size;
}

static void
read_resolv(struct setup *setup)
{
	stamp_resolv(&setup->resolv_changed, &setup->resolv_size);
	/* Without it there are no servers, and every question says so. */
	(void)read_spare(SETUP_RESOLV, &setup->resolv, SETUP_RESOLV_MAX);
}

void
setup_load_outside(struct setup *setup)
{
	setup->roots_err = read_spare(setup->config.tls_roots, &setup->roots,
	    SETUP_ROOTS_MAX);
	if (setup->config.dns_server_count == 0)
		read_resolv(setup);
}

bool
setup_follow_resolv(struct setup *setup)
{
	struct buf old = setup->resolv;
	int64_t changed, size;
	bool fresh;

	if (setup->config.dns_server_count > 0)
		return false;
	stamp_resolv(&changed, &size);
	if (changed == setup->resolv_changed && size == setup->resolv_size)
		return false;
	setup->resolv = (struct buf){ NULL, 0, 0, 0, false };
	read_resolv(setup);
	fresh = !str_equal(buf_str(&old), buf_str(&setup->resolv));
	buf_drop(&old);
	return fresh;
}

/* Cut the first word off a line; empty when there is none. */
static struct str
take_word(struct str *line)
{
	size_t len = 0;

	*line = str_trim(*line);
	while (len < line->len && str_at(*line, len) != ' ' &&
	    str_at(*line, len) != '\t')
		len++;
	return str_take(line, len);
}

size_t
setup_resolvers(const struct setup *setup, struct str *servers, size_t room)
{
	const struct config *config = &setup->config;
	struct str text = buf_str(&setup->resolv), line;
	size_t count = 0;

	while (count < room && count < config->dns_server_count) {
		servers[count] = str_of(config->dns_servers[count]);
		count++;
	}
	if (config->dns_server_count > 0)
		return count;
	while (count < room && text.len > 0) {
		if (!str_split(&text, '\n', &line))
			line = str_take(&text, text.len);
		if (!str_equal(take_word(&line), STR("nameserver")))
			continue;
		servers[count] = take_word(&line);
		if (config_is_server(servers[count]))
			count++;
	}
	return count;
}

int
setup_load(struct setup *setup, const char *file, struct buf *why)
{
	size_t i;
	int err;

	err = setup_load_config(setup, file, why);
	for (i = 0; err == 0 && i < setup->config.certificate_count; i++)
		err = load_pair(setup, i, file, why);
	if (err == 0)
		setup_load_outside(setup);
	else
		setup_drop(setup);
	return err;
}

void
setup_drop(struct setup *setup)
{
	size_t i;

	config_drop(&setup->config);
	buf_drop(&setup->text);
	buf_drop(&setup->roots);
	buf_drop(&setup->resolv);
	for (i = 0; i < CONFIG_CERTIFICATES_MAX; i++) {
		buf_drop(&setup->certs[i]);
		buf_wipe(&setup->keys[i]);
	}
	memset(setup, 0, sizeof *setup);
}

static void
pack_part(struct buf *out, const struct buf *part)
{
	uint32_t len = (uint32_t)part->len;

	buf_add(out, str_from(&len, sizeof len));
	buf_add(out, buf_str(part));
}

void
setup_pack(const struct setup *setup, struct buf *out)
{
	size_t i, len = 3 * sizeof (uint32_t) + setup->text.len +
	    setup->roots.len + setup->resolv.len;

	/* All the room at once: what a buf outgrows would be freed unwiped. */
	for (i = 0; i < setup->config.certificate_count; i++)
		len += 2 * sizeof (uint32_t) + setup->certs[i].len +
		    setup->keys[i].len;
	must(buf_space(out, len) != NULL);
	pack_part(out, &setup->text);
	pack_part(out, &setup->roots);
	pack_part(out, &setup->resolv);
	for (i = 0; i < setup->config.certificate_count; i++) {
		pack_part(out, &setup->certs[i]);
		pack_part(out, &setup->keys[i]);
	}
	must(!out->full);
}

static bool
unpack_part(struct str *packed, struct buf *part, size_t max)
{
	uint32_t len;

	buf_init(part, max);
	if (packed->len < sizeof len)
		return false;
	memcpy(&len, str_take(packed, sizeof len).at, sizeof len);
	if (len > max || len > packed->len)
		return false;
	buf_add(part, str_take(packed, len));
	return true;
}

int
setup_unpack(struct setup *setup, struct str packed)
{
	struct buf why;
	size_t i;
	bool good;

	setup_drop(setup);
	buf_init(&why, 1024);
	good = unpack_part(&packed, &setup->text, CONFIG_TEXT_MAX) &&
	    config_parse(&setup->config, buf_str(&setup->text), "(handed over)",
	    &why) == 0 &&
	    unpack_part(&packed, &setup->roots, SETUP_ROOTS_MAX) &&
	    unpack_part(&packed, &setup->resolv, SETUP_RESOLV_MAX);
	buf_drop(&why);
	for (i = 0; good && i < setup->config.certificate_count; i++) {
		good = unpack_part(&packed, &setup->certs[i], SETUP_PEM_MAX) &&
		    unpack_part(&packed, &setup->keys[i], SETUP_PEM_MAX);
		setup->pairs[i].cert = buf_str(&setup->certs[i]);
		setup->pairs[i].key = buf_str(&setup->keys[i]);
	}
	if (good && packed.len == 0)
		return 0;
	setup_drop(setup);
	return -EBADMSG;
}
