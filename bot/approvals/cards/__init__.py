"""What people see of a request.

notifications    which messages it wants, and when
views            how they look
copies           a copy that the gateway made with a key
copy_button      the click on *Disable the copy*
background       what whoever decides should know besides
buttons          what can be clicked on them
status_line      where it stands: the status, who decided, whom it waits for
waiting          what a waiting request waits for, stage by stage
offered_changes  the values that are offered, beside those that were asked
change_lines     what a request changes, as facts
again            *Ask again*, the button under an old request
role_names       roles and people of the policy, by name
quiet_days       one message a day for what needed no approval
listeners        the buttons on them
offer_form       the form of *Approve with changes*
receipt_windows  the window after a form was sent, redrawn as the request moves
terms            what is offered, and who must approve, in words
lock_notices     what is said of a locked key
refill_notices   that a refill failed
given_keys       what is said to whoever gets a key
acceptance_buttons  *Accept* and *Decline* on that
"""
