"""Mail programs of others on the box: they log in, synchronise, change and
delete, wait for news, and everybody sees the same.

IMAP_MANY  messages in INBOX (default 300; `make soak` has 10,000)
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP

from box import PATIENCE_S, ROOT, free_ports, wait_for
from imap import Imap, items

MANY = int(os.environ.get("IMAP_MANY", "300"))
SYNC_S = 60 + MANY // 10    # patience with a program that gets all of them
LETTERS = {b"\\Seen": "S", b"\\Flagged": "F", b"\\Answered": "R",
           b"\\Draft": "D", b"\\Deleted": "T"}   # of flags in a Maildir

PEEK = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
FIELD = PEEK.replace(".PEEK", "").encode()

pytestmark = pytest.mark.timeout(2 * SYNC_S + 60)


def run(*words, seconds=SYNC_S, code=0, **options):
    """Run a program; what it took is shown by pytest -rP."""
    begun = time.monotonic()
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          timeout=seconds, **options)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert code is None or done.returncode == code, \
        (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    print(f"{words[0]}: {time.monotonic() - begun:.1f} s")
    return done


@contextlib.contextmanager
def running(*words, log, **options):
    """A program that goes on until the block ends."""
    with open(log, "wb") as out:
        process = subprocess.Popen([str(w) for w in words], stdout=out,
                                   stderr=out, stdin=subprocess.DEVNULL,
                                   **options)
    try:
        yield process
    except BaseException:
        print(pathlib.Path(log).read_text(errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:   # some will not hear of it
            process.kill()
            process.wait()


def message(n):
    return (f"From: Sender {n} <s{n}@sender.example>\r\n"
            f"To: a{n % 7}@example.test\r\nSubject: message {n}\r\n"
            f"Message-ID: <c{n}@sender.example>\r\n"
            "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n"
            f"Text of {n}.\r\n" + "more\r\n" * (n % 50)).encode()


def client(box):
    imap = Imap(box.imaps_port, box.tls)
    imap.login(box.login, box.app_password)
    return imap


def fill(imap, mailbox, count, first=0):
    """Many messages in few commands (MULTIAPPEND)."""
    for start in range(first, first + count, 100):
        parts = [f'APPEND "{mailbox}"']
        for n in range(start, min(start + 100, first + count)):
            parts += ["(\\Seen)" if n % 2 else "()", (message(n),)]
        imap.ok(*parts)


def number(text):
    """The n of message(n), or the Message-ID of another one."""
    found = re.search(rb"^Message-ID: *<(?:c(\d+)@sender\.example|([^>]+))>",
                      text, re.I | re.M)
    return found and (int(found[1]) if found[1] else found[2].decode())


def told(box, mailbox):
    """What is in a mailbox: flags by message number."""
    with client(box) as imap:
        imap.ok(f'EXAMINE "{mailbox}"')
        found = {}
        for reply in imap.ok(f"UID FETCH 1:* (FLAGS {PEEK})").all("FETCH"):
            m = items(reply[2])
            if FIELD not in m:
                continue    # news
            name = number(m[FIELD])
            assert name not in found, name
            found[name] = "".join(sorted(LETTERS[f] for f in m[b"FLAGS"]
                                         if f in LETTERS))
    return found


def count(box, mailbox):
    with client(box) as imap:
        told = imap.ok(f'STATUS "{mailbox}" (MESSAGES)').all("STATUS", 0)
        return int(items(told[0][2])[b"MESSAGES"])


def uid(imap, n):
    """The UID of message(n) in the selected mailbox."""
    found = imap.ok(f"UID SEARCH HEADER Message-ID <c{n}@sender.example>")
    return found.numbers()[0]


def files(folder):
    return [p for p in pathlib.Path(folder).glob("*/*")
            if p.parent.name in ("cur", "new")]


def flags(path):
    return path.name.rpartition(":2,")[2] if ":2," in path.name else ""


def maildir(folder):
    """The same of a Maildir."""
    found = {}
    for path in files(folder):
        name = number(path.read_bytes())
        assert name not in found, name
        found[name] = "".join(sorted(flags(path)))
    return found


def find(folder, n):
    return next(p for p in files(folder) if number(p.read_bytes()) == n)


def change(path, letters):
    """Give a message of a Maildir flags, as a mail program would."""
    path.rename(path.parent.parent / "cur" /
                (path.name.partition(":2,")[0] + ":2," + letters))


def start_of(count, first=0):
    """What fill() made."""
    return {n: "S" if n % 2 else "" for n in range(first, first + count)}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    return tmp_path


@pytest.fixture
def filled(make_box):
    box = make_box()
    box.start()
    with client(box) as imap:
        fill(imap, "INBOX", MANY)
        imap.ok("CREATE Work")
        fill(imap, "Work", 20, 20000)
    return box


# ---- mbsync ----

MBSYNC = """\
SyncState *

