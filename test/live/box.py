"""A box to try things on, with a data directory and loopback ports of its own.

Used by the live tests, the crash runs and whoever else wants the real program.
"""

import contextlib
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
HOST = "mx.example.test"
DOMAINS = ("example.test", "second.example")
PATIENCE_S = 60     # argon2id under a sanitizer on a busy machine

poplib._MAXLINE = 1 << 20   # the library's own limit is below what we send


def program():
    return os.environ.get("PILLARBOX", str(ROOT / "build/dev/pillarbox"))


def free_ports(count):
    """Ports below those the kernel hands out to connections by itself."""
    with contextlib.ExitStack() as held:
        ports = []
        while len(ports) < count:
            probe = held.enter_context(socket.socket())
            port = random.randrange(20000, 32000)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


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


def write_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(write_value(one) for one in value) + " ]"
    return str(value) if isinstance(value, int) else f'"{value}"'


class Trust(ssl.SSLContext):
    """Trusts one certificate, under the name of the box."""

    def __new__(cls, certificate):
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(certificate)
        return context

    def __init__(self, certificate):
        super().__init__()

    def wrap_socket(self, sock, **options):
        options["server_hostname"] = HOST
        return super().wrap_socket(sock, **options)


class Box:
    """Made at once; it runs from start() to stop()."""

    def __init__(self, folder, binary=None, one=False, data=None, smtp=None,
                 pop3=None, certificates=None, **keys):
        self.folder = pathlib.Path(folder)
        self.binary = str(binary or program())
        self.one = one
        self.data = pathlib.Path(data or self.folder / "data")
        self.config = self.folder / "pillarbox.conf"
        self.log_file = self.folder / "log"
        self.certificate = self.folder / "tls/cert.pem"
        self.key = self.folder / "tls/key.pem"
        self.smtp_port, self.pop3_port, self.pop3s_port = free_ports(3)
        self.login = f"mailbox@{DOMAINS[0]}"
        self.password = "the owner's password"
        self.child = None
        self.write_config(smtp or {}, pop3 or {}, certificates, keys)
        out = self.pillarbox("init", "--self-signed", "--password-stdin",
                             input=self.password + "\n").stdout
        self.recovery_key = re.search(r"Recovery key: (\S+)", out)[1]
        self.app_password = self.add_app_password("test")

    # -- configuration and commands --

    def write_config(self, smtp, pop3, certificates, keys):
        top = {"domains": DOMAINS, "host": HOST, "data": self.data,
               "user": "", "listen": "127.0.0.1", **keys}
        smtp = {"port": self.smtp_port, **smtp}
        pop3 = {"port": self.pop3_port, "tls_port": self.pop3s_port, **pop3}
        certificates = certificates or [(self.certificate, self.key)]
        lines = [f"{name} = {write_value(value)};"
                 for name, value in top.items()]
        for name, group in (("smtp", smtp), ("pop3", pop3)):
            inner = " ".join(f"{k} = {write_value(v)};"
                             for k, v in group.items())
            lines.append(f"{name} = {{ {inner} }};")
        pairs = ", ".join(f'{{ cert = "{cert}"; key = "{key}"; }}'
                          for cert, key in certificates)
        lines.append(f"tls = {{ certificates = ( {pairs} ); }};")
        self.config.write_text("\n".join(lines) + "\n")

    def pillarbox(self, *words, input=None, check=True, config=None,
                  timeout=120):
        """Run a command; with check, one that fails is an error."""
        command, *rest = map(str, words)
        done = subprocess.run(
            [self.binary, command, "-c", str(config or self.config), *rest],
            input=input, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{words}: exit {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done

    def add_app_password(self, name):
        out = self.pillarbox("app-password", "add", name, "--password-stdin",
                             input=self.password + "\n").stdout
        return out.split()[-1]

    # -- the running program --

    def launch(self):
        """Start and return at once; ready() waits."""
        assert self.child is None
        ready, told = os.pipe()
        words = [self.binary, "serve", "-c", str(self.config),
                 "--ready-fd", str(told)] + ["--one"] * self.one
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[told], start_new_session=True)
        os.close(told)
        return ready

    def start(self):
        begun = time.monotonic()
        ready = self.launch()
        try:
            there, _, _ = select.select([ready], [], [], PATIENCE_S)
            if not there or os.read(ready, 1) != b"\n":
                code = self.child.poll()
                self.kill_all()
                raise RuntimeError(f"did not start ({code}):\n{self.log()}")
        finally:
            os.close(ready)
        return time.monotonic() - begun

    def stop(self):
        """Stop as the system would. Returns the exit code."""
        if self.child is None:
            return None
        self.child.terminate()
        try:
            return self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"does not stop:\n{self.log()}") from None
        finally:
            self.kill_all()

    def kill_all(self):
        """SIGKILL to the supervisor and every role, in one instant."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            self.child = None

    def pids(self):
        """Process ids by role; "boss" is the supervisor."""
        found = {"boss": self.child.pid}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                head, _, tail = stat.read_text().rpartition(") ")
                if int(tail.split()[1]) == self.child.pid:
                    found[head.partition("(")[2]] = int(stat.parent.name)
        return found

    def kill(self, role, number=signal.SIGKILL):
        """Signal a role. Returns the process id it had."""
        pid = self.pids()[role]
        os.kill(pid, number)
        return pid

    def wait_role(self, role, unlike=None, seconds=PATIENCE_S):
        """Wait until a role runs, as another process than before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pid = self.pids().get(role)
            if pid is not None and pid != unlike:
                return pid
            time.sleep(0.01)
        raise RuntimeError(f"no {role}:\n{self.log()}")

    def pss(self):
        """Bytes that all roles take together; 0 when that may not be read."""
        total = 0
        for pid in self.pids().values():
            with contextlib.suppress(OSError):
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
        return total * 1024

    # -- its log --

    def log(self):
        if not self.log_file.exists():
            return ""
        return self.log_file.read_text(errors="replace")

    def log_size(self):
        return self.log_file.stat().st_size

    def wait_log(self, pattern, since=0, seconds=PATIENCE_S):
        """Wait for a line; since is a log_size() of before."""
        until = time.monotonic() + seconds
        while True:
            text = self.log_file.read_bytes()[since:].decode(errors="replace")
            for line in text.splitlines():
                if re.search(pattern, line):
                    return line
            if time.monotonic() > until:
                raise AssertionError(f"no {pattern!r} in the log:\n{text}")
            time.sleep(0.02)

    # -- mail --

    def trust(self):
        return Trust(str(self.certificate))

    def smtp(self, tls=False, source=None, timeout=PATIENCE_S):
        client = smtplib.SMTP("127.0.0.1", self.smtp_port,
                              local_hostname="client.example",
                              source_address=(source, 0) if source else None,
                              timeout=timeout)
        if tls:
            client.starttls(context=self.trust())
        return client

    def send(self, text, to="anybody@example.test",
             sender="friend@sender.example", options=(), **how):
        """Send one letter. Returns what was sent, as POP3 should show it."""
        content = crlf(text)
        with self.smtp(**how) as client:
            client.sendmail(sender, to, content, list(options))
        return content

    def pop3(self, password=None, port=None):
        client = poplib.POP3_SSL("127.0.0.1", port or self.pop3s_port,
                                 context=self.trust(), timeout=PATIENCE_S)
        client.user(self.login)
        client.pass_(password or self.app_password)
        return client

    def fetch(self, delete=False, **how):
        """All messages, oldest first, as they went over the wire."""
        client = self.pop3(**how)
        count, _ = client.stat()
        messages = []
        for number in range(1, count + 1):
            _, lines, _ = client.retr(number)
            messages.append(b"".join(line + b"\r\n" for line in lines))
            if delete:
                client.dele(number)
        client.quit()
        return messages

    def contents(self, **how):
        """What the senders sent, oldest first."""
        return [split_trace(message)[1] for message in self.fetch(**how)]
