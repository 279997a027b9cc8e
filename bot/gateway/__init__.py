"""The gateway's key-management API. The only room that imports an HTTP library.

    models    what the gateway keeps: Key, KeySettings, Group, Account; no key value is ever in them
    errors    the GatewayError tree and the one mapping from a reply to an error
    wire      one HTTP exchange: headers, limits, retries of reads, the server's clock
    client    GatewayReader (reads) and GatewayClient (reads and raw writes): one method per endpoint used
    checks    what can be known to be wrong before anything is sent
    probe     what this deployment can do, asked once at start, corrected by what read-backs show
    writes/   verified writes: one effect at an API that has no idempotency

It knows nothing of Slack, of people, of policy or of the database. Contract sections in docstrings mean
the contract of the CometAPI key-management API.
"""
