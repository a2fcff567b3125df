"""The roles: started, ended, restarted, reloaded, stopped; and what they do
when the world is unkind: disks full, crowds, drips, floods."""

import contextlib
import multiprocessing
import os
import pathlib
import poplib
import pwd
import resource
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

from box import ROLES, Box, alive, wait_for

LARGE = "Subject: large\r\n\r\n" + "a line of a long letter\r\n" * 100_000


def connect(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), 20, (source, 0))


def certificate(box, make_box=None):
    """What the box shows on 995 and on 25."""
    with socket.create_connection(("127.0.0.1", box.pop3s_port)) as plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as secure:
            pop3 = secure.getpeercert(True)
    with box.smtp() as client:
        client.starttls(context=context)
        return pop3, client.sock.getpeercert(True)


def test_every_role_runs_under_its_name(make_box):
    box = make_box().start()
    assert sorted(box.pids()) == sorted(ROLES)
    roles = {line.split("role=")[1].split()[0]
             for line in box.log().splitlines()}
    assert "boss" in roles


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
def test_root_becomes_somebody_else():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        box = Box(pathlib.Path(folder))
        box.config.write_text(box.config.read_text().replace(
            'user = "";', 'user = "nobody";'))
        # What init made belongs to root: the user was not named then.
        for path in [box.data, *box.data.rglob("*")]:
            shutil.chown(path, "nobody")
        box.start()
        for role, pid in box.pids().items():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            uids = status.split("Uid:")[1].splitlines()[0].split()
            assert uids == [str(pwd.getpwnam("nobody").pw_uid)] * 4, role
        box.send("a@example.test", LARGE)
        box.pillarbox("address", "note", "a@example.test", "by root")
        box.send("b@example.test")
        assert len(box.fetch()) == 2
        box.finish()


def test_one_process(make_box):
    box = make_box().start("--one")
    assert box.pids() == {}
    box.send("a@example.test")
    assert len(box.fetch()) == 1
    box.reload()
    box.send("a@example.test", tls=True)
    assert len(box.fetch()) == 1


def test_second_box_on_the_same_data_is_refused(make_box):
    box = make_box().start()
    box.pillarbox("serve", code=1)
    assert box.send("a@example.test") == {}
    assert (box.data / "lock").read_text() == f"{box.process.pid}\n"


def test_missing_data_directory(make_box):
    box = make_box()
    shutil.rmtree(box.data / "blob")
    (box.data / "pillarbox.db").unlink()
    box.pillarbox("serve", code=5)


def test_taken_port(make_box):
    box = make_box()
    with socket.socket() as s:
        s.bind(("127.0.0.1", box.pop3s_port))
        s.listen()
        box.pillarbox("serve", code=1)


@pytest.mark.parametrize("role", ROLES)
def test_killed_role_returns_and_others_go_on(make_box, role):
    box = make_box().start()
    box.send("before@example.test")
    client = box.smtp()
    reader = box.pop()
    pids = box.pids()
    os.kill(pids[role], signal.SIGKILL)
    wait_for(lambda: box.pids().get(role, pids[role]) != pids[role],
             "it did not return")
    for other in set(ROLES) - {role}:
        assert box.pids()[other] == pids[other]
    if role == "intake":
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
    else:
        assert client.noop()[0] == 250
    if role == "keeper":
        with pytest.raises((poplib.error_proto, OSError)):
            reader.stat()
    else:
        assert reader.stat()[0] == 1
        reader.quit()
    # A letter is refused for now at worst, never lost.
    wait_for(lambda: accepted(box), "no letter is taken any more")
    assert len(box.fetch()) == 2
    assert len(box.events("role-ended")) == 1


def accepted(box):
    try:
        return box.send("after@example.test") == {}
    except (smtplib.SMTPException, OSError):
        return False


def test_keeper_killed_within_a_letter(make_box):
    box = make_box().start()
    client = box.smtp()
    client.mail("a@sender.example")
    client.rcpt("a@example.test")
    assert client.docmd("DATA")[0] == 354
    client.send(LARGE[:1_000_000].encode())
    time.sleep(0.3)
    old = box.pids()["keeper"]
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: box.pids().get("keeper", old) != old, "no new keeper")
    client.send(LARGE[1_000_000:].encode() + b"\r\n.\r\n")
    assert client.getreply()[0] == 451
    # The session goes on with the new keeper.
    wait_for(lambda: client.sendmail("a@sender.example", "a@example.test",
                                     LARGE) == {}, "not taken again")
    client.quit()
    (message,) = box.fetch()
    assert message.endswith(LARGE.encode())
    wait_for(lambda: not list((box.data / "blob").iterdir()),
             "what was begun and what was deleted stays on the disk")


