"""When what lies beneath fails: senders are told to come again, the log says
what is wrong, nothing is lost, and service resumes when the cause is gone.

Full disks under a running box, and killed roles, are in test_roles.py and
test/crash/kill.py.
"""

import contextlib
import os
import poplib
import shutil
import sqlite3
import subprocess
import threading

import pytest

from box import crlf, split_trace, wait_for

SMALL = crlf("Subject: small\n\nx\n")
LARGE = crlf("Subject: large\n\n" + "a line of a large letter\n" * 20_000)


def root_only():
    if os.geteuid() != 0:
        pytest.skip("only root may mount and make files immutable")


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"{words[0]} does not work here: {done.stderr.strip()}")


@contextlib.contextmanager
def immutable(*paths):
    """Nobody can change these, or what is in them; not even root."""
    root_only()
    for path in paths:
        command("chattr", "+i", path)
    try:
        yield
    finally:
        for path in paths:
            subprocess.run(["chattr", "-i", path], check=True)


@contextlib.contextmanager
def small_disk(folder, megabytes):
    root_only()
    folder.mkdir()
    command("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none",
            folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def answer(box, content):
    """The code that a letter is answered with."""
    with box.smtp() as client:
        client.mail("sender@sender.example")
        code, _ = client.rcpt("anybody@example.test")
        if code != 250:
            return code
        return client.data(content)[0]


def contents(box):
    return [split_trace(message)[1] for message in box.fetch(delete=False)]


def said(box, text):
    """Whether an error in the log says something."""
    return any(text in line for line in errors(box))


def errors(box):
    return [line for line in box.log().splitlines()
            if line.startswith("level=error")]


def test_files_that_cannot_be_made(make_box):
    """Large letters cannot be had; small ones and reading go on."""
    box = make_box().start()
    assert answer(box, LARGE) == 250
    with immutable(box.data / "blob"):
        assert answer(box, LARGE) in (451, 452)
        assert answer(box, SMALL) == 250
        assert errors(box)
        assert contents(box) == [LARGE, SMALL]
        keeper = box.pids()["keeper"]
    assert answer(box, LARGE) == 250
    assert box.pids()["keeper"] == keeper
    assert contents(box) == [LARGE, SMALL, LARGE]
    box.pillarbox("check", "--data")


def test_database_that_cannot_be_written(make_box):
    box = make_box().start()
    assert answer(box, SMALL) == 250
    reader = box.pop()
    with immutable(box.data / "pillarbox.db", box.data / "pillarbox.db-wal"):
        assert answer(box, SMALL) in (451, 452)
        assert answer(box, LARGE) in (451, 452)
        assert errors(box)
        # Reading goes on, and a deletion fails aloud.
        assert reader.retr(1)
        reader.dele(1)
        with pytest.raises(poplib.error_proto, match="-ERR"):
            reader.quit()
        keeper = box.pids()["keeper"]
    assert answer(box, LARGE) == 250
    assert box.pids()["keeper"] == keeper
    assert contents(box) == [SMALL, LARGE]
    box.pillarbox("check", "--data")


def test_start_on_a_read_only_disk(make_box, tmp_path):
    with small_disk(tmp_path / "disk", 8) as disk:
        box = make_box(data=disk / "data").start()
        assert answer(box, SMALL) == 250
        box.stop()
        command("mount", "-o", "remount,ro", disk)
        assert box.serve_in_vain() == 1    # which systemd tries again
        assert said(box, "Read-only file system")
        assert said(box, "ReadWritePaths=")
        # What is there can be read all the same.
        out = box.pillarbox("export", "--mbox", "-", "--password-stdin",
                            input=box.password + "\n")
        assert "Subject: small" in out
        command("mount", "-o", "remount,rw", disk)
        box.start()
        assert answer(box, SMALL) == 250
        assert contents(box) == [SMALL, SMALL]
        box.stop()


def test_start_on_a_full_disk(make_box, tmp_path):
    """It says what to do, and serves as soon as there is room."""
    with small_disk(tmp_path / "disk", 8) as disk:
        box = make_box(data=disk / "data").start()
        assert [answer(box, LARGE) for _ in range(4)] == [250] * 4
        box.stop()
        with open(disk / "filler", "wb", buffering=0) as filler:
            with pytest.raises(OSError):
                while filler.write(bytes(4096)):
                    pass
        helper = threading.Timer(2, (disk / "filler").unlink)
        helper.start()
        box.start()
        assert not helper.is_alive()
        assert said(box, "make room on the disk")
        assert answer(box, LARGE) == 250
        assert contents(box) == [LARGE] * 5
        box.stop()


def filled(make_box, count=300):
    """A stopped box with mail in it, and what is in it."""
    box = make_box().start()
    sent = [SMALL + b"%d\r\n" % number * 100 for number in range(count)]
    sent[10] = LARGE
    with box.smtp() as client:
        for content in sent:
            client.sendmail("sender@sender.example", "anybody@example.test",
                            content)
    box.stop()
    return box, sent


@contextlib.contextmanager
def damaged(file, at, length):
    """Some bytes of a file are others for a while."""
    with open(file, "r+b") as stream:
        stream.seek(at)
        good = stream.read(length)
        stream.seek(at)
        stream.write(bytes(255 - byte for byte in good))
    try:
        yield
    finally:
        with open(file, "r+b") as stream:
            stream.seek(at)
            stream.write(good)


def test_database_that_is_none(make_box):
    box, sent = filled(make_box)
    with damaged(box.data / "pillarbox.db", 0, 100):
        assert box.serve_in_vain() == 5
        assert said(box, "restore the data directory")
        box.pillarbox("check", "--data", code=5)
    box.start()
    assert contents(box) == sent


def test_database_with_damaged_pages(make_box):
    """Whatever is answered, nothing is lost, nothing wrong is handed out."""
    box, sent = filled(make_box)
    good = box.folder / "good"
    shutil.copytree(box.data, good)
    size = (box.data / "pillarbox.db").stat().st_size
    for at in range(4096, size, max(4096, size // 4096 // 12 * 4096)):
        with damaged(box.data / "pillarbox.db", at, 4096):
            try:
                box.start()
            except AssertionError:
                assert box.process.wait(60) == 5, at
                box.process = None
                continue
            code = answer(box, SMALL)
            assert code in (250, 451), at
            if code == 451:
                assert errors(box)
            with contextlib.suppress(poplib.error_proto, OSError):
                for content in contents(box):
                    assert content in sent + [SMALL], at
            box.stop()
        shutil.rmtree(box.data)
        shutil.copytree(good, box.data)
    box.start()
    assert contents(box) == sent


def test_database_damaged_while_the_keeper_is_away(make_box):
    """Senders are put off until it is repaired; nobody restarts anything."""
    box, sent = filled(make_box, 20)
    box.start()
    with damaged(box.data / "pillarbox.db", 0, 100):
        box.kill_role("keeper")
        wait_for(lambda: answer(box, SMALL) == 451, "not put off")
        wait_for(lambda: len(box.events("role-ended")) >= 2, "no new try")
        assert answer(box, SMALL) == 451
    wait_for(lambda: answer(box, SMALL) == 250, "not taken again")
    assert contents(box) == sent + [SMALL]


def test_letter_damaged_on_the_disk(make_box):
    """It is not handed out, and said to be damaged; others are."""
    box, sent = filled(make_box, 20)
    file, = (box.data / "blob").iterdir()
    with damaged(file, file.stat().st_size // 2, 1):
        box.start()
        reader = box.pop()
        for number, content in enumerate(sent, 1):
            if content != LARGE:
                lines = reader.retr(number)[1]
                assert b"\r\n".join(lines).endswith(content[:-2])
        with pytest.raises((poplib.error_proto, OSError)):
            reader.retr(sent.index(LARGE) + 1)
        reader.close()
        assert box.events("seal-broken")
        box.stop()
    moved = file.rename(box.folder / "moved")
    box.pillarbox("check", "--data", code=5)
    box.start()
    reader = box.pop()
    with pytest.raises(poplib.error_proto, match="-ERR"):
        reader.retr(sent.index(LARGE) + 1)
    reader.close()
    box.stop()
    moved.rename(file)
    box.start()
    assert contents(box) == sent


def test_newer_schema_is_refused(make_box):
    box, sent = filled(make_box, 20)
    with contextlib.closing(
            sqlite3.connect(box.data / "pillarbox.db")) as db:
        version, = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version + 1}")
    assert box.serve_in_vain() == 5
    assert said(box, "newer")
    with contextlib.closing(
            sqlite3.connect(box.data / "pillarbox.db")) as db:
        db.execute(f"PRAGMA user_version = {version}")
    box.start()
    assert contents(box) == sent


def test_key_of_another_certificate(make_box):
    """Refused by a reload, which keeps the old pair, and at the start."""
    box, other = make_box(), make_box()
    box.start()
    good = (box.data / "tls/key.pem").read_bytes()
    shutil.copy(other.data / "tls/key.pem", box.data / "tls/key.pem")
    box.reload()
    assert "key.pem" in box.events("reload-failed")[-1]
    assert box.send("anybody@example.test", tls=True) == {}
    box.stop()
    assert box.serve_in_vain() == 3
    (box.data / "tls/key.pem").write_bytes(good)
    box.start()
    assert len(box.fetch()) == 1
