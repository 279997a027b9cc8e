"""What policy.example.toml says, line by line: sentence | who | operation | fields | answer | rule."""

CREATING = """
a small key for a month is free                     | engineer | key.create | remain_quota=100k expired_time=30d | allow | small keys are free
a key of exactly the free size is free              | engineer | key.create | remain_quota=500000 expired_time=30d | allow | small keys are free
one dollar is the free size                         | engineer | key.create | remain_quota=$1 expired_time=30d | allow | small keys are free
an empty key is free                                | engineer | key.create | remain_quota=0 expired_time=7d | allow | small keys are free
exactly ninety days are free                        | engineer | key.create | remain_quota=1 expired_time=90d | allow | small keys are free
a fifth small key is free                           | engineer | key.create | remain_quota=100k expired_time=30d keys_so_far=4 | allow | small keys are free
a sixth asks a manager                              | engineer | key.create | remain_quota=100k expired_time=30d keys_so_far=5 | approval | a manager decides the rest
so do more than twenty dollars in a month           | engineer | key.create | remain_quota=100k expired_time=30d granted_so_far=$19.90 | approval | a manager decides the rest
security decides about a locked key                 | engineer | key.unlock |  | approval | security decides about locked keys
so enabling it takes security                       | engineer | key.enable | locked=on | approval | security decides about locked keys
and raising its quota takes a manager too           | engineer | key.quota  | delta=+1 locked=on | approval | security decides about locked keys
but another's locked key is still nobody's          | engineer | key.enable any | locked=on | deny | -
one unit more asks a manager                        | engineer | key.create | remain_quota=500001 expired_time=30d | approval | a manager decides the rest
two dollars ask a manager                           | engineer | key.create | remain_quota=$2 expired_time=30d | approval | a manager decides the rest
ninety-one days ask a manager                       | engineer | key.create | remain_quota=100k expired_time=91d | approval | a manager decides the rest
a small key for ever asks a manager                 | engineer | key.create | remain_quota=100k expired_time=never | approval | a manager decides the rest
a key of unknown size asks a manager                | engineer | key.create | expired_time=30d | approval | a manager decides the rest
a key of unknown lifetime asks a manager            | engineer | key.create | remain_quota=100k | approval | a manager decides the rest
a small number with the unlimited box is not small  | engineer | key.create | remain_quota=1 unlimited_quota=on expired_time=30d | approval | unlimited keys need two signatures
an unlimited key for a year needs two signatures    | engineer | key.create | unlimited_quota=on expired_time=365d | approval | unlimited keys need two signatures
an unlimited key for longer is refused              | engineer | key.create | unlimited_quota=on expired_time=366d | deny | no eternal unlimited keys
an unlimited key for ever is refused                | engineer | key.create | unlimited_quota=on expired_time=never | deny | no eternal unlimited keys
that holds for security as well                     | security | key.create | unlimited_quota=on expired_time=never | deny | no eternal unlimited keys
and for a member without a role                     | nobody   | key.create | unlimited_quota=on expired_time=never | deny | no eternal unlimited keys
a manager is no engineer                            | manager  | key.create | remain_quota=1 expired_time=7d | deny | -
an administrator is no engineer                     | admin    | key.create | remain_quota=1 expired_time=7d | deny | -
a member without a role gets no key                 | nobody   | key.create | remain_quota=1 expired_time=7d | deny | -
a manager who is an engineer gets one               | engineer manager | key.create | remain_quota=1 expired_time=7d | allow | small keys are free
a member of the engineers' group gets one           | U0ANN S0ENGINEERS | key.create | remain_quota=1 expired_time=7d | allow | small keys are free
a member of another group does not                  | U0ANN S0POETS | key.create | remain_quota=1 expired_time=7d | deny | -
"""

CHANGING = """
more quota asks a manager                           | engineer | key.quota | delta=+100k | approval | a manager decides the rest
less quota asks a manager too                       | engineer | key.quota | delta=-100k | approval | a manager decides the rest
no bound needs two signatures                       | engineer | key.quota | unlimited_quota=on expired_time=30d | approval | unlimited keys need two signatures
no bound and no end is refused                      | engineer | key.quota | unlimited_quota=on expired_time=never | deny | no eternal unlimited keys
a later expiry asks a manager                       | engineer | key.update | expired_time=365d | approval | a manager decides the rest
other models ask a manager                          | engineer | key.update | model_limits=gpt-4o,o3 | approval | a manager decides the rest
an eternal unlimited key is not made by editing     | engineer | key.update | unlimited_quota=on expired_time=never | deny | no eternal unlimited keys
nobody edits the key of somebody else               | engineer | key.update any | | deny | -
nor raises its quota                                | engineer | key.quota any | delta=+1 | deny | -
a manager does not either                           | manager  | key.quota any | delta=+1 | deny | -
"""

