/* What the roles are handed: read, checked, packed and unpacked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/setup.h"
#include "base/crypto.h"

#define NOW 1795210678

int setup_test(void);

/* A directory with two pairs: a.cert a.key, b.cert b.key. */
struct place {
	char dir[64];
	char path[128];
};

static const char *
path_of(struct place *p, const char *name)
{
	(void)snprintf(p->path, sizeof p->path, "%s/%s", p->dir, name);
	return p->path;
}

static void
write_file(struct place *p, const char *name, struct str text)
{
	FILE *file = fopen(path_of(p, name), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
}

static void
write_pair(struct place *p, const char *host, const char *cert_name,
	const char *key_name)
{
	struct str name = str_of(host);
	struct buf key, cert;

	buf_init(&key, 8192);
	buf_init(&cert, 8192);
	assert_int_equal(crypto_self_sign(&name, 1, NOW, &key, &cert), 0);
	write_file(p, cert_name, buf_str(&cert));
	write_file(p, key_name, buf_str(&key));
	buf_drop(&key);
	buf_drop(&cert);
}

/* Write x.conf with one pair. */
static void
write_config(struct place *p, const char *cert, const char *key)
{
	struct buf text;

	buf_init(&text, 4096);
	buf_add_format(&text, "domains = \"example.test\";\ntls = {\n"
	    "certificates = (\n{ cert = \"%s/%s\"; key = \"%s/%s\"; } );\n"
	    "roots = \"%s/roots\"; };\n", p->dir, cert, p->dir, key,
	    p->dir);
	write_file(p, "x.conf", buf_str(&text));
	buf_drop(&text);
}

static int
make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	const char *tmp = getenv("TMPDIR");

	crypto_start();
	(void)snprintf(p->dir, sizeof p->dir, "%.40s/setup-%s",
	    tmp != NULL ? tmp : "/tmp", "XX" "XX" "XX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	write_pair(p, "a.example", "a.cert", "a.key");
	write_pair(p, "b.example", "b.cert", "b.key");
	*state = p;
	return 0;
}

static int
drop_place(void **state)
{
	static const char *const names[] = {
		"a.cert", "a.key", "b.cert", "b.key", "x.conf", "roots"
	};
	struct place *p = *state;
	size_t i;

	for (i = 0; i < countof(names); i++)
		(void)unlink(path_of(p, names[i]));
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

static void
a_good_one_is_loaded(void **state)
{
	struct place *p = *state;
	struct setup setup = { 0 };
	struct buf why;

	write_config(p, "a.cert", "a.key");
	buf_init(&why, 2048);
	if (setup_load(&setup, path_of(p, "x.conf"), &why) != 0)
		fail_msg("%s", buf_text(&why));
	assert_string_equal(setup.config.host, "mail.example.test");
	assert_true(str_starts(setup.pairs[0].cert,
	    STR("-----BEGIN CERTIFICATE-----")));
	assert_non_null(strstr(buf_text(&setup.keys[0]), "PRIVATE KEY"));
	assert_int_equal(setup.roots_err, -ENOENT);
	assert_int_equal(setup.roots.len, 0);
	assert_in_range(setup.expires[0], NOW + 3600LL * 24 * 365 * 9,
	    NOW + 3600LL * 24 * 366 * 10);
	setup_drop(&setup);
	setup_drop(&setup);
	buf_drop(&why);
}

/* Loading fails with that code and a sentence with those words. */
static void
refused(struct place *p, const char *file, int code, const char *words)
{
	struct setup setup = { 0 };
	struct buf why;
	int err;

	buf_init(&why, 2048);
	err = setup_load(&setup, path_of(p, file), &why);
	if (err != code || strstr(buf_text(&why), words) == NULL)
		fail_msg("%d: %s\nnot %d: %s", err, buf_text(&why), code,
		    words);
	assert_null(setup.config.strings);
	assert_int_equal(setup.certs[0].len, 0);
	buf_drop(&why);
}

static void
faults_are_named(void **state)
{
	struct place *p = *state;
	struct buf large;

	refused(p, "absent.conf", -ENOENT, "absent.conf is not there");
	refused(p, "", -EISDIR, "is a directory");
	write_config(p, "c.cert", "a.key");
	refused(p, "x.conf", -ENOENT, "c.cert is not there");
	refused(p, "x.conf", -ENOENT, "x.conf:4: ");
	write_config(p, "a.cert", "c.key");
	refused(p, "x.conf", -ENOENT, "c.key is not there");
	write_config(p, "a.cert", "b.key");
	refused(p, "x.conf", -EKEYREJECTED, "does not belong to");
	write_config(p, "a.key", "a.cert");
	refused(p, "x.conf", -EBADMSG, "the right way round");
	write_config(p, "a.cert", "x.conf");
	refused(p, "x.conf", -EBADMSG, "x.conf:4: ");
	buf_init(&large, SETUP_PEM_MAX + 1);
	memset(buf_space(&large, SETUP_PEM_MAX + 1), 'x', SETUP_PEM_MAX + 1);
	buf_grew(&large, SETUP_PEM_MAX + 1);
	write_file(p, "b.key", buf_str(&large));
	buf_drop(&large);
	write_config(p, "a.cert", "b.key");
	refused(p, "x.conf", -EFBIG, "too large");
}

static void
packed_and_unpacked_is_the_same(void **state)
{
	struct place *p = *state;
	struct setup setup = { 0 }, again = { 0 };
	struct buf why, packed;
	size_t len;

	write_config(p, "a.cert", "a.key");
	write_file(p, "roots", STR("some roots\n"));
	buf_init(&why, 2048);
	buf_init(&packed, SETUP_PACKED_MAX);
	assert_int_equal(setup_load(&setup, path_of(p, "x.conf"), &why), 0);
	assert_int_equal(setup.roots_err, 0);
	buf_drop(&setup.resolv);
	buf_init(&setup.resolv, SETUP_RESOLV_MAX);
	buf_add_text(&setup.resolv, "nameserver 192.0.2.53\n");
	setup_pack(&setup, &packed);
	assert_int_equal(packed.room, packed.len + 1);	/* never moved */
	assert_int_equal(setup_unpack(&again, buf_str(&packed)), 0);
	assert_string_equal(again.config.host, "mail.example.test");
	assert_int_equal(again.config.certificate_count, 1);
	assert_true(str_equal(again.pairs[0].cert, setup.pairs[0].cert));
	assert_true(str_equal(again.pairs[0].key, setup.pairs[0].key));
	assert_string_equal(buf_text(&again.roots), "some roots\n");
	assert_string_equal(buf_text(&again.resolv),
	    "nameserver 192.0.2.53\n");
	setup_drop(&again);
	/* Cut anywhere, or with something behind it, it is refused. */
	for (len = 0; len < packed.len; len++)
		assert_int_equal(setup_unpack(&again, str_part(
		    buf_str(&packed), 0, len)), -EBADMSG);
	buf_add_char(&packed, 'x');
	assert_int_equal(setup_unpack(&again, buf_str(&packed)), -EBADMSG);
	setup_drop(&setup);
	buf_wipe(&packed);
	buf_drop(&why);
}

static void
roots_that_are_too_many_are_none(void **state)
{
	struct place *p = *state;
	struct setup setup = { 0 };
	struct buf why, large;

	buf_init(&large, SETUP_ROOTS_MAX + 1);
	memset(buf_space(&large, large.max), 'x', large.max);
	buf_grew(&large, large.max);
	write_file(p, "roots", buf_str(&large));
	buf_drop(&large);
	write_config(p, "a.cert", "a.key");
	buf_init(&why, 2048);
	assert_int_equal(setup_load(&setup, path_of(p, "x.conf"), &why), 0);
	assert_int_equal(setup.roots_err, -EFBIG);
	assert_int_equal(setup.roots.len, 0);
	setup_drop(&setup);
	buf_drop(&why);
}

/* The servers of a resolv.conf, a space behind each. */
static void
check_resolvers(const char *resolv, size_t room, const char *servers)
{
	struct str found[CONFIG_DNS_MAX];
	struct setup setup = { .resolv_size = 0 };
	struct buf text;
	size_t i, count;

	buf_init(&text, 1024);
	buf_init(&setup.resolv, SETUP_RESOLV_MAX);
	buf_add_text(&setup.resolv, resolv);
	count = setup_resolvers(&setup, found, room);
	for (i = 0; i < count; i++) {
		buf_add(&text, found[i]);
		buf_add_char(&text, ' ');
	}
	assert_string_equal(buf_text(&text), servers);
	buf_drop(&text);
	setup_drop(&setup);
}

static void
resolv_conf_is_read(void **state)
{
	(void)state;
	check_resolvers("", 8, "");
	check_resolvers("nameserver", 8, "");
	check_resolvers("nameserver \n", 8, "");
	check_resolvers("nameserver 192.0.2.1", 8, "192.0.2.1 ");
	check_resolvers("# by hand\nsearch example.test\n"
	    "nameserver 192.0.2.1\n; old\n;nameserver 192.0.2.9\n"
	    "  nameserver\t2001:db8::1  # mine\r\noptions edns0\n", 8,
	    "192.0.2.1 2001:db8::1 ");
	check_resolvers("nameserver fe80::1%eth0\nnameserver a.example\n"
	    "nameservers 192.0.2.1\nnameserver 192.0.2.2\n", 8,
	    "192.0.2.2 ");
	check_resolvers("nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "nameserver 192.0.2.3\n", 2, "192.0.2.1 192.0.2.2 ");
	check_resolvers("nameserver 192.0.2.1\n", 0, "");
}

static void
servers_of_the_configuration_come_first(void **state)
{
	struct str found[CONFIG_DNS_MAX];
	struct setup setup = { .resolv_size = 0 };
	struct buf why;

	(void)state;
	buf_init(&why, 2048);
	assert_int_equal(config_parse(&setup.config, STR("domains = "
	    "\"example.test\"; pop3 = { port = 0; tls_port = 0; };\n"
	    "imap = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n"
	    "dns = { servers = [ \"192.0.2.7:5353\", \"::1\" ]; };\n"), "x",
	    &why), 0);
	setup_load_outside(&setup);
	assert_int_equal(setup.resolv.len, 0);
	assert_false(setup_follow_resolv(&setup));
	assert_int_equal(setup_resolvers(&setup, found, countof(found)), 2);
	assert_true(str_equal(found[0], STR("192.0.2.7:5353")));
	assert_true(str_equal(found[1], STR("::1")));
	assert_int_equal(setup_resolvers(&setup, found, 1), 1);
	setup_drop(&setup);
	buf_drop(&why);
}

/* Nobody changes the file meanwhile; what we hold of it may be another. */
static void
a_changed_resolv_conf_is_noticed(void **state)
{
	struct setup setup = { .resolv_size = 0 };
	struct buf was;

	(void)state;
	config_default(&setup.config);
	setup.config.tls_roots = "/nowhere";
	setup_load_outside(&setup);
	if (setup.resolv.len == 0)
		skip();
	assert_int_equal(setup.roots_err, -ENOENT);
	assert_false(setup_follow_resolv(&setup));
	buf_init(&was, SETUP_RESOLV_MAX);
	buf_add(&was, buf_str(&setup.resolv));
	setup.resolv_changed--;
	assert_false(setup_follow_resolv(&setup));
	setup.resolv_changed--;
	buf_cut(&setup.resolv, setup.resolv.len - 1);
	assert_true(setup_follow_resolv(&setup));
	assert_true(str_equal(buf_str(&setup.resolv), buf_str(&was)));
	assert_false(setup_follow_resolv(&setup));
	buf_drop(&was);
	buf_drop(&setup.resolv);
}

int
setup_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_is_loaded),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(packed_and_unpacked_is_the_same),
		cmocka_unit_test(roots_that_are_too_many_are_none),
		cmocka_unit_test(resolv_conf_is_read),
		cmocka_unit_test(servers_of_the_configuration_come_first),
		cmocka_unit_test(a_changed_resolv_conf_is_noticed),
	};

	return cmocka_run_group_tests_name("app/setup", tests, make_place,
	    drop_place);
}
