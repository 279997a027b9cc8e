"""Where an alert came from: its source, its message or its page, as sentences. No clients."""

from bot.alerts.models import Alert
from bot.languages import said, tr, trc
from bot.slack.blocks import channel_link, date, inert, link, mention

_SOURCES = {
    "generic": trc("where an alert came from", "a signed webhook"),
    "github": trc("where an alert came from", "GitHub secret scanning"),
    "gitlab": "GitLab",
    "gitguardian": "GitGuardian",
    "alertmanager": "Alertmanager",
    "slack": trc("where an alert came from", "a Slack message"),
}


# Of what a source says of a later alert.
_MOST_WORDS = 160


def source_text(alert: Alert) -> str:
    """From where the alert came, for a sentence."""
    return said(_SOURCES.get(alert.source, alert.source))


def where_text(alert: Alert) -> str:
    """The message, as a link; who wrote it, and who showed it to us."""
    channel, ts = str(alert.place.get("channel", "")), str(alert.place.get("ts", ""))
    message = link(_permalink(str(alert.place.get("workspace", "")), channel, ts), tr("A message"))
    where = channel_link(channel)
    author, shown_by = mention(str(alert.place.get("by", ""))), mention(str(alert.place.get("shown_by", "")))
    if author and shown_by:
        return tr(
            "{message} in {channel} by {author}, reported by {who}.",
            message=message,
            channel=where,
            author=author,
            who=shown_by,
        )
    if author:
        return tr("{message} in {channel} by {author}.", message=message, channel=where, author=author)
    if shown_by:
        return tr("{message} in {channel}, reported by {who}.", message=message, channel=where, who=shown_by)
    return tr("{message} in {channel}.", message=message, channel=where)


def _permalink(workspace: str, channel: str, ts: str) -> str:
    """The address of a message as chat.getPermalink documents it; older alerts do not know the workspace."""
    if not workspace:
        return f"https://slack.com/app_redirect?channel={channel}&message_ts={ts}"
    return f"{workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"


def title_text(alert: Alert, *, shortened: bool = False) -> str:
    """What the source calls it, as a link where it has a page; "" where it calls it nothing.

    `shortened`: without the name of the source, which stands before it.
    """
    title = alert.title.removeprefix(f"{source_text(alert)}: ") if shortened else alert.title
    if not title:
        return ""
    return link(alert.url, title) if alert.url else f"*{inert(title)}*"


def sighting_text(alert: Alert) -> str:
    """One line: when and where it was seen, and in the source's words what happened."""
    line, words = _sighting_line(alert), alert.text if alert.source != "slack" else ""
    if not words or words == alert.title:
        return line
    return tr("{line}: “{words}”", line=line, words=inert(words[:_MOST_WORDS]))


def _sighting_line(alert: Alert) -> str:
    at = date(alert.received_at)
    if alert.source == "slack":
        return tr("{time} {where}", time=at, where=where_text(alert))
    title = title_text(alert, shortened=True)
    if not title:
        return trc("when and where a leaked key was seen", "{time} from {source}", time=at, source=source_text(alert))
    return trc(
        "when and where a leaked key was seen",
        "{time} from {source}: {title}",
        time=at,
        source=source_text(alert),
        title=title,
    )
