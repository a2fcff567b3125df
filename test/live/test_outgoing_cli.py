"""The commands about sending: queue, dkim, smarthost, check --outbound."""

import json
import re
import sqlite3
import subprocess

import pytest

from box import Box, wait_for
from outside import Authority, Mx, Names

USER, SECRET = "user@relay.example", "a secret of relays"
LETTER = """\
From: Shop <shop@example.test>
To: <a@%s>
Subject: something to read
X-Esc: \x1b[2J

Hello from here.
"""


class World:
    """A box that serves nothing yet, and an outside that can be asked."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.box = Box(folder, tls=f'roots = "{self.authority.file}";')
        self.names = Names(self.box.dns_port)
        self.open = []
        self.number = 10

    def __call__(self, *words, **options):
        return self.box.pillarbox(*words, **options)

    def locked(self, *words, secret=SECRET, code=0):
        return self(*words, "--password-stdin", input=secret + "\n",
                    code=code)

    def mx(self, domain, port=None, **options):
        """A domain with one mail server."""
        self.number += 1
        address, host = f"127.0.5.{self.number}", f"mx.{domain}"
        self.names.mx(domain, (10, host, address))
        self.open.append(Mx(address, port or self.box.outside_port,
                            **options))
        return self.open[-1]

    def findings(self, *words, code=0):
        """What check --outbound says, by what it is about."""
        found = {}
        for one in json.loads(self("check", "--outbound", "--json", *words,
                                   code=code)):
            found.setdefault(one["what"], []).append(one)
        return found

    def publish(self):
        for key in json.loads(self("dkim", "show", "--json")):
            self.names.put(key["name"], "TXT", key["split"])

    def close(self):
        for one in self.open:
            one.close()
        self.names.close()
        self.box.finish()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.close()


def refused(world, *words, code=1):
    """A command that fails, without a word on its standard output."""
    assert world(*words, code=code) == ""


# -- dkim --

def keys(world, *words):
    return {key["selector"]: key
            for key in json.loads(world("dkim", "show", "--json", *words))}


def test_first_keys_sign_at_once(world):
    assert "no keys" in world("dkim", "show")
    assert keys(world) == {}
    said = world("dkim", "new")
    both = keys(world)
    assert [key["kind"] for key in both.values()] == ["rsa", "ed25519"]
    for key in both.values():
        assert key["state"] == "signs"
        assert key["name"] == f"{key['selector']}._domainkey.example.test"
        assert key["record"].startswith(f"v=DKIM1; k={key['kind']}; p=")
        parts = re.findall(r'"([^"]*)"', key["split"])
        assert "".join(parts) == key["record"]
        assert all(len(part) <= 255 for part in parts)
        assert key["record"] in said and key["split"] in said
        assert key["name"] in said
    assert "publish" in said


def test_rotation(world):
    refused(world, "dkim", "rotate")
    world("dkim", "new")
    first = keys(world)
    refused(world, "dkim", "rotate")
    assert "dkim rotate example.test" in world("dkim", "new")
    refused(world, "dkim", "new")
    second = {name: key for name, key in keys(world).items()
              if name not in first}
    assert [key["state"] for key in second.values()] == ["next", "next"]
    assert sorted({**first, **second}) == sorted(first) + sorted(second)
    assert "week" in world("dkim", "--help")
    said = world("dkim", "rotate")
    assert re.search(r"until\s\d{4}-\d\d-\d\d", said)
    now = keys(world)
    assert all(now[name]["state"] == "past" for name in first)
    assert all(now[name]["state"] == "signs" for name in second)
    assert all(now[name]["record"] == key["record"]
               for name, key in second.items())
    for name in second:
        refused(world, "dkim", "remove", "example.test", name)
    for name in first:
        said = world("dkim", "remove", "example.test", name)
        assert f"{name}._domainkey.example.test" in said
        refused(world, "dkim", "remove", "example.test", name)
    assert list(keys(world)) == list(second)


def test_keys_of_another_domain(world):
    world("dkim", "new", "Second.Example")
    assert keys(world, "example.test") == {}
    assert len(keys(world, "second.example")) == 2
    assert {key["domain"] for key in keys(world).values()} == {
        "second.example"}
    refused(world, "dkim", "new", "foreign.example", code=2)


@pytest.mark.parametrize("words", [
    ["dkim"], ["dkim", "burn"], ["dkim", "remove", "example.test"],
    ["dkim", "new", "a", "b"], ["queue"], ["queue", "show"],
    ["queue", "drop"], ["queue", "show", "0"], ["queue", "show", "x"],
    ["queue", "list", "3"], ["smarthost"], ["smarthost", "set"],
    ["smarthost", "set", "--direct"],
    ["smarthost", "set", "--direct", "a.example"],
    ["smarthost", "set", "a.example:25"], ["smarthost", "set", "a..b"],
    ["smarthost", "set", "a.example:0"], ["smarthost", "list", "x"],
    ["smarthost", "set", "a.example", "--for", "@b"],
    ["check", "--to", "a.example"], ["check", "--json"],
    ["check", "--outbound", "--data"], ["check", "--outbound", "x"],
], ids=" ".join)
def test_what_is_no_command(world, words):
    refused(world, *words, code=2)


def test_a_lost_device_key_comes_back_by_password(world):
    world("dkim", "new")
    was = keys(world)
    (world.box.data / "device.key").unlink()
    refused(world, "dkim", "show")
    world.locked("dkim", "show", secret="wrong password", code=4)
    assert (world.findings("--to", "a.example", code=1)["signatures"][0]
            ["result"]) == "bad"
    assert "RSA" in world.locked("dkim", "show", secret=world.box.password)
    assert (world.box.data / "device.key").stat().st_mode & 0o777 == 0o600
    assert keys(world) == was


# -- smarthost --

def routes(world):
    return json.loads(world("smarthost", "list", "--json"))


def test_smart_hosts(world):
    assert routes(world) == []
    assert "straight" in world("smarthost", "list")
    world.locked("smarthost", "set", "Relay.Example:587", "--user", USER)
    world("smarthost", "set", "other.example", "--for", "Far.Example")
    world("smarthost", "set", "--direct", "--for", "near.example")
    assert routes(world) == [
        {"for": "*", "host": "relay.example", "port": 587, "user": USER},
        {"for": "far.example", "host": "other.example", "port": 465,
         "user": ""},
        {"for": "near.example", "host": None, "port": 465, "user": ""}]
    said = world("smarthost", "list")
    assert "relay.example, port 587 (STARTTLS)" in said and USER in said
    assert SECRET not in said
    world("smarthost", "set", "new.example", "--for", "far.example")
    assert routes(world)[1]["host"] == "new.example"
    world("smarthost", "remove", "--for", "far.example")
    refused(world, "smarthost", "remove", "--for", "far.example")
    world("smarthost", "remove")
    assert [route["for"] for route in routes(world)] == ["near.example"]


def test_the_secret_is_sealed(world):
    world.locked("smarthost", "set", "relay.example", "--user", USER)
    for path in world.box.data.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert world.locked("smarthost", "set", "relay.example", "--user", USER,
                        secret="", code=4) == ""


# -- check --outbound --

def good(world, *words):
    """The report; nothing in it may be wrong."""
    found = world.findings("--to", "big.example", *words)
    assert all(one["result"] != "bad" for group in found.values()
               for one in group), found
    return found


def bad(world, what, *texts):
    """One thing is wrong, and is said with what to do."""
    found = world.findings("--to", "big.example", code=1)
    wrong = [one for group in found.values() for one in group
             if one["result"] == "bad" and one["what"] != "so"]
    assert [one["what"] for one in wrong] == [what] * len(wrong), found
    assert wrong, found
    for text in texts:
        assert text in wrong[0]["text"] or text in wrong[0]["do"], wrong
    return found


@pytest.fixture
def line(world):
    """A line with which all is well."""
    world("dkim", "new")
    world.publish()
    world.names.put("7.2.0.192.in-addr.arpa", "PTR", "mx.example.test.")
    world.names.put("mx.example.test", "A", "192.0.2.7")
    world.big = world.mx("big.example", offers=["at your service, "
                                                "[192.0.2.7]"])
    return world


def test_a_line_that_can_send(line):
    found = good(line)
    assert found["so"][0]["text"].startswith("letters can go straight")
    assert "192.0.2.7" in found["address"][0]["text"]
    assert len(found["signatures"]) == 2
    assert not line.big.letters
    assert ("EHLO", "mx.example.test") in line.big.commands
    assert ("QUIT", "") in line.big.commands or \
        ("QUIT", None) in line.big.commands
    said = line("check", "--outbound", "--to", "big.example")
    assert "PROBLEM" not in said and "big.example" in said


def test_port_25_is_closed(line):
    line.big.close()
    found = bad(line, "mail servers", "cannot be reached", "smarthost set")
    assert "cannot" in found["so"][0]["text"]
    said = line("check", "--outbound", "--to", "big.example", code=1)
    assert "PROBLEM" in said and "-> " in said


def test_a_server_that_wants_nothing_of_us(line):
    line.big.script["GREETING"] = ["554 5.7.1 Listed"] * 9
    bad(line, "mail servers", "554", "Listed", "blocklists")


def test_a_server_that_says_nothing_sensible(line):
    line.big.script["GREETING"] = ["nonsense"] * 9
    bad(line, "mail servers", "wants nothing")


def test_the_dns_does_not_answer(world):
    world("dkim", "new")
    world.names.close()
    found = world.findings("--to", "big.example", code=1)
    assert found["dns"][0]["result"] == "bad"
    assert "dns.servers" in found["dns"][0]["do"]
    world.names = Names(world.box.dns_port)


@pytest.mark.parametrize("name, back, text", [
    (None, None, "has no name"),
    ("mx.example.test.", "192.0.2.8", "does not lead back"),
    ("pool.example.", None, "does not lead back"),
])
def test_an_address_with_a_poor_name(line, name, back, text):
    del line.names.zone["7.2.0.192.in-addr.arpa", "PTR"]
    line.names.put("2.0.192.in-addr.arpa", "NS", "ns.example.")
    if name is not None:
        line.names.put("7.2.0.192.in-addr.arpa", "PTR", name)
    if back is not None:
        line.names.put("mx.example.test", "A", back)
    bad(line, "name", text, "PTR")


def test_an_address_with_another_name(line):
    line.names.put("7.2.0.192.in-addr.arpa", "PTR", "pool.example.")
    line.names.put("pool.example", "A", "192.0.2.1", "192.0.2.7")
    found = good(line)
    assert found["name"][0]["result"] == "note"
    assert "pool.example" in found["name"][0]["text"]


def test_records_of_keys(line):
    first, second = keys(line)
    line.names.put(f"{first}._domainkey.example.test", "TXT",
                   '"v=DKIM1; k=rsa; p=AAAA"')
    bad(line, "signatures", "another record", "dkim show")
    del line.names.zone[f"{first}._domainkey.example.test", "TXT"]
    bad(line, "signatures", "not published")
    line.publish()
    line("dkim", "new")
    found = good(line)["signatures"]
    assert [one["result"] for one in found] == ["good", "good", "note",
                                                "note"]
    line.publish()
    found = good(line)["signatures"]
    assert "dkim rotate" in found[3]["do"]


def test_no_keys(world):
    world.mx("big.example")
    bad(world, "signatures", "unsigned", "dkim new")


def test_no_authorities(line):
    line.authority.file.unlink()
    bad(line, "authorities", "No such file", "ca-certificates")
    line.authority.file.write_text("no certificate\n")
    bad(line, "authorities", "no certificate")


def test_check_alone_says_what_sending_lacks(world):
    def said():
        done = subprocess.run([world.box.program, "check", "-c",
                               world.box.config], capture_output=True,
                              text=True, timeout=60, check=True)
        return done.stderr

    assert "tls.roots" not in said()
    world.authority.file.unlink()
    assert "tls.roots" in said() and "ca-certificates" in said()


def test_a_domain_that_takes_no_mail(line):
    line.names.put("null.example", "MX", "0 .")
    found = line.findings("--to", "null.example", code=1)
    assert "no mail at all" in found["mail servers"][0]["text"]


def relay(world, secret=SECRET, names=("relay.example",), secure=False):
    """A smart host with a port of its own."""
    world.number += 1
    address = f"127.0.5.{world.number}"
    world.names.put("relay.example", "A", address)

    def check(mechanism, login, password):
        return (login, password) == (USER.encode(), secret.encode())

    world.open.append(Mx(address, world.box.outside_port, secure=secure,
                         tls=world.authority.context(*names),
                         auth_callback=check, auth_required=True))
    world.locked("smarthost", "set", f"relay.example:"
                 f"{world.box.outside_port}", "--user", USER)
    return world.open[-1]


def test_a_smart_host_that_lets_us_in(line):
    relay(line)
    line.big.close()
    found = good(line)
    assert "lets us log in" in found["smart host"][0]["text"]
    assert found["mail servers"][0]["result"] == "note"
    assert "relay.example" in found["so"][0]["text"]


def test_a_smart_host_that_does_not(line):
    relay(line, secret="another one")
    found = bad(line, "smart host", "does not let us log in",
                "smarthost set")
    assert SECRET not in json.dumps(found)


def test_a_smart_host_with_another_name(line):
    relay(line, names=("other.example",))
    bad(line, "smart host", "does not prove")


def test_a_smart_host_that_is_not_there(line):
    relay(line).close()
    bad(line, "smart host", "cannot be reached")
    del line.names.zone["relay.example", "A"]
    bad(line, "smart host", "no address")


# -- queue --

@pytest.fixture
def queued(world):
    """A letter that its server puts off, and one that it holds."""
    world.late = world.mx("late.example", script={
        "RCPT": lambda argument: "450 4.2.0 Not \x1b[2J now"})
    world.box.start()
    with world.box.submission() as client:
        client.sendmail("shop@example.test", ["a@late.example",
                                              "b@late.example"],
                        LETTER % "late.example")
    wait_for(lambda: all(one["attempts"] for letter in letters(world)
                         for one in letter["recipients"]),
             "no attempt")
    return world


def letters(world):
    return json.loads(world("queue", "list", "--json"))


def test_an_empty_queue(world):
    assert letters(world) == []
    assert "Nothing waits" in world("queue", "list")
    world("queue", "retry")
    for verb in ("show", "retry", "hold", "drop"):
        refused(world, "queue", verb, "7")


def test_what_waits_is_shown(queued):
    letter, = letters(queued)
    assert letter["sender"] == "shop@example.test"
    assert [one["address"] for one in letter["recipients"]] == [
        "a@late.example", "b@late.example"]
    one = letter["recipients"][0]
    assert (one["state"], one["code"], one["status"]) == (
        "waiting", 450, "4.2.0")
    assert one["remote"] == "mx.late.example" and "now" in one["said"]
    said = queued("queue", "list")
    assert "next try in" in said and "a@late.example and 1 more" in said
    said = queued("queue", "show", str(letter["id"]))
    assert "Subject: something to read" in said
    assert "450 4.2.0" in said and "mx.late.example" in said
    assert "b@late.example" in said and "Hello from here" not in said
    assert "\x1b" not in said


def test_hold_retry_drop(queued):
    number = str(letters(queued)[0]["id"])

    def states():
        return {one["state"] for one in letters(queued)[0]["recipients"]}

    assert f"retry {number}" in queued("queue", "hold", number)
    assert states() == {"held"}
    assert "held" in queued("queue", "list")
    before = len(queued.late.commands)
    queued("queue", "retry", number)
    wait_for(lambda: len(queued.late.commands) > before, "it is not tried")
    wait_for(lambda: letters(queued)[0]["recipients"][0]["attempts"] == 2,
             "the attempt is not noted")
    queued.late.script.clear()
    queued("queue", "hold", number)
    said = queued("queue", "drop", number)
    assert "a@late.example" in said and "b@late.example" in said
    assert letters(queued) == []
    refused(queued, "queue", "drop", number)
    assert not queued.late.letters


def test_a_smart_host_lets_go_what_is_held(queued):
    queued("queue", "hold", str(letters(queued)[0]["id"]))
    host = relay(queued)
    wait_for(lambda: host.letters, "it does not go")
    wait_for(lambda: letters(queued) == [], "it stays in the queue")


def test_no_word_of_a_letter_in_clear(queued):
    queued.box.stop()
    with sqlite3.connect(queued.box.data / "pillarbox.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in queued.box.data.rglob("*"):
        if path.is_file():
            assert b"something to read" not in path.read_bytes(), path
