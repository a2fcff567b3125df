"""IMAP by hand: what must not be, what comes at once, what stays flat."""

import base64
import imaplib
import os
import random
import re
import socket
import threading
import time

import pytest

from box import Box
from imap import Imap, String

LETTER = b"Subject: one\r\nFrom: a@sender.example\r\n\r\nHello.\r\n"


def client(box, *enable):
    imap = Imap(box.imaps_port, box.tls)
    imap.login(box.login, box.app_password)
    if enable:
        imap.ok("ENABLE " + " ".join(enable))
    return imap


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A running box whose memory can be looked at: the sanitizer, where it is
    linked in, keeps nothing of what was freed."""
    box = Box(tmp_path_factory.mktemp("box"))
    box.start(before=lambda: os.environ.update(
        ASAN_OPTIONS="quarantine_size_mb=0:thread_local_quarantine_size_kb=0"))
    yield box
    box.finish()


@pytest.fixture
def fresh(box):
    """The shared box with an INBOX of three letters, and a client."""
    with client(box) as imap:
        imap.ok("SELECT INBOX")
        imap.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        imap.ok("EXPUNGE")
        for _ in range(3):
            imap.append("INBOX", LETTER)
        yield imap


# ---- before the login ----

def test_greeting(box):
    with Imap(box.imaps_port, box.tls) as imap:
        assert imap.greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        told = imap.ok("CAPABILITY").all("CAPABILITY", 0)[0]
        assert b"AUTH=PLAIN" in told and b"LITERAL+" in told
        assert b"LITERAL-" not in told and b"STARTTLS" not in told


def test_clear_text(box):
    """Without TLS no password is taken; STARTTLS leads to it."""
    with Imap(box.imap_port) as imap:
        told = imap.ok("CAPABILITY").all("CAPABILITY", 0)[0]
        assert b"STARTTLS" in told and b"LOGINDISABLED" in told
        reply = imap.command(f"LOGIN {box.login} {box.app_password}")
        assert reply.status == "NO" and reply.code == "PRIVACYREQUIRED"
        # What is pipelined behind STARTTLS is thrown away.
        imap.send(b"a STARTTLS\r\nb LOGOUT\r\n")
        assert imap.line().startswith(b"a OK")
        imap.socket = box.tls.wrap_socket(imap.socket,
                                          server_hostname="127.0.0.1")
        imap.file = imap.socket.makefile("rb")
        imap.login(box.login, box.app_password)


def test_imaplib(box):
    with imaplib.IMAP4_SSL("127.0.0.1", box.imaps_port,
                           ssl_context=box.tls) as imap:
        assert imap.authenticate("PLAIN", lambda _: (
            f"\0{box.login}\0{box.app_password}").encode())[0] == "OK"
        assert imap.select()[0] == "OK"
        assert imap.append("INBOX", "(\\Seen)", None, LETTER)[0] == "OK"
        assert imap.uid("SEARCH", "ALL")[0] == "OK"


def test_sasl_ir(box):
    with Imap(box.imaps_port, box.tls) as imap:
        secret = base64.b64encode(
            f"\0{box.login}\0{box.app_password}".encode()).decode()
        reply = imap.ok(f"AUTHENTICATE PLAIN {secret}")
        assert reply.code.startswith("CAPABILITY ")


def test_wrong_password(box):
    with Imap(box.imaps_port, box.tls) as imap:
        reply = imap.command(f"LOGIN {box.login} wrong")
        assert (reply.status, reply.code) == ("NO", "AUTHENTICATIONFAILED")


@pytest.mark.parametrize("what", [
    b"a LOGIN {100000000}\r\n", b"a LOGIN {100000000+}\r\n",
    b"a LOGIN x {99999999999999999999}\r\n", b"x" * 200000,
    b"a ID (" + b'"a" ' * 40000, b"a NOOP\r\n" * 20000,
    b"a AUTHENTICATE PLAIN\r\n" + b"A" * 200000])
def test_nothing_is_held(box, what):
    """No stranger makes the box hold more than 64 KiB of his."""
    before = box.pss()
    with Imap(box.imaps_port, box.tls) as imap:
        try:
            imap.send(what)
            imap.send(b"y" * 3_000_000)
        except (ConnectionError, TimeoutError):
            pass
        if before is not None:
            assert box.pss() < before + (1 << 20) + (24 << 20), what[:30]
        with pytest.raises((ConnectionError, TimeoutError)):
            while True:
                imap.line()
    assert "impossible" not in box.log()


def test_too_many_errors(box):
    with client(box) as imap:
        with pytest.raises(ConnectionError):
            for _ in range(100):
                assert imap.command("NONSENSE").status == "BAD"
    with client(box) as imap:
        for _ in range(40):     # a good one between: no row of errors
            imap.command("NONSENSE")
            imap.ok("NOOP")


# ---- after it ----

def test_capabilities(box):
    """All that the issue names, each once."""
    with client(box) as imap:
        told = imap.ok("CAPABILITY").all("CAPABILITY", 0)[0][1:]
    wanted = """IMAP4rev1 IMAP4rev2 ENABLE IDLE LITERAL+ ID NAMESPACE UIDPLUS
        MOVE UNSELECT CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE
        CREATE-SPECIAL-USE STATUS=SIZE CONDSTORE QRESYNC ESEARCH SEARCHRES SORT
        THREAD=REFERENCES THREAD=ORDEREDSUBJECT BINARY MULTIAPPEND
        COMPRESS=DEFLATE QUOTA QUOTA=RES-STORAGE OBJECTID SAVEDATE PREVIEW
        WITHIN REPLACE UIDONLY NOTIFY METADATA UTF8=ACCEPT I18NLEVEL=1
        INPROGRESS SASL-IR""".split()
    shown = [c.decode() for c in told]
    assert len(shown) == len(set(shown))
    missing = [c for c in wanted if c not in shown]
    assert not missing, missing
    assert any(c.startswith("APPENDLIMIT=") for c in shown)


def test_special_mailboxes(box):
    with client(box) as imap:
        told = imap.ok('LIST "" "*"').all("LIST", 0)
    names = {r[3]: r[1] for r in told}
    for name in (b"Drafts", b"Sent", b"Junk", b"Trash", b"Archive"):
        assert b"\\" + name in names[name], names
    assert b"INBOX" in names


def test_pop3_shows_the_same(fresh, box):
    uids = fresh.ok("UID SEARCH ALL").numbers()
    pop = box.pop(password=box.app_password)
    assert pop.stat()[0] == 3
    assert [int(line.split()[1].split(b".")[-1]) if b"." in line else line
            for line in pop.uidl()[1]] and len(uids) == 3
    pop.dele(2)
    pop.quit()
    reply = fresh.ok("NOOP")
    assert [r[0] for r in reply.all("EXPUNGE")] == [b"2"]


def test_idle_is_at_once(box, fresh):
    """From 250 to EXISTS; `make bench` has the figure."""
    tag = fresh.idle()
    slowest = 0
    for _ in range(5):
        with box.smtp() as smtp:
            smtp.sendmail("a@sender.example", ["x@example.test"],
                          "Subject: x\r\n\r\nx\r\n")
            begun = time.monotonic()
            while fresh.untagged()[1].upper() != b"EXISTS":
                pass
            slowest = max(slowest, time.monotonic() - begun)
    fresh.done(tag)
    assert slowest < 2      # seconds: only that it does not wait for a poll


def test_expunges_wait(box, fresh):
    """Numbers do not move under a FETCH, STORE or SEARCH by numbers."""
    with client(box) as other:
        other.ok("SELECT INBOX")
        other.ok("STORE 2 +FLAGS (\\Deleted)")
        other.ok("EXPUNGE")
        for command in ("FETCH 1 FLAGS", "STORE 1 +FLAGS (\\Seen)",
                        "SEARCH ALL"):
            assert not fresh.ok(command).all("EXPUNGE"), command
        gone = fresh.command("FETCH 2 ENVELOPE")
        assert gone.status in ("OK", "NO") and not gone.all("EXPUNGE")
        assert [r[0] for r in fresh.ok("NOOP").all("EXPUNGE")] == [b"2"]
        assert sorted(fresh.ok("FETCH 1:* UID").fetched()) == [1, 2]


def test_flags_of_others(box, fresh):
    with client(box) as other:
        other.ok("SELECT INBOX")
        other.ok("STORE 3 +FLAGS (brandnew \\Answered)")
        reply = fresh.ok("NOOP")
        assert b"brandnew" in reply.all("FLAGS", 0)[0][1]
        assert set(reply.fetched()[3][b"FLAGS"]) >= {b"brandnew",
                                                     b"\\Answered"}
        # .SILENT does not tell its own client, but all others.
        assert not other.ok("STORE 1 +FLAGS.SILENT (\\Flagged)").fetched()
        assert b"\\Flagged" in fresh.ok("NOOP").fetched()[1][b"FLAGS"]
        assert not other.ok("NOOP").fetched()


def test_keywords_are_per_mailbox(box, fresh):
    fresh.ok("STORE 1 +FLAGS (here)")
    fresh.command("DELETE Elsewhere")
    fresh.ok("CREATE Elsewhere")
    fresh.ok("COPY 1 Elsewhere")
    reply = fresh.ok("SELECT Elsewhere")
    assert b"here" in reply.all("FLAGS", 0)[0][1]
    reply = fresh.ok("FETCH 1 FLAGS")
    assert b"here" in reply.fetched()[1][b"FLAGS"]


def test_qresync(box, fresh):
    with client(box, "QRESYNC") as imap:
        reply = imap.ok("SELECT INBOX")
        text = b" ".join(r[1] for r in reply.all("OK", 0))
        validity = int(re.search(rb"UIDVALIDITY (\d+)", text)[1])
        modseq = int(re.search(rb"HIGHESTMODSEQ (\d+)", text)[1])
        uids = imap.ok("UID SEARCH ALL").numbers()
    fresh.ok("STORE 1 +FLAGS (\\Flagged)")
    fresh.ok("STORE 2 +FLAGS (\\Deleted)")
    fresh.ok("EXPUNGE")
    fresh.append("INBOX", LETTER)
    with client(box, "QRESYNC") as imap:
        reply = imap.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq} "
                        f"{uids[0]}:{uids[-1]}))")
        assert reply.all("VANISHED", 0)[0][1:] == \
            [[b"EARLIER"], str(uids[1]).encode()]
        changed = [int(f[b"UID"]) for f in reply.fetched().values()]
        assert uids[0] in changed
        fresh.ok("STORE 1 +FLAGS (\\Deleted)")
        fresh.ok("EXPUNGE")
        assert imap.ok("NOOP").all("VANISHED", 0)[0][1] == \
            str(uids[0]).encode()


def test_searchres_and_esearch(fresh):
    fresh.ok("STORE 2 +FLAGS (\\Flagged)")
    reply = fresh.ok("SEARCH RETURN (SAVE MIN) FLAGGED")
    assert b"MIN" in reply.all("ESEARCH", 0)[0]
    assert list(fresh.ok("FETCH $ UID").fetched()) == [2]


def test_names(fresh):
    """Modified UTF-7 for those of old, UTF-8 for those who say so."""
    fresh.command('DELETE "&ZeVnLIqe-"')
    fresh.ok('CREATE "&ZeVnLIqe-"')
    told = [r[3] for r in fresh.ok('LIST "" "*"').all("LIST", 0)]
    assert b"&ZeVnLIqe-" in told
    fresh.ok("UNSELECT")
    fresh.ok("ENABLE UTF8=ACCEPT")
    told = [r[3] for r in fresh.ok('LIST "" "*"').all("LIST", 0)]
    assert "\u65e5\u672c\u8a9e".encode() in told
    fresh.ok('DELETE "\u65e5\u672c\u8a9e"')


def test_append_large_is_flat(box, fresh):
    before = box.pss()
    message = LETTER + b"x" * 70 + b"\r\n"
    message += (b"y" * 76 + b"\r\n") * 400_000      # 31 MB
    fresh.append("INBOX", message)
    if before is not None:
        assert box.pss() < before + (8 << 20)
    got = fresh.ok("FETCH 4 (RFC822.SIZE BODY.PEEK[])").fetched()[4]
    assert int(got[b"RFC822.SIZE"]) == len(message)
    assert got[b"BODY[]"] == message
    reply = fresh.command("APPEND INBOX {99000000}")
    assert reply.status == "NO" and reply.code == "TOOBIG"


def test_slow_reader_hinders_nobody(box, fresh):
    """One that asks for much and reads nothing costs a fixed buffer."""
    message = LETTER + (b"z" * 76 + b"\r\n") * 100_000
    fresh.append("INBOX", message)
    before = box.pss()
    slow = client(box)
    slow.ok("SELECT INBOX")
    slow.send(b"s FETCH 1:* (BODY.PEEK[] BODY.PEEK[])\r\n" * 3)
    for _ in range(20):
        begun = time.monotonic()
        fresh.ok("NOOP")
        assert time.monotonic() - begun < 5
    if before is not None:
        assert box.pss() < before + (4 << 20)
    slow.close()


def test_multiappend_is_whole_or_nothing(fresh):
    reply = fresh.ok("APPEND INBOX", (LETTER,), "(\\Seen)", (LETTER,))
    assert re.match(r"APPENDUID \d+ \d+:\d+$", reply.code)
    before = fresh.ok("STATUS INBOX (MESSAGES)").untagged
    reply = fresh.command("APPEND INBOX", (LETTER,), (b"a\0b",))
    assert reply.status == "NO"
    assert fresh.ok("STATUS INBOX (MESSAGES)").untagged[-1] == before[-1]


def test_replace(fresh):
    uid = fresh.ok("UID SEARCH 2").numbers()[0]
    reply = fresh.ok(f"UID REPLACE {uid} INBOX",
                     (LETTER.replace(b"one", b"two"),))
    assert reply.all("EXPUNGE") and reply.all("EXISTS")
    assert fresh.ok('SEARCH SUBJECT two').numbers()


def test_compress(box, fresh):
    import zlib
    with client(box) as imap:
        imap.ok("COMPRESS DEFLATE")
        out = zlib.compressobj(9, zlib.DEFLATED, -15)
        into = zlib.decompressobj(-15)
        heard = b""
        imap.socket.sendall(out.compress(b"z1 SELECT INBOX\r\nz2 FETCH 1:* "
                                         b"(FLAGS ENVELOPE)\r\n") +
                            out.flush(zlib.Z_SYNC_FLUSH))
        while b"z2 OK" not in heard:
            heard += into.decompress(imap.socket.recv(65536))
        assert b"* 3 FETCH" in heard
        imap.socket.sendall(out.compress(b"z3 COMPRESS DEFLATE\r\n") +
                            out.flush(zlib.Z_SYNC_FLUSH))
        heard = b""
        while b"z3" not in heard:
            heard += into.decompress(imap.socket.recv(65536))
        assert b"z3 NO [COMPRESSIONACTIVE]" in heard


def test_notify(box, fresh):
    with client(box) as imap:
        imap.ok("NOTIFY SET (selected (MessageNew (UID FLAGS) "
                "MessageExpunge FlagChange)) (personal (MessageNew "
                "MessageExpunge MailboxName))")
        imap.ok("SELECT INBOX")
        fresh.append("INBOX", LETTER)
        assert imap.untagged() == [b"4", b"EXISTS"]
        assert imap.untagged()[1] == b"RECENT"
        told = imap.untagged()
        assert told[:2] == [b"4", b"FETCH"] and told[2][0] == b"UID", told
        fresh.append("Archive", LETTER)
        told = imap.untagged()
        assert told[0] == b"STATUS" and told[1] == b"Archive", told
        fresh.command("DELETE Notified")
        fresh.ok("CREATE Notified")
        told = imap.untagged()
        assert told[0] == b"LIST" and told[3] == b"Notified", told


def test_uidonly(box, fresh):
    with client(box, "UIDONLY") as imap:
        imap.ok("SELECT INBOX")
        reply = imap.ok("UID FETCH 1:* (FLAGS)")
        assert len(reply.all("UIDFETCH")) == 3
        assert imap.command("FETCH 1 FLAGS").code == "UIDREQUIRED"


def test_rev2(box, fresh):
    with client(box, "IMAP4rev2") as imap:
        reply = imap.ok("SELECT INBOX")
        assert not reply.all("RECENT")
        assert reply.all("LIST", 0)
        assert imap.ok("SEARCH ALL").all("ESEARCH", 0)


def test_metadata(fresh):
    fresh.ok('SETMETADATA INBOX (/private/comment "mine")')
    told = fresh.ok("GETMETADATA INBOX /private/comment").all(
        "METADATA", 0)[0]
    assert told[2] == [b"/private/comment", String(b"mine")]
    fresh.ok("SETMETADATA INBOX (/private/comment NIL)")


def test_quota(fresh):
    told = fresh.ok("GETQUOTAROOT INBOX").all("QUOTA", 0)[0]
    assert told[2][0] == b"STORAGE" and int(told[2][1]) < int(told[2][2])


def test_objectid(fresh):
    told = fresh.ok("FETCH 1 (EMAILID THREADID)").fetched()[1]
    fresh.ok("COPY 1 Archive")
    fresh.ok("SELECT Archive")
    again = fresh.ok("FETCH * (EMAILID)").fetched()
    assert told[b"EMAILID"] in [a[b"EMAILID"] for a in again.values()]


# ---- what a broken or hostile program does, once it has a password ----

SEEDS = [
    b"FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[1.2.MIME]<3.9>)",
    b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3 VANISHED)",
    b"STORE 1:3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen work)",
    b"SEARCH RETURN (MIN MAX SAVE) OR NOT (FROM \"a\" SINCE 1-Jan-2020) "
    b"HEADER Subject {3+}\r\nabc",
    b"UID SORT (REVERSE DATE SUBJECT) UTF-8 OR SEEN UNSEEN",
    b"THREAD REFERENCES UTF-8 ALL", b"COPY 1:2 Archive", b"MOVE 1 Trash",
    b"LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"*\" \"%/%\") RETURN "
    b"(CHILDREN STATUS (MESSAGES))",
    b"SELECT INBOX (QRESYNC (1 2 1:5 (1:3 1:3)))", b"EXPUNGE",
    b"APPEND INBOX (\\Seen) \"01-Jan-2020 00:00:00 +0000\" {5+}\r\na: b\r",
    b"REPLACE 1 INBOX {4+}\r\na\r\n\r", b"CREATE \"&AOQ-/x\" (USE (\\Junk))",
    b"NOTIFY SET (subtree (a b) (MessageNew (UID) MessageExpunge))",
    b"SETMETADATA INBOX (/private/x {3+}\r\nabc)", b"IDLE\r\nDONE",
    b"GETMETADATA (DEPTH 1 MAXSIZE 9) INBOX (/private)", b"RENAME a INBOX/b",
    b"STATUS INBOX (MESSAGES SIZE HIGHESTMODSEQ)", b"ENABLE UIDONLY QRESYNC",
    b"DELETE Work", b"RENAME Work Work/x", b"UNSELECT", b"CLOSE",
    b"FETCH 1 (BINARY[1]<0.5> BINARY.SIZE[1] PREVIEW (LAZY))",
]


def mangled(chance):
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        at = chance.randrange(len(data))
        how = chance.random()
        if how < 0.3:
            data[at] = chance.randrange(256)
        elif how < 0.5:
            del data[at:at + chance.randrange(1, 6)]
        elif how < 0.7:
            data[at:at] = chance.choice((b"(", b")", b"\"", b"{9+}\r\n", b"*",
                                         b"4294967295", b" ", b"NIL", b"]",
                                         b"$", b"\xc3\xa9"))
        else:
            data[at:at] = bytes(chance.choice(SEEDS))
        if not data:
            data += b"NOOP"
    return b"f%d " % chance.randrange(100) + bytes(data) + b"\r\n"


def drain(sock, stop):
    sock.settimeout(0.5)
    while not stop.is_set():
        try:
            if not sock.recv(65536):
                return
        except (TimeoutError, socket.timeout):
            continue
        except OSError:
            return


@pytest.mark.parametrize("seed", range(4))
def test_survives_a_fuzzer(make_box, seed):
    """Random commands after the login: the box goes on, and keeps house."""
    box = make_box()
    box.start()
    chance = random.Random(seed)
    keeper = box.pids()["keeper"]
    with client(box) as imap:
        for _ in range(10):
            imap.append("INBOX", LETTER)
    until = time.monotonic() + 6
    sent = 0
    while time.monotonic() < until:
        imap = client(box)
        stop = threading.Event()
        reader = threading.Thread(target=drain, args=(imap.socket, stop))
        reader.start()
        try:
            imap.socket.settimeout(10)
            imap.send(b"x SELECT INBOX\r\n")
            for _ in range(60):
                imap.send(mangled(chance))
                sent += 1
        except OSError:
            pass
        time.sleep(0.05)
        stop.set()
        reader.join()
        imap.close()
    assert box.pids()["keeper"] == keeper, box.log()[-3000:]
    with client(box) as imap:
        imap.ok("SELECT INBOX")
        imap.ok("UID SEARCH ALL")
    box.stop()
    print(f"{sent} commands")
