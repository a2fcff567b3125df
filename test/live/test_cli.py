"""The command line, run as an owner runs it, without a box running beside.

What needs a running box (serve, addresses acting at once, status while
running) is tested where the box is.
"""

import fcntl
import json
import mailbox
import os
import pathlib
import pty
import re
import select
import signal
import stat
import subprocess
import termios
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = os.environ.get("PILLARBOX", str(ROOT / "build/dev/pillarbox"))
PASSWORD = "correct horse battery"
COMMANDS = ["serve", "init", "check", "status", "passwd", "app-password",
            "address", "queue", "dkim", "smarthost", "export", "import",
            "backup", "config-reference", "version"]


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.bytes = done.stdout
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode()


def run(*words, given="", code=0):
    """Run the program; given is what it reads; it must end with code."""
    done = subprocess.run([PROGRAM, *map(str, words)], timeout=120,
                          input=given.encode(), capture_output=True)
    result = Result(done)
    assert result.code == code, (words, result.code, result.out, result.err)
    assert "Sanitizer" not in result.err
    return result


class Box:
    """A data directory with its configuration."""

    def __init__(self, folder, password=PASSWORD):
        self.folder = folder
        self.conf = folder / "pillarbox.conf"
        self.data = folder / "data"
        self.password = password
        said = run("init", "-c", self.conf, "--domain", "Example.TEST",
                   "--data", self.data, "--user", "",
                   "--password-stdin", given=password + "\n").out
        self.recovery = re.search(r"Recovery key: (\S+)", said).group(1)

    def __call__(self, *words, given="", code=0):
        return run(*words, "-c", self.conf, given=given, code=code)

    def locked(self, *words, password=None, code=0):
        """A command that asks for a secret."""
        return self(*words, "--password-stdin", code=code,
                    given=(password or self.password) + "\n")

    def export(self, kind, target):
        self.locked("export", "--" + kind, target)
        return target


