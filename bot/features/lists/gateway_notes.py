"""What a list of keys says of the gateways behind it: which does not answer, whose account has nothing left."""

from bot.deps import Deps
from bot.keys.text import account_empty_text
from bot.languages import joined, tr, trc


def silent_notes(deps: Deps) -> list[str]:
    """A sentence for each of several gateways that did not answer when it was asked last."""
    return [
        tr(
            ":warning: The gateway {gateway} does not answer: its keys are shown as they were last read.",
            gateway=name,
        )
        for name in deps.silent_gateways()
    ]


def gateway_notes(deps: Deps) -> str:
    """The same, and that an account has nothing left; "" when nothing is known against any."""
    empty = [_empty(deps, name) for name in deps.gateways] or [account_empty_text(deps.inventory.known_account())]
    told = [text for text in (*silent_notes(deps), *empty) if text]
    return joined(*told) if told else ""


def named_gateway(gateway: str, text: str) -> str:
    """A sentence about one of several gateways, behind its name; the sentence alone where there is one."""
    return (
        trc("a gateway, and what is said of it", "{gateway}: {text}", gateway=gateway, text=text) if gateway else text
    )


def _empty(deps: Deps, gateway: str) -> str:
    account = deps.inventory.known_account(gateway)
    if account is None or account.quota > 0:
        return ""
    return tr(
        ":warning: The account at the gateway {gateway} has nothing left: calls with its keys are refused until it is "
        "topped up.",
        gateway=gateway,
    )
