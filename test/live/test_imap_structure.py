"""The structure of ugly messages, as Dovecot tells it and as we do."""

import pytest

import ugly
from dovecot import MISSING, Dovecot, present
from imap import Imap

pytestmark = pytest.mark.skipif(not present(), reason=MISSING)


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
        for n, told in theirs.items():
            for name in names or told:
                if told[name] != ours[n].get(name):
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
            isinstance(structure[8], list):
        inner = structure[8]
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
            # Broken base64 is an error there, or the end; here it is decoded
            # as far as it goes.
            if theirs is None or theirs.code in ("PARSE", "UNKNOWN-CTE"):
                continue
            if ours.fetched() != theirs.fetched():
                wrong.append((both.names[n - 1], dotted, theirs.status,
                              str(theirs.fetched())[:200], ours.status,
                              str(ours.fetched())[:200]))
    assert not wrong, (len(wrong), wrong[:5])
