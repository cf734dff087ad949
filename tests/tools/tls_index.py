#!/usr/bin/env python3
"""An index over TLS for one user: tls_index.py ADDRESS PORT CERTIFICATE KEY FOLDER USERNAME PASSWORD

Serves FOLDER below /simple/, and answers 401 to everyone else. Prints `ready` when it listens; ends when it is killed.
"""

import base64
import functools
import http.server
import ssl
import sys


class Index(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    expected = ""

    def do_GET(self):
        if self.headers.get("Authorization") != self.expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    do_HEAD = do_GET

    def translate_path(self, path):
        return super().translate_path(path.removeprefix("/simple"))

    def log_message(self, *_):
        pass


def main():
    address, port, certificate, key, folder, username, password = sys.argv[1:]
    Index.expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    server = http.server.ThreadingHTTPServer((address, int(port)), functools.partial(Index, directory=folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # The handshake is made by the thread of its connection, so that a slow client holds up nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print("ready", flush=True)
    server.serve_forever()


main()
