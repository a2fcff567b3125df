/*
 * The system calls of each role, as a table. What is not in it fails with
 * EPERM: above all exec, ptrace, open (but for the keeper), socket and
 * connect (but for the courier), bind, listen, and everything that the kernel
 * will learn in years to come.
 *
 * A call has different numbers, and sometimes names, on x86-64, 64-bit and
 * 32-bit ARM, and musl and glibc choose differently among them; so names that
 * an architecture lacks are left out by #ifdef, and both libraries' choices
 * are listed. Calls that are made often stand first: the kernel looks at the
 * filter from the top.
 */
#include "net/cage_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define FOREIGN 0x40000000u	/* x32 numbers have this bit */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#else
#error "cage_filter.c does not know the system calls of this architecture"
#endif
#ifndef FOREIGN
#define FOREIGN 0x80000000u	/* no such number */
#endif

/* Who may make a call. */
#define I (1u << CAGE_INTAKE)
#define K (1u << CAGE_KEEPER)
#define C (1u << CAGE_COURIER)
#define ALL (I | K | C)

/* What is looked at besides the number. */
enum check {
	ANY,
	NO_BITS,	/* none of the bits of value are set */
	ONLY_BITS,	/* no bits but those of value are set */
	EQUALS		/* the argument is value */
};

/* A call may stand in several, here and below; one that fits is enough. */
struct rule {
	int number;
	unsigned roles;
	enum check check;
	unsigned argument;	/* which one, from 0 */
	uint32_t value;
};

#define OWN_PID UINT32_MAX	/* as a value: filled in at run time */

/* The one that both libraries make. */
#ifdef SYS_fcntl64
#define CALL_FCNTL SYS_fcntl64
#else
#define CALL_FCNTL SYS_fcntl
#endif

#define FORK_BITS (0xffu | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

