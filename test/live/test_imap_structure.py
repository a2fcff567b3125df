"""The structure of ugly messages, as Dovecot tells it and as we do."""

import re

import pytest

import ugly
from dovecot import MISSING, Dovecot, present
from imap import Imap, half_typed, plain

pytestmark = pytest.mark.skipif(not present(), reason=MISSING)


# Messages of others on which we differ on purpose, and why.
ON_PURPOSE = {
    "mime-mailparser/eml/malformed/016.eml":
        "boundaries longer than 70 octets are told apart to their end",
    "mime-mailparser/eml/legacy/049.eml":
        "it keeps a CR that stands before CRLF",
}


class Both:
    """The same messages in both, under the same numbers."""

    def __init__(self, box, dovecot, messages):
        self.names = list(messages)
        self.messages = list(messages.values())
        self.dovecot = dovecot
        self.ours = Imap(box.imaps_port, box.tls)
        self.ours.login(box.login, box.app_password)
        self.theirs = dovecot.imap()
        for client in (self.ours, self.theirs):
            for message in self.messages:
                client.append("INBOX", message)
            client.ok("SELECT INBOX")

    def ask(self, command):
        """What each answers to a FETCH, by sequence number."""
        return [client.ok(command).fetched()
                for client in (self.ours, self.theirs)]

    def their(self, command):
        """What Dovecot answers; None when it falls over."""
        try:
            return self.theirs.command(command)
        except ConnectionError:
            self.theirs = self.dovecot.imap()
            self.theirs.ok("SELECT INBOX")
            return None

    def compare(self, command, names=None):
        """The numbers of the messages they do not agree on, with why."""
        ours, theirs = self.ask(command)
        assert len(ours) == len(theirs), command
        wrong = []
        structured = (b"ENVELOPE", b"BODY", b"BODYSTRUCTURE")
        for n, told in theirs.items():
            if self.names[n - 1] in ON_PURPOSE:
                continue
            for name in names or told:
                mine, its = ours[n].get(name), told[name]
                if name in structured:
                    mine, its = plain(mine), plain(its)
                # An empty header ends with an empty line, or has none.
                if name.endswith(b"FIELDS (SUBJECT)]") and \
                        mine == b"\r\n" and its == b"":
                    continue
                if mine != its and not half_typed(its):
                    wrong.append((self.names[n - 1], name, told[name],
                                  ours[n].get(name)))
        return wrong


@pytest.fixture(scope="module")
def both(box, tmp_path_factory):
    messages = {**ugly.foreign(), **ugly.made()}
    dovecot = Dovecot(tmp_path_factory.mktemp("dovecot")).start()
    yield Both(box, dovecot, messages)
    dovecot.stop()


def test_corpora():
    if not ugly.foreign():
        pytest.skip("the corpora of other projects are not beside the "
                    "checkout: only messages made here are compared")
    assert len(ugly.foreign()) + len(ugly.made()) >= 500


@pytest.mark.parametrize("item", ["RFC822.SIZE", "ENVELOPE", "BODY",
                                  "BODYSTRUCTURE"])
def test_item(both, item):
    wrong = both.compare(f"FETCH 1:* ({item})", [item.encode()])
    assert not wrong, (len(wrong), wrong[:5])


@pytest.mark.parametrize("item", [
    "BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]",
    "BODY.PEEK[HEADER.FIELDS (SUBJECT from X-LONG)]",
    "BODY.PEEK[HEADER.FIELDS.NOT (Subject From)]", "BODY.PEEK[]<10.30>",
    "BODY.PEEK[TEXT]<0.100000000>", "BODY.PEEK[1.MIME]", "BODY.PEEK[2]",
    "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]", "RFC822.HEADER",
    "BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]"])
def test_section(both, item):
    wrong = both.compare(f"FETCH 1:* ({item})")
    assert not wrong, (len(wrong), [(w[0], w[1], str(w[2])[:200],
                                     str(w[3])[:200]) for w in wrong[:5]])


