"""Measure IMAP beside Dovecot: the same mail in both, the same commands, over
TLS. Times are from sending a command to its last byte, read without being
looked at."""

import pathlib
import pwd
import shutil
import smtplib
import statistics
import subprocess
import sys
import time

import peers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "live"))
from box import Box     # noqa: E402
from imap import Imap, trusting     # noqa: E402

SIZE = 4096
IDLE = 50       # sessions whose memory is measured
LETTERS = 20    # that are waited for in IDLE
WORDS = ("alpha beta gamma delta invoice meeting report hello world order "
         "number shipping address thanks regards tomorrow").split()

DOVECOT = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
first_valid_uid = 1
mail_max_userip_connections = 1000
mail_location = {format}:{folder}/mail
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
  process_min_avail = 2
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home
}}
"""


class Pillarbox:
    name = "pillarbox"

    def __init__(self, folder, binary):
        self.box = Box(folder, program=str(binary), top="",
                       imap="connections = 1000; per_network = 1000;")
        self.port = self.box.imaps_port
        self.user, self.password = self.box.login, self.box.app_password

    def start(self):
        self.box.start()

    def pids(self):
        return [self.box.process.pid, *self.box.pids().values()]

    def letters(self):
        """A connection on which letters are delivered."""
        return smtplib.SMTP("127.0.0.1", self.box.smtp_port, "bench.example")

    def stop(self):
        self.box.stop()


class Dovecot:
    def __init__(self, folder, cert, key, mail_format):
        self.folder, self.format = pathlib.Path(folder), mail_format
        self.name = f"dovecot {mail_format}"
        self.cert, self.key = cert, key
        self.port, self.lmtp = peers.free_port(), peers.free_port()
        self.user, self.password = "mailbox@example.test", "bench"
        self.process = None

    def start(self):
        mail = pwd.getpwnam("mail")
        self.folder.mkdir()
        self.folder.chmod(0o755)
        for name in ("mail", "home"):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, mail.pw_uid, mail.pw_gid)
        config = self.folder / "dovecot.conf"
        config.write_text(DOVECOT.format(
            folder=self.folder, cert=self.cert, key=self.key, port=self.port,
            lmtp=self.lmtp, password=self.password, format=self.format))
        self.process = subprocess.Popen(["dovecot", "-F", "-c", str(config)])
        peers.wait_for(self.lmtp)

    def pids(self):
        return peers.descendants(self.process.pid)

    def letters(self):
        return smtplib.LMTP("127.0.0.1", self.lmtp, "bench.example")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def letter(n):
    """An ordinary letter of SIZE bytes with an attachment's worth of
    structure."""
    head = (f"Received: from relay.example by mx.example.test; Fri, 20 Nov "
            f"2026 10:00:00 +0000\r\nFrom: Sender {n % 500} "
            f"<s{n % 500}@sender.example>\r\nTo: a{n % 90}@example.test\r\n"
            f"Subject: {WORDS[n % 16]} {WORDS[n // 16 % 16]} {n}\r\n"
            f"Message-ID: <{n}.bench@sender.example>\r\n"
            f"References: <{n // 5}.bench@sender.example>\r\n"
            "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n"
            "--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
    line = " ".join(WORDS[(n + k) % 16] for k in range(9)) + f" {n}\r\n"
    middle = "\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>"
    tail = "</p>\r\n--=_b--\r\n"
    text = line * ((SIZE - len(head) - len(middle) - len(tail)) // 2 //
                   len(line))
    return (head + text + middle + text + tail).encode()


class Timed:
    """A connection on which commands are timed."""

    def __init__(self, server):
        self.imap = Imap(server.port, trusting(), timeout=600)
        self.imap.login(server.user, server.password)
        self.room = bytearray(1 << 20)

    def ms(self, command):
        """Milliseconds until the whole answer is there."""
        tag = self.imap.tag()
        begun = time.monotonic()
        self.imap.send(tag + b" " + command.encode() + b"\r\n")
        last = b""
        while True:
            got = self.imap.socket.recv_into(self.room)
            if got == 0:
                raise RuntimeError(f"closed at {command}")
            last = (last + self.room[max(0, got - 400):got])[-400:]
            at = last.rfind(b"\r\n" + tag + b" ")
            at = at + 2 if at >= 0 else 0 if last.startswith(tag) else -1
            if at >= 0 and last.endswith(b"\r\n"):
                break
        took = (time.monotonic() - begun) * 1000
        if not last[at:].startswith(tag + b" OK"):
            raise RuntimeError(f"{command}: {last[at:]}")
        return took


COMMANDS = [
    # row, command; {n} is the number of messages
    ("FETCH 1:* (UID FLAGS)", "FETCH 1:* (UID FLAGS)"),
    ("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
     "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"),
    ("FETCH 1:* ENVELOPE, again", "FETCH 1:* ENVELOPE"),
    ("FETCH 1:* BODYSTRUCTURE", "FETCH 1:* BODYSTRUCTURE"),
    ("FETCH 1:* BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]",
     "FETCH 1:* BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]"),
    ("SEARCH SUBJECT", "SEARCH SUBJECT \"gamma invoice\""),
    ("SEARCH FROM", "SEARCH FROM s17@"),
    ("SEARCH HEADER X", "SEARCH HEADER References \"<7.bench\""),
    ("SORT (SUBJECT)", "SORT (SUBJECT) UTF-8 ALL"),
    ("THREAD REFERENCES", "THREAD REFERENCES UTF-8 ALL"),
    ("STORE 1:* +FLAGS.SILENT (\\Flagged)",
     "STORE 1:* +FLAGS.SILENT (\\Flagged)"),
    ("STORE 1:* -FLAGS.SILENT (\\Flagged)",
     "STORE 1:* -FLAGS.SILENT (\\Flagged)"),
]

WHOLE = [
    ("FETCH 1:* BODY.PEEK[]", "FETCH 1:* BODY.PEEK[]"),
    ("SEARCH BODY", "SEARCH BODY \"shipping 4242\""),
]


class Reading:
    def __init__(self, bench):
        self.bench = bench
        self.held = {s.name: 0 for s in bench.servers}

    def fill(self, count):
        for server in self.bench.servers:
            client = Timed(server).imap
            for first in range(self.held[server.name], count, 200):
                parts = ["APPEND INBOX"]
                for n in range(first, min(first + 200, count)):
                    parts.append((letter(n),))
                client.ok(*parts)
            self.held[server.name] = count
            client.close()

    def note(self, row, server, value):
        self.bench.note("IMAP: " + row, server, value)

    def commands(self, count, whole):
        for server in self.bench.servers:
            client = Timed(server)
            self.note(f"{count:,}: SELECT, ms", server,
                      client.ms("SELECT INBOX"))
            for row, command in COMMANDS + (WHOLE if whole else []):
                self.note(f"{count:,}: {row}, ms", server,
                          client.ms(command))
            client.imap.close()

    def first(self, count):
        """The first look at mail that came in just now."""
        for server in self.bench.servers:
            client = Timed(server)
            client.ms("SELECT INBOX")
            self.note(f"{count:,}: FETCH 1:* ENVELOPE, the first time, ms",
                      server, client.ms("FETCH 1:* ENVELOPE"))
            client.imap.close()

    def append(self, count=300):
        for server in self.bench.servers:
            client = Timed(server).imap
            client.command("CREATE Appended")
            begun = time.monotonic()
            for n in range(count):
                client.append("Appended", letter(n))
            self.note("APPEND of 4 KB, one by one, per s", server,
                      count / (time.monotonic() - begun))
            client.close()

    def idle(self):
        """From the 250 to EXISTS, the letters some time apart."""
        for server in self.bench.servers:
            client = Timed(server).imap
            client.ok("SELECT INBOX")
            tag = client.idle()
            waits = []
            for n in range(LETTERS):
                with server.letters() as smtp:
                    smtp.sendmail("a@sender.example", [server.user],
                                  letter(n))
                    begun = time.monotonic()
                    while client.untagged()[1].upper() != b"EXISTS":
                        pass
                    waits.append((time.monotonic() - begun) * 1000)
                time.sleep(0.1)
                self.held[server.name] += 1
            client.done(tag)
            client.close()
            self.note("IDLE: from 250 to EXISTS, ms", server,
                      statistics.median(waits))

    def memory(self):
        for server in self.bench.servers:
            time.sleep(2)
            before = peers.pss_bytes(server.pids())
            clients = [Timed(server).imap for _ in range(IDLE)]
            tags = []
            for client in clients:
                client.ok("SELECT INBOX")
                tags.append(client.idle())
            time.sleep(2)
            self.note("memory per idle session, KB", server,
                      (peers.pss_bytes(server.pids()) - before) / IDLE / 1e3)
            for client in clients:
                client.close()

    def run(self, say, full):
        for count in [10000] + ([100000] if full else []):
            say(f"IMAP: filling to {count:,}")
            self.fill(count)
            say(f"IMAP: {count:,}")
            self.first(count)
            for _ in range(self.bench.rounds):
                self.commands(count, count == 10000)
        say("IMAP: APPEND, IDLE, memory")
        for _ in range(self.bench.rounds):
            self.append()
            self.idle()
        self.memory()


def servers(folder, binary):
    """Ours, and Dovecot with two formats of its own."""
    (folder / "ours").mkdir()
    ours = Pillarbox(folder / "ours", binary)
    cert, key = (ours.box.data / "tls" / f for f in ("cert.pem", "key.pem"))
    return [ours] + [Dovecot(folder / name, cert, key, name)
                     for name in ("mdbox", "sdbox")]
