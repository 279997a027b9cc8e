"""`/apikey end KEY`: the key expires now, and that it is dead is proven."""

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, text_of

ADA = seed.ENGINEER


async def test_a_key_is_ended_by_its_expiry_and_given_time_again(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.gateway.add_key(name="short", remain_quota=100_000))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey end {key.id} over")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.end")
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert answer.ok
    await desk.eventually(lambda: desk.said("was ended"))
    record = desk.gateway.key(key.id)
    # 3 = expired: the gateway writes it when the key is tried.
    assert record.status in {1, 3}
    assert record.remain_quota == 100_000
    assert 0 < record.expired_time < desk.clock()
    line = (await desk.audit("asked"))[-1]
    assert (line["details"]["operation"], line["details"]["why"]) == ("key.end", "over")
    await desk.eventually(lambda: [m for m in desk.messages() if "Refused since" in text_of(m)])
