"""The gateway's key-management API. The only room that imports an HTTP library.

    models        what the gateway keeps: Key, KeySettings, Group, GatewayAccount; no key value is ever in them
    numbers       a key's number inside Keydesk: the block of its gateway and the gateway's own number
    dollars       how many units make a dollar at which gateway; sums over several
    errors        the GatewayError tree and the one mapping from a reply to an error
    replies       reads one reply: is it JSON, is it a yes, and if not, which error is it
    records       between the wire's record of a key and our Key
    entitlements  reads the lists of models and groups that an account may use
    prices        reads what models cost
    key_check     reads what the model side says about a key itself
    limiter       whose turn it is to call: one limiter per address, shares of its windows, a stop for all at a refusal
    wire          one HTTP exchange: headers, its turn, retries of reads, the server's clock
    listing       lists and searches: every way to read more than one record; whoever listens is told of all of them
    held_values   values of keys that were just disabled, in memory, for the minutes of their proof
    usage         what the gateway tells of spending
    client        GatewayReader (reads) and GatewayClient (reads and raw writes): one method per endpoint used
    connection    opens the connection to one gateway
    gateways      all gateways together: a call about a key goes to the gateway whose key it is
    gathered      many read-backs in few calls, for the keys of a batch
    validation    what can be known to be wrong before anything is sent
    capabilities  what this deployment can do, asked once at start, corrected by what read-backs show
    writes/       verified writes: one effect at an API that has no idempotency

It knows nothing of Slack, of people, of policy or of the database. Sections cited here are
those of docs/reference/gateway-api.md.
"""
