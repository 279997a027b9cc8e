"""The certificates of those whom we call: the machine's, for Slack, gateways and all others. Knows no client.

Reading them takes 15 ms of processor time and 1 MiB, so it is done once. SSL_CERT_FILE and SSL_CERT_DIR say where they
are when they are not in the usual place, or hold one of a company's own.
"""

import functools
import ssl


@functools.cache
def root_certificates() -> ssl.SSLContext:
    """What an HTTPS client verifies with."""
    return ssl.create_default_context()
