"""The Slack edge: payloads in, cards out. It knows people, messages and modals, and no feature.

http_endpoint, socket_mode → delivery → router → a feature's handler → an answer
outbox: a row that wants to be a message → one Slack message, redrawn when its subject changes

Start with delivery.py (what Slack sent, what we answer), then router.py.

    ack_body        a handler's answer → the body of the HTTP response or the acknowledgement of Socket Mode
    blocks          small Block Kit helpers
    bolt            what Bolt answers for us: Slack's questions about the app itself
    button_styles   what destroys is red or plain, never green
    channel_events  events that say that a channel takes messages again
    charts          slack's block for charts, the same in text, and which of the two is sent
    command_words   the words of the command in other languages
    directory       slack user → Actor, as Slack sees them now
    edge            between both transports and our router
    error_handler   the one net below all handlers
    error_report    an error becomes one sentence for the person and one line for the log
    errors          what can go wrong between us and Slack
    group_problems  what hinders a user group that the policy names
    http_endpoint   slack over HTTP: one POST route
    identity        asks Slack who we are, once, when the bot starts
    inputs          input blocks and their elements, and how to read them back
    form_problem    a refusal that belongs to no field, at the top of its form
    new_blocks      blocks that not every workspace takes yet, and who refused them
    membership      what Slack's user object says about somebody's standing here
    message_sender  the four calls by which a post becomes a message
    people          builds what tells who people are
    people_list     what many people are here at once
    person_languages  in which language each person reads
    person_limits   how much one person may ask of the bot in a minute
    person_zones    in which time zone each person is
    post_store      the rows behind our messages
    rate_limits     how fast we may call Slack
    reading_order   which way a line is read that begins with a name
    responder       how to reach the person behind a delivery
    signature       is this request from Slack? Signature v0 over the raw bytes
    socket_mode     slack over Socket Mode
    tables          slack's table of rows
    view_seal       proves that the private_metadata of a view is what we wrote
    web_client      slack's Web API for the rest of this room
"""
