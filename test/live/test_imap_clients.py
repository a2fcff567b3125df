"""Mail programs of others on the box: they log in, synchronise, change and
delete, and everybody sees the same."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from box import ROOT, wait_for
from imap import Imap

COUNT = 300     # messages; IMAP_MANY=10000 as `make soak` has it
MANY = int(os.environ.get("IMAP_MANY", COUNT))


def run(*words, seconds=120, code=0, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          text=True, timeout=seconds, **options)
    assert code is None or done.returncode == code, \
        (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done


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


def uids(imap, mailbox, search="ALL"):
    imap.ok(f'SELECT "{mailbox}"')
    found = imap.ok(f"UID SEARCH {search}").numbers()
    imap.ok("UNSELECT")
    return found


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
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


def files(folder):
    return [p for p in pathlib.Path(folder).glob("*/*")
            if p.parent.name in ("cur", "new")]


# ---- mbsync ----

MBSYNC = """\
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
Patterns INBOX Work Trash
Create Both
Expunge Both
SyncState *
"""


def test_mbsync(filled, home):
    (home / "mail").mkdir()
    config = home / "mbsyncrc"
    config.write_text(MBSYNC.format(
        port=filled.imaps_port, user=filled.login, home=home,
        password=filled.app_password, cert=filled.certificate))

    def sync():
        run("mbsync", "-c", config, "-a", seconds=900)

    sync()
    inbox = home / "mail/INBOX"
    assert len(files(inbox)) == MANY
    assert len(files(home / "mail/Work")) == 20
    assert sum("S" in p.name.rpartition(":2,")[2]
               for p in files(inbox)) == MANY // 2
    # Changes on this side: one seen, one deleted, a new one.
    unseen = [p for p in files(inbox) if p.name.endswith(":2,")][:2]
    seen = next(p for p in files(inbox) if p.name.endswith(":2,S"))
    unseen[0].rename(str(unseen[0]) + "S")
    unseen[1].rename(str(unseen[1]) + "F")
    seen.rename(str(seen) + "T")
    (home / "mail/Work/new/1.local").write_bytes(
        message(7777).replace(b"\r\n", b"\n"))
    sync()
    with client(filled) as imap:
        assert len(uids(imap, "INBOX")) == MANY - 1
        assert len(uids(imap, "INBOX", "FLAGGED")) == 1
        assert len(uids(imap, "INBOX", "SEEN")) == MANY // 2
        assert len(uids(imap, "Work")) == 21
        # And on the box: flags, a deletion, a move.
        imap.ok("SELECT INBOX")
        imap.ok("STORE 1:3 +FLAGS (\\Answered)")
        imap.ok("UID MOVE 5:6 Trash")
        imap.ok("STORE 10 +FLAGS (\\Deleted)")
        imap.ok("EXPUNGE")
    sync()
    assert len(files(inbox)) == MANY - 4
    assert len(files(home / "mail/Trash")) == 2
    assert sum("R" in p.name.rpartition(":2,")[2] for p in files(inbox)) == 3
    before = sorted(p.name for p in files(inbox))
    sync()
    assert sorted(p.name for p in files(inbox)) == before


# ---- offlineimap ----

OFFLINEIMAP = """\
[general]
accounts = box
ui = basic
[Account box]
localrepository = near
remoterepository = far
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
sslcacertfile = {cert}
ssl_version = tls1_2
folderfilter = lambda name: name in ("INBOX", "Work")
"""


def test_offlineimap(filled, home):
    if shutil.which("offlineimap") is None:
        pytest.skip("offlineimap3 is not in this Debian")
    config = home / "offlineimaprc"
    config.write_text(OFFLINEIMAP.format(
        port=filled.imaps_port, user=filled.login, home=home,
        password=filled.app_password, cert=filled.certificate))

    def sync():
        done = run("offlineimap", "-c", config, "-o", seconds=900)
        assert "ERROR" not in done.stdout + done.stderr, done.stderr

    sync()
    assert len(files(home / "offline/INBOX")) == MANY
    assert len(files(home / "offline/Work")) == 20
    gone = files(home / "offline/INBOX")[0]
    gone.unlink()
    (home / "offline/Work/new/1.local").write_bytes(
        message(8888).replace(b"\r\n", b"\n"))
    sync()
    with client(filled) as imap:
        assert len(uids(imap, "INBOX")) == MANY - 1
        assert len(uids(imap, "Work")) == 21


# ---- interimap: QRESYNC, two boxes kept alike ----

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

    def sync():
        run("interimap", f"--config={config}", seconds=900)

    sync()
    with client(near) as here, client(filled) as there:
        assert len(uids(here, "INBOX")) == MANY
        assert len(uids(here, "Work")) == 20
        there.ok("SELECT INBOX")
        there.ok("STORE 1:5 +FLAGS (\\Flagged)")
        there.ok("STORE 7 +FLAGS (\\Deleted)")
        there.ok("EXPUNGE")
        here.ok("SELECT Work")
        here.ok("STORE 2 +FLAGS (\\Deleted)")
        here.ok("EXPUNGE")
        here.append("Work", message(9999))
    sync()
    with client(near) as here, client(filled) as there:
        for mailbox in ("INBOX", "Work"):
            assert len(uids(here, mailbox)) == len(uids(there, mailbox))
            assert len(uids(here, mailbox, "FLAGGED")) == \
                len(uids(there, mailbox, "FLAGGED"))
        assert len(uids(here, "INBOX")) == MANY - 1
        assert len(uids(here, "INBOX", "FLAGGED")) == 5


# ---- fetchers ----

def test_fetchmail(filled, home):
    config = home / "fetchmailrc"
    out = home / "fetched"
    config.write_text(
        f"poll 127.0.0.1 protocol imap port {filled.imaps_port} "
        f"user \"{filled.login}\" password \"{filled.app_password}\" "
        f"ssl sslproto TLS1.2+ sslcertfile {filled.certificate} "
        f"sslcommonname mx.example.test keep all "
        f"mda \"cat >>{out}\"\n")
    config.chmod(0o600)
    run("fetchmail", "-f", config, "--nodetach", "--nosyslog", "-i",
        home / "ids", "--pidfile", home / "pid", seconds=600)
    assert out.read_text().count("Text of ") == MANY


GETMAIL = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = 127.0.0.1
port = {port}
username = {user}
password = {password}
mailboxes = ("INBOX", "Work")
[destination]
type = Maildir
path = {home}/getmail/
[options]
delete = true
"""


