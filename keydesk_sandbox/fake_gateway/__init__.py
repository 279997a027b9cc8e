"""A faithful, stateful fake of the gateway's key management and of the model side that accepts its keys.

Contract: section 19 of the gateway's contract. It imports nothing of the bot, speaks wire, and is steered by plain
Python methods of `FakeGateway`. `COVERAGE` lists the endpoints; whatever is not there is answered 404.

    switches   what differs between deployments        records     rows, ids, key values, cache
    management create, get, update, delete, reveal     listing     pages and search
    models_side /v1/models, refusals, usage            account     sign-in, the account
    paid_calls  pre-charge, settlement, log line       offer       models, prices, units per dollar
    usage_log   what was spent                         messages    the words of a refusal, by language
    routing    paths, limits, redirects                faults      what can go wrong on the way
    gateway    the object with the methods that control it              server, transport   ASGI; httpx without a socket
"""

from .clock import Clock
from .faults import KINDS, WRONGS, GatewayFault
from .gateway import FakeGateway
from .records import Record
from .routing import COVERAGE
from .server import ConnectionCutError
from .switches import PROFILES, GatewaySwitches, Profile
from .wire import HttpCall, LoggedCall

__all__ = [
    "COVERAGE",
    "KINDS",
    "PROFILES",
    "WRONGS",
    "Clock",
    "ConnectionCutError",
    "FakeGateway",
    "GatewayFault",
    "GatewaySwitches",
    "HttpCall",
    "LoggedCall",
    "Profile",
    "Record",
]