KEEPING = """
an engineer disables an own key                     | engineer | key.disable | | allow | own keys are one's own business
and enables it again                                | engineer | key.enable  | | allow | few keys come back freely
also an empty one, with what a new key would have   | engineer | key.enable  | remain_quota=100k delta=100k expired_time=30d unlimited_quota=off | allow | few keys come back freely
but not with more, that is a manager's              | engineer | key.enable  | remain_quota=$500 delta=$500 | approval | a manager decides the rest
nor for ever                                        | engineer | key.enable  | expired_time=never | approval | a manager decides the rest
and rotates it                                      | engineer | key.rotate  | | allow | few keys come back freely
and gives it back                                   | engineer | key.delete  | | allow | own keys are one's own business
and sees its value                                  | engineer | key.reveal  | | allow | own keys are one's own business
and lists own keys                                  | engineer | key.list    | | allow | own keys are one's own business
and looks at one                                    | engineer | key.show    | | allow | own keys are one's own business
and lists own requests                              | engineer | request.list | | allow | own keys are one's own business
and asks why                                        | engineer | policy.explain | | allow | own keys are one's own business
but does not disable the key of somebody else       | engineer | key.disable any | | deny | -
nor enable it                                       | engineer | key.enable any | | deny | -
nor rotate it                                       | engineer | key.rotate any | | deny | -
nor delete it                                       | engineer | key.delete any | | deny | -
nor see its value                                   | engineer | key.reveal any | | deny | -
nor list all keys                                   | engineer | key.list any | | deny | -
nor look at it                                      | engineer | key.show any | | deny | -
nor list all requests                               | engineer | request.list any | | deny | -
nor read the record                                 | engineer | audit.read | | deny | -
but sees the own spending                           | engineer | usage.read | | allow | own keys are one's own business
and nobody else's                                   | engineer | usage.read any | | deny | -
"""

GUARDING = """
security disables any key                           | security | key.disable any | | allow | security pulls the plug
and an own one                                      | security | key.disable | | allow | security pulls the plug
and lists all keys                                  | security | key.list any | | allow | security pulls the plug
and looks at any                                    | security | key.show any | | allow | security pulls the plug
the one on call is security by name                 | U0ONCALL | key.disable any | | allow | security pulls the plug
security reads the record                           | security | audit.read any | | allow | security and administrators read everything
and sees all requests                               | security | request.list any | | allow | security and administrators read everything
but no value of a key                               | security | key.reveal any | | deny | -
enabling a stranger's key takes a second person     | security | key.enable any | | approval | keys of others come back with a second pair of eyes
so does deleting it                                 | security | key.delete any | | approval | keys of others come back with a second pair of eyes
and rotating it                                     | manager  | key.rotate any | | approval | keys of others come back with a second pair of eyes
a manager lists all keys                            | manager  | key.list any | | allow | managers look after all keys
and looks at any                                    | manager  | key.show any | | allow | managers look after all keys
and disables any                                    | manager  | key.disable any | | allow | managers look after all keys
and sees all requests                               | manager  | request.list any | | allow | managers look after all keys
but no value of a key                               | manager  | key.reveal any | | deny | -
and not the record                                  | manager  | audit.read any | | deny | -
a manager sees all spending                         | manager  | usage.read any | | allow | managers look after all keys
an administrator reads the record                   | admin    | audit.read any | | allow | security and administrators read everything
and lists all keys                                  | admin    | key.list any | | allow | security and administrators read everything
but disables none                                   | admin    | key.disable any | | deny | -
and sees no value                                   | admin    | key.reveal any | | deny | -
an administrator finds an owner for a key           | admin    | key.adopt any | | allow | administrators find owners for keys
an engineer does not, not even of a key of hers     | engineer | key.adopt | | deny | -
nor does security, though it reads everything       | security | key.adopt any | | deny | -
an engineer gives a key of hers away                | engineer | key.transfer | | allow | own keys are one's own business
but none of somebody else                           | engineer | key.transfer any | | deny | -
an administrator does, with a second pair of eyes   | admin    | key.transfer any | | approval | a key of somebody else changes hands with a second pair of eyes
"""

NOT_MEMBERS = """
a guest has no role                                 | guest S0ENGINEERS | key.list | | deny | -
a guest gets no key, whatever the group             | guest S0ENGINEERS | key.create | remain_quota=1 expired_time=7d | deny | -
a guest in security pulls no plug                   | guest S0SECURITY | key.disable any | | deny | -
a guest named by id does not either                 | guest U0ONCALL | key.disable any | | deny | -
not even the rule for all reaches a guest           | guest | key.create | unlimited_quota=on expired_time=never | deny | -
somebody of another workspace has no role           | outsider S0ENGINEERS | key.list | | deny | -
and pulls no plug                                   | outsider S0SECURITY | key.disable any | | deny | -
a bot has no role                                   | bot S0ENGINEERS | key.list | | deny | -
and pulls no plug                                   | bot S0SECURITY | key.disable any | | deny | -
who has left has no role                            | deactivated S0ENGINEERS | key.list | | deny | -
and pulls no plug                                   | deactivated U0ONCALL | key.disable any | | deny | -
who is unknown has no role                          | unknown S0ENGINEERS | key.list | | deny | -
and pulls no plug                                   | unknown S0SECURITY | key.disable any | | deny | -
a member without a role lists nothing               | nobody | key.list | | deny | -
nor asks why                                        | nobody | policy.explain | | deny | -
nor reads the record                                | nobody | audit.read | | deny | -
"""