static const struct rule rules[] = {
	/* every turn of a loop */
	{ .number = SYS_read, .roles = ALL },
	{ .number = SYS_write, .roles = ALL },
	{ .number = SYS_recvfrom, .roles = ALL },
	/* with MSG_FASTOPEN a closed socket would connect anew */
	{ SYS_sendto, ALL, NO_BITS, 3, MSG_FASTOPEN },
	{ .number = SYS_recvmsg, .roles = ALL },
	{ SYS_sendmsg, ALL, NO_BITS, 2, MSG_FASTOPEN },
	{ .number = SYS_epoll_pwait, .roles = ALL },
#ifdef SYS_epoll_wait
	{ .number = SYS_epoll_wait, .roles = ALL },
#endif
	{ .number = SYS_epoll_ctl, .roles = ALL },
#ifdef SYS_clock_gettime
	{ .number = SYS_clock_gettime, .roles = ALL },
#endif
#ifdef SYS_clock_gettime64
	{ .number = SYS_clock_gettime64, .roles = ALL },
#endif
	{ .number = SYS_accept4, .roles = I | K },
	{ .number = SYS_close, .roles = ALL },
	{ .number = SYS_pwrite64, .roles = K },
	{ .number = SYS_pread64, .roles = ALL },
	{ .number = SYS_fdatasync, .roles = K },
	/* F_SETOWN and F_SETSIG would have the kernel kill whom they name */
	{ CALL_FCNTL, K, EQUALS, 1, F_SETLK },
	{ CALL_FCNTL, K, EQUALS, 1, F_GETLK },
	{ CALL_FCNTL, K, EQUALS, 1, F_GETFD },
	{ CALL_FCNTL, K | C, EQUALS, 1, F_SETFD },
	{ CALL_FCNTL, K | C, EQUALS, 1, F_GETFL },
	{ CALL_FCNTL, ALL, EQUALS, 1, F_ADD_SEALS },
	{ CALL_FCNTL, ALL, EQUALS, 1, F_GET_SEALS },
	{ .number = SYS_getrandom, .roles = ALL },

	/* memory, never to be run */
#ifdef SYS_mmap
	{ SYS_mmap, ALL, NO_BITS, 2, PROT_EXEC },
#endif
#ifdef SYS_mmap2
	{ SYS_mmap2, ALL, NO_BITS, 2, PROT_EXEC },
#endif
	{ SYS_mprotect, ALL, NO_BITS, 2, PROT_EXEC },
	{ .number = SYS_munmap, .roles = ALL },
	{ .number = SYS_mremap, .roles = ALL },
	{ .number = SYS_madvise, .roles = ALL },
	{ .number = SYS_brk, .roles = ALL },
	{ .number = SYS_mlock, .roles = ALL },
	{ .number = SYS_munlock, .roles = ALL },
	{ .number = SYS_memfd_create, .roles = ALL },

	/* sockets that are there */
	{ .number = SYS_shutdown, .roles = ALL },
	{ .number = SYS_setsockopt, .roles = ALL },
	{ .number = SYS_getsockopt, .roles = ALL },
	{ .number = SYS_getsockname, .roles = ALL },
	{ .number = SYS_getpeername, .roles = ALL },
	{ .number = SYS_readv, .roles = ALL },
	{ .number = SYS_writev, .roles = ALL },

	/* descriptors, by number */
	{ .number = SYS_fstat, .roles = ALL },
#ifdef SYS_fstat64
	{ .number = SYS_fstat64, .roles = ALL },
#endif
	{ .number = SYS_lseek, .roles = ALL },
#ifdef SYS__llseek
	{ .number = SYS__llseek, .roles = ALL },
#endif

	/* time, signals, the end */
#ifdef SYS_gettimeofday
	{ .number = SYS_gettimeofday, .roles = ALL },
#endif
#ifdef SYS_clock_nanosleep
	{ .number = SYS_clock_nanosleep, .roles = ALL },
#endif
	{ .number = SYS_nanosleep, .roles = ALL },
#ifdef SYS_clock_nanosleep_time64
	{ .number = SYS_clock_nanosleep_time64, .roles = ALL },
#endif
	{ .number = SYS_futex, .roles = ALL },
#ifdef SYS_futex_time64
	{ .number = SYS_futex_time64, .roles = ALL },
#endif
	{ .number = SYS_restart_syscall, .roles = ALL },
	{ .number = SYS_sched_yield, .roles = ALL },
	{ .number = SYS_rt_sigaction, .roles = ALL },
	{ .number = SYS_rt_sigprocmask, .roles = ALL },
	{ .number = SYS_rt_sigreturn, .roles = ALL },
	{ .number = SYS_getpid, .roles = ALL },
	{ .number = SYS_gettid, .roles = ALL },
	{ .number = SYS_exit, .roles = ALL },
	{ .number = SYS_exit_group, .roles = ALL },
	/* abort() */
	{ SYS_tkill, ALL, EQUALS, 0, OWN_PID },
	{ SYS_tgkill, ALL, EQUALS, 0, OWN_PID },

	/* files, which Landlock keeps below the data directory */
	{ .number = SYS_openat, .roles = K },
#ifdef SYS_open
	{ .number = SYS_open, .roles = K },
#endif
	{ .number = SYS_fsync, .roles = K },
	{ .number = SYS_syncfs, .roles = K },
#ifdef SYS_sync_file_range
	{ .number = SYS_sync_file_range, .roles = K },
#endif
#ifdef SYS_sync_file_range2
	{ .number = SYS_sync_file_range2, .roles = K },
#endif
#ifdef SYS_arm_sync_file_range
	{ .number = SYS_arm_sync_file_range, .roles = K },
#endif
	{ .number = SYS_ftruncate, .roles = K },
#ifdef SYS_ftruncate64
	{ .number = SYS_ftruncate64, .roles = K },
#endif
	{ .number = SYS_fallocate, .roles = K },
	{ .number = SYS_flock, .roles = K },
	{ .number = SYS_preadv, .roles = K },
	{ .number = SYS_pwritev, .roles = K },
	{ .number = SYS_unlinkat, .roles = K },
#ifdef SYS_unlink
	{ .number = SYS_unlink, .roles = K },
#endif
#ifdef SYS_renameat
	{ .number = SYS_renameat, .roles = K },
#endif
	{ .number = SYS_renameat2, .roles = K },
#ifdef SYS_rename
	{ .number = SYS_rename, .roles = K },
#endif
	{ .number = SYS_mkdirat, .roles = K },
#ifdef SYS_mkdir
	{ .number = SYS_mkdir, .roles = K },
#endif
#ifdef SYS_rmdir
	{ .number = SYS_rmdir, .roles = K },
#endif
	{ .number = SYS_getdents64, .roles = K },
	{ .number = SYS_faccessat, .roles = K },
	{ .number = SYS_faccessat2, .roles = K },
#ifdef SYS_access
	{ .number = SYS_access, .roles = K },
#endif
#ifdef SYS_newfstatat
	{ .number = SYS_newfstatat, .roles = K },
#endif
#ifdef SYS_fstatat64
	{ .number = SYS_fstatat64, .roles = K },
#endif
#ifdef SYS_stat
	{ .number = SYS_stat, .roles = K },
#endif
#ifdef SYS_stat64
	{ .number = SYS_stat64, .roles = K },
#endif
#ifdef SYS_lstat
	{ .number = SYS_lstat, .roles = K },
#endif
#ifdef SYS_lstat64
	{ .number = SYS_lstat64, .roles = K },
#endif
	{ .number = SYS_statx, .roles = K },
	{ .number = SYS_fstatfs, .roles = K },
#ifdef SYS_fstatfs64
	{ .number = SYS_fstatfs64, .roles = K },
#endif
	{ .number = SYS_readlinkat, .roles = K },
#ifdef SYS_readlink
	{ .number = SYS_readlink, .roles = K },
#endif
	{ .number = SYS_fchmod, .roles = K },
	{ .number = SYS_fchown, .roles = K },
	{ .number = SYS_umask, .roles = K },
	{ .number = SYS_getcwd, .roles = K },
	{ .number = SYS_getuid, .roles = K },
	{ .number = SYS_geteuid, .roles = K },
	{ .number = SYS_getgid, .roles = K },
	{ .number = SYS_getegid, .roles = K },
#ifdef SYS_getuid32
	{ .number = SYS_getuid32, .roles = K },
	{ .number = SYS_geteuid32, .roles = K },
	{ .number = SYS_getgid32, .roles = K },
	{ .number = SYS_getegid32, .roles = K },
	{ .number = SYS_fchown32, .roles = K },
#endif

	/* the child that stretches a password */
	{ .number = SYS_pipe2, .roles = K },
	{ SYS_clone, K, ONLY_BITS, 0, FORK_BITS },
#ifdef SYS_fork
	{ .number = SYS_fork, .roles = K },
#endif
	{ .number = SYS_set_robust_list, .roles = K },
	{ .number = SYS_set_tid_address, .roles = K },
	{ .number = SYS_wait4, .roles = K },
	{ .number = SYS_waitid, .roles = K },
	{ SYS_kill, K, EQUALS, 1, SIGKILL },
#ifdef SYS_dup2
	{ .number = SYS_dup2, .roles = K },
#endif
	{ .number = SYS_dup3, .roles = K },
#ifdef SYS_close_range
	{ .number = SYS_close_range, .roles = K },
#endif
	/* asking for limits, not setting them */
#ifdef SYS_prlimit64
	{ SYS_prlimit64, K, EQUALS, 2, 0 },
#endif
#ifdef SYS_getrlimit
	{ .number = SYS_getrlimit, .roles = K },
#endif
#ifdef SYS_ugetrlimit
	{ .number = SYS_ugetrlimit, .roles = K },
#endif

	/* out into the world; libcurl looks with poll() before it reads */
	{ .number = SYS_connect, .roles = C },
#ifdef SYS_poll
	{ .number = SYS_poll, .roles = C },
#endif
#ifdef SYS_ppoll_time64
	{ .number = SYS_ppoll_time64, .roles = C },
#endif
	{ .number = SYS_ppoll, .roles = C }
};

/* A rule that looks at the argument behind as well. */
struct pair {
	struct rule rule;
	uint32_t bits;		/* the only ones that may be set there */
};

#define STREAM (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define DGRAM (SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

static const struct pair pairs[] = {
	/* TCP and UDP: a raw socket would have the bits of both */
	{ { SYS_socket, C, EQUALS, 0, AF_INET }, STREAM },
	{ { SYS_socket, C, EQUALS, 0, AF_INET }, DGRAM },
	{ { SYS_socket, C, EQUALS, 0, AF_INET6 }, STREAM },
	{ { SYS_socket, C, EQUALS, 0, AF_INET6 }, DGRAM },
	/* not O_ASYNC, which has to do with signals */
	{ { CALL_FCNTL, C, EQUALS, 1, F_SETFL },
	  O_RDWR | O_NONBLOCK | O_LARGEFILE }
};

#if defined(__SANITIZE_ADDRESS__)
/* What the sanitizers of a test build ask for besides. */
static const struct rule sanitizer_rules[] = {
	{ .number = SYS_sigaltstack, .roles = ALL },
	{ .number = SYS_sched_getaffinity, .roles = ALL }
};
#endif

/* A filter while it is made. */
struct program {
	struct sock_filter code[1024];
	size_t len;
};

static void
emit(struct program *p, unsigned code, uint32_t value, unsigned yes,
	unsigned no)
{
	must(p->len < countof(p->code) && yes <= 255 && no <= 255);
	p->code[p->len++] = (struct sock_filter){ (uint16_t)code,
	    (uint8_t)yes, (uint8_t)no, value };
}

