"""Words for what a line of the record says of a person, a trial or a lock, by the stable names in its details."""

from bot.languages import tr, trc

# What a line speaks of, by the name of the operation.
NOUNS = {
    "key.create": trc("what the record speaks of", "a new key"),
    "key.update": trc("what the record speaks of", "a change of settings"),
    "key.quota": trc("what the record speaks of", "a change of quota"),
    "key.allowance": trc("what the record speaks of", "a change of allowance"),
    "budget.change": trc("what the record speaks of", "a change of budget"),
    "key.disable": trc("what the record speaks of", "disabling"),
    "key.end": trc("what the record speaks of", "ending"),
    "key.enable": trc("what the record speaks of", "enabling"),
    "key.unlock": trc("what the record speaks of", "unlocking"),
    "key.rotate": trc("what the record speaks of", "a rotation"),
    "key.delete": trc("what the record speaks of", "deletion"),
    "key.transfer": trc("what the record speaks of", "another owner"),
    "key.adopt": trc("what the record speaks of", "an owner"),
    "key.reveal": trc("what the record speaks of", "a look at the value"),
    "key.show": trc("what the record speaks of", "a look at a key"),
    "key.list": trc("what the record speaks of", "the list of keys"),
    "request.list": trc("what the record speaks of", "the list of requests"),
    "audit.read": trc("what the record speaks of", "the record"),
    "usage.read": trc("what the record speaks of", "what was spent"),
    "policy.explain": trc("what the record speaks of", "what the policy says"),
}
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
