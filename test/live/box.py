"""A box to try things on: the real program on loopback ports of its own.

PILLARBOX names the program (default: the build of make check). A Box is
initialised by `pillarbox init`; used by the live tests, the crash runs, and
whoever else wants the real program.
"""

import contextlib
import imaplib
import os
import pathlib
import poplib
import random
import re
import select
import signal
import smtplib
import socket
import ssl
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("PILLARBOX", str(ROOT / "build/dev/pillarbox"))
PASSWORD = "correct horse battery"
ROLES = ("keeper", "intake", "courier")
PATIENCE_S = 60     # before a test gives up on the program
PORTS = range(20000, 32000)     # below those of outgoing connections
RESERVED = set()    # ports given to a box of this run

CONFIG = """\
data = "{data}";
domains = ["example.test", "second.example"];
host = "mx.example.test";
user = "";
listen = "127.0.0.1";
{top}
smtp = {{ port = {smtp_port}; {smtp} }};
pop3 = {{ port = {pop3_port}; tls_port = {pop3s_port}; {pop3} }};
imap = {{ port = {imap_port}; tls_port = {imaps_port}; {imap} }};
submission = {{ port = {submission_port}; tls_port = {submissions_port};
    {submission} }};
outbound = {{ port = {outside_port}; https_port = {https_port}; {outbound} }};
dns = {{ servers = ["127.0.0.1:{dns_port}"]; {dns} }};
tls = {{ {tls} certificates = ( {{ cert = "{data}/tls/cert.pem";
    key = "{data}/tls/key.pem"; }} ); }};
"""

poplib._MAXLINE = 1 << 20   # lines as long as the box takes


def free_ports(count):
    """Ports that nobody listens on, each given once."""
    ports = []
    while len(ports) < count:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as s:
            s.bind(("127.0.0.1", port))
            if port not in RESERVED:
                RESERVED.add(port)
                ports.append(port)
    return ports


def wait_for(what, why, seconds=PATIENCE_S):
    """Wait until what() is true, and return it."""
    until = time.monotonic() + seconds
    while not (result := what()):
        assert time.monotonic() < until, why
        time.sleep(0.02)
    return result


