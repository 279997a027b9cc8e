"""Words for what a line of the record says of a person, a trial or a lock, by the stable names in its details."""

from bot.languages import tr

# What somebody is who can have no role.
KINDS = {
    "guest": tr("{who} (a guest)"),
    "outsider": tr("{who} (of another workspace)"),
    "bot": tr("{who} (a bot)"),
    "deactivated": tr("{who} (deactivated)"),
    "unknown": tr("{who} (unknown to Slack)"),
}
# What came of trying the key itself.
PROBES = {
    "refused": tr("The gateway refuses the key itself: it is dead"),
    "accepted": tr("The gateway still takes the key itself"),
    "unclear": tr("It is unclear whether the gateway still takes the key itself"),
}
LOCKED = tr("The key is locked because of its disable: it comes back with key.unlock")
LOCKS = {
    "alert": tr("The key is locked because of an alert: it comes back with key.unlock"),
    "incident": tr("The key is locked because of an incident: it comes back with key.unlock"),
    "person": tr("The key is locked because of a person's order: it comes back with key.unlock"),
    "leaver": tr("The key is locked because its owner has left: it comes back with key.unlock"),
}
# What somebody answered when suddenly too many people were gone from Slack's list.
LEFT_ANSWERS = {
    "left": tr("{who} said that those who are gone from Slack's list have left ({count})"),
    "not": tr("{who} said that those who are gone from Slack's list have not left ({count})"),
}