def test_role_that_keeps_dying_is_not_started_all_the_time(make_box):
    box = make_box().start()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        pid = box.pids().get("courier")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    assert 3 <= len(box.events("role-ended")) <= 10
    assert box.send("a@example.test") == {}


def test_supervisor_killed_takes_the_roles_with_it(make_box):
    box = make_box().start()
    pids = box.pids()
    os.kill(box.process.pid, signal.SIGKILL)
    box.process.wait()
    box.process = None
    for role, pid in pids.items():
        wait_for(lambda: not alive(pid), f"{role} lives on")
    box.start()
    assert box.send("a@example.test") == {}


def test_stop_lets_a_letter_finish(make_box):
    box = make_box().start()
    idle = box.smtp()
    client = box.smtp()
    client.mail("a@sender.example")
    client.rcpt("a@example.test")
    assert client.docmd("DATA")[0] == 354
    client.send(b"Subject: last\r\n\r\n")
    box.process.send_signal(signal.SIGTERM)
    assert idle.getreply()[0] == 421
    wait_for(lambda: refuses(box.smtp_port), "new connections are taken")
    client.send(b"x\r\n.\r\n")
    assert client.getreply()[0] == 250
    assert client.getreply()[0] == 421
    assert box.process.wait(20) == 0
    assert not (box.data / "pillarbox.db-wal").exists()
    box.start()
    assert len(box.fetch()) == 1


def refuses(port):
    try:
        connect(port).close()
    except ConnectionError:     # or reset, as the socket closes
        return True
    return False


def test_second_sigterm_means_now(make_box):
    box = make_box().start()
    client = box.smtp()
    client.mail("a@sender.example")
    client.rcpt("a@example.test")
    client.docmd("DATA")
    pids = box.pids()
    began = time.monotonic()
    box.process.send_signal(signal.SIGTERM)
    wait_for(lambda: refuses(box.smtp_port), "new connections are taken")
    box.process.send_signal(signal.SIGTERM)
    box.process.wait(20)
    assert time.monotonic() - began < 5
    assert not any(alive(pid) for pid in pids.values())


def test_stop_does_not_wait_for_ever(make_box):
    box = make_box().start()
    client = box.smtp()
    client.mail("a@sender.example")
    client.rcpt("a@example.test")
    client.docmd("DATA")
    began = time.monotonic()
    box.stop()
    assert time.monotonic() - began < 14
    assert client.getreply()[0] == 421


def test_reload_shows_a_new_certificate(make_box):
    box = make_box().start()
    other = make_box()
    before = certificate(box)
    assert before[0] == before[1]
    client = box.smtp()
    reader = box.pop()
    for name in ("cert.pem", "key.pem"):
        shutil.copy(other.data / "tls" / name, box.data / "tls" / name)
    box.reload()
    assert box.events("reload") and not box.events("reload-failed")
    wait_for(lambda: certificate(box)[0] != before[0], "the old is shown")
    after = certificate(box)
    assert after[0] == after[1]
    assert client.noop()[0] == 250
    assert reader.stat()[0] == 0
    # It outlives the process that was told.
    os.kill(box.pids()["intake"], signal.SIGKILL)
    wait_for(lambda: certificate_or_none(box) == after, "forgotten")


def certificate_or_none(box):
    try:
        return certificate(box)
    except (smtplib.SMTPException, OSError):
        return None


def test_reload_that_fails_keeps_the_old(make_box):
    box = make_box().start()
    before = certificate(box)
    good = (box.data / "tls/cert.pem").read_text()
    (box.data / "tls/cert.pem").write_text("no certificate\n")
    box.reload()
    (box.data / "tls/cert.pem").write_text(good)
    assert len(box.events("reload-failed")) == 1
    assert "cert.pem" in box.events("reload-failed")[0]
    config = box.config.read_text()
    box.config.write_text(config + "nonsense = 1;\n")
    box.reload()
    assert "nonsense" in box.events("reload-failed")[1]
    box.config.write_text(config)
    assert certificate(box) == before
    assert box.send("a@example.test", tls=True) == {}
    # And a later one that is right works.
    box.config.write_text(config.replace('"second.example"',
                                         '"third.example"'))
    box.reload()
    assert box.send("a@third.example") == {}
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        box.send("a@second.example")
    assert len(box.fetch()) == 2


