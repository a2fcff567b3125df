/* What a role that was taken over would try. */
#include "cage_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* musl's mmap() tells of ENOMEM when it meets EPERM. */
#ifdef SYS_mmap2
#define CALL_MMAP SYS_mmap2
#else
#define CALL_MMAP SYS_mmap
#endif

void
cage_report(const struct cage_world *w, const char *what)
{
	char line[200];
	int len;

	len = snprintf(line, sizeof line, "%s (errno %d); ", what, errno);
	if (write(w->report, line, (size_t)len) != len)
		_exit(2);
}

/* What is refused by the cage; any other error would prove nothing. */
static void
refused(const struct cage_world *w, const char *what, long result)
{
	if (result >= 0 || (errno != EPERM && errno != EACCES))
		cage_report(w, what);
}

void
cage_try_exec(const struct cage_world *w)
{
	char *const args[] = { (char[]){ "true" }, NULL };
	char *const none[] = { NULL };
	int fd;

	refused(w, "execve", execve("/bin/true", args, none));
	fd = (int)syscall(SYS_memfd_create, "x", 0);
	refused(w, "execveat", syscall(SYS_execveat, fd, "", args, none,
	    AT_EMPTY_PATH));
	close(fd);
}

void
cage_try_files(const struct cage_world *w)
{
	struct stat about;

	refused(w, "read", open(w->outside, O_RDONLY));
	refused(w, "openat", openat(AT_FDCWD, w->outside, O_RDONLY));
	refused(w, "O_PATH", open(w->outside, O_PATH));
	refused(w, "write", open(w->outside, O_WRONLY));
	refused(w, "create", open(w->beside, O_WRONLY | O_CREAT, 0600));
	refused(w, "list", open(w->dir, O_RDONLY | O_DIRECTORY));
	refused(w, "stat", stat(w->outside, &about));
	refused(w, "fstatat", fstatat(AT_FDCWD, w->outside, &about, 0));
	refused(w, "access", access(w->outside, R_OK));
	refused(w, "unlink", unlink(w->outside));
	refused(w, "mkdir", mkdir(w->beside, 0700));
	refused(w, "rename", rename(w->outside, w->beside));
	refused(w, "link", link(w->outside, w->beside));
	refused(w, "symlink", symlink(w->outside, w->beside));
	refused(w, "chmod", chmod(w->outside, 0777));
	refused(w, "truncate", truncate(w->outside, 0));
	refused(w, "chdir", chdir("/"));
	refused(w, "proc", open("/proc/self/mem", O_RDWR));
	refused(w, "password file", open("/etc/passwd", O_RDONLY));
}

void
cage_try_outside(const struct cage_world *w)
{
	char inside[CAGE_PATH_SIZE];

	(void)snprintf(inside, sizeof inside, "%.200s/moved", w->dir);
	refused(w, "read", open(w->outside, O_RDONLY));
	refused(w, "write", open(w->outside, O_WRONLY));
	refused(w, "through link", open(w->link, O_RDONLY));
	refused(w, "truncating", open(w->outside, O_WRONLY | O_TRUNC));
	refused(w, "create", open(w->beside, O_WRONLY | O_CREAT, 0600));
	refused(w, "unlink", unlink(w->outside));
	refused(w, "mkdir", mkdir(w->beside, 0700));
	refused(w, "rename", rename(w->outside, inside));
	refused(w, "link", link(w->outside, inside));
	refused(w, "symlink", symlink(w->outside, inside));
	refused(w, "mknod", mknod(inside, S_IFIFO | 0600, 0));
	refused(w, "chmod", chmod(w->outside, 0777));
	refused(w, "list root", open("/", O_RDONLY | O_DIRECTORY));
	refused(w, "proc", open("/proc/self/mem", O_RDWR));
	refused(w, "password file", open("/etc/passwd", O_RDONLY));
}

