"""Connects in every way that Python has, and says what came of it, a line each."""

import asyncio
import ctypes
import errno
import fcntl
import http.client
import multiprocessing
import os
import select
import signal
import socket
import ssl
import threading
import time
import urllib.request

NAME, PORT = "api.example.com", 8443


def name(number):
    return "0" if number == 0 else errno.errorcode[number]


def conversation(s, text=b"hello\n"):
    f = s.makefile("rwb")
    host = f.readline().decode().strip()
    f.write(text)
    f.flush()
    return host + " " + f.readline().decode().strip()


def blocking():
    with socket.create_connection((NAME, PORT)) as s:
        return conversation(s)


def kinds():
    """Sockets are for TCP, with the flags that were asked for."""
    tried = [
        (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_RAW),
        (socket.AF_INET, socket.SOCK_STREAM, 262), (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW),
    ]
    codes = []
    for kind in tried:
        try:
            socket.socket(*kind)
            codes.append("made")
        except OSError as e:
            codes.append(name(e.errno))
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, socket.IPPROTO_TCP)
    flags = fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK, fcntl.fcntl(s, fcntl.F_GETFD)
    s = ctypes.CDLL(None).socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    plain = fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK, fcntl.fcntl(s, fcntl.F_GETFD)
    return " ".join(codes) + f" {flags} {plain}"


def timeout():
    with socket.create_connection((NAME, PORT), timeout=30) as s:
        return conversation(s)


def nonblocking():
    address = socket.getaddrinfo(NAME, PORT, socket.AF_INET, socket.SOCK_STREAM)[0][4]
    s = socket.socket()
    s.setblocking(False)
    code = s.connect_ex(address)
    select.select([], [s], [])
    still = s.getblocking()
    left = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    again = s.connect_ex(address)
    s.setblocking(True)
    return f"{name(code)} {still} {name(left)} {name(again)} {conversation(s)}"


def options():
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    s.connect((NAME, PORT))
    kept = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return f"{kept} {s.getpeername()[0]} {conversation(s)}"


def epoll():
    s = socket.socket()
    s.setblocking(False)
    poller = select.epoll()
    poller.register(s, select.EPOLLIN)
    s.connect_ex((socket.gethostbyname(NAME), PORT))
    events = poller.poll()
    s.setblocking(True)
    return f"{[e for f, e in events if f == s.fileno()]} {conversation(s)}"


def duplicate():
    s = socket.socket()
    other = socket.socket(fileno=os.dup(s.fileno()))
    s.connect((NAME, PORT))
    s.close()
    return conversation(other)


def connected():
    with socket.create_connection((NAME, PORT)) as s:
        codes = [s.connect_ex((socket.gethostbyname(NAME), PORT)), s.connect_ex(("203.0.113.66", 7777))]
        return " ".join(map(name, codes)) + " " + conversation(s)


def names():
    hosts = []
    for host in "api.example.com", "other.example.com":
        with socket.create_connection((host, PORT)) as s:
            hosts.append(conversation(s))
    return ", ".join(hosts)


def unknown():
    try:
        socket.create_connection(("evil.example", PORT))
    except socket.gaierror as e:
        return e.strerror


def ipv6():
    with socket.create_connection(("2001:db8::7", PORT)) as s:
        return f"{s.getpeername()[0]} {conversation(s)}"


def mapped():
    s = socket.socket(socket.AF_INET6)
    s.connect(("::ffff:192.0.2.7", PORT))
    return f"{s.getpeername()[0]} {conversation(s)}"


def denied():
    def connect(family, *address):
        with socket.socket(family) as s:
            return name(s.connect_ex(address))

    address = socket.gethostbyname(NAME)
    tried = [(address, 22), ("203.0.113.66", 7777), ("203.0.113.5", PORT), ("127.0.0.1", 7777), ("0.0.0.0", 7777), ("192.0.2.7", 7777)]
    four = [connect(socket.AF_INET, *to) for to in tried]
    six = [connect(socket.AF_INET6, *to) for to in [("::1", 7777), ("2001:db8::66", 7777), ("::ffff:203.0.113.66", 7777), ("fe80::1", 7777, 0, 1)]]
    return " ".join(four) + ", " + " ".join(six)


def only():
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return name(s.connect_ex(("::ffff:192.0.2.7", PORT)))


def http_client():
    c = http.client.HTTPConnection(NAME)
    c.request("GET", "/")
    return c.getresponse().read().decode()


def url():
    with urllib.request.urlopen(f"http://{NAME}/") as r:
        return r.read().decode()


def tls():
    context = ssl._create_unverified_context()
    with urllib.request.urlopen(f"https://{NAME}/", context=context) as r:
        return r.read().decode()


def streams():
    async def talk(host):
        reader, writer = await asyncio.open_connection(host, PORT)
        said = (await reader.readline()).decode().strip()
        writer.write(b"hello\n")
        said += " " + (await reader.readline()).decode().strip()
        writer.close()
        return said

    async def all_of_them():
        return await asyncio.gather(*[talk(h) for h in ["api.example.com", "other.example.com"] * 5])

    return " ".join(sorted(set(asyncio.run(all_of_them()))))


def threads():
    said = []

    def talk():
        with socket.create_connection((NAME, PORT)) as s:
            said.append(conversation(s))

    all_of_them = [threading.Thread(target=talk) for _ in range(20)]
    for t in all_of_them:
        t.start()
    for t in all_of_them:
        t.join()
    return f"{len(said)} {set(said)}"


def fork():
    child = os.fork()
    if child == 0:
        with socket.create_connection((NAME, PORT)) as s:
            os._exit(0 if conversation(s) else 1)
    return str(os.waitpid(child, 0)[1])


def orphan():
    r, w = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            with socket.create_connection((NAME, PORT)) as s:
                os.write(w, conversation(s).encode())
        os._exit(0)
    os.wait()
    return os.read(r, 100).decode()


def process(queue):
    with socket.create_connection((NAME, PORT)) as s:
        queue.put(conversation(s))


def processes():
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    child = context.Process(target=process, args=[queue])
    child.start()
    said = queue.get()
    child.join()
    return said


def signals():
    """A signal in the middle of a connect changes nothing of it. They leave time for the call to be taken."""
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    codes = set()
    for _ in range(300):
        with socket.socket() as s:
            codes.add(s.connect_ex(("192.0.2.7", PORT)))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return " ".join(map(name, codes))


if __name__ == "__main__":
    for do in [
        kinds, blocking, timeout, nonblocking, options, epoll, duplicate, connected, names, unknown, ipv6, mapped, denied, only,
        # A process that has had threads may not fork: the child has locks that nobody gives up.
        http_client, url, tls, fork, orphan, processes, signals, streams, threads,
    ]:
        try:
            print(f"{do.__name__}: {do()}", flush=True)
        except Exception as e:
            print(f"{do.__name__}: {e!r}", flush=True)
