"""A running box to test: the real program on free ports of 127.0.0.1.

PILLARBOX names the program (default: the build of make check). `box` is one
box for all tests of a file; `make_box` makes a fresh one with the settings a
test wants. Each is initialised by `pillarbox init`, serves until the end, and
its log is looked through for what must never be there.
"""

import os
import pathlib
import poplib
import re
import select
import signal
import smtplib
import socket
import ssl
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = os.environ.get("PILLARBOX", str(ROOT / "build/dev/pillarbox"))
PASSWORD = "correct horse battery"
ROLES = ("keeper", "intake", "courier")
PATIENCE_S = 60     # before a test gives up on the program
RESERVED = set()    # ports given to a box of this run

CONFIG = """\
data = "{data}";
domains = ["example.test", "second.example"];
host = "mx.example.test";
user = "";
log_level = "debug";
listen = "127.0.0.1";
{top}
smtp = {{ port = {smtp_port}; {smtp} }};
pop3 = {{ port = {pop3_port}; tls_port = {pop3s_port}; {pop3} }};
tls = {{ certificates = ( {{ cert = "{data}/tls/cert.pem";
    key = "{data}/tls/key.pem"; }} ); }};
"""


def free_ports(count):
    """Ports that nobody listens on, each given once."""
    ports = []
    while len(ports) < count:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
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


class Box:
    """A data directory, its configuration, and the program serving it.

    data      where the directory is made; a folder of folder by default
    settings  texts for the configuration: top, smtp, pop3
    """

    login = "mailbox@example.test"
    password = PASSWORD

    def __init__(self, folder, data=None, **settings):
        self.folder = folder
        self.data = data or folder / "data"
        self.config = folder / "pillarbox.conf"
        self.log_file = folder / "log"
        self.settings = {"top": "", "smtp": "", "pop3": "", **settings}
        self.smtp_port, self.pop3_port, self.pop3s_port = free_ports(3)
        self.process = None
        self.configure()
        said = self.pillarbox("init", "--password-stdin", "--self-signed",
                              input=PASSWORD + "\n")
        self.recovery_key = re.search(r"Recovery key: (\S+)", said)[1]
        self.tls = ssl.create_default_context(
            cafile=self.data / "tls" / "cert.pem")
        self.tls.check_hostname = False

    def configure(self, **settings):
        """Write the configuration, with some settings anew."""
        self.settings.update(settings)
        self.config.write_text(CONFIG.format(
            data=self.data, smtp_port=self.smtp_port,
            pop3_port=self.pop3_port, pop3s_port=self.pop3s_port,
            **self.settings))

    def pillarbox(self, *args, input="", code=0):
        """Run a command of the program; it must end with that code."""
        done = subprocess.run(
            [PROGRAM, args[0], "-c", self.config, *args[1:]], input=input,
            capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (args, done.returncode, done.stderr)
        return done.stdout

    def start(self, *options, before=None):
        """Serve, and wait until it does; before runs in the new process."""
        ready, theirs = os.pipe()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "-c", self.config, "--ready-fd",
                 str(theirs), *options], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=[theirs],
                preexec_fn=before)
        os.close(theirs)
        select.select([ready], [], [], PATIENCE_S)
        said = os.read(ready, 1)
        os.close(ready)
        assert said == b"\n", self.log()[-3000:]
        return self

    def stop(self, code=0):
        """SIGTERM, and wait for the end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process is not None:
            assert self.process.wait(PATIENCE_S) == code, self.log()[-3000:]
        self.process = None

    def kill(self):
        """The power goes: no part of it does anything any more."""
        pids = [self.process.pid, *self.pids().values()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        for pid in pids:
            wait_for(lambda: not alive(pid), f"{pid} is still there")

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
        children = pathlib.Path(f"/proc/{self.process.pid}/task/"
                                f"{self.process.pid}/children")
        for pid in map(int, children.read_text().split()):
            try:
                name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if name in ROLES and alive(pid):
                pids[name] = pid
        return pids

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def events(self, event):
        """The lines of the log that tell of an event."""
        return [line for line in self.log().splitlines()
                if re.search(f"event={event}( |$)", line)]

    def smtp(self, source="127.0.0.1", timeout=PATIENCE_S, **options):
        """A client that has said EHLO."""
        client = smtplib.SMTP("127.0.0.1", self.smtp_port, "client.example",
                              timeout=timeout, source_address=(source, 0),
                              **options)
        client.ehlo()
        return client

    def send(self, to, text="Subject: a letter\r\n\r\nHello.\r\n",
             sender="sender@sender.example", source="127.0.0.1", tls=False):
        """Send one message; returns what smtplib says of refusals."""
        with self.smtp(source) as client:
            if tls:
                client.starttls(context=self.tls)
            return client.sendmail(sender, to, text)

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
        self.stop()
        log = self.log()
        assert "Sanitizer" not in log and "runtime error" not in log, log
        assert self.password not in log


class Pop(poplib.POP3_SSL):
    """poplib, from a source of our choice and with long lines allowed."""

    def __init__(self, box, source):
        self.source = source
        super().__init__("127.0.0.1", box.pop3s_port, timeout=PATIENCE_S,
                         context=box.tls)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self.host, self.port), timeout,
                                         (self.source, 0))
        return self.context.wrap_socket(plain, server_hostname=self.host)


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


poplib._MAXLINE = 70000     # lines as long as the box takes


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A running box that the tests of a file share."""
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    box.finish()


@pytest.fixture
def empty(box):
    """The shared box, with no mail in it."""
    box.fetch()
    return box


@pytest.fixture
def make_box(tmp_path):
    """Make a box of one's own, not yet started."""
    boxes = []

    def make(**settings):
        folder = tmp_path / f"box{len(boxes)}"
        folder.mkdir()
        boxes.append(Box(folder, **settings))
        return boxes[-1]

    yield make
    for box in boxes:
        box.finish()
