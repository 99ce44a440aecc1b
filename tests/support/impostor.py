"""A stand-in for a keystone where a real one can't misbehave as a test needs it: issues and validates tokens, no more.

    python impostor.py ADDRESS PORT FILE

FILE says how it behaves, and is read at each request: empty for well, else a status (`503`, `401`), or `sleep SECONDS`.
"""

import json
import sys
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = "gAAAA-a-secret-that-nobody-sees"
PASSWORD = "a-password-that-nobody-sees"


class Keystone(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _say(self, status, data, **headers):
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _token(self):
        until = datetime.now(timezone.utc) + timedelta(hours=1)
        return {"token": {"expires_at": f"{until:%Y-%m-%dT%H:%M:%S.%f}Z", "user": {"name": "admin"}, "catalog": []}}

    def _misbehaves(self):
        self.server.asked.append(f"{self.command} {self.path}")
        mood = self.server.mood.read_text().strip()
        if mood.isdigit():
            self._say(int(mood), {"error": {"code": int(mood)}})
        elif mood:
            time.sleep(float(mood.removeprefix("sleep ")))
        return mood.isdigit()

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._misbehaves():
            return
        if PASSWORD.encode() in sent:
            self._say(201, self._token(), X_Subject_Token=TOKEN)
        else:
            self._say(401, {"error": {"code": 401}})

    def do_GET(self):
        if self._misbehaves():
            return
        if self.path in ("/", "/v3"):
            self._say(300, {"versions": {}})
        elif self.headers.get("X-Auth-Token") != TOKEN:
            self._say(401, {"error": {"code": 401}})
        else:
            self._say(200, {"domains": []} if "domains" in self.path else self._token())

    def log_message(self, *_):
        pass


class Impostor(ThreadingHTTPServer):
    """The server; `mood` is the file, `asked` what it was asked."""

    daemon_threads = True

    def handle_error(self, *_):
        """Who asked has gone: that is what the tests are about."""

    request_queue_size = 64

    def __init__(self, address: str, port: int, mood: Path):
        self.mood, self.asked = mood, []
        super().__init__((address, port), Keystone)


if __name__ == "__main__":
    Impostor(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])).serve_forever()