def process_stat(pid):
    """The fields of a process behind its name, or None when it is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(")")[2].split()


def alive(pid):
    """Whether a process runs; a zombie does not."""
    stat = process_stat(pid)
    return stat is not None and stat[0] not in "ZX"


def crlf(text):
    """Bytes with CRLF line ends, the last line ended too."""
    if isinstance(text, str):
        text = text.encode()
    text = re.sub(rb"\r?\n", b"\r\n", text)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def split_trace(message):
    """The lines a delivery put in front, and what the sender sent."""
    trace = re.match(rb"Return-Path: [^\n]*\n(?:Delivered-To: [^\n]*\n)+"
                     rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*", message)
    assert trace, message[:500]
    return trace[0], message[trace.end():]


class Box:
    """A data directory, its configuration, and the program serving it.

    data      where the directory is made; a folder of folder by default
    program   another one than PROGRAM
    settings  texts for the configuration: top, and by the names of groups

    Other mail servers, their policies and the DNS are looked for on ports of
    loopback where nobody listens, unless somebody does (outside.py).
    """

    login = "mailbox@example.test"
    password = PASSWORD

    def __init__(self, folder, data=None, program=PROGRAM, **settings):
        self.folder = pathlib.Path(folder)
        self.data = pathlib.Path(data or self.folder / "data")
        self.program = program
        self.config = self.folder / "pillarbox.conf"
        self.log_file = self.folder / "log"
        self.settings = {"top": 'log_level = "debug";', "smtp": "",
                         "pop3": "", "imap": "", "submission": "",
                         "outbound": "", "dns": "", "tls": "", **settings}
        (self.smtp_port, self.pop3_port, self.pop3s_port,
         self.imap_port, self.imaps_port, self.submission_port,
         self.submissions_port, self.outside_port, self.https_port,
         self.dns_port) = free_ports(10)
        self.process = None
        self.app_secret = None
        self.configure()
        said = self.pillarbox("init", "--password-stdin", "--self-signed",
                              input=PASSWORD + "\n")
        self.recovery_key = re.search(r"Recovery key: (\S+)", said)[1]
        self.certificate = self.data / "tls" / "cert.pem"
        self.tls = self.trust()

    def configure(self, **settings):
        """Write the configuration, with some settings anew."""
        self.settings.update(settings)
        self.config.write_text(CONFIG.format(
            data=self.data, smtp_port=self.smtp_port,
            pop3_port=self.pop3_port, pop3s_port=self.pop3s_port,
            imap_port=self.imap_port, imaps_port=self.imaps_port,
            submission_port=self.submission_port,
            submissions_port=self.submissions_port,
            outside_port=self.outside_port, https_port=self.https_port,
            dns_port=self.dns_port, **self.settings))

    def trust(self):
        """What a client needs to trust the certificate."""
        tls = ssl.create_default_context(cafile=self.certificate)
        tls.check_hostname = False
        return tls

    def pillarbox(self, *args, input="", code=0, config=None):
        """Run a command of the program; it must end with that code."""
        done = subprocess.run(
            [self.program, args[0], "-c", config or self.config, *args[1:]],
            input=input, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (args, done.returncode, done.stderr)
        return done.stdout

    @property
    def app_password(self):
        """A password that is quick to check; made when first asked for."""
        if self.app_secret is None:
            said = self.pillarbox("app-password", "add", "test",
                                  "--password-stdin",
                                  input=self.password + "\n")
            self.app_secret = said.split()[-1]
        return self.app_secret

    # -- the processes --

    def start(self, *options, before=None, inherit=()):
        """Serve, and wait until it does.

        before   runs in the new process
        inherit  descriptors that it is born with
        """
        ready, theirs = os.pipe()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "-c", self.config, "--ready-fd",
                 str(theirs), *options], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=[theirs, *inherit],
                preexec_fn=before)
        os.close(theirs)
        select.select([ready], [], [], PATIENCE_S)
        said = os.read(ready, 1)
        os.close(ready)
        assert said == b"\n", self.log()[-3000:]
        return self

    def serve_in_vain(self):
        """Start what cannot start; returns its exit code."""
        with open(self.log_file, "ab") as log:
            return subprocess.run(
                [self.program, "serve", "-c", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                timeout=PATIENCE_S).returncode

    def stop(self, code=0):
        """SIGTERM, and wait for the end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process is not None:
            assert self.process.wait(PATIENCE_S) == code, self.log()[-3000:]
        self.process = None

    def kill(self):
        """The power goes: no part of it does anything any more."""
        # So that it starts no role between the first blow and the last.
        self.process.send_signal(signal.SIGSTOP)
        pids = [*self.pids().values(), self.process.pid]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        for pid in pids:
            wait_for(lambda: not alive(pid), f"{pid} is still there")

    def kill_role(self, role):
        """SIGKILL to one role; returns the process it was."""
        pid = self.pids()[role]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_role(self, role, unlike):
        """Wait until a role runs, as another process than before."""
        return wait_for(lambda: self.pids().get(role, unlike) != unlike,
                        f"{role} does not come back")

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        """SIGHUP, and wait until the log tells what came of it."""
        before = len(self.events("reload")) + len(self.events("reload-failed"))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(self.events("reload")) +
                 len(self.events("reload-failed")) > before, "no reload")

    def pids(self):
        """The process of each role that runs."""
        pids = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            pid = int(entry.name)
            stat = process_stat(pid)
            if stat is None or int(stat[1]) != self.process.pid:
                continue
            try:
                name = (entry / "comm").read_text().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if name in ROLES and alive(pid):
                pids[name] = pid
        return pids

    def pss(self):
        """Bytes that it takes, all roles and the supervisor together.

        Only root may ask what is caged; who else gets None.
        """
        if os.geteuid() != 0:
            return None
        total = 0
        for pid in [self.process.pid, *self.pids().values()]:
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found = re.search(r"^Pss:\s+(\d+)", text, re.M)
            total += int(found[1]) * 1024 if found else 0
        return total

    # -- its log --

    def log(self):
        if not self.log_file.exists():
            return ""
        return self.log_file.read_text(errors="replace")

    def events(self, event):
        """The lines of the log that tell of an event."""
        return [line for line in self.log().splitlines()
                if re.search(f"event={event}( |$)", line)]

    def wait_event(self, event, count=1):
        """Wait until the log tells so often of an event; the last line."""
        wait_for(lambda: len(self.events(event)) >= count,
                 f"nothing of {event} in the log")
        return self.events(event)[-1]

    # -- mail --

    def smtp(self, source="127.0.0.1", timeout=PATIENCE_S, **options):
        """A client that has said EHLO."""
        client = smtplib.SMTP("127.0.0.1", self.smtp_port, "client.example",
                              timeout=timeout, source_address=(source, 0),
                              **options)
        client.ehlo()
        return client

    def send(self, to, text="Subject: a letter\r\n\r\nHello.\r\n",
             sender="sender@sender.example", source="127.0.0.1", tls=False,
             options=()):
        """Send one message; returns what smtplib says of refusals."""
        with self.smtp(source) as client:
            if tls:
                client.starttls(context=self.tls)
            return client.sendmail(sender, to, text, options)

    def submission(self, password=None, timeout=PATIENCE_S):
        """A client that has logged in to send."""
        client = smtplib.SMTP_SSL("127.0.0.1", self.submissions_port,
                                  "laptop.lan", timeout=timeout,
                                  context=self.tls)
        client.login(self.login, password or self.app_password)
        return client

    def submit(self, to, text, sender=None, options=(), rcpt_options=()):
        """Submit one message; returns what smtplib says of refusals."""
        with self.submission() as client:
            return client.sendmail(sender or self.login, to, crlf(text),
                                   options, rcpt_options)

    def pop(self, user=None, password=None, source="127.0.0.1"):
        """A POP3 client that has logged in over TLS."""
        client = Pop(self, source)
        try:
            client.user(user or self.login)
            client.pass_(password or self.password)
        except poplib.error_proto:
            client.close()
            raise
        return client

    def imap(self, user=None, password=None, timeout=PATIENCE_S):
        """An IMAP client that has logged in over TLS."""
        client = imaplib.IMAP4_SSL("127.0.0.1", self.imaps_port,
                                   ssl_context=self.tls, timeout=timeout)
        try:
            client.login(user or self.login, password or self.app_password)
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client

    def fetch(self, delete=True):
        """All messages, as bytes, and with them out of the box."""
        client = self.pop()
        messages = []
        for n in range(1, client.stat()[0] + 1):
            messages.append(b"\r\n".join(client.retr(n)[1]) + b"\r\n")
            if delete:
                client.dele(n)
        client.quit()
        return messages

    def finish(self):
        """Stop, whatever the test left behind, and look at the log."""
        if self.process is not None and self.process.poll() is not None:
            self.process = None
        try:
            self.stop()
        finally:
            if self.process is not None:
                self.kill()
        log = self.log()
        assert "Sanitizer" not in log and "runtime error" not in log, log
        assert "event=impossible" not in log, log
        assert self.password not in log


class Pop(poplib.POP3_SSL):
    """poplib, from a source of our choice."""

    def __init__(self, box, source):
        self.source = source
        super().__init__("127.0.0.1", box.pop3s_port, timeout=PATIENCE_S,
                         context=box.tls)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self.host, self.port), timeout,
                                         (self.source, 0))
        return self.context.wrap_socket(plain, server_hostname=self.host)
