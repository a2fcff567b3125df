/*
 * Secrets come from the terminal, with the echo off, or line by line from a
 * file descriptor; never from the command line or the environment, where
 * other users could see them. What was read is wiped by whoever asked.
 *
 * A signal that arrives while the echo is off is held back, found by the
 * loop, and takes its course once the echo is on again.
 */
#include "app/cli.h"

#include "base/crypto.h"
#include "net/loop.h"
#include "store/credential.h"
#include "store/device.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES (CREDENTIAL_PASSWORD_MAX + 2)	/* with a line end */
#define FD_MAX (1 << 20)
#define READABLE 1u		/* EPOLLIN; its header is for net/ alone */

/* The terminal while it is being asked. */
struct asking {
	struct loop loop;
	struct watch terminal;
	struct watch signals;
	bool typed;
};

static void
on_typed(struct watch *w, unsigned events)
{
	struct asking *a = list_of(w, struct asking, terminal);

	(void)events;
	a->typed = true;
	a->loop.stop = true;
}

static void
on_signal(struct watch *w, unsigned events)
{
	struct asking *a = list_of(w, struct asking, signals);

	(void)events;
	a->loop.stop = true;
}

/*
 * Wait until a line is typed or a signal pends; the signal stays pending.
 *
 * Returns:  whether a line is there.
 */
static bool
wait_for_line(int terminal, const sigset_t *signals)
{
	struct asking a = {
		.terminal = { .fd = terminal, .ready = on_typed },
		.signals = { .ready = on_signal }
	};
	bool typed;

	a.signals.fd = signalfd(-1, signals, SFD_CLOEXEC);
	/* Without a loop the read itself waits; signals then wait for it. */
	if (a.signals.fd < 0)
		return true;
	if (loop_init(&a.loop) != 0) {
		close(a.signals.fd);
		return true;
	}
	if (loop_watch(&a.loop, &a.terminal, READABLE) != 0 ||
	    loop_watch(&a.loop, &a.signals, READABLE) != 0 ||
	    loop_run(&a.loop) != 0)
		a.typed = true;
	typed = a.typed;
	loop_drop(&a.loop);
	close(a.signals.fd);
	return typed;
}

/*
 * Read a line without its end, unbuffered so that no copy stays behind.
 *
 * Returns:  0; -ENODATA at the end of file; -EMSGSIZE when it is too long.
 */
static int
read_line(FILE *from, struct buf *line)
{
	int c;

	buf_init(line, LINE_MAX_BYTES);
	(void)buf_space(line, LINE_MAX_BYTES);	/* so that it never moves */
	while ((c = fgetc(from)) != EOF && c != '\n')
		buf_add_char(line, (char)c);
	if (c == EOF && line->len == 0)
		return -ENODATA;
	if (line->full)
		return -EMSGSIZE;
	if (str_ends(buf_str(line), STR("\r")))
		buf_cut(line, line->len - 1);
	return 0;
}

/* One try of asking; false when a signal came between. */
static bool
ask_once(FILE *terminal, const char *prompt, struct buf *secret, int *err)
{
	struct termios was, quiet;
	sigset_t signals, old;
	bool typed;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, &old);
	if (tcgetattr(fileno(terminal), &was) != 0) {
		*err = -errno;
		sigprocmask(SIG_SETMASK, &old, NULL);
		return true;
	}
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
	fprintf(terminal, "%s: ", prompt);
	typed = wait_for_line(fileno(terminal), &signals);
	if (typed)
		*err = read_line(terminal, secret);
	tcsetattr(fileno(terminal), TCSAFLUSH, &was);
	if (!typed)
		fputc('\n', terminal);
	/* Here the signal acts; after a stop the question is put again. */
	sigprocmask(SIG_SETMASK, &old, NULL);
	return typed;
}

static int
ask_terminal(const char *prompt, struct buf *secret)
{
	FILE *terminal = fopen("/dev/tty", "r+e");
	int err = 0;

	if (terminal == NULL)
		return -ENOTTY;
	setvbuf(terminal, NULL, _IONBF, 0);
	while (!ask_once(terminal, prompt, secret, &err))
		;
	fclose(terminal);
	return err;
}

