"""nginx as the server that every tool loads: one process on a core of its own, four ports, one small file."""

import contextlib
import dataclasses
import pathlib
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

from .process import server, wait_until

# Without `sendfile`, head and file leave in one piece: in two, HTTP/2 waits 40 ms for an acknowledgement.
PAGE = "/page.json"
PAGE_BYTES = 1_024

CONFIGURATION = """
daemon off; master_process off; pid {here}/nginx.pid; error_log {here}/error.log error;
events {{ worker_connections 8192; }}
http {{
    access_log off; sendfile off; open_file_cache max=10 inactive=1h;
    keepalive_timeout 3600s; keepalive_requests 1000000000;
    types {{ application/json json; }}
    client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
    ssl_certificate {here}/certificate.pem; ssl_certificate_key {here}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    server {{
        listen 127.0.0.1:{plain} reuseport;
        listen 127.0.0.1:{tls} ssl reuseport;
        listen 127.0.0.1:{h2c} http2 reuseport;
        listen 127.0.0.1:{h2} ssl http2 reuseport;
        root {here}/www;
    }}
}}
"""


@dataclasses.dataclass
class Ports:
    """Where it listens, by what is spoken there."""

    plain: int
    tls: int
    h2c: int
    h2: int

    def base_url(self, kind):
        scheme = "https" if kind in ("tls", "h2") else "http"
        return f"{scheme}://127.0.0.1:{getattr(self, kind)}"


def version():
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return said.strip().removeprefix("nginx version: ")


@contextlib.contextmanager
def serving(here: pathlib.Path):
    """nginx, with its files in the folder `here`; gives its ports."""
    ports = Ports(*free_ports(4))
    page = here / "www" / PAGE.lstrip("/")
    page.parent.mkdir()
    opening = '{"success":true,"data":"'
    page.write_text(opening + "x" * (PAGE_BYTES - len(opening) - 2) + '"}')
    make_certificate(here)
    (here / "nginx.conf").write_text(CONFIGURATION.format(here=here, **dataclasses.asdict(ports)))
    with server(["nginx", "-c", here / "nginx.conf"]) as process:
        for kind in ("plain", "tls"):
            wait_until(lambda kind=kind: answers(ports.base_url(kind) + PAGE), process, "nginx")
        yield ports


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def make_certificate(here):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", here / "key.pem", "-out", here / "certificate.pem"],
        check=True, capture_output=True,
    )


def answers(url):
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=1, context=anybody) as answer:
            return len(answer.read()) == PAGE_BYTES
    except (OSError, urllib.error.URLError):
        return False
