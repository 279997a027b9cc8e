"""When each condition holds: sentence | who | operation | fields | answer | the rule's `when`.

One rule allows everything to everybody where its condition holds; `deny` means that it did not.
"""

QUOTA = """
under the limit holds                          | nobody | key.create | remain_quota=99999 | allow | remain_quota_at_most = 100_000
exactly the limit holds                        | nobody | key.create | remain_quota=100k | allow | remain_quota_at_most = 100_000
over the limit does not                        | nobody | key.create | remain_quota=100001 | deny | remain_quota_at_most = 100_000
a limit may be written short                   | nobody | key.create | remain_quota=1500000 | allow | remain_quota_at_most = "1.5M"
or as money                                    | nobody | key.create | remain_quota=2.5M | allow | remain_quota_at_most = "$5"
and money is a limit                           | nobody | key.create | remain_quota=2500001 | deny | remain_quota_at_most = "$5"
zero is a limit                                | nobody | key.create | remain_quota=0 | allow | remain_quota_at_most = 0
and one is over it                             | nobody | key.create | remain_quota=1 | deny | remain_quota_at_most = 0
unlimited is never at most                     | nobody | key.create | remain_quota=1 unlimited_quota=on | deny | remain_quota_at_most = "1M"
an untold quota is not at most                 | nobody | key.create | | deny | remain_quota_at_most = "1M"
an operation without a key has no quota        | nobody | key.list | | deny | remain_quota_at_most = "1M"
the outcome counts, not the change             | nobody | key.quota | remain_quota=2M delta=+1k | deny | remain_quota_at_most = "1M"
a small rise holds                             | nobody | key.quota | delta=+100k | allow | increase_at_most = "100k"
a large rise does not                          | nobody | key.quota | delta=+100001 | deny | increase_at_most = "100k"
lowering is a small rise                       | nobody | key.quota | delta=-5M | allow | increase_at_most = "100k"
going unlimited is no small rise               | nobody | key.quota | delta=+1 unlimited_quota=on | deny | increase_at_most = "100k"
an untold change is no small rise              | nobody | key.update | name=x | deny | increase_at_most = "100k"
a new key rises by all it starts with          | nobody | key.create | remain_quota=200k | deny | increase_at_most = "100k"
a small new key rises little                   | nobody | key.create | remain_quota=50k | allow | increase_at_most = "100k"
listing changes nothing                        | nobody | key.list | | deny | increase_at_most = "100k"
unlimited where unlimited is wanted            | nobody | key.create | unlimited_quota=on | allow | unlimited_quota = true
limited where unlimited is wanted              | nobody | key.create | | deny | unlimited_quota = true
limited where limited is wanted                | nobody | key.create | remain_quota=1 | allow | unlimited_quota = false
unlimited where limited is wanted              | nobody | key.create | unlimited_quota=on | deny | unlimited_quota = false
unknown where limited is wanted                | nobody | key.update | name=x | deny | unlimited_quota = false
unknown where unlimited is wanted              | nobody | key.list | | deny | unlimited_quota = true
"""

LIFETIME = """
exactly the longest lifetime holds             | nobody | key.create | expired_time=90d | allow | lifetime_at_most = "90d"
weeks are seven days                           | nobody | key.create | expired_time=14d | allow | lifetime_at_most = "2w"
one day more does not hold                     | nobody | key.create | expired_time=91d | deny | lifetime_at_most = "90d"
never is longer than everything                | nobody | key.create | expired_time=never | deny | lifetime_at_most = "36500d"
an untold lifetime is not at most              | nobody | key.create | | deny | lifetime_at_most = "90d"
a date counts from now                         | nobody | key.create | expired_time_at=2027-01-20 | allow | lifetime_at_most = "30d"
a far date is too long                         | nobody | key.create | expired_time=custom expired_time_at=2028-01-20 | deny | lifetime_at_most = "30d"
a date that has passed is no lifetime          | nobody | key.create | expired_time_at=2020-01-01 | allow | lifetime_at_most = "1m"
and is not over any                            | nobody | key.create | expired_time_at=2020-01-01 | deny | lifetime_over = "1m"
over is more than                              | nobody | key.create | expired_time=366d | allow | lifetime_over = "365d"
exactly is not over                            | nobody | key.create | expired_time=365d | deny | lifetime_over = "365d"
never is over                                  | nobody | key.create | expired_time=never | allow | lifetime_over = "365d"
an untold lifetime is not over                 | nobody | key.create | | deny | lifetime_over = "365d"
an operation without a key has no lifetime     | nobody | audit.read | | deny | lifetime_over = "1m"
"""

