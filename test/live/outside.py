"""The world outside of a box: name servers, mail servers and their policies,
on loopback. Mail servers share a port and differ by their address, 127.0.0.x,
as they do on the Internet.
"""

import asyncio
import contextlib
import http.server
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import dnslib
from aiosmtpd.smtp import SMTP

DROP = "drop"       # in a script: the connection is closed
RESET = "reset"     # the same, at once and rudely
HANG = "hang"       # nothing comes any more


class Names:
    """A name server that tells what it is told to.

    Unknown names do not exist. faults names those with which something is
    wrong: "servfail", "silent", "refused", "garbage", "truncated" (over UDP).
    """

    def __init__(self, port):
        self.zone = {}
        self.faults = {}
        self.secure = False     # AD in every answer
        self.asked = []
        handler = type("Handler", (Question,), {"names": self})
        self.servers = [
            socketserver.ThreadingUDPServer(("127.0.0.1", port), handler),
            socketserver.ThreadingTCPServer(("127.0.0.1", port), handler,
                                            bind_and_activate=False)]
        self.servers[1].allow_reuse_address = True
        self.servers[1].server_bind()
        self.servers[1].server_activate()
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,),
                             daemon=True).start()

    def put(self, name, kind, *values):
        """Set the records of a name: put("a.example", "MX", "10 mx.example")
        """
        self.zone[name.lower().rstrip("."), kind] = [
            dnslib.RR.fromZone(f"{name.rstrip('.')}. 60 IN {kind} {value}")[0]
            for value in values]

    def mx(self, domain, *hosts):
        """Give a domain mail servers: (preference, host, addresses...)"""
        self.put(domain, "MX", *(f"{preference} {host}."
                                 for preference, host, *_ in hosts))
        for _, host, *addresses in hosts:
            if addresses:
                self.put(host, "A", *addresses)

    def answer(self, data, udp):
        """What to say to a question, as bytes; None is nothing."""
        question = dnslib.DNSRecord.parse(data)
        name = str(question.q.qname).lower().rstrip(".")
        kind = dnslib.QTYPE[question.q.qtype]
        self.asked.append((name, kind))
        fault = self.faults.get((name, kind), self.faults.get(name))
        reply = question.reply()
        reply.header.aa = 0
        reply.header.ad = 1 if self.secure else 0
        if fault == "silent":
            return None
        if fault == "garbage":
            return data[:2] + b"\xff" * 40
        if fault in ("servfail", "refused"):
            reply.header.rcode = dnslib.RCODE.SERVFAIL \
                if fault == "servfail" else dnslib.RCODE.REFUSED
        elif fault == "truncated" and udp:
            reply.header.tc = 1
        elif not any(known == name or known.endswith("." + name)
                     for known, _ in self.zone):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        else:
            for record in self.zone.get((name, kind), ()):
                record.rname = question.q.qname     # 0x20 and all
                reply.add_answer(record)
        return reply.pack()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


class Question(socketserver.BaseRequestHandler):
    """One datagram, or one TCP connection."""

    def handle(self):
        if isinstance(self.request, tuple):
            data, sock = self.request
            said = self.names.answer(data, True)
            if said is not None:
                sock.sendto(said, self.client_address)
            return
        with contextlib.suppress(OSError, ValueError), \
                self.request.makefile("rb") as stream:
            while size := stream.read(2):
                said = self.names.answer(
                    stream.read(int.from_bytes(size, "big")), False)
                if said is None:
                    return
                self.request.sendall(len(said).to_bytes(2, "big") + said)


class Authority:
    """Makes certificates; its own is in file."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "authority.pem"
        self.key = self.folder / "authority.key"
        self._openssl("req", "-x509", "-new", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", "/CN=Authority of Tests", "-addext",
                      "basicConstraints=critical,CA:TRUE", "-keyout",
                      self.key, "-out", self.file)

    def _openssl(self, *words):
        return subprocess.run(["openssl", *map(str, words)], check=True,
                              capture_output=True).stdout

    def issue(self, *names, days=30):
        """A certificate and its key in one file; days below 0: expired."""
        path = self.folder / f"{names[0]}.{days}.pem"
        if path.exists():
            return path
        key, request = path.with_suffix(".key"), path.with_suffix(".csr")
        extensions = path.with_suffix(".ext")
        extensions.write_text("subjectAltName=" + ",".join(
            f"DNS:{name}" for name in names) + "\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={names[0]}", "-keyout", key, "-out", request)
        if days < 0:
            dates = ["-days", "0"]      # over as soon as it is made
        else:
            dates = ["-days", days]
        made = self._openssl("x509", "-req", "-in", request, "-CA", self.file,
                             "-CAkey", self.key, "-CAcreateserial",
                             "-extfile", extensions, *dates)
        path.write_bytes(made + key.read_bytes())
        return path

    def context(self, *names, **options):
        """What a server needs to show such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(*names, **options))
        return context

    def pin(self, *names, usage=3, selector=1, matching=1):
        """The TLSA record of a certificate, as text."""
        path = self.issue(*names)
        if selector == 1:
            what = self._openssl("pkey", "-in", path, "-pubout", "-outform",
                                 "DER")
        else:
            what = self._openssl("x509", "-in", path, "-outform", "DER")
        if matching:
            what = subprocess.run(
                ["openssl", "dgst", f"-sha{256 * matching}", "-binary"],
                input=what, check=True, capture_output=True).stdout
        return f"{usage} {selector} {matching} {what.hex()}"