def test_reload_changes_how_much_is_logged(make_box):
    box = make_box(top='log_level = "error";').start()
    box.send("a@example.test")
    box.configure(top='log_level = "info";')
    box.process.send_signal(signal.SIGHUP)
    wait_for(lambda: box.send("a@example.test") == {} and
             box.events("letter"), "the role says no more than before")


def test_what_was_open_before_is_closed(make_box, tmp_path):
    box = make_box()
    (tmp_path / "secret").write_text("x")
    with open(tmp_path / "secret") as file:
        box.start(inherit=[file.fileno()])
    for pid in [box.process.pid, *box.pids().values()]:
        with contextlib.suppress(PermissionError):
            held = [os.readlink(path)
                    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
            assert not any("secret" in name for name in held)


def test_files_enough_for_all_connections(make_box):
    """Sockets, and the files of letters that are written and read."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    box = make_box(smtp="connections = 300;", pop3="connections = 300;")
    box.start(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                (256, hard)))
    for pid in [box.process.pid, *box.pids().values()]:
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        soft = limits.split("Max open files")[1].split()[0]
        assert int(soft) >= 300 + 2 * 300 + 50


def test_reload_says_what_waits_for_a_restart(make_box):
    box = make_box().start()
    old = box.smtp_port
    box.smtp_port += 1
    box.configure(top="subdomains = true;")
    box.smtp_port = old
    box.reload()
    assert box.events("reload-waits")
    assert box.send("a@anything.example.test") == {}


def test_letters_of_the_old_configuration_are_no_error(make_box):
    """Told to come again, they meet the new one."""
    box = make_box(top="subdomains = true;").start()
    with box.smtp() as client:
        client.mail("a@sender.example")
        assert client.rcpt("b@shop.example.test")[0] == 250
        box.configure(top="subdomains = false;")
        box.reload()
        assert client.data("Subject: late\r\n\r\nx\r\n")[0] == 451
    assert "level=info" in box.wait_event("letter-refused")


def test_full_disk(make_box, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk],
            capture_output=True).returncode != 0:
        pytest.skip("may not mount")
    try:
        full_disk(make_box(data=disk / "data"), disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def full_disk(box, disk):
    box.start()
    kept = 0
    for name in ("large", "small"):
        text = LARGE if name == "large" else "Subject: s\r\n\r\nx\r\n"
        filler = disk / "filler"
        fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError):
            while True:
                os.write(fd, bytes(4096))
        os.close(fd)
        with box.smtp() as client:
            # A small letter may still find room in what SQLite has.
            for _ in range(3000):
                client.mail("a@sender.example")
                assert client.rcpt("a@example.test")[0] == 250
                code = client.data(text)[0]
                if code != 250:
                    break
                kept += 1
            assert code == 452
            filler.unlink()
            client.sendmail("a@sender.example", "a@example.test",
                            "Subject: after\r\n\r\nx\r\n")
            kept += 1
    messages = box.fetch()
    assert len(messages) == kept
    box.pillarbox("check", "--data")
    box.stop()


def test_file_too_large(make_box):
    """The same by a limit, which needs no root; and deletions fail aloud."""
    box = make_box().start()
    box.send("a@example.test")
    keeper = box.pids()["keeper"]
    reader = box.pop()
    reader.dele(1)
    limits = resource.prlimit(keeper, resource.RLIMIT_FSIZE)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (0, limits[1]))
    with box.smtp() as client:
        client.mail("a@sender.example")
        client.rcpt("a@example.test")
        assert client.data("Subject: x\r\n\r\nx\r\n")[0] in (451, 452)
        with pytest.raises(poplib.error_proto, match="ERR"):
            reader.quit()
        resource.prlimit(keeper, resource.RLIMIT_FSIZE, limits)
        assert client.sendmail("a@sender.example", "a@example.test",
                               "Subject: x\r\n\r\nx\r\n") == {}
    assert box.pids()["keeper"] == keeper
    assert len(box.fetch()) == 2


def test_newcomer_is_let_in_when_the_house_is_full(make_box):
    box = make_box(smtp="connections = 6; per_network = 4;").start()
    idle = [box.smtp() for _ in range(4)]
    assert idle[0].noop()[0] == 250     # so the second one waits longest
    assert box.send("a@example.test") == {}
    assert idle[1].getreply()[0] == 421
    assert idle[0].noop()[0] == 250
    far = [box.smtp(source="127.0.1.1") for _ in range(3)]
    assert box.send("a@example.test", source="127.0.2.1") == {}
    # In all there were too many, and the one without progress for longest
    # was in the first network.
    assert idle[2].getreply()[0] == 421
    assert all(client.noop()[0] == 250 for client in far)


def test_drips_die(make_box):
    box = make_box(smtp="idle_s = 2;").start()
    drip = box.smtp()
    began = time.monotonic()
    with pytest.raises((BrokenPipeError, ConnectionResetError, TimeoutError)):
        while time.monotonic() < began + 10:
            drip.sock.sendall(b"N")
            time.sleep(0.3)
            drip.sock.setblocking(False)
            try:
                if drip.sock.recv(100).startswith(b"421 4.4.2"):
                    raise TimeoutError
            except BlockingIOError:
                pass
            drip.sock.setblocking(True)
    assert 1.5 < time.monotonic() - began < 8
    # One that goes on command by command stays.
    client = box.smtp()
    for _ in range(4):
        time.sleep(0.8)
        assert client.noop()[0] == 250


def test_idle_pop3_is_closed_without_a_word(make_box):
    box = make_box(pop3="idle_s = 1;").start()
    box.send("a@example.test")
    client = box.pop()
    client.dele(1)
    client.sock.settimeout(10)
    assert client.file.read() == b""
    assert len(box.fetch()) == 1


def test_pop3_newcomers_and_the_owner(make_box):
    box = make_box(pop3="connections = 4; per_network = 4;").start()
    owner = box.pop()
    strangers = [connect(box.pop3s_port) for _ in range(6)]
    second = box.pop()
    assert owner.stat() == second.stat()
    for stranger in strangers:
        stranger.close()


def test_silent_connections_are_not_logged_one_by_one(make_box):
    box = make_box().start()
    for _ in range(50):
        connect(box.smtp_port).close()
    box.stop()
    assert box.events("session") == []
    assert len(box.events("connections")) == 1
    assert "silent=50" in box.events("connections")[0]


def pss_kib(box):
    """Memory of all processes of a box; what is caged only root may ask."""
    total = 0
    for pid in [box.process.pid, *box.pids().values()]:
        with contextlib.suppress(PermissionError):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(text.split("\nPss:")[1].split()[0])
    return total


def drip(port, count, over):
    """Connections that send a byte a second each, from as many networks."""
    dripping = [connect(port, f"127.1.{n % 250}.1") for n in range(count)]
    while not over.is_set():
        for s in dripping:
            with contextlib.suppress(OSError):
                s.send(b"E")
        over.wait(1)


def knock(port, count):
    """Connections opened and dropped, as fast as we can."""
    for n in range(count):
        connect(port, f"127.2.{n % 250}.1").close()


def send_large(port, number, times, size):
    """Large letters, each of which must be taken."""
    text = ("Subject: large\r\n\r\n" +
            "a line of a large letter\r\n" * (size // 26))
    with smtplib.SMTP("127.0.0.1", port, timeout=300,
                      source_address=(f"127.3.{number}.1", 0)) as client:
        for _ in range(times):
            client.sendmail("a@sender.example", "large@example.test", text)


def flood(box, knocks, letters, size):
    """
    200 connections drip, others knock and are gone, others send large
    letters; an honest sender comes again and again meanwhile.

    Returns how long each of its letters took, and the most memory seen.
    """
    fork = multiprocessing.get_context("fork")
    over = fork.Event()
    dripping = fork.Process(target=drip, args=[box.smtp_port, 200, over])
    finite = [fork.Process(target=knock, args=[box.smtp_port, knocks // 4])
              for _ in range(4)]
    finite += [fork.Process(target=send_large,
                            args=[box.smtp_port, n, 1, size])
               for n in range(letters)]
    took, most = [], 0
    for process in [dripping, *finite]:
        process.start()
    while any(process.is_alive() for process in finite) or len(took) < 5:
        began = time.monotonic()
        assert box.send("honest@example.test") == {}
        took.append(time.monotonic() - began)
        most = max(most, pss_kib(box))
        time.sleep(0.05)
    over.set()
    for process in [dripping, *finite]:
        process.join()
        assert process.exitcode == 0
    return took, most


def test_honest_sender_in_a_flood(make_box):
    box = make_box().start()
    idle = pss_kib(box)
    took, most = flood(box, knocks=10_000, letters=10, size=5_000_000)
    print(f"worst of {len(took)}: {max(took):.3f} s; PSS {idle} KiB idle, "
          f"{most} KiB at most")
    assert max(took) < 2
    assert len(box.fetch()) == len(took) + 10