static void
emit_load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
emit_return(struct program *p, uint32_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

static void
emit_allow(struct program *p)
{
	emit_return(p, SECCOMP_RET_ALLOW);
}

static void
emit_deny(struct program *p)
{
	emit_return(p, SECCOMP_RET_ERRNO | EPERM);
}

static void
emit_load_number(struct program *p)
{
	emit_load(p, offsetof(struct seccomp_data, nr));
}

/*
 * Four instructions. When the argument is not as the check wants, skip more
 * are passed over. All our architectures have the low word of an argument
 * first; none of what is looked at has a high one.
 */
static void
emit_check(struct program *p, enum check check, unsigned argument,
	uint32_t value, unsigned skip)
{
	size_t low = offsetof(struct seccomp_data, args) +
	    argument * sizeof (uint64_t);

	if (value == OWN_PID)
		value = (uint32_t)getpid();
	emit_load(p, low + sizeof (uint32_t));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2 + skip);
	emit_load(p, low);
	if (check == NO_BITS)
		emit(p, BPF_JMP | BPF_JSET | BPF_K, value, skip, 0);
	else if (check == ONLY_BITS)
		emit(p, BPF_JMP | BPF_JSET | BPF_K, ~value, skip, 0);
	else
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

/* The number is in the accumulator before and behind. */
static void
emit_rules(struct program *p, enum cage_role role, const struct rule *rule,
	size_t count)
{
	for (; count > 0; rule++, count--) {
		if ((rule->roles & (1u << role)) == 0)
			continue;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->number, 0,
		    rule->check == ANY ? 1 : 6);
		if (rule->check != ANY)
			emit_check(p, rule->check, rule->argument,
			    rule->value, 1);
		emit_allow(p);
		if (rule->check != ANY)
			emit_load_number(p);
	}
}

static void
emit_pairs(struct program *p, enum cage_role role)
{
	const struct rule *rule;
	size_t i;

	for (i = 0; i < countof(pairs); i++) {
		rule = &pairs[i].rule;
		if ((rule->roles & (1u << role)) == 0)
			continue;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->number, 0,
		    10);
		emit_check(p, rule->check, rule->argument, rule->value, 5);
		emit_check(p, ONLY_BITS, rule->argument + 1, pairs[i].bits,
		    1);
		emit_allow(p);
		emit_load_number(p);
	}
}

static void
program_make(struct program *p, enum cage_role role)
{
	p->len = 0;
	emit_load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	emit_return(p, SECCOMP_RET_KILL_PROCESS);
	emit_load_number(p);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, FOREIGN, 0, 1);
	emit_return(p, SECCOMP_RET_KILL_PROCESS);
	emit_rules(p, role, rules, countof(rules));
	emit_pairs(p, role);
#if defined(__SANITIZE_ADDRESS__)
	emit_rules(p, role, sanitizer_rules, countof(sanitizer_rules));
#endif
	emit_deny(p);
}

int
cage_filter_set(enum cage_role role)
{
	uint32_t deny = SECCOMP_RET_ERRNO;
	struct program p;
	struct sock_fprog filter;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &deny) < 0)
		return -ENOSYS;
	program_make(&p, role);
	filter = (struct sock_fprog){ (unsigned short)p.len, p.code };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return -errno;
	return 0;
}