class Letter:
    """A letter as it arrived."""

    def __init__(self, session, envelope):
        self.sender = envelope.mail_from
        self.recipients = list(envelope.rcpt_tos)
        self.mail_options = list(envelope.mail_options)
        self.rcpt_options = list(envelope.rcpt_options)
        self.data = envelope.original_content or envelope.content
        self.helo = session.host_name
        self.tls = session.ssl is not None
        self.when = time.monotonic()
        self.heard = False      # the client went on after our 250

    @property
    def everything(self):
        """All bytes by which it came."""
        return b"\n".join([repr((
            self.sender, self.recipients, self.mail_options,
            self.rcpt_options, self.helo)).encode(), self.data])


class Mx:
    """A mail server (aiosmtpd) that does what its script says.

    script   by stage (GREETING, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA,
             END, QUIT, RSET) a list of what happens, one after the other: a
             reply, None for what is right, DROP, RESET or HANG; the last one
             again and again if repeat is given. Or a function of the command's
             argument that says so.
    offers   lines of EHLO beside those of aiosmtpd
    hides    words of EHLO that are left out
    """

    def __init__(self, address, port, tls=None, script=None, offers=(),
                 hides=(), secure=False, **options):
        self.address, self.port = address, port
        self.letters = []
        self.connections = 0
        self.commands = []
        self.script = dict(script or {})
        self.offers, self.hides = list(offers), set(hides)
        self.tls, self.secure, self.options = tls, secure, options
        self.loop = asyncio.new_event_loop()
        self.server = None
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,),
                                       daemon=True)
        self.thread.start()
        assert started.wait(10), "no mail server"
        if isinstance(self.server, OSError):
            raise self.server

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        try:
            self.server = self.loop.run_until_complete(
                self.loop.create_server(
                    self._session, self.address, self.port,
                    ssl=self.tls if self.secure else None))
        except OSError as error:
            self.server = error
            started.set()
            return
        started.set()
        self.loop.run_forever()

    def _session(self):
        self.connections += 1
        return Scripted(self, self, loop=self.loop, hostname="mx.example",
                        tls_context=None if self.secure else self.tls,
                        **{"enable_SMTPUTF8": True, "timeout": 600,
                           "data_size_limit": 64 << 20, **self.options})

    def next(self, stage, argument):
        """What the script says now."""
        steps = self.script.get(stage)
        if steps is None:
            return None
        if callable(steps):
            return steps(argument)
        return steps.pop(0) if steps else None

    # -- what aiosmtpd asks --

    async def handle_EHLO(self, server, session, envelope, name, lines):
        session.host_name = name
        last = lines.pop()
        lines = [line for line in lines
                 if line[4:].split()[0] not in self.hides]
        return [*lines, *(f"250-{offer}" for offer in self.offers), last]

    async def handle_DATA(self, server, session, envelope):
        said = self.next("END", envelope)
        if said in (DROP, RESET, HANG):
            await server.fail(said)
            return "421 gone"
        if said is None or said.startswith("250"):
            server.letter = Letter(session, envelope)
            self.letters.append(server.letter)
        return said or "250 2.0.0 Taken"

    def close(self):
        async def end():
            self.server.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        if not self.loop.is_closed() and self.loop.is_running():
            asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(10)


class Scripted(SMTP):
    """A session that looks at the script before each step."""

    def __init__(self, mx, *args, **options):
        super().__init__(*args, **options)
        self.mx = mx
        self.greeted = False
        self.letter = None      # the last one that was taken

    async def fail(self, how):
        if how == HANG:
            await asyncio.sleep(3600)
        if how == RESET:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            self.transport.abort()
        self.transport.close()

    async def _step(self, stage, argument):
        """Whether the script has said something in place of us."""
        self.mx.commands.append((stage, argument))
        if self.letter is not None:
            self.letter.heard = True
        said = self.mx.next(stage, argument)
        if said is None:
            return False
        if said in (DROP, RESET, HANG):
            await self.fail(said)
        else:
            await super().push(said)
        return True

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            if await self._step("GREETING", None):
                return
        await super().push(status)


def _scripted(stage):
    original = getattr(SMTP, f"smtp_{stage}")

    async def command(self, argument):
        if not await self._step(stage, argument):
            await original(self, argument)

    command.__name__ = f"smtp_{stage}"
    for mark in ("__smtp_syntax__", "__smtp_syntax_extended__",
                 "__smtp_syntax_when__"):
        if hasattr(original, mark):
            setattr(command, mark, getattr(original, mark))
    return command


for _stage in ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA",
               "QUIT", "RSET"):
    setattr(Scripted, f"smtp_{_stage}", _scripted(_stage))


class Policies:
    """A server of MTA-STS policies at an address of its own.

    texts by host; status and headers may be changed.
    """

    def __init__(self, address, port, tls):
        self.texts = {}
        self.status = 200
        self.type = "text/plain"
        self.asked = []
        handler = type("Handler", (Request,), {"policies": self})
        self.server = http.server.ThreadingHTTPServer((address, port),
                                                      handler)
        self.server.daemon_threads = True
        self.server.socket = tls.wrap_socket(self.server.socket,
                                             server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Request(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        policies = self.policies
        host = self.headers.get("Host", "").partition(":")[0]
        policies.asked.append((host, self.path))
        text = policies.texts.get(host, "").encode()
        self.send_response(policies.status if text else 404)
        self.send_header("Content-Type", policies.type)
        self.send_header("Content-Length", str(len(text)))
        if policies.status in (301, 302):
            self.send_header("Location", "https://other.example/")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass
