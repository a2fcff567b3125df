"""The script behind `make run`, as a new user meets it."""

import json
import os
import poplib
import signal
import smtplib
import socket
import ssl
import stat
import subprocess

import pytest

from box import PROGRAM, ROOT, free_ports, wait_for

LETTER = b"Subject: Hello\r\n\r\nHello, box.\r\n"


class Demo:
    """One start of the demo, without a terminal."""

    def __init__(self, folder, ports, start=True):
        self.folder = folder
        self.said = folder.parent / "said"
        names = ("SMTP_PORT", "POP3_PORT", "POP3S_PORT", "IMAP_PORT",
                 "IMAPS_PORT", "SUBMISSION_PORT", "SUBMISSIONS_PORT")
        self.env = dict(os.environ, RUN_DIR=str(folder),
                        **dict(zip(names, map(str, ports))))
        self.words = [str(ROOT / "firmware/demo.sh"), PROGRAM]
        if start:
            with open(self.said, "w") as said:
                self.process = subprocess.Popen(
                    self.words, env=self.env, stdin=subprocess.DEVNULL,
                    stdout=said, stderr=subprocess.STDOUT,
                    start_new_session=True)
            self.wait()

    def wait(self):
        def shown():
            assert self.process.poll() is None, self.said.read_text()
            return "Ctrl-C stops it" in self.said.read_text()
        wait_for(shown, "the card was not shown")
        self.card = json.loads((self.folder / "card.json").read_text())

    def refused(self):
        done = subprocess.run(self.words, env=self.env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode != 0
        return done.stderr.decode()

    def stop(self):
        """As Ctrl-C does: the whole group is interrupted."""
        os.killpg(self.process.pid, signal.SIGINT)
        assert self.process.wait(30) == 0
        assert "Sanitizer" not in self.said.read_text()


def pop3(card):
    unchecked = ssl._create_unverified_context()
    session = poplib.POP3_SSL("127.0.0.1", card["ports"]["pop3s"],
                              context=unchecked, timeout=60)
    session.user(card["login"])
    session.pass_(card["password"])
    return session


def test_a_first_and_a_second_start(tmp_path):
    ports = free_ports(7)
    folder = tmp_path / "run"
    demo = Demo(folder, ports)
    card = demo.card
    assert card["domain"] == "example.test"
    assert card["login"] == "mailbox@example.test"
    assert list(card["ports"].values()) == ports
    for name in ("card.json", "recovery-key", "pillarbox.conf"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    said = demo.said.read_text()
    assert card["password"] in said and "curl smtp://" in said
    with smtplib.SMTP("127.0.0.1", ports[0], timeout=60) as smtp:
        smtp.sendmail("me@sender.example", ["never.seen@example.test"], LETTER)
    assert "is running already" in demo.refused()
    demo.stop()

    demo = Demo(folder, ports)
    assert demo.card == card
    session = pop3(card)
    assert session.stat()[0] == 1
    assert session.retr(1)[1][-1] == b"Hello, box."
    session.quit()
    demo.stop()


def test_the_commands_of_the_card_work_as_they_are(tmp_path):
    demo = Demo(tmp_path / "run", free_ports(7))
    lines = [line.strip() for line in demo.said.read_text().splitlines()]
    send, fetch, look, submit, see = [line for line in lines if "curl " in line]

    def run(command):
        return subprocess.run(command, shell=True, check=True,
                              capture_output=True).stdout

    run(send)
    arrived = run(fetch)
    assert b"Delivered-To: shop@example.test" in arrived
    assert b"Hello, box." in arrived
    assert run(look) == arrived
    run(submit)
    arrived = run(see)
    assert b"From: Shop <shop@example.test>" in arrived
    assert b"Subject: Hi" in arrived
    assert demo.card["login"].encode() not in arrived
    demo.stop()


def test_a_busy_port_is_said_in_a_sentence(tmp_path):
    ports = free_ports(7)
    with socket.create_server(("127.0.0.1", ports[1])):
        said = Demo(tmp_path / "run", ports, start=False).refused()
    assert f"port {ports[1]}" in said and "POP3_PORT=" in said


@pytest.mark.parametrize("lost", ["card.json", "data"])
def test_what_was_lost(tmp_path, lost):
    """The mail without its password is not begun anew by itself."""
    ports = free_ports(7)
    folder = tmp_path / "run"
    demo = Demo(folder, ports)
    card = demo.card
    demo.stop()
    (folder / lost).rename(tmp_path / "away")
    if lost == "card.json":
        assert "is gone" in Demo(folder, ports, start=False).refused()
    else:
        demo = Demo(folder, ports)
        assert demo.card == card
        assert pop3(card).stat()[0] == 0
        demo.stop()