@pytest.fixture
def fresh(tmp_path):
    return Box(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One that tests look at but do not change."""
    return Box(tmp_path_factory.mktemp("shared"))


def says(result, *words):
    """The errors are sentences: one line each, with what to do."""
    lines = result.err.splitlines()
    assert lines and all(line.startswith("pillarbox: ") for line in lines)
    for word in words:
        assert word in result.err


# ---- the words of the command line ----

def test_help_lists_every_command():
    said = run("--help").out
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", said, re.M)
    assert "Exit codes" in said
    assert run("help").out == said
    assert run(code=2).err == said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    said = run(command, "--help").out
    assert said.startswith("usage: pillarbox " + command)
    assert all(len(line) <= 80 for line in said.splitlines())


def test_wrong_command_lines():
    says(run("srve", code=2), 'no command "srve"')
    says(run("status", "--jsno", code=2), "--jsno", "status --help")
    says(run("status", "-c", code=2), "needs a value")
    for words in (["check", "x"], ["address"], ["address", "close", "x"],
                  ["app-password", "add"], ["import"], ["backup"],
                  ["export"], ["export", "--mbox", "a", "--maildir", "b"],
                  ["version", "x"], ["serve", "x"]):
        says(run(*words, code=2), "--help")
    says(run("serve", "--ready-fd", "77", code=2), "--ready-fd 77")


def test_version():
    assert re.match(r"pillarbox \d+\.\d+ \(\w+\)\n$", run("version").out)
    assert run("--version").out == run("version").out


def test_the_reference_is_the_page():
    page = (ROOT / "docs/config.md").read_bytes()
    assert run("config-reference").bytes == page


# ---- init ----

def test_init_makes_everything_private(shared):
    for path, mode in ((shared.data, 0o700), (shared.conf, 0o644),
                       (shared.data / "pillarbox.db", 0o600),
                       (shared.data / "tls/key.pem", 0o600),
                       (shared.data / "tls/cert.pem", 0o644)):
        found = stat.S_IMODE(path.stat().st_mode)
        assert found & ~mode == 0, path
    assert len(shared.recovery.replace("-", "")) >= 32
    shared("check")


def test_init_writes_over_nothing(fresh):
    before = {p: p.read_bytes() for p in fresh.folder.rglob("*")
              if p.is_file()}
    says(fresh("init", "--password-stdin", given="another password\n",
               code=1), "mail in", "already")
    says(fresh("init", "--self-signed", "--password-stdin",
               given="another password\n", code=1), "already")
    says(fresh("init", "--domain", "example.org", code=2), "already")
    other = fresh.folder / "other.conf"
    says(run("init", "-c", other, "--domain", "example.org", "--data",
             fresh.data, "--user", "", "--cert", fresh.data / "tls/cert.pem",
             "--key", fresh.data / "tls/key.pem", "--password-stdin",
             given="another password\n", code=1), "already")
    assert not other.exists()
    after = {p: p.read_bytes() for p in fresh.folder.rglob("*")
             if p.is_file()}
    assert after == before


def test_init_that_fails_leaves_nothing(tmp_path):
    """The configuration cannot be written, and so nothing is made."""
    says(run("init", "-c", tmp_path / "no/x.conf", "--domain", "example.test",
             "--data", tmp_path / "data", "--user", "", "--self-signed",
             "--password-stdin", given=PASSWORD + "\n", code=1), "no/x.conf")
    assert list(tmp_path.iterdir()) == []


def test_init_needs_to_know(tmp_path):
    conf = tmp_path / "x.conf"
    says(run("init", "-c", conf, code=2), "--domain")
    says(run("init", "-c", conf, "--domain", "example.test", "--cert", "/c",
             code=2), "--key FILE")
    says(run("init", "-c", conf, "--domain", "example.test", "--cert", "/c",
             "--key", "/k", "--self-signed", code=2), "one of them")
    says(run("init", "-c", conf, "--domain", "no domain", "--self-signed",
             code=3), "not a domain name")
    says(run("init", "-c", conf, "--domain", "example.test", "--data", "here",
             "--self-signed", code=3), "whole path")
    assert list(tmp_path.iterdir()) == []


def test_init_makes_up_a_password(tmp_path):
    conf = tmp_path / "x.conf"
    said = run("init", "-c", conf, "--domain", "example.test", "--data",
               tmp_path / "d", "--user", "", "--self-signed",
               "--generate-password").out
    password = re.search(r"the password (\S+)\.\n", said).group(1)
    assert len(password) >= 16
    run("export", "-c", conf, "--mbox", "-", "--password-stdin",
        given=password + "\n")


@pytest.mark.parametrize("password, why", [
    ("short", "shorter than 8"), ("x" * 241, "longer than 240"),
    ("tab\tin the middle", "control character"), ("", "was given")])
def test_passwords_that_no_program_could_send(tmp_path, password, why):
    says(run("init", "-c", tmp_path / "x.conf", "--domain", "example.test",
             "--data", tmp_path / "d", "--user", "", "--self-signed",
             "--password-stdin", given=password + "\n", code=4), why)
    assert list(tmp_path.iterdir()) == []


def test_password_from_a_descriptor(fresh):
    reader, writer = os.pipe()
    os.write(writer, (PASSWORD + "\n").encode())
    os.close(writer)
    done = subprocess.run(
        [PROGRAM, "export", "-c", fresh.conf, "--mbox", "-",
         "--password-fd", str(reader)], pass_fds=[reader], timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True)
    os.close(reader)
    assert done.returncode == 0, done.stderr
    says(fresh("export", "--mbox", "-", "--password-fd", "77", code=2),
         "--password-fd 77")


def test_no_terminal_to_ask(fresh):
    done = subprocess.run([PROGRAM, "export", "-c", fresh.conf, "--mbox", "-"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          start_new_session=True, timeout=60)
    assert done.returncode == 1
    says(Result(done), "no terminal", "--password-stdin")


# ---- check and status ----

def test_faults_of_the_configuration_have_a_line(fresh):
    conf = fresh.conf
    good = conf.read_text()
    for line, sentence in (("hsot = \"a.example\";", "is no key"),
                           ("log_level = \"loud\";", "is no level"),
                           ("@include \"/etc/passwd\"", "@include")):
        conf.write_text(line + "\n" + good)
        for command in ("check", "status", "serve"):
            says(run(command, "-c", conf, code=3), f"{conf}:1: ", sentence)
    conf.write_text(good)
    (fresh.data / "tls/key.pem").unlink()
    says(run("check", "-c", conf, code=3), "key.pem is not there")
    says(run("check", "-c", fresh.folder / "absent.conf", code=3),
         "is not there", "pillarbox init")


def test_check_looks_at_the_mail(fresh):
    assert "holds 0 messages" in fresh("check").out
    fresh("check", "--data")
    os.chmod(fresh.data / "tls/key.pem", 0o644)
    os.chmod(fresh.data, 0o755)
    warned = fresh("check")
    assert "chmod 600" in warned.err and "chmod 700" in warned.err
    os.rename(fresh.data / "pillarbox.db", fresh.data / "away.db")
    says(fresh("check", code=5), "pillarbox init")
    says(fresh("status", code=5), "no mail in")


def test_a_broken_database_is_told(fresh):
    path = fresh.data / "pillarbox.db"
    path.write_bytes(b"this is no database" * 1000)
    says(fresh("check", code=5), "damaged")


def test_a_certificate_that_ends_soon(fresh):
    tls = fresh.data / "tls"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "5", "-subj",
         "/CN=mail.example.test", "-keyout", tls / "key.pem", "-out",
         tls / "cert.pem"], check=True, capture_output=True)
    said = fresh("check")
    assert re.search(r"ends in [45] days", said.err)
    assert "get a new one" in fresh("status", code=7).out


def test_status(fresh):
    facts = json.loads(fresh("status", "--json", code=7).out)
    assert facts["running"] is False and facts["pid"] is None
    assert facts["domains"] == ["example.test"]
    assert facts["messages"] == facts["octets"] == 0
    assert facts["disk"]["all"] >= facts["disk"]["free"] > 0
    assert facts["certificates"][0]["expires"].startswith("20")
    assert "running        no" in fresh("status", code=7).out
    with open(fresh.data / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711\n")
        lock.flush()
        facts = json.loads(fresh("status", "--json").out)
        assert facts["running"] is True and facts["pid"] == 4711
        assert "process 4711" in fresh("status").out
    assert json.loads(fresh("status", "--json", code=7).out)["pid"] is None


# ---- passwords ----

def test_passwd(fresh):
    says(fresh("passwd", "--password-stdin", given="wrong horse\nnew one 1\n",
               code=4), "does not open")
    fresh("passwd", "--password-stdin", given=PASSWORD + "\nnew password 1\n")
    fresh.locked("export", "--mbox", "-", code=4)
    fresh.locked("export", "--mbox", "-", password="new password 1")


def test_passwd_by_recovery_key(fresh):
    fresh("passwd", "--recovery", "--password-stdin",
          given=fresh.recovery.upper().replace("-", " ") + "\nnew pass 1\n")
    fresh.locked("export", "--mbox", "-", password="new pass 1")
    fresh.locked("export", "--mbox", "-", password=fresh.recovery)


def test_a_recovery_key_mistyped_is_told_from_a_wrong_one(fresh):
    wrong = "b" if fresh.recovery[0] == "a" else "a"
    says(fresh("passwd", "--recovery", "--password-stdin", code=4,
               given=wrong + fresh.recovery[1:] + "\nnew pass 1\n"),
         "typing error")


def test_a_new_recovery_key(fresh):
    said = fresh.locked("passwd", "--new-recovery-key").out
    key = re.search(r"Recovery key: (\S+)", said).group(1)
    assert key != fresh.recovery
    fresh.locked("export", "--mbox", "-", password=fresh.recovery, code=4)
    fresh.locked("export", "--mbox", "-", password=key)
    fresh.locked("export", "--mbox", "-")


def test_app_passwords(fresh):
    first = fresh.locked("app-password", "add", "Anna's \"phone\"").out.strip()
    second = fresh.locked("app-password", "add", "büro").out.strip()
    assert first != second
    says(fresh.locked("app-password", "add", "büro", code=1), "already")
    says(fresh.locked("app-password", "add", "x", password="wrong horse",
                      code=4))
    says(fresh.locked("app-password", "add", "a\nb", code=2), "control")
    listed = json.loads(fresh("app-password", "list", "--json").out)
    assert {a["name"] for a in listed} == {"Anna's \"phone\"", "büro"}
    assert all(a["created"].startswith("20") for a in listed)
    table = fresh("app-password", "list").out.splitlines()
    assert table[0].startswith("NAME") and len(table) == 3
    assert len({line.index("20") for line in table[1:]}) == 1
    fresh.locked("export", "--mbox", "-", password=first)
    fresh("app-password", "remove", "Anna's \"phone\"")
    fresh.locked("export", "--mbox", "-", password=first, code=4)
    fresh.locked("export", "--mbox", "-", password=second)
    says(fresh("app-password", "remove", "nobody", code=1), "no app password")
    fresh("app-password", "remove", "büro")
    assert json.loads(fresh("app-password", "list", "--json").out) == []
    assert fresh("app-password", "list").out == ""


# ---- the address book ----

def test_addresses(fresh):
    assert json.loads(fresh("address", "list", "--json").out) == []
    assert fresh("address", "list").out == ""
    fresh("address", "refuse", "Shop@Example.Test")
    fresh("address", "mute", "\"news\"@example.test")
    fresh("address", "open", "grüße@example.test")
    fresh("address", "note", "shop@example.test", "sold \"it\"\n\x1b[2J")
    fresh("address", "refuse", "\"a b\"@example.test")
    rows = json.loads(fresh("address", "list", "--json").out)
    book = {row["address"]: row for row in rows}
    assert sorted(book) == sorted(["shop@example.test", "news@example.test",
                                   "grüße@example.test",
                                   "\"a b\"@example.test"])
    assert book["shop@example.test"]["state"] == "refuse"
    assert book["shop@example.test"]["note"] == "sold \"it\"\n\x1b[2J"
    assert book["news@example.test"]["state"] == "mute"
    assert book["grüße@example.test"]["state"] == "open"
    assert book["shop@example.test"]["received"] == 0
    table = fresh("address", "list").out
    assert "\x1b" not in table and len(table.splitlines()) == 5
    assert len({line.index(word) for line in table.splitlines()[1:]
                for word in ("open", "refuse", "mute")
                if f" {word} " in line}) == 1
    fresh("address", "open", "shop@example.test")
    fresh("address", "note", "shop@example.test", "")
    rows = json.loads(fresh("address", "list", "--json").out)
    shop = [r for r in rows if r["address"] == "shop@example.test"][0]
    assert shop["state"] == "open" and shop["note"] == ""
    facts = json.loads(fresh("status", "--json", code=7).out)
    assert facts["addresses"] == {"all": 4, "refuse": 1, "mute": 1}


@pytest.mark.parametrize("address, why", [
    ("shop@example.org", "not at a domain of this box"),
    ("shop@sub.example.test", "not at a domain of this box"),
    ("shop", "like shop@example.test"), ("@example.test", "no address"),
    ("a@b@example.test", "no address"), ("shop@[192.0.2.1]", "not at"),
    ("Postmaster@example.test", "mute that address instead")])
def test_addresses_that_stay_as_they_are(shared, address, why):
    says(shared("address", "refuse", address, code=2), why)


def test_a_note_has_an_end(shared):
    says(shared("address", "note", "a@example.test", "x" * 501, code=2),
         "at most 500")


# ---- import and export ----

LETTERS = [
    b"Return-Path: <anna@sender.example>\r\n"
    b"Received: from a by b; Fri, 20 Nov 2026 21:37:58 +0000\r\n"
    b"Subject: one\r\n\r\nHello\r\n",
    b"Subject: quoting\r\n\r\nFrom here\r\n>From there\r\n>>From\r\n"
    b">>From \r\n\r\n\r\n",
    b"Subject: =?utf-8?q?=C3=BC?=\r\n\r\n" + "Grüße\r\n".encode(),
    b"Subject: no body\r\n\r\n",
    b"Subject: long\r\n\r\n" + b"y" * 300000 + b"\r\n",
    b"Subject: exactly a piece\r\n\r\n" + b"z" * (65536 - 30) + b"\r\n",
    b"Subject: NUL \x00 and eight \xff bits\r\n\r\n\x00\xfe\r\n",
    b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 8 * 8192 + b"\r\n",
    b"\r\nno header at all\r\n",
]


def as_file(letter):
    return letter.replace(b"\r\n", b"\n")


def make_maildir(folder, letters):
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    for number, letter in enumerate(letters):
        (folder / "new" / f"{1795210678 + number}.M{number}.host"
         ).write_bytes(as_file(letter))
    return folder


def maildir_letters(folder):
    """What a Maildir holds, in the order of UIDs."""
    found = list((folder / "new").iterdir()) + list((folder / "cur").iterdir())
    found.sort(key=lambda p: int(re.search(r"U(\d+)\.", p.name).group(1)))
    assert list((folder / "tmp").iterdir()) == []
    return [p.read_bytes() for p in found]


def test_maildir_there_and_back(fresh, tmp_path):
    source = make_maildir(tmp_path / "in", LETTERS)
    done = fresh("import", source)
    assert f"messages taken in: {len(LETTERS)}" in done.err
    out = fresh.export("maildir", tmp_path / "out")
    assert maildir_letters(out) == [as_file(x) for x in LETTERS]
    facts = json.loads(fresh("status", "--json", code=7).out)
    assert facts["messages"] == len(LETTERS)
    assert facts["octets"] == sum(map(len, LETTERS))
    fresh("check", "--data")


def test_mbox_there_and_back(fresh, tmp_path):
    fresh("import", make_maildir(tmp_path / "in", LETTERS))
    first = fresh.export("mbox", tmp_path / "first.mbox")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    (tmp_path / "again").mkdir()
    again = Box(tmp_path / "again")
    again("import", first)
    assert maildir_letters(again.export("maildir", tmp_path / "out")) == [
        as_file(x) for x in LETTERS]
    # The dates of the From_ lines come back too: the file is the same.
    second = again.export("mbox", tmp_path / "second.mbox")
    assert second.read_bytes() == first.read_bytes()
    assert again.locked("export", "--mbox", "-").bytes == first.read_bytes()


def test_python_reads_the_mbox(fresh, tmp_path):
    letters = LETTERS[:5]
    fresh("import", make_maildir(tmp_path / "in", letters))
    path = fresh.export("mbox", tmp_path / "out.mbox")
    box = mailbox.mbox(path)
    assert len(box) == len(letters)
    assert box[0]["Subject"] == "one"
    assert box[0].get_from() == "anna@sender.example Fri Nov 20 21:37:58 2026"
    read = mailbox.Maildir(fresh.export("maildir", tmp_path / "out"))
    assert sorted(m["Subject"] for m in read) == sorted(
        m["Subject"] for m in box)


def test_marks_survive_a_maildir(fresh, tmp_path):
    source = tmp_path / "in"
    make_maildir(source, [])
    for number, marks in enumerate(["", "S", "FS", "RS", "D", "DFRS"]):
        (source / f"cur/179521067{number}.M{number}.host:2,{marks}"
         ).write_bytes(b"Subject: %d\n\n" % number)
    fresh("import", source)
    out = fresh.export("maildir", tmp_path / "out")
    names = sorted(p.name for p in out.glob("*/*"))
    assert [n.partition(":2,")[2] for n in names] == [
        "", "S", "FS", "RS", "D", "DFRS"]
    assert [n.split(".")[0] for n in names] == [
        f"179521067{n}" for n in range(6)]
    facts = json.loads(fresh("status", "--json", code=7).out)
    assert facts["unseen"] == 2


def test_foreign_forms_of_mbox(fresh, tmp_path):
    (tmp_path / "crlf.mbox").write_bytes(
        b"From a@b.example Mon Jan  5 10:11:12 2026\r\nSubject: crlf\r\n\r\n"
        b"body\r\n\r\nFrom c@d.example Mon Jan  5 10:11:13 2026\r\n"
        b"Subject: crlf 2\r\nStatus: RO\r\n\r\nbody")
    (tmp_path / "gmail.mbox").write_bytes(
        b"From 1754@xxx Mon Jan 05 10:11:14 +0000 2026\nSubject: gmail\n\n"
        b"\nFrom here on there is no date\n\n"
        b"From 1755@xxx Mon Jan 05 10:11:15 +0000 2026\nSubject: gmail 2\n\n")
    (tmp_path / "cr.eml").write_bytes(b"Subject: cr\r\rone\rtwo\r")
    (tmp_path / "one.eml").write_bytes(b"Subject: one\n\nno line end")
    fresh("import", tmp_path / "crlf.mbox", tmp_path / "gmail.mbox",
          tmp_path / "cr.eml", tmp_path / "one.eml")
    letters = maildir_letters(fresh.export("maildir", tmp_path / "out"))
    assert letters == [
        b"Subject: crlf\n\nbody\n",
        b"Subject: crlf 2\nStatus: RO\n\nbody\n",
        b"Subject: gmail\n\n\nFrom here on there is no date\n",
        b"Subject: gmail 2\n",
        b"Subject: cr\n\none\ntwo\n",
        b"Subject: one\n\nno line end\n",
    ]
    names = sorted(p.name for p in (tmp_path / "out").glob("*/*"))
    assert names[0].startswith("1767607872.")
    assert len(list((tmp_path / "out/cur").iterdir())) == 1


def test_what_cannot_be_imported_is_named(fresh, tmp_path):
    (tmp_path / "junk").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "good.eml").write_bytes(b"Subject: x\n\ny\n")
    source = make_maildir(tmp_path / "md", LETTERS[:2])
    (source / "new/1.empty").write_bytes(b"")
    (source / "new/2.folder").mkdir()
    done = fresh("import", tmp_path / "junk", tmp_path / "empty.eml",
                 tmp_path / "absent", tmp_path, tmp_path / "good.eml", source,
                 code=6)
    assert "messages taken in: 3" in done.err
    for name in ("junk", "empty.eml", "absent", "1.empty", "2.folder"):
        assert re.search(rf"pillarbox: \S*{name} .*left out", done.err)
    assert "no Maildir" in done.err and "above: 6" in done.err
    if os.geteuid() != 0:
        (tmp_path / "good.eml").chmod(0)
        says(fresh("import", tmp_path / "good.eml", code=6), "Permission")


def test_export_writes_over_nothing(fresh, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    says(fresh.locked("export", "--mbox", taken, code=1), "there already")
    assert taken.read_text() == "mine"
    (tmp_path / "folder").mkdir()
    says(fresh.locked("export", "--maildir", tmp_path / "folder", code=1),
         "there already")
    says(fresh.locked("export", "--mbox", tmp_path / "no/x", code=1), "no/x")


def test_a_wrong_password_writes_nothing(fresh, tmp_path):
    fresh("import", make_maildir(tmp_path / "in", LETTERS[:1]))
    target = tmp_path / "out.mbox"
    says(fresh.locked("export", "--mbox", target, password="wrong horse",
                      code=4), "does not open", "recovery")
    assert not target.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_said(fresh, tmp_path):
    fresh("import", make_maildir(tmp_path / "in", LETTERS))
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [PROGRAM, "export", "-c", fresh.conf, "--mbox", "-",
             "--password-stdin"], input=(PASSWORD + "\n").encode(),
            stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert b"could not write the export" in done.stderr


def test_backup_opens_like_the_box(fresh, tmp_path):
    fresh("import", make_maildir(tmp_path / "in", LETTERS))
    fresh("address", "refuse", "shop@example.test")
    assert "The copy is in" in fresh("backup", tmp_path / "copy").out
    says(fresh("backup", tmp_path / "copy", code=1), "not empty")
    conf = tmp_path / "copy.conf"
    conf.write_text(fresh.conf.read_text().replace(
        f'data = "{fresh.data}"', f'data = "{tmp_path}/copy"'))
    run("check", "--data", "-c", conf)
    run("export", "--maildir", tmp_path / "out", "-c", conf,
        "--password-stdin", given=fresh.recovery + "\n")
    assert maildir_letters(tmp_path / "out") == [as_file(x) for x in LETTERS]
    rows = json.loads(run("address", "list", "--json", "-c", conf).out)
    assert rows[0]["state"] == "refuse"


# ---- on a terminal ----

class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *words):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(PROGRAM, [PROGRAM, *map(str, words)])

    def until(self, words, seconds=60):
        """Read until words were shown; None: until the end."""
        end = time.monotonic() + seconds
        while words is None or words.encode() not in self.seen:
            left = end - time.monotonic()
            assert left > 0, self.seen
            if select.select([self.fd], [], [], left)[0]:
                try:
                    got = os.read(self.fd, 65536)
                except OSError:
                    got = b""
                if not got:
                    assert words is None, self.seen
                    break
                self.seen += got
        shown, self.seen = self.seen, b""
        return shown.decode()

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        rest = self.until(None)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), rest


def test_passwords_are_asked_for_twice_and_not_shown(fresh):
    terminal = Terminal("passwd", "-c", fresh.conf)
    shown = terminal.until("Password as it is now: ")
    terminal.type(PASSWORD + "\n")
    shown += terminal.until("New password: ")
    terminal.type("brand new one\n")
    shown += terminal.until("New password again: ")
    terminal.type("brand new one\n")
    code, rest = terminal.end()
    assert code == 0 and "is changed" in rest
    assert PASSWORD not in shown + rest and "brand" not in shown + rest
    fresh.locked("export", "--mbox", "-", password="brand new one")


def test_two_that_differ_change_nothing(fresh):
    terminal = Terminal("passwd", "-c", fresh.conf)
    for prompt, words in (("as it is now: ", PASSWORD),
                          ("New password: ", "brand new one"),
                          ("again: ", "brand new two")):
        terminal.until(prompt)
        terminal.type(words + "\n")
    code, rest = terminal.end()
    assert code == 4 and "not the same" in rest
    fresh.locked("export", "--mbox", "-")


def test_an_interrupt_gives_the_echo_back(fresh):
    terminal = Terminal("passwd", "-c", fresh.conf)
    terminal.until("as it is now: ")
    assert not termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    terminal.type("half a pass\x03")
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGINT
    assert termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    os.close(terminal.fd)


def test_progress_is_shown_on_a_terminal(fresh, tmp_path):
    """A pipe that brings a letter now and then keeps import busy."""
    pipe = tmp_path / "slow.mbox"
    os.mkfifo(pipe)

    def feed():
        with open(pipe, "wb", buffering=0) as out:
            for number in range(40):
                out.write(b"From a@b.example Mon Jan  5 10:11:12 2026\n"
                          b"Subject: %d\n\n" % number + b"x" * 70000 + b"\n\n")
                time.sleep(0.06)

    feeder = threading.Thread(target=feed)
    feeder.start()
    code, shown = Terminal("import", "-c", fresh.conf, pipe).end()
    feeder.join()
    assert code == 0 and "messages taken in: 40" in shown
    assert re.search(r"\rimporting: \d+ messages", shown)
    quiet = fresh("import", make_maildir(tmp_path / "in", LETTERS[:1]))
    assert "\r" not in quiet.err
