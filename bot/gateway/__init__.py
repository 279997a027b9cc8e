"""The gateway's key-management API. The only room that imports an HTTP library.

    models        what the gateway keeps: Key, KeySettings, Group, GatewayAccount; no key value is ever in them
    errors        the GatewayError tree and the one mapping from a reply to an error
    replies       reads one reply: is it JSON, is it a yes, and if not, which error is it
    records       between the wire's record of a key and our Key
    entitlements  reads the lists of models and groups that an account may use
    key_check     reads what the model side says about a key itself
    wire          one HTTP exchange: headers, limits, retries of reads, the server's clock
    client        GatewayReader (reads) and GatewayClient (reads and raw writes): one method per endpoint used
    validation    what can be known to be wrong before anything is sent
    capabilities  what this deployment can do, asked once at start, corrected by what read-backs show
    writes/       verified writes: one effect at an API that has no idempotency

It knows nothing of Slack, of people, of policy or of the database. Sections cited here are
those of docs/reference/gateway-api.md.
"""