/* Open where secrets come from; NULL, said, when that is no good. */
static FILE *
open_secrets(struct cli *cli)
{
	uint64_t fd;

	if (cli->secrets != NULL)
		return cli->secrets;
	if (cli->password_fd == NULL) {
		cli->secrets = stdin;
	} else if (!str_number(str_of(cli->password_fd), FD_MAX, &fd) ||
	    fcntl((int)fd, F_GETFD) < 0 ||	/* musl's fdopen() is blind */
	    (cli->secrets = fdopen((int)fd, "re")) == NULL) {
		cli_say("--password-fd %s is not an open file descriptor; "
		    "give its number, as in --password-fd 3 3<FILE",
		    cli->password_fd);
		return NULL;
	}
	setvbuf(cli->secrets, NULL, _IONBF, 0);
	return cli->secrets;
}

static bool
has_secrets(const struct cli *cli)
{
	return cli->password_stdin || cli->password_fd != NULL;
}

int
cli_ask(struct cli *cli, const char *prompt, struct buf *secret)
{
	FILE *from;
	int err;

	buf_wipe(secret);
	if (has_secrets(cli)) {
		from = open_secrets(cli);
		if (from == NULL)
			return CLI_USAGE;
		err = read_line(from, secret);
	} else {
		err = ask_terminal(prompt, secret);
	}
	if (err == 0 && secret->len > 0)
		return CLI_DONE;
	buf_wipe(secret);
	if (err == -EMSGSIZE)
		return cli_fail(CLI_PASSWORD, "that is longer than any "
		    "password or key");
	if (err == 0 || err == -ENODATA)
		return cli_fail(CLI_PASSWORD, "no %s was given", prompt);
	return cli_fail(CLI_FAILED, "there is no terminal to ask for the %s; "
	    "give it as a line with --password-stdin", prompt);
}

/* What makes s unfit to be typed into any mail program; NULL: nothing. */
static const char *
unfit(struct str s)
{
	size_t i;

	if (s.len < CREDENTIAL_PASSWORD_MIN)
		return "is shorter than 8 bytes; take a longer one";
	if (s.len > CLI_PASSWORD_LEN_MAX)
		return "is longer than 240 bytes, more than POP3 can carry; "
		    "take a shorter one";
	if (!str_is_utf8(s))
		return "is not UTF-8, so mail programs would send something "
		    "else; take other letters";
	for (i = 0; i < s.len; i++)
		if (str_at(s, i) < ' ' || str_at(s, i) == 127)
			return "holds a control character; take another";
	return NULL;
}

int
cli_ask_new(struct cli *cli, struct buf *secret)
{
	struct buf again = { 0 };
	const char *why;
	int code;

	code = cli_ask(cli, "New password", secret);
	if (code != CLI_DONE)
		return code;
	why = unfit(buf_str(secret));
	if (why != NULL)
		return cli_fail(CLI_PASSWORD, "the new password %s", why);
	if (has_secrets(cli))
		return CLI_DONE;
	code = cli_ask(cli, "New password again", &again);
	if (code == CLI_DONE && !str_equal(buf_str(secret), buf_str(&again)))
		code = cli_fail(CLI_PASSWORD, "the two are not the same; "
		    "nothing was changed");
	buf_wipe(&again);
	return code;
}

int
cli_unlock(struct cli *cli, const char *prompt, struct seal_owner **owner)
{
	struct buf secret = { 0 };
	int code, err;

	code = cli_ask(cli, prompt, &secret);
	if (code != CLI_DONE)
		return code;
	err = credential_unlock(cli->db, buf_str(&secret), owner);
	buf_wipe(&secret);
	if (err == -EACCES)
		return cli_fail(CLI_PASSWORD, "that password or key does not "
		    "open this mail; if it is lost, the recovery key opens it, "
		    "and \"pillarbox passwd --recovery\" sets a new password");
	if (err == -EBADMSG)
		return cli_fail(CLI_PASSWORD, "that looks like a recovery key "
		    "with a typing error; compare it letter by letter");
	if (err == -ENOMEM)
		return cli_fail(CLI_FAILED, "there is too little memory free "
		    "to check the password; stop something and try again");
	if (err != 0)
		return cli_store_failed(cli, "check the password", err);
	return CLI_DONE;
}

int
cli_device(struct cli *cli)
{
	struct seal_owner *owner;
	int code, err;

	if (device_ready(cli->db))
		return CLI_DONE;
	cli_say("the key of this device is not in %s; the owner password "
	    "brings it back", cli->setup.config.data);
	code = cli_unlock(cli, "Owner password", &owner);
	if (code != CLI_DONE)
		return code;
	err = device_recover(cli->db, owner);
	if (err == 0)
		err = db_commit(cli->db);
	seal_owner_drop(owner);
	return err == 0 ? CLI_DONE : cli_store_failed(cli,
	    "bring the key of this device back", err);
}
