#!/usr/bin/env python3
"""Reference server for the sandbox end-to-end read. stdlib only.
usage: server.py [PORT] [--tls CERT KEY]   (logs one line per request on stderr)
PORT 0 means any free one. The first line on stdout is the port, once connections are accepted."""
import json, sys, ssl, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit, parse_qs
TOKEN = "tok-s3cr3t-0123456789"
ACCOUNTS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Brahe"}, {"id": 3, "name": "Curie"}]
EVENTS = [{"id": i, "kind": k, "updated_at": t} for i, k, t in [
    (101, "create", "2024-01-05T10:00:00Z"), (102, "update", "2024-01-20T08:30:00Z"),
    (103, "update", "2024-01-31T00:00:00Z"), (104, "delete", "2024-02-10T12:00:00Z"),
    (105, "create", "2024-02-28T23:00:00Z")]]
NOTES = {1: [{"id": 11, "text": "first"}, {"id": 12, "text": "second"}], 2: [{"id": 21, "text": "only"}]}
limited, lock = set(), threading.Lock()
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, f, *a): print("srv", f % a, file=sys.stderr, flush=True)
    def out(self, code, obj, **h):
        b = json.dumps(obj).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b)))
        for k, v in h.items(): self.send_header(k.replace("_", "-"), v)
        self.end_headers(); self.wfile.write(b)
    def do_GET(self):
        u = urlsplit(self.path); q = {k: v[0] for k, v in parse_qs(u.query).items()}
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.out(401, {"error": "bad token"})
        p = u.path.removeprefix("/api/v1").strip("/").split("/")
        if p == ["accounts"]:
            n, per = int(q.get("page", 1)), int(q.get("per_page", 2))
            return self.out(200, {"data": ACCOUNTS[(n - 1) * per:n * per], "page": n})
        if p == ["events"]:
            sel = [e for e in EVENTS if q["updated_since"] <= e["updated_at"] <= q["updated_before"]]
            i = int(q.get("cursor", 0)); key = (q["updated_since"], i)
            with lock:
                if i > 0 and key not in limited:
                    limited.add(key); return self.out(429, {"error": "slow down"}, Retry_After="1")
            nxt = i + 2
            return self.out(200, {"data": sel[i:nxt], "next_cursor": str(nxt) if nxt < len(sel) else None})
        if len(p) == 3 and p[0] == "accounts" and p[2] == "notes":
            i = int(p[1])
            return self.out(200, {"data": NOTES[i]}) if i in NOTES else self.out(404, {"error": "no notes"})
        self.out(404, {"error": "unknown"})
if __name__ == "__main__":
    s = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 18080), H)
    if "--tls" in sys.argv:
        k = sys.argv.index("--tls"); c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[k+1], sys.argv[k+2])
        s.socket = c.wrap_socket(s.socket, server_side=True)
    print(s.server_address[1], flush=True)
    s.serve_forever()
