"""The certificates of those whom we call: the machine's, for Slack, gateways and all others. Knows no client.

Reading them takes 15 ms of processor time and 1 MiB, so it is done once. SSL_CERT_FILE and SSL_CERT_DIR say where they
are when they are not in the usual place, or hold one of a company's own. A machine that has none, such as a small
container, gets those that httpx brings.
"""

import functools
import ssl
from pathlib import Path

import certifi


@functools.cache
def root_certificates() -> ssl.SSLContext:
    """What an HTTPS client verifies with."""
    return ssl.create_default_context(cafile=None if _machine_has_some() else certifi.where())


def _machine_has_some() -> bool:
    paths = ssl.get_default_verify_paths()  # None for what is not there
    return paths.cafile is not None or (paths.capath is not None and any(Path(paths.capath).iterdir()))