def parts(structure, number=()):
    """The numbers of all parts of a BODYSTRUCTURE."""
    if isinstance(structure[0], list):
        for n, child in enumerate(structure):
            if not isinstance(child, list):
                break
            yield number + (n + 1,)
            yield from parts(child, number + (n + 1,))
    elif structure[0].lower() == b"message" and len(structure) > 8 and \
            structure[1].lower() == b"rfc822" and \
            isinstance(structure[8], list):
        inner = structure[8]
        number = number or (1,)     # the message is the only part
        if isinstance(inner[0], list):
            yield from parts(inner, number)
        else:
            yield number + (1,)
            yield from parts(inner, number + (1,))


def leaves(structure):
    """The numbers of those parts that are no multiparts."""
    found = list(parts(structure))
    inner = {n[:-1] for n in found}
    return [n for n in found if n not in inner] or [(1,)]


def test_all_parts(both):
    """Each part of each message: text, MIME header, and decoded."""
    structures = both.ask("FETCH 1:* (BODYSTRUCTURE)")[1]
    wrong = []
    for n, told in structures.items():
        asked = []
        for number in list(parts(told[b"BODYSTRUCTURE"]))[:40]:
            dotted = ".".join(map(str, number))
            asked += [f"BODY.PEEK[{dotted}]", f"BODY.PEEK[{dotted}.MIME]",
                      f"BODY.PEEK[{dotted}]<3.20>"]
        if asked:
            wrong += both.compare(f"FETCH {n} ({' '.join(asked)})")
    assert not wrong, (len(wrong), [(w[0], w[1], str(w[2])[:200],
                                     str(w[3])[:200]) for w in wrong[:5]])


def decoded_further(ours, theirs, n):
    """Whether one goes on where the other stops, or left it encoded (messages
    in base64)."""
    mine, its = (next((v for k, v in reply.fetched().get(n, {}).items()
                       if k.startswith(b"BINARY[")), None)
                 for reply in (ours, theirs))
    if mine is None or its is None:
        return False
    begun = its.split(b"  ")[0]
    return len(mine) != len(its) and (its == b"" or mine.startswith(begun) or
                                      re.fullmatch(rb"[A-Za-z0-9+/=\r\n]+",
                                                   its) is not None)


def test_binary(both):
    """Decoded parts; where Dovecot says it cannot, so do we."""
    structures = both.ask("FETCH 1:* (BODYSTRUCTURE)")[1]
    wrong = []
    for n, told in structures.items():
        for number in list(leaves(told[b"BODYSTRUCTURE"]))[:6]:
            dotted = ".".join(map(str, number))
            command = f"FETCH {n} (BINARY.PEEK[{dotted}] " \
                      f"BINARY.SIZE[{dotted}])"
            ours = both.ours.command(command)
            theirs = both.their(command)
            # Broken text is an error there, or the end; here it is decoded
            # as far as it goes.
            if theirs is None or theirs.code in ("PARSE", "UNKNOWN-CTE") or \
                    decoded_further(ours, theirs, n) or \
                    both.names[n - 1] in ON_PURPOSE:
                continue
            # Without MIME-Version and Content-Type a message has no encoding,
            # which BODYSTRUCTURE says there too, but not BINARY.
            if told[b"BODYSTRUCTURE"][5:6] == [b"7bit"]:
                continue
            # Dovecot's sizes are not always those of what it tells.
            mine, its = (reply.fetched()[n] for reply in (ours, theirs))
            text = mine[b"BINARY[%s]" % dotted.encode()]
            size = int(mine[b"BINARY.SIZE[%s]" % dotted.encode()])
            if text != its[b"BINARY[%s]" % dotted.encode()] or \
                    size != len(text or b""):
                wrong.append((both.names[n - 1], dotted, str(its)[:200],
                              str(mine)[:200]))
    assert not wrong, (len(wrong), wrong[:5])