def test_getmail(filled, home):
    for name in ("cur", "new", "tmp"):
        (home / "getmail" / name).mkdir(parents=True)
    (home / "getmailrc").write_text(GETMAIL.format(
        port=filled.imaps_port, user=filled.login, home=home,
        password=filled.app_password))
    run("getmail", f"--getmaildir={home}", "--rcfile=getmailrc",
        seconds=600)
    assert len(files(home / "getmail")) == MANY + 20
    with client(filled) as imap:
        assert uids(imap, "INBOX") == [] and uids(imap, "Work") == []


def test_curl(filled, home):
    base = f"imaps://127.0.0.1:{filled.imaps_port}"
    words = ["curl", "--silent", "--show-error", "--cacert",
             filled.certificate, "--resolve",
             f"mx.example.test:{filled.imaps_port}:127.0.0.1",
             "--user", f"{filled.login}:{filled.app_password}"]
    base = base.replace("127.0.0.1", "mx.example.test")
    assert "Work" in run(*words, base).stdout
    got = run(*words, f"{base}/INBOX;UID=3").stdout
    assert "Text of 2." in got
    assert "1" in run(*words, f"{base}/INBOX?SUBJECT%20%22message%200%22"
                      ).stdout
    letter = home / "letter"
    letter.write_bytes(message(5555))
    run(*words, "--upload-file", letter, f"{base}/Work")
    with client(filled) as imap:
        assert len(uids(imap, "Work", 'SUBJECT "message 5555"')) == 1


# ---- mutt and neomutt, at a terminal ----

MUTT = """\
set folder = "imaps://{user}@127.0.0.1:{port}/"
set imap_user = "{user}"
set imap_pass = "{password}"
set spoolfile = "+INBOX"
set ssl_force_tls = yes
set certificate_file = "{cert}"
set ssl_verify_host = no
set sort = mailbox-order
set mail_check = 1
set timeout = 1
set imap_idle = yes
set delete = yes
set quit = yes
set move = no
set record = ""
set header_cache = ""
unset beep
"""


def screen(name):
    return run("tmux", "-L", name, "capture-pane", "-p", "-t", "t").stdout


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt(filled, home, program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    config = home / "muttrc"
    config.write_text(MUTT.format(
        user=filled.login, port=filled.imaps_port,
        password=filled.app_password, cert=filled.certificate))
    name = f"pillarbox-{program}-{os.getpid()}"
    run("tmux", "-L", name, "-f", "/dev/null", "new-session", "-d", "-s", "t",
        "-x", "120", "-y", "40", f"{program} -n -F {config}",
        env={**os.environ, "TERM": "screen"})

    def keys(*words):
        run("tmux", "-L", name, "send-keys", "-t", "t", *words)

    def shows(text, seconds=20):
        wait_for(lambda: re.search(text, screen(name)),
                 f"{text} is not on the screen:\n" + screen(name), seconds)

    try:
        shows("message 1")
        keys("1", "Enter", "Enter")
        shows("Text of 0")
        keys("i")
        shows("message 1")
        # A letter comes in: IDLE shows it.
        filled.send(["now@example.test"], "Subject: just now\r\n\r\nHi\r\n")
        keys("*")
        shows("just now", 30)
        keys("D", "~s 'message 7$'", "Enter")
        keys("F")
        keys("$")
        time.sleep(1)
        keys("q")
        wait_for(lambda: run("tmux", "-L", name, "has-session", "-t", "t",
                             code=None).returncode != 0, "it does not end",
                 20)
    finally:
        run("tmux", "-L", name, "kill-server", code=None)
    with client(filled) as imap:
        assert uids(imap, "INBOX", 'SUBJECT "message 7" SMALLER 400') == []
        assert len(uids(imap, "INBOX", 'SUBJECT "just now"')) == 1
        assert 1 in uids(imap, "INBOX", "SEEN")


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


def test_imapflow(imapflow, filled, home):
    script = ROOT / "test/live/imapflow.js"
    done = run("node", script, seconds=300, env={
        **os.environ, "NODE_PATH": str(imapflow / "node_modules"),
        "BOX": json.dumps({
            "port": filled.imaps_port, "user": filled.login,
            "pass": filled.app_password, "count": MANY,
            "smtp": filled.smtp_port})})
    told = json.loads(done.stdout)
    assert told["exists"] == MANY
    assert told["listed"] == MANY
    assert told["special"] == ["Archive", "Drafts", "Junk", "Sent", "Trash"]
    assert told["text"] == "Text of 4."
    assert told["found"] == [5]
    assert told["moved"] == 2 and told["left"] == MANY - 2
    assert told["appended"] == MANY - 1
    assert told["idle"] == "arrived"
    assert told["flags"] == ["\\Flagged", "\\Seen"]
    assert told["compressed"]