LISTS = """
a named model is within                        | nobody | key.create | model_limits=gpt-4o | allow | models_within = ["gpt-4o"]
a glob names many                              | nobody | key.create | model_limits=gpt-4o,gpt-4o-mini | allow | models_within = ["gpt-4o*"]
one model outside is outside                   | nobody | key.create | model_limits=gpt-4o,o3 | deny | models_within = ["gpt-*"]
several globs together                         | nobody | key.create | model_limits=gpt-4o,o3 | allow | models_within = ["gpt-*", "o?"]
every model is not within some                 | nobody | key.create | | deny | models_within = ["gpt-*"]
every model is within all                      | nobody | key.create | | allow | models_within = ["*"]
any model is within all                        | nobody | key.create | model_limits=o3 | allow | models_within = ["*"]
names differ by case                           | nobody | key.create | model_limits=GPT-4o | deny | models_within = ["gpt-*"]
a glob is not a beginning                      | nobody | key.create | model_limits=gpt-4o-mini | deny | models_within = ["gpt-4o"]
unknown models are not within                  | nobody | key.update | name=x | deny | models_within = ["gpt-*"]
not even within all                            | nobody | key.list | | deny | models_within = ["*"]
a named group holds                            | nobody | key.create | group=vip | allow | group_in = ["default", "vip"]
another group does not                         | nobody | key.create | group=auto | deny | group_in = ["default", "vip"]
the account's own group is the empty name      | nobody | key.create | | allow | group_in = [""]
and is not there unless named                  | nobody | key.create | | deny | group_in = ["default"]
or unless the account's group is named         | nobody | key.create | account_group=default | allow | group_in = ["default"]
another group of the account is not it         | nobody | key.create | account_group=vip | deny | group_in = ["default"]
a named group is not the account's own         | nobody | key.create | group=vip account_group=default | deny | group_in = ["default"]
an unknown group is in none                    | nobody | key.update | name=x | deny | group_in = ["", "default"]
an address holds                               | nobody | key.create | allow_ips=10.0.0.1 | allow | allow_ips_required = true
a network holds                                | nobody | key.create | allow_ips=10.0.0.0/8,2001:db8::/32 | allow | allow_ips_required = true
no address does not                            | nobody | key.create | | deny | allow_ips_required = true
an emptied list does not                       | nobody | key.update | allow_ips= | deny | allow_ips_required = true
the whole world is no restriction              | nobody | key.create | allow_ips=0.0.0.0/0 | deny | allow_ips_required = true
nor with an address beside it                  | nobody | key.create | allow_ips=203.0.113.7,0.0.0.0/0 | deny | allow_ips_required = true
nor in two halves                              | nobody | key.create | allow_ips=0.0.0.0/1,128.0.0.0/1 | deny | allow_ips_required = true
nor as IPv6                                    | nobody | key.create | allow_ips=::/0 | deny | allow_ips_required = true
nor as IPv4 inside IPv6                        | nobody | key.create | allow_ips=::ffff:0.0.0.0/96 | deny | allow_ips_required = true
a network wider than /8 is no name             | nobody | key.create | allow_ips=10.0.0.0/7 | deny | allow_ips_required = true
two neighbours are one wider network           | nobody | key.create | allow_ips=10.0.0.0/8,11.0.0.0/8 | deny | allow_ips_required = true
an IPv6 network wider than /32 is no name      | nobody | key.create | allow_ips=2001:d00::/31 | deny | allow_ips_required = true
a named gateway holds                          | nobody | key.create | gateway=prod | allow | gateway_in = ["prod"]
another gateway does not                       | nobody | key.create | gateway=test | deny | gateway_in = ["prod"]
an untold gateway does not                     | nobody | key.create | | deny | gateway_in = ["prod"]
unknown addresses do not                       | nobody | key.update | name=x | deny | allow_ips_required = true
"""

