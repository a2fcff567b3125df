"""What a thief of the data directory finds: searched for planted words."""

import base64
import re
import shutil
import threading
import time

import pytest

from box import Box, split_trace, wait_for

ROOT = "vqkwuzyjxfhp"   # begins each planted word; none is there by chance
COPIES = 5              # made while letters arrive
LARGES = {10: 70_000, 20: 200_000, 30: 1_000_000}
RECIPIENT = "in-the-address-book@example.test"


class Planted:
    """A letter every foreign part of which holds a planted word."""

    def __init__(self, name, size):
        def word(part):
            return ROOT + part + name

        self.sender = f"{word('sender')}@{word('sender')}.example"
        self.helo = word("helo") + ".example"
        attached = base64.encodebytes((word("attached") + "\n").encode() * 20)
        filler = b"the same line of text again and again\n" * (size // 78)
        self.content = (
            f"From: {word('name')} <{word('from')}@sender.example>\n"
            f"To: {word('to')} <{word('to')}@elsewhere.example>\n"
            f"Cc: <{word('cc')}@elsewhere.example>\n"
            f"Subject: about {word('subject')}\n"
            f"Message-ID: <{word('id')}@sender.example>\n"
            f"X-{word('header')}: x\n"
            f"Content-Type: text/plain\n\n{word('body')}\n"
        ).encode() + filler + word("middle").encode() + b"\n" + attached + \
            filler + word("end").encode() + b"\n"

    def send(self, box):
        with box.smtp() as client:
            client.ehlo(self.helo)
            client.sendmail(self.sender, RECIPIENT,
                            self.content.replace(b"\n", b"\r\n"))


def shapes(word):
    """A word as it may lie in a file."""
    for cased in {word, word.upper(), word.capitalize()}:
        raw = cased.encode()
        yield raw
        yield cased.encode("utf-16-le")
        yield raw[::-1]
        yield raw.hex().encode()
        for shift in range(3):
            # without the letters that neighbours have a share in
            coded = base64.b64encode(b"\0" * shift + raw)
            yield coded[(shift * 4 + 2) // 3:len(raw) * 4 // 3 - 1]


def leaks(folder, word):
    """(file, what stands there) for each file that holds a word."""
    found = []
    for file in folder.rglob("*"):
        data = str(file).encode() + b"\n"
        if file.is_file():
            data += file.read_bytes()
        for shape in shapes(word):
            at = data.find(shape)
            if at >= 0:
                found.append((file.name, data[at:at + 80]))
    return found


def copy(source, target):
    """As cp -r does it, while files come and go."""
    def copy_file(one, other):
        try:
            shutil.copyfile(one, other)
        except FileNotFoundError:
            pass

    shutil.copytree(source, target, copy_function=copy_file,
                    ignore_dangling_symlinks=True)
    return target


def load(box, name, letters, over):
    """Send letters until told to stop, and note them; some are large."""
    while not over.is_set():
        size = LARGES.get(len(letters) % 40, 0)
        letters.append(Planted(f"{name}.{len(letters)}", size))
        letters[-1].send(box)


@pytest.fixture(scope="module")
def stolen(tmp_path_factory):
    """A box, the letters in it, and copies made while they arrived."""
    folder = tmp_path_factory.mktemp("sealed")
    box = Box(folder)
    assert box.app_password
    box.start()
    over = threading.Event()
    parts = [], []
    senders = [threading.Thread(target=load, args=(box, name, part, over))
               for name, part in enumerate(parts)]
    for sender in senders:
        sender.start()
    copies = []
    backup = folder / "backup"
    try:
        wait_for(lambda: len(parts[0]) > 50, "no letters arrive")
        for number in range(COPIES):
            copies.append(copy(box.data, folder / f"copy-{number}"))
            time.sleep(0.05)
        box.pillarbox("backup", str(backup))
    finally:
        over.set()
        for sender in senders:
            sender.join()
    yield box, parts[0] + parts[1], copies, backup
    box.finish()


def test_the_search_finds(tmp_path):
    """What the other tests look for would be found."""
    word = ROOT.encode() + b"body"
    for data in (word, base64.b64encode(b"x" + word + b"y"),
                 base64.b64encode(b"xy" + word + b"yyy"),
                 base64.b64encode(word), word.upper(), word.capitalize(),
                 word.decode().encode("utf-16-be"), word.hex().encode()):
        file = tmp_path / "file"
        file.write_bytes(b"before" + data + b"behind")
        assert leaks(tmp_path, ROOT), data
        file.unlink()
    (tmp_path / (ROOT + "name")).touch()
    assert leaks(tmp_path, ROOT)


def test_copies_show_nothing(stolen):
    box, _, copies, backup = stolen
    wals = 0
    for folder in [*copies, backup, box.data]:
        assert (folder / "pillarbox.db").stat().st_size > 0
        assert leaks(folder, ROOT) == []
        wals += (folder / "pillarbox.db-wal").exists()
    assert wals > 0
    # What lies open is what docs/security.md says: the address book.
    assert leaks(backup, "in-the-address-book")


def test_nothing_lies_beside_the_data(stolen):
    box, _, _, _ = stolen
    assert {file.name.split("-")[0] for file in box.folder.iterdir()} <= {
        "data", "pillarbox.conf", "log", "copy", "backup"}
    said = re.findall(ROOT + r"([a-z]+)", box.log())
    assert set(said) <= {"sender", "helo"}      # the envelope


def settings_for(box, data):
    """A configuration like that of the box, for a copy of its data."""
    config = data.with_suffix(".conf")
    config.write_text(box.config.read_text().replace(
        f'data = "{box.data}"', f'data = "{data}"'))
    return config


def opened(box, data, secret, code=0):
    out = data.with_name(data.name + "-mail")
    box.pillarbox("export", "--maildir", str(out), "--password-stdin",
                  config=settings_for(box, data), input=secret + "\n",
                  code=code)
    if not out.exists():
        return []
    mail = [file.read_bytes() for file in out.glob("*/*") if file.is_file()]
    shutil.rmtree(out)
    return mail


def check_opens(box, letters, data):
    box.pillarbox("check", "--data", config=settings_for(box, data))
    for secret in (box.password, box.recovery_key, box.app_password):
        mail = [split_trace(one.replace(b"\r\n", b"\n"))[1]
                for one in opened(box, data, secret)]
        sent = {letter.content for letter in letters}
        assert len(set(mail)) == len(mail)
        assert set(mail) <= sent
    wrong = box.recovery_key
    wrong = wrong[:-1] + ("a" if wrong[-1] != "a" else "b")
    for secret in ("", "wrong horse battery", wrong, box.password + " ",
                   box.password.upper()):
        assert opened(box, data, secret, code=4) == []
    return mail


def test_backup_opens_with_its_keys_alone(stolen):
    box, letters, _, backup = stolen
    assert len(check_opens(box, letters, backup)) > 0


def test_copy_opens_with_its_keys_alone(stolen):
    """A plain copy made while the box runs, and nothing arrives."""
    box, letters, _, _ = stolen
    data = copy(box.data, box.folder / "quiet")
    assert len(check_opens(box, letters, data)) == len(letters)
    shutil.rmtree(data)
    data.with_suffix(".conf").unlink()


def test_no_key_lies_open(stolen):
    """The secrets themselves are in no file."""
    box, _, _, backup = stolen
    recovery = box.recovery_key.replace("-", "")
    for secret in (box.password, box.recovery_key, recovery, box.app_password,
                   box.app_password.replace("-", "")):
        assert leaks(box.data, secret) == leaks(backup, secret) == []
