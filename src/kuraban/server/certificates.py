"""The server's certificate, read again without a stop: a renewed one is shown to the next caller."""

import ssl
from datetime import datetime

import uvicorn
from cryptography import x509


def read_again(config: uvicorn.Config) -> datetime | None:
    """Take the certificate and key files as they are now; until when the certificate is valid, None without TLS.

    Connections that stand keep theirs. Raises OSError and ValueError; then everything stays as it was.
    """
    if config.ssl is None or config.ssl_certfile is None:
        return None
    with open(config.ssl_certfile, "rb") as file:
        first, *_ = x509.load_pem_x509_certificates(file.read())
    # A key that does not belong to its certificate would leave the context in use without any: it is tried on another.
    for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), config.ssl):
        context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile, password="")
    return first.not_valid_after_utc
