"""Messages that are anything but well made: those of other projects' tests,
read where they lie, and ones made here, always the same."""

import random

from box import ROOT, crlf

# Beside the checkout, where it is at all: mime4j, mail-parser, nodemailer.
CORPORA = ROOT.parent / "shared" / "data"
PATTERNS = ("mime-mime4j/*/*.msg", "mime-mailparser/eml/**/*.eml",
            "mime-mailparser/eml/**/*.txt", "mime-nodemailer/*.eml")
SIZE_MAX = 2_000_000


def foreign():
    """Their messages by name; none where the corpora are not."""
    found = {}
    for pattern in PATTERNS:
        for path in sorted(CORPORA.glob(pattern)):
            data = path.read_bytes()
            if 0 < len(data) < SIZE_MAX and b"\0" not in data:
                found[str(path.relative_to(CORPORA))] = crlf(data)
    return found


HEADS = [
    "From: A B <a@sender.example>", "From: a@sender.example (A B)",
    'From: "B, A" <a@sender.example>, c@sender.example', "From: no address",
    "From:", "From: <>", "From: =?utf-8?q?J=C3=BCrgen?= <j@sender.example>",
    'From: "=?utf-8?q?J=C3=BCrgen?=" <j@sender.example>',
    "From: a b@sender.example", "From: a@", "From: @sender.example",
    "From: a@sender.example\r\nFrom: b@sender.example",
    "From: \"open <a@sender.example>", "From: (open a@sender.example",
    "From: a@[192.0.2.1]", "From: <@relay.example:a@sender.example>",
    "To: group: a@x.example, b@x.example;", "To: undisclosed-recipients:;",
    "To: a@x.example,,b@x.example;", "To: group: inner: a@x.example;;",
    "To: a@x.example b@x.example", "To: a . b @ x . example",
    'To: "quo\\"ted\\\\" <a@x.example>', "To: <a@x.example", "Cc: a, b, c",
    "Cc: \"\" <a@x.example>", "Bcc: a@x.example", "Sender: s@sender.example",
    "Reply-To: r@sender.example", "Reply-To:", "Sender: broken",
    "Subject: plain", "Subject:", "Subject: folded\r\n over\r\n\tlines",
    "Subject: =?iso-8859-1?q?caf=E9?=", "Subject: Re: [list] Re: fwd: x",
    "Subject: caf\xc3\xa9", "Subject: caf\xe9", "Subject: \"q\" \\ {5}",
    "Subject : spaced", "Subject", " Subject: indented",
    "Date: Fri, 20 Nov 2026 21:37:58 +0100", "Date: yesterday", "Date:",
    "Date: 20 Nov 26 21:37 EST", "Message-ID: <1@sender.example>",
    "Message-ID: 1@sender.example", "Message-ID: <a@b> <c@d>",
    "Message-ID:\r\n <2@sender.example>",
    "In-Reply-To: <0@sender.example>", "In-Reply-To: your message of today",
    "References: <0@sender.example> <1@sender.example>", "MIME-Version: 1.0",
    "X-Long: " + "x" * 3000, "X-Folded: a\r\n b\r\n c", ":", "nonsense line",
    "X: \x01\x02", "Content-Length: 0",
]

TYPES = [
    "text/plain", "text/plain; charset=utf-8", "TEXT/HTML; CHARSET=\"UTF-8\"",
    "text/plain; charset", "text/plain;;;",
    "text/plain; charset=", "text/plain; charset=\"iso-8859-1",
    "text/plain; charset=utf-8; charset=iso-8859-1", "text / plain",
    "text/plain (comment); charset=(c)us-ascii",
    "text/plain; name*=utf-8''caf%C3%A9", "text/plain; name*0=a; name*1=b",
    "text/plain; format=flowed; delsp=yes", "text/plain; a=\"b\\\"c\"",
    "image/png; name=\"a b.png\"", "application/octet-stream",
    "application/pdf; name==?utf-8?q?x?=", "message/rfc822", "Message/RFC822",
    "message/delivery-status", "message/partial; number=1; total=2",
    "message/external-body; access-type=URL",
    "multipart/mixed", "multipart/mixed; boundary=\"\"",
    "multipart/mixed; boundary=nowhere", "x-unknown/x-type; x=y",
]

CODINGS = ["7bit", "8bit", "binary", "base64", "quoted-printable", "BASE64",
           "Quoted-Printable", "x-uuencode", "", "base64 (comment)", "7-bit"]

FIELDS = [
    "Content-ID: <i@sender.example>", "Content-Description: some words",
    "Content-Description: =?utf-8?q?caf=C3=A9?=", "Content-MD5: abc==",
    "Content-Disposition: attachment; filename=\"a.txt\"",
    "Content-Disposition: inline", "Content-Disposition:",
    "Content-Disposition: attachment; filename*0*=utf-8''a%20;\r\n"
    " filename*1=\"b.txt\"", "Content-Language: de, en",
    "Content-Language: en", "Content-Location: http://sender.example/x",
    "Content-Disposition: attachment; size=12;",
    "Content-Language:", "Content-ID: broken <", "Content-Location:",
]

