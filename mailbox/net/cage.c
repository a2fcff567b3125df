/*
 * What a role gives up. Landlock decides which files and ports can be
 * reached, whoever asks; the filter of cage_filter.c decides which calls can
 * be made at all. Each alone would hold most of the table in cage.h; both are
 * there so that a hole in one is not a way out.
 *
 * Landlock's words are spelt out here: the headers of the distributions we
 * build on are older than the kernels we run on.
 */
#include "net/cage.h"

#include "base/log.h"
#include "net/cage_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on all architectures. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define RULESET_VERSION 1u	/* asks which ABI the kernel has */
#define RULE_PATH_BENEATH 1

/* Rights over files, by the ABI that brought them; ABI 1 has 0 to 12. */
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_ABI1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)		/* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)		/* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15)	/* ABI 5 */

#define NET_BIND_TCP (UINT64_C(1) << 0)		/* ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0)	/* ABI 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct landlock_ruleset {
	uint64_t files;		/* all that is known from ABI 1 on, */
	uint64_t net;		/* from ABI 4 on, */
	uint64_t scoped;	/* from ABI 6 on */
};

struct landlock_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static int
failed(const char *what)
{
	int error = errno;

	log_event(LOG_ERROR, "cage-failed", LOG_C("what", what),
	    LOG_C("error", strerror(error)));
	return -error;
}

/* Let the owner know that one wall is missing. */
static void
warn_missing(const char *what)
{
	log_event(LOG_ERROR, "cage-weak", LOG_C("missing", what),
	    LOG_C("do", "use a kernel that has it; all else works"));
}

/* Become somebody else for good, and see that there is no way back. */
static int
identity_drop(const char *user)
{
	struct passwd *who;

	if (user == NULL || geteuid() != 0)
		return 0;
	errno = 0;
	who = getpwnam(user);
	if (who == NULL || who->pw_uid == 0) {
		errno = who == NULL && errno != 0 ? errno : EINVAL;
		return failed("user");
	}
	if (setgroups(1, &who->pw_gid) < 0 ||
	    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) < 0 ||
	    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) < 0)
		return failed("setuid");
	must(getuid() == who->pw_uid && geteuid() == who->pw_uid);
	must(getgid() == who->pw_gid && getegid() == who->pw_gid);
	must(setuid(0) < 0 && setgid(0) < 0);
	return 0;
}

static int
process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return failed("core limit");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed("dumpable");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("no_new_privs");
	return 0;
}

/* Which version of Landlock the kernel has; 0: none. */
static int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* Every right that this version can take away. */
static struct landlock_ruleset
ruleset_for(int abi, enum cage_role role)
{
	struct landlock_ruleset r = { .files = FS_ABI1 };

	if (abi >= 2)
		r.files |= FS_REFER;
	if (abi >= 3)
		r.files |= FS_TRUNCATE;
	if (abi >= 4)
		r.net = NET_BIND_TCP |
		    (role == CAGE_COURIER ? 0 : NET_CONNECT_TCP);
	if (abi >= 5)
		r.files |= FS_IOCTL_DEV;
	if (abi >= 6)
		r.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return r;
}

static size_t
ruleset_size(int abi)
{
	return abi >= 6 ? sizeof (struct landlock_ruleset) :
	    abi >= 4 ? offsetof(struct landlock_ruleset, scoped) :
	    offsetof(struct landlock_ruleset, net);
}

/* Give back what the keeper needs below its directory. */
static int
directory_allow(int ruleset, const char *dir, uint64_t handled)
{
	struct landlock_beneath beneath = {
		.allowed = handled & (FS_READ_FILE | FS_WRITE_FILE |
		    FS_READ_DIR | FS_REMOVE_FILE | FS_REMOVE_DIR |
		    FS_MAKE_REG | FS_MAKE_DIR | FS_REFER | FS_TRUNCATE)
	};
	int error = 0;

	beneath.parent = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (beneath.parent < 0)
		return failed(dir);
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH,
	    &beneath, 0) < 0)
		error = failed("landlock rule");
	close(beneath.parent);
	return error;
}

static int
landlock_enter(const struct cage *cage)
{
	struct landlock_ruleset rules;
	int abi, ruleset, error = 0;

	abi = landlock_abi();
	if (abi == 0) {
		warn_missing("landlock");
		return 0;
	}
	rules = ruleset_for(abi, cage->role);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules,
	    ruleset_size(abi), 0);
	if (ruleset < 0)
		return failed("landlock ruleset");
	if (cage->role == CAGE_KEEPER)
		error = directory_allow(ruleset, cage->dir, rules.files);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = failed("landlock");
	close(ruleset);
	return error;
}

int
cage_enter(const struct cage *cage)
{
	int error;

	error = identity_drop(cage->user);
	if (error == 0)
		error = process_harden();
	if (error == 0)
		error = landlock_enter(cage);
	if (error != 0)
		return error;
	error = cage_filter_set(cage->role);
	if (error == -ENOSYS) {
		warn_missing("seccomp");
		return 0;
	}
	if (error != 0) {
		errno = -error;
		return failed("seccomp");
	}
	return 0;
}