COUNTING = """
the fifth key of five                          | nobody | key.create | keys_so_far=4 | allow | keys_at_most = 5
the sixth is one too many                      | nobody | key.create | keys_so_far=5 | deny | keys_at_most = 5
enabling adds a living key as well             | nobody | key.enable | keys_so_far=5 | deny | keys_at_most = 5
a rotation adds none                           | nobody | key.rotate | keys_so_far=5 | allow | keys_at_most = 5
a change adds none                             | nobody | key.update | keys_so_far=5 name=x | allow | keys_at_most = 5
none is a limit                                | nobody | key.create | | deny | keys_at_most = 0
exactly what is granted in the time            | nobody | key.create | remain_quota=$5 granted_so_far=$15 | allow | granted_at_most = "$20", per = "30d"
one unit more is too much                      | nobody | key.create | remain_quota=$5 granted_so_far=7500001 | deny | granted_at_most = "$20", per = "30d"
a raise counts                                 | nobody | key.quota | delta=+$6 granted_so_far=$15 | deny | granted_at_most = "$20", per = "30d"
less quota adds nothing                        | nobody | key.quota | delta=-$6 granted_so_far=$20 | allow | granted_at_most = "$20", per = "30d"
unlimited is never within a sum                | nobody | key.create | remain_quota=1 unlimited_quota=on | deny | granted_at_most = "$20", per = "30d"
an untold change is not within a sum           | nobody | key.update | name=x | deny | granted_at_most = "$20", per = "30d"
both must hold                                 | nobody | key.create | remain_quota=1 keys_so_far=5 | deny | granted_at_most = "$20", per = "30d", keys_at_most = 5
no allowance is not within one                 | nobody | key.create | remain_quota=1 | deny | allowance_at_most = "$20", per = "30d"
"""

ASKING = """
a ticket in the reason holds                   | nobody | key.create | reason=for-OPS-17 | allow | reason_matches = "OPS-[0-9]+"
another reason does not                        | nobody | key.create | reason=please | deny | reason_matches = "OPS-[0-9]+"
no reason does not                             | nobody | key.create | | deny | reason_matches = "OPS-[0-9]+"
an empty reason can be asked for               | nobody | key.create | | allow | reason_matches = "^$"
a reason needs no key                          | nobody | audit.read | reason=OPS-17 | allow | reason_matches = "^OPS-[0-9]+$"
case can be ignored                            | nobody | key.create | reason=ops-17 | allow | reason_matches = "(?i)ops-[0-9]+"
the channel holds                              | nobody | key.create | channel=C0KEYS | allow | channel_in = ["C0KEYS", "C0OPS"]
another channel does not                       | nobody | key.create | channel=C0CHAT | deny | channel_in = ["C0KEYS"]
no channel does not                            | nobody | key.create | | deny | channel_in = ["C0KEYS"]
a channel needs no key                         | nobody | key.list | channel=C0KEYS | allow | channel_in = ["C0KEYS"]
all conditions must hold                       | nobody | key.create | remain_quota=1 expired_time=1d | allow | remain_quota_at_most = 1, lifetime_at_most = "1d"
the first alone is not enough                  | nobody | key.create | remain_quota=1 expired_time=2d | deny | remain_quota_at_most = 1, lifetime_at_most = "1d"
the second alone is not enough                 | nobody | key.create | remain_quota=2 expired_time=1d | deny | remain_quota_at_most = 1, lifetime_at_most = "1d"
no condition always holds                      | nobody | key.create | | allow |
"""