BODIES = [
    "Hello.\r\n", "", "\r\n", "no line end", "a\r\n\r\nb\r\n\r\n",
    "SGVsbG8sIFdvcmxkIQ==\r\n", "SGVsbG8\r\n=oops", "caf=E9 =\r\nsoft\r\n=",
    "lone \r return\r\n", "8-bit caf\xc3\xa9 caf\xe9\r\n", ".\r\n..\r\n",
    "--\r\n", "--not a boundary\r\n", "From here\r\n", "x" * 2000 + "\r\n",
    "<html><body><p>Hi <b>there</b></p></body></html>\r\n", "\t \r\n \r\n",
    "begin 644 a\r\n#86)C\r\n`\r\nend\r\n",
]


def octets(text):
    return text.encode("latin-1")


def part(chance, depth):
    """One part, header and body, as text."""
    lines = []
    kind = chance.random()
    if kind < 0.4 and depth < 5:
        return multipart(chance, depth)
    if kind < 0.5 and depth < 5:
        return nested(chance, depth)
    if chance.random() < 0.85:
        lines.append("Content-Type: " + chance.choice(TYPES))
    if chance.random() < 0.6:
        lines.append("Content-Transfer-Encoding: " + chance.choice(CODINGS))
    lines += chance.sample(FIELDS, chance.choice((0, 0, 1, 2)))
    chance.shuffle(lines)
    head = "".join(line + "\r\n" for line in lines)
    return head + "\r\n" + chance.choice(BODIES)


def nested(chance, depth):
    """A message within."""
    lines = ["Content-Type: message/rfc822"]
    if chance.random() < 0.3:
        lines.append("Content-Transfer-Encoding: " + chance.choice(CODINGS))
    return "\r\n".join(lines) + "\r\n\r\n" + message(chance, depth + 1)


def multipart(chance, depth):
    boundary = chance.choice(("b", "=_b", "b.b", "bb", "a b", "b'()+_,-./:=?",
                              "b%d" % depth, "b" * 70))
    shown = chance.choice((f'"{boundary}"', f'"{boundary}"', boundary))
    kind = chance.choice(("mixed", "alternative", "digest", "related",
                          "signed", "report", "x-odd"))
    out = [f"Content-Type: multipart/{kind}; boundary={shown}\r\n"]
    if chance.random() < 0.2:
        out.append(chance.choice(FIELDS) + "\r\n")
    out.append("\r\n")
    if chance.random() < 0.4:
        out.append("preamble\r\n")
    for _ in range(chance.choice((0, 1, 2, 2, 3))):
        out.append(f"--{boundary}" + chance.choice(("", "", "", " ", "\t ",
                                                    "x")) + "\r\n")
        out.append(part(chance, depth + 1))
        out.append(chance.choice(("\r\n", "\r\n", "")))
    if chance.random() < 0.8:
        out.append(f"--{boundary}--" + chance.choice(("\r\n", "", " \r\n",
                                                      "x\r\n")))
    if chance.random() < 0.3:
        out.append("epilogue\r\n")
    return "".join(out)


def message(chance, depth=0):
    heads = chance.sample(HEADS, chance.choice((0, 3, 5, 8, 12)))
    return "".join(line + "\r\n" for line in heads) + part(chance, depth)


def damage(chance, data):
    """What becomes of mail on its way."""
    at = chance.randrange(len(data))
    how = chance.random()
    if how < 0.3:
        return data[:at]
    if how < 0.5:
        return data[:at] + data[at + chance.randrange(1, 40):]
    if how < 0.7 and not set(data[at - 1:at + 1]) & set(b"\r\n"):
        return data[:at] + b"\r" + data[at:]
    if how < 0.85:
        return data[:at] + data[max(0, at - 60):]
    return data.replace(b"boundary", b"boundery", 1)


def made(count=320, seed=20):
    """Messages made here, by name."""
    found = {}
    for n in range(count):
        chance = random.Random(seed * 100000 + n)
        data = octets(message(chance))
        if n % 3 == 2 and len(data) > 1:
            data = damage(chance, data)
        found[f"made-{n}"] = crlf(data.rstrip(b"\r") or b"\r\n")
    found.update(special())
    return found


def special():
    """Those with a point of their own."""
    deep = octets("".join(f"Content-Type: multipart/mixed; boundary=d{n}\r\n"
                          f"\r\n--d{n}\r\n" for n in range(90)) + "\r\nend\r\n")
    messages = octets("Content-Type: message/rfc822\r\n\r\n" * 60 +
                      "Subject: inside\r\n\r\nbody\r\n")
    many = octets("Content-Type: multipart/mixed; boundary=m\r\n\r\n" +
                  "--m\r\n\r\nx\r\n" * 3000 + "--m--\r\n")
    wide = octets("To: " + ",\r\n ".join(f"p{n}@x.example"
                                        for n in range(3000)) +
                  "\r\nSubject: " + "\r\n ".join(["long"] * 4000) +
                  "\r\n\r\nbody\r\n")
    return {
        "deep": deep, "messages": messages, "many": many, "wide": wide,
        "header only": b"Subject: x\r\n", "empty line": b"\r\n",
        "no header": b"\r\nbody\r\n", "no end": b"Subject: x",
        "big text": octets("Subject: x\r\n\r\n" + "some words\r\n" * 20000),
    }