IMAPAccount box
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {cert}

IMAPStore far
Account box

MaildirStore near
Path {home}/mail/
Inbox {home}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Work Trash New/*
Create Both
Expunge Both
"""


def test_mbsync(filled, home):
    mail = home / "mail"
    mail.mkdir()
    config = home / "mbsyncrc"
    config.write_text(MBSYNC.format(
        port=filled.imaps_port, user=filled.login, home=home,
        password=filled.app_password, cert=filled.certificate))
    inbox, work = start_of(MANY), start_of(20, 20000)
    trash = {}

    def sync():
        run("mbsync", "-c", config, "-a")
        for name, expected in (("INBOX", inbox), ("Work", work),
                               ("Trash", trash)):
            assert maildir(mail / name) == expected, name
            assert told(filled, name) == expected, name

    sync()
    # Changes on this side: flags set and removed, a deletion, a new one.
    change(find(mail / "INBOX", 0), "S")
    change(find(mail / "INBOX", 2), "FR")
    change(find(mail / "INBOX", 3), "")
    change(find(mail / "INBOX", 5), "ST")
    (mail / "Work/new/1.local").write_bytes(
        message(30001).replace(b"\r\n", b"\n"))
    for name in ("cur", "new", "tmp"):
        (mail / "New/Gr&APw-n" / name).mkdir(parents=True)
    (mail / "New/Gr&APw-n/cur/1.local:2,F").write_bytes(
        message(30005).replace(b"\r\n", b"\n"))
    inbox.update({0: "S", 2: "FR", 3: ""})
    del inbox[5]
    work[30001] = ""
    sync()
    assert told(filled, "New/Gr&APw-n") == {30005: "F"}
    # And on the box: flags, moves, a deletion, a new one.
    with client(filled) as imap:
        imap.ok("SELECT INBOX")
        imap.ok("UID STORE 11:13 +FLAGS (\\Answered)")
        imap.ok("UID STORE 14 -FLAGS (\\Seen)")
        imap.ok("UID MOVE 9:10 Trash")
        imap.ok("UID STORE 16 +FLAGS (\\Deleted)")
        imap.ok("UID EXPUNGE 16")
        imap.append("INBOX", message(30002), "\\Draft")
    inbox.update({10: "R", 11: "RS", 12: "R", 13: "", 30002: "D"})
    trash.update({n: inbox.pop(n) for n in (8, 9)})
    del inbox[15]
    sync()
    before = sorted(p.name for p in files(mail / "INBOX"))
    sync()
    assert sorted(p.name for p in files(mail / "INBOX")) == before


# ---- offlineimap ----

OFFLINEIMAP = """\
[general]
accounts = box
ui = basic
[Account box]
localrepository = near
remoterepository = far
{refresh}
[Repository near]
type = Maildir
localfolders = {home}/offline
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = yes
cert_fingerprint = {fingerprint}
folderfilter = lambda name: name in ("INBOX", "Work")
idlefolders = ["INBOX"]
holdconnectionopen = yes
keepalive = 60
"""


def test_offlineimap(filled, home):
    if shutil.which("offlineimap") is None:
        pytest.skip("offlineimap3 is not in this Debian")
    config = home / "offlineimaprc"
    mail = home / "offline"
    # It believes no certificate that does not name 127.0.0.1.
    fingerprint = run("openssl", "x509", "-in", filled.certificate, "-noout",
                      "-fingerprint", "-sha256").stdout
    fingerprint = fingerprint.partition("=")[2].replace(":", "").lower()
    words = {"port": filled.imaps_port, "user": filled.login, "home": home,
             "password": filled.app_password,
             "fingerprint": fingerprint.strip()}
    config.write_text(OFFLINEIMAP.format(refresh="", **words))
    inbox, work = start_of(MANY), start_of(20, 20000)

    def agree():
        return all(maildir(mail / name) == expected ==
                   told(filled, name) for name, expected in
                   (("INBOX", inbox), ("Work", work)))

    def sync():
        done = run("offlineimap", "-c", config, "-o")
        assert "ERROR" not in done.stdout + done.stderr, done.stderr
        for name, expected in (("INBOX", inbox), ("Work", work)):
            assert maildir(mail / name) == expected, name
            assert told(filled, name) == expected, name

    sync()
    find(mail / "INBOX", 4).unlink()
    change(find(mail / "INBOX", 6), "FS")
    change(find(mail / "INBOX", 7), "")
    (mail / "Work/new/1.local").write_bytes(
        message(30001).replace(b"\r\n", b"\n"))
    del inbox[4]
    inbox.update({6: "FS", 7: ""})
    work[30001] = ""
    sync()
    with client(filled) as imap:
        imap.ok("SELECT INBOX")
        imap.ok("UID STORE 9 +FLAGS (\\Answered)")
        imap.ok("UID STORE 10 -FLAGS (\\Seen)")
        imap.ok("UID MOVE 11:12 Work")
        imap.ok("UID STORE 13 +FLAGS (\\Deleted)")
        imap.ok("EXPUNGE")
    inbox.update({8: "R", 9: ""})
    work.update({n: inbox.pop(n) for n in (10, 11)})
    del inbox[12]
    sync()
    # It stays, and hears by IDLE what comes.
    config.write_text(OFFLINEIMAP.format(refresh="autorefresh = 60",
                                         **words))
    with running("offlineimap", "-c", config, log=home / "offline.log"):
        wait_for(lambda: "Establishing connection" in
                 (home / "offline.log").read_text() and
                 filled.events("login"), "offlineimap does not come")
        time.sleep(2)
        with client(filled) as imap:
            imap.append("INBOX", message(30003))
        inbox[30003] = ""
        wait_for(agree, "IDLE tells offlineimap nothing", 30)


# ---- interimap: QRESYNC and NOTIFY, two boxes kept alike ----

INTERIMAP = """\
database = {home}/interimap.db
list-mailbox = "*"
[local]
type = imaps
host = 127.0.0.1
port = {near_port}
username = {user}
password = {near_password}
SSL_verify = no
[remote]
type = imaps
host = 127.0.0.1
port = {far_port}
username = {user}
password = {far_password}
SSL_verify = no
"""


def test_interimap(filled, make_box, home):
    near = make_box()
    near.start()
    config = home / "interimap.conf"
    config.write_text(INTERIMAP.format(
        home=home, user=filled.login, near_port=near.imaps_port,
        near_password=near.app_password, far_port=filled.imaps_port,
        far_password=filled.app_password))
    config.chmod(0o600)
    expected = {"INBOX": start_of(MANY), "Work": start_of(20, 20000),
                "Trash": {}}

    def alike(box):
        return {name: told(box, name) for name in expected} == expected

    def sync():
        run("interimap", f"--config={config}")
        for box in (near, filled):
            for name, state in expected.items():
                assert told(box, name) == state, (box.folder, name)

    sync()
    with client(near) as here, client(filled) as there:
        there.ok("SELECT INBOX")
        there.ok("STORE 1:4 +FLAGS (\\Flagged)")
        there.ok("STORE 7 +FLAGS (\\Deleted)")
        there.ok("EXPUNGE")
        there.ok("UID MOVE 10:11 Trash")
        here.ok("SELECT INBOX")
        here.ok(f"UID STORE {uid(here, 13)} -FLAGS (\\Seen)")
        here.ok("SELECT Work")
        here.ok("STORE 2 +FLAGS (\\Deleted)")
        here.ok("EXPUNGE")
        here.append("Work", message(30003), "\\Answered")
    expected["INBOX"].update({0: "F", 1: "FS", 2: "F", 3: "FS",
                              13: ""})
    del expected["INBOX"][6]
    expected["Trash"].update({n: expected["INBOX"].pop(n) for n in (9, 10)})
    del expected["Work"][20001]
    expected["Work"][30003] = "R"
    sync()
    # It stays, and both boxes tell it of news by NOTIFY.
    inbox, work = expected["INBOX"], expected["Work"]
    with running("interimap", f"--config={config}", "--watch", "--notify",
                 log=home / "interimap.log"):
        for box in (near, filled):
            wait_for(lambda b=box: len(b.events("login")) >
                     len(b.events("session")), "interimap does not come")
        time.sleep(1)
        with client(near) as here, client(filled) as there:
            there.append("INBOX", message(30004))
            inbox[30004] = ""
            wait_for(lambda: alike(near), "what came is not told", 30)
            here.ok("SELECT INBOX")
            here.ok(f"UID STORE {uid(here, 20)} +FLAGS (\\Draft)")
            here.ok(f"UID STORE {uid(here, 25)} +FLAGS (\\Deleted)")
            here.ok("EXPUNGE")
            there.ok("SELECT INBOX")
            there.ok(f"UID MOVE {uid(there, 30004)} Work")
        inbox[20] = "D"
        del inbox[25]
        work[30004] = inbox.pop(30004)
        wait_for(lambda: alike(near) and alike(filled),
                 "changes are not told", 30)


# ---- fetchers ----

def test_fetchmail(filled, home):
    config = home / "fetchmailrc"
    out = home / "fetched"
    config.write_text(
        f"poll 127.0.0.1 protocol imap port {filled.imaps_port} "
        f"user \"{filled.login}\" password \"{filled.app_password}\" "
        f"ssl sslproto \"TLS1.2+\" sslcertfile \"{filled.certificate}\" "
        f"sslcommonname \"mx.example.test\" fetchall nokeep idle "
        f"mda \"cat >>{out}\"\n")
    config.chmod(0o600)

    def fetched():
        return len(re.findall(r"^Text of ", out.read_text(), re.M)) \
            if out.exists() else 0

    begun = time.monotonic()
    with running("fetchmail", "-f", config, "--nodetach", "--nosyslog",
                 "-i", home / "ids", "--pidfile", home / "pid",
                 log=home / "fetchmail.log"):
        wait_for(lambda: count(filled, "INBOX") == 0,
                 "fetchmail leaves something", SYNC_S)
        print(f"fetchmail: {time.monotonic() - begun:.1f} s")
        assert fetched() == MANY
        # It stays, and hears by IDLE what comes.
        time.sleep(1)
        filled.send(["now@example.test"], message(30005))
        wait_for(lambda: fetched() == MANY + 1, "IDLE tells it nothing", 20)
    assert sorted(int(n) for n in re.findall(r"^Text of (\d+)",
                                             out.read_text(), re.M)) == \
        sorted([*range(MANY), 30005])


GETMAIL = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = 127.0.0.1
port = {port}
username = {user}
password = {password}
mailboxes = ("INBOX", "Work")
[destination]
type = MDA_lmtp
host = 127.0.0.1
port = {lmtp}
override = owner@example.test
[options]
delete = true
delivered_to = false
received = false
"""


class Lmtp(Controller):
    """Where getmail delivers: as root it writes no Maildir, and a child for
    each message costs it more time than the mail."""

    def __init__(self):
        self.messages = []
        super().__init__(self, hostname="127.0.0.1", port=free_ports(1)[0])

    def factory(self):
        return LMTP(self, enable_SMTPUTF8=True)

    async def handle_DATA(self, _server, _session, envelope):
        self.messages.append(re.sub(rb"X-getmail-\S+: .*\r\n", b"",
                                    envelope.content))
        return "250 2.0.0 Ok"


@pytest.fixture
def lmtp():
    lmtp = Lmtp()
    lmtp.start()
    yield lmtp
    lmtp.stop()


def test_getmail(filled, lmtp, home):
    (home / "getmailrc").write_text(GETMAIL.format(
        port=filled.imaps_port, user=filled.login, lmtp=lmtp.port,
        password=filled.app_password))
    words = ["getmail", f"--getmaildir={home}", "--rcfile=getmailrc"]
    run(*words)
    sent = [*range(MANY), *range(20000, 20020)]
    assert sorted(lmtp.messages) == sorted(message(n) for n in sent)
    assert told(filled, "INBOX") == {} and told(filled, "Work") == {}
    # It stays, and hears by IDLE what comes.
    with running(*words, "--idle", "INBOX", log=home / "getmail.log"):
        wait_for(lambda: len(filled.events("login")) >
                 len(filled.events("session")), "getmail does not come")
        time.sleep(1)
        with client(filled) as imap:
            imap.append("INBOX", message(30005))
        wait_for(lambda: message(30005) in lmtp.messages,
                 "IDLE tells getmail nothing", 20)


def test_curl(filled, home):
    host = f"mx.example.test:{filled.imaps_port}"
    base = f"imaps://{host}"

    def curl(*words):
        return run("curl", "--silent", "--show-error", "--cacert",
                   filled.certificate, "--resolve", f"{host}:127.0.0.1",
                   "--user", f"{filled.login}:{filled.app_password}",
                   *words).stdout

    assert "Work" in curl(base)
    assert "MESSAGES 20 " in curl(base, "-X", "STATUS Work (MESSAGES SIZE)")
    assert curl(f"{base}/INBOX;UID=3") == message(2).decode()
    assert curl(f"{base}/INBOX;UID=3;SECTION=TEXT").startswith("Text of 2.")
    found = curl(f"{base}/INBOX?SUBJECT%20%22message%200%22")
    assert found.split() == ["*", "SEARCH", "1"]
    letter = home / "letter"
    letter.write_bytes(message(30005))
    curl("--upload-file", letter, f"{base}/Work")
    curl("-X", "UID STORE 4 +FLAGS (\\Flagged)", f"{base}/INBOX")
    curl("-X", "UID MOVE 5 Archive", f"{base}/INBOX")
    curl("-X", "UID STORE 6 +FLAGS (\\Deleted)", f"{base}/INBOX")
    curl("-X", "EXPUNGE", f"{base}/INBOX")
    inbox = start_of(MANY)
    inbox.update({2: "S", 3: "FS"})     # BODY[] sets \\Seen
    del inbox[4], inbox[5]
    assert told(filled, "INBOX") == inbox
    assert told(filled, "Archive") == {4: ""}
    assert told(filled, "Work")[30005] == "S"    # curl says so


# ---- mutt and neomutt, at a terminal ----

MUTT = """\
set folder = "imaps://{user}@127.0.0.1:{port}/"
set imap_user = "{user}"
set imap_pass = "{password}"
set spoolfile = "+INBOX"
set smtp_url = "smtp://127.0.0.1:{smtp}/"
set from = "owner@sender.example"
set ssl_starttls = no
set ssl_force_tls = no
set certificate_file = "{cert}"
set ssl_verify_host = no
set sort = mailbox-order
set mail_check = 1
set timeout = 1
set imap_idle = yes
set imap_condstore = yes
set imap_qresync = yes
set header_cache = "{home}/cache"
set delete = yes
set quit = yes
set move = no
set confirmappend = no
set confirmcreate = no
set copy = yes
set record = "+Sent"
set editor = "true"
set abort_unmodified = no
set index_format = "%4C %Z %s."
set status_format = "%f [Msgs:%m]"
unset beep
unset mark_old
unset wait_key
"""


class Screen:
    """A program at a terminal."""

    def __init__(self, name, command):
        self.name = f"pillarbox-{name}-{os.getpid()}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x",
                  "120", "-y", "40", command,
                  env={**os.environ, "TERM": "screen"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", code=None)

    def tmux(self, *words, code=0, **options):
        return subprocess.run(["tmux", "-L", self.name, *map(str, words)],
                              capture_output=True, text=True,
                              check=code == 0, timeout=PATIENCE_S, **options)

    def text(self):
        return self.tmux("capture-pane", "-p", "-t", "t").stdout

    def keys(self, *words):
        """Press keys; what is written in one word is typed as it stands."""
        for word in words:
            special = word in ("Enter", "C-u", "Escape")
            self.tmux("send-keys", "-t", "t", *([] if special else ["-l"]),
                      word)

    def shows(self, pattern, seconds=20, gone=False):
        until = time.monotonic() + seconds
        while bool(re.search(pattern, text := self.text(), re.M)) == gone:
            if time.monotonic() > until:
                pytest.fail(f"{pattern} with gone={gone}, on\n{text}")
            time.sleep(0.05)

    def ends(self):
        wait_for(lambda: self.tmux("has-session", "-t", "t",
                                   code=None).returncode != 0,
                 "it does not end", 20)


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt(filled, home, program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    config = home / "muttrc"
    (home / "cache").mkdir()
    config.write_text(MUTT.format(
        user=filled.login, port=filled.imaps_port, home=home,
        smtp=filled.smtp_port, password=filled.app_password,
        cert=filled.certificate))
    command = [program, "-n", "-F", str(config)]
    inbox = start_of(MANY)
    del inbox[2], inbox[7], inbox[11]
    inbox.update({0: "S", 3: "RS", 9: "FS", 13: ""})

    begun = time.monotonic()
    with Screen(program, " ".join(command)) as mutt, client(filled) as imap:
        mutt.shows(r"message 1\.", SYNC_S)
        print(f"{program}: {time.monotonic() - begun:.1f} s")
        # Others change something: IDLE shows it.
        imap.ok("SELECT INBOX")
        imap.ok("UID STORE 4 +FLAGS (\\Answered)")
        mutt.shows(r"^ +4 +r +message 3\.")
        imap.ok("UID STORE 3 +FLAGS (\\Deleted)")
        imap.ok("UID EXPUNGE 3")
        mutt.shows(r"message 2\.", gone=True)
        mutt.shows(r"^ +3 +r +message 3\.")
        # A letter is sent, with a copy in Sent, and comes in.
        mutt.keys("m")
        mutt.shows("^To:")
        mutt.keys("now@example.test", "Enter")
        mutt.shows("^Subject:")
        mutt.keys("just now", "Enter")
        mutt.shows("y:Send")
        mutt.keys("y")
        mutt.shows(rf"Msgs:{MANY}\b")
        mutt.keys("*")
        mutt.shows(rf"^ *{MANY} N F just now\.")
        # And here: one is read; flags, a deletion, a move.
        mutt.keys("1", "Enter", "Enter")
        mutt.shows(r"^Text of 0\.")
        mutt.keys("i")
        mutt.shows(r"^ +2 +message 1\.")
        mutt.keys("9", "Enter", "F")
        mutt.shows(r"^ +9 +! +message 9\.")
        mutt.keys("D", "C-u", "~s 'message 7$'", "Enter")
        mutt.keys("1", "3", "Enter", "N")
        mutt.shows(r"^ +13 N +message 13\.")
        mutt.keys("1", "1", "Enter", "s", "C-u", "=Archive", "Enter")
        mutt.shows(r"^ +11 +D +message 11\.")
        mutt.keys("$")
        mutt.shows(rf"Msgs:{MANY - 2}\b")
        mutt.keys("q")
        mutt.ends()
    found = told(filled, "INBOX")
    assert [n for n in found if n not in inbox and isinstance(n, int)] == []
    assert {n: found[n] for n in inbox} == inbox
    assert len(found) == MANY - 2
    assert told(filled, "Archive") == {11: "S"}
    assert len(told(filled, "Sent")) == 1
    # What has changed meanwhile is learnt anew, by QRESYNC.
    with client(filled) as imap:
        imap.ok("SELECT INBOX")
        imap.ok("UID STORE 21 +FLAGS (\\Flagged)")
        imap.ok("UID STORE 24:25 +FLAGS (\\Deleted)")
        imap.ok("EXPUNGE")
    begun = time.monotonic()
    with Screen(program, " ".join(command)) as mutt:
        mutt.shows(rf"Msgs:{MANY - 4}\b", SYNC_S)
        print(f"{program}: {time.monotonic() - begun:.1f} s")
        mutt.keys("=")
        mutt.shows(r"^ +\d+ N ! +message 20\.")
        mutt.shows(r"message 2[34]\.", gone=True)
        mutt.shows(r"^ +3 +r +message 3\.")
        mutt.keys("q")
        mutt.ends()


# ---- imapflow, from the npm registry ----

IMAPFLOW = "imapflow@1.3.3"


@pytest.fixture(scope="session")
def imapflow():
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not here: imapflow is not tried")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                         pathlib.Path.home() / ".cache")
    folder = cache / "pillarbox" / "npm" / IMAPFLOW
    if not (folder / "node_modules/imapflow").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--prefix", folder, "--ignore-scripts",
             "--no-audit", "--no-fund", IMAPFLOW], capture_output=True,
            text=True, timeout=300)
        if done.returncode != 0:
            pytest.skip("imapflow cannot be had from the npm registry: it is "
                        "not tried")
    return folder


def test_imapflow(imapflow, filled):
    done = run("node", ROOT / "test/live/imapflow.js", env={
        **os.environ, "NODE_PATH": str(imapflow / "node_modules"),
        "BOX": json.dumps({"port": filled.imaps_port, "user": filled.login,
                           "pass": filled.app_password})})
    told = json.loads(done.stdout)
    assert told["compressed"]
    assert told["special"] == ["Archive", "Drafts", "Junk", "Sent", "Trash"]
    assert told["exists"] == MANY
    assert told["all"] == {f"message {n}": {
        "uid": n + 1, "size": len(message(n)), "type": "text/plain",
        "from": f"s{n}@sender.example",
        "flags": ["\\Seen"] if n % 2 else []} for n in range(MANY)}
    assert told["text"].encode() == message(4).partition(b"\r\n\r\n")[2]
    assert told["found"][0] == 5
    assert told["flags"] == ["\\Flagged", "\\Seen", "mine"]
    assert told["moved"] == [[1, 1], [2, 2]] and told["copied"] == [[3, 3]]
    assert told["appended"] == MANY + 1
    assert told["made"] == ["Work/\u65e5\u672c"]
    assert told["status"] == {"path": "Archive", "messages": 3, "unseen": 2,
                              "uidNext": 4}
    assert told["quota"]
    assert told["exists_told"] == MANY - 1
    assert told["flags_told"] == [7, ["\\Answered"]]
    assert told["expunge_told"] == {"path": "INBOX", "uid": 8,
                                    "vanished": True, "earlier": False}
    assert sorted(told["changed"]) == ["message 4", "message 6", "mine",
                                       "new"]