void
cage_try_sockets(const struct cage_world *w)
{
	const struct sockaddr *to = (const struct sockaddr *)&w->address;
	struct msghdr message = { .msg_name = (void *)(uintptr_t)to,
		.msg_namelen = sizeof w->address };
	int ends[2];

	refused(w, "TCP", socket(AF_INET, SOCK_STREAM, 0));
	refused(w, "TCP6", socket(AF_INET6, SOCK_STREAM, 0));
	refused(w, "UDP", socket(AF_INET, SOCK_DGRAM, 0));
	refused(w, "unix", socket(AF_UNIX, SOCK_STREAM, 0));
	refused(w, "netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	refused(w, "pair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	refused(w, "connect", connect(w->tcp, to, sizeof w->address));
	refused(w, "fast open", sendto(w->tcp, "x", 1, MSG_FASTOPEN, to,
	    sizeof w->address));
	refused(w, "fast open by sendmsg", sendmsg(w->tcp, &message,
	    MSG_FASTOPEN));
	refused(w, "bind", bind(w->tcp, to, sizeof w->address));
	refused(w, "listen", listen(w->tcp, 1));
}

void
cage_try_accept(const struct cage_world *w)
{
	int ends[2];

	refused(w, "accept", accept(w->listening, NULL, NULL));
	refused(w, "accept4", accept4(w->listening, NULL, NULL,
	    SOCK_CLOEXEC));
	refused(w, "bind", bind(w->tcp, (const struct sockaddr *)&w->address,
	    sizeof w->address));
	refused(w, "listen", listen(w->tcp, 1));
	refused(w, "unix", socket(AF_UNIX, SOCK_STREAM, 0));
	refused(w, "netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	refused(w, "packet", socket(AF_PACKET, SOCK_RAW, 0));
	refused(w, "raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	refused(w, "raw6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	refused(w, "another kind", socket(AF_INET, SOCK_SEQPACKET, 0));
	refused(w, "pair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

void
cage_try_powers(const struct cage_world *w)
{
	struct rlimit limit = { 10, 10 };
	char byte = 0;
	struct iovec here = { &byte, 1 };
	void *page;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		cage_report(w, "mmap");
	refused(w, "executable memory", syscall(CALL_MMAP, NULL, 4096UL,
	    PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0UL));
	refused(w, "memory made executable", mprotect(page, 4096,
	    PROT_READ | PROT_EXEC));
	refused(w, "ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	refused(w, "trace parent", ptrace(PTRACE_SEIZE, w->parent, NULL,
	    NULL));
	refused(w, "read parent", syscall(SYS_process_vm_readv, w->parent,
	    &here, 1UL, &here, 1UL, 0UL));
	refused(w, "namespace", syscall(SYS_unshare, 0x10000000));
	refused(w, "new user", syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0,
	    0, 0));
	refused(w, "thread", syscall(SYS_clone, 0x10f00, 0, 0, 0, 0));
	refused(w, "dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	refused(w, "setuid", syscall(SYS_setuid, 0));
	refused(w, "limits", setrlimit(RLIMIT_CORE, &limit));
	refused(w, "io_uring", syscall(425, 1, &byte));
	refused(w, "bpf", syscall(SYS_bpf, 0, &byte, 0));
	refused(w, "keys", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	refused(w, "mount", syscall(SYS_mount, w->dir, w->dir, NULL, 4096UL,
	    NULL));
	refused(w, "unknown call", syscall(700));
}

/* With these the kernel would signal whom they name, of the same user. */
static void
try_signals_by_files(const struct cage_world *w)
{
	struct f_owner_ex owner = { F_OWNER_PID, w->parent };
	const int fd = w->streams[0];
	int pid = w->parent;

	refused(w, "owner of a file", fcntl(fd, F_SETOWN, pid));
	refused(w, "owner, the other way", fcntl(fd, F_SETOWN_EX, &owner));
	refused(w, "signal of a file", fcntl(fd, F_SETSIG, SIGKILL));
	refused(w, "signals by a file", fcntl(fd, F_SETFL, O_ASYNC));
	refused(w, "notice of a directory", fcntl(fd, F_NOTIFY, 1));
	refused(w, "lease", fcntl(fd, F_SETLEASE, F_RDLCK));
	refused(w, "FIOSETOWN", syscall(SYS_ioctl, fd, 0x8901, &pid));
	refused(w, "SIOCSPGRP", syscall(SYS_ioctl, fd, 0x8902, &pid));
	refused(w, "FIOASYNC", syscall(SYS_ioctl, fd, 0x5452, &pid));
}

void
cage_try_signals(const struct cage_world *w)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL };
	siginfo_t info = { .si_signo = SIGKILL };
	int timer;

	try_signals_by_files(w);
	refused(w, "kill", kill(w->parent, SIGSTOP));
	refused(w, "kill thread", syscall(SYS_tgkill, w->parent, w->parent,
	    SIGCONT));
	refused(w, "tkill", syscall(SYS_tkill, w->parent, SIGCONT));
	refused(w, "queue", syscall(SYS_rt_sigqueueinfo, w->parent, SIGKILL,
	    &info));
	refused(w, "queue for a thread", syscall(SYS_rt_tgsigqueueinfo,
	    w->parent, w->parent, SIGKILL, &info));
	refused(w, "pidfd_open", syscall(SYS_pidfd_open, w->parent, 0));
	refused(w, "pidfd_send_signal", syscall(SYS_pidfd_send_signal,
	    w->report, SIGKILL, NULL, 0));
	refused(w, "timer", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event,
	    &timer));
	refused(w, "death signal", prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
}
