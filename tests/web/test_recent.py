"""The latest actions: all of them in order, and none of someone who is erased."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.effects import Deed, Effects
from punnet.market import Action, UserAction
from punnet.web.recent import MOST, Recent
from tests.web.stall import ADMIN_KEY, NOW, opened

EVENTS = "/api/events"
KEY = {"X-Admin-Key": ADMIN_KEY}
PEOPLE = ("ann", "bob", "cleo")


def deeds(*user_ids):
    """Return an action of each of some people."""
    views = (
        Action(event_id=str(at), user_id=who, action=UserAction.SEARCH) for at, who in enumerate(user_ids)
    )
    return Effects(deeds=[Deed(view, NOW, False) for view in views])


def positions(recent, after, limit=500):
    """Return the positions of what comes after one, and the one to go on from."""
    found = recent.after(after, limit)
    return [action.position for action in found.actions], found.last


steps = st.one_of(
    st.tuples(st.just("do"), st.lists(st.sampled_from(PEOPLE), max_size=6)),
    st.tuples(st.just("forget"), st.sampled_from(PEOPLE)),
)


@given(st.lists(steps, max_size=12), st.integers(1, 8), st.integers(0, 30), st.integers(1, 9))
def test_it_holds_what_a_list_of_all_would_end_with(plan, most, after, limit):
    recent, everything = Recent(most), []
    for step, who in plan:
        if step == "do":
            recent.take(deeds(*who))
            first = recent.last - len(who) + 1
            everything = [*everything, *enumerate(who, first)][-most:]
        else:
            recent.forget(who)
            everything = [(position, name) for position, name in everything if name != who]
    held = [position for position, _ in everything]

    assert positions(recent, None, limit)[0] == held[-limit:]
    expected = [position for position in held if position > after][:limit]
    if after <= recent.last:
        assert positions(recent, after, limit)[0] == expected


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(1, 4))
def test_who_asks_again_and_again_sees_all_once(groups, limit):
    recent, seen, last = Recent(), [], 0
    for size in groups:
        recent.take(deeds(*["ann"] * size))
        while True:
            found, last = positions(recent, last, limit)
            seen += found
            if len(found) < limit:
                break

    assert seen == [*range(1, sum(groups) + 1)]


def test_what_a_server_told_that_is_no_more_is_answered_with_the_latest():
    recent = Recent()
    recent.take(deeds("ann", "bob"))

    assert positions(recent, 2) == ([], 2)
    assert positions(recent, 3) == ([1, 2], 2)


def test_it_holds_a_thousand():
    recent = Recent()
    recent.take(deeds(*["ann"] * (MOST + 1)))

    assert MOST == 1_000
    assert positions(recent, 0, MOST)[0] == [*range(2, MOST + 2)]


async def act(stall, user_id, product, **known):
    body = {"userId": user_id, "action": "VIEW_PRODUCT", "entityId": product, "entityType": "PRODUCT"}
    response = await stall.client.post("/api/recommendations", json=body | known)
    assert response.status_code == 200, response.text


async def recent(stall, **params):
    response = await stall.client.get(EVENTS, params=params, headers=KEY)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def test_the_administrator_sees_what_is_done_as_it_is_done(stall):
    assert await recent(stall) == {"actions": [], "last": 0}
    await act(stall, "ann", "basil", eventId="e1", metadata={"source": "shelf"})
    await act(stall, "ann", "basil", eventId="e2")
    first = await recent(stall)
    await act(stall, "bob", "honey", eventId="e3")
    await act(stall, "bob", "honey", eventId="e3")

    assert first == {
        "actions": [
            {
                "eventId": "e1",
                "userId": "ann",
                "action": "VIEW_PRODUCT",
                "entityId": "basil",
                "entityType": "PRODUCT",
                "metadata": {"source": "shelf"},
                "timestamp": None,
                "recordedAt": "2025-10-09T08:53:20Z",
                "position": 1,
                "debounced": False,
            },
            first["actions"][0] | {"eventId": "e2", "metadata": {}, "position": 2, "debounced": True},
        ],
        "last": 2,
    }
    later = await recent(stall, after=2)
    assert [(action["eventId"], action["position"]) for action in later["actions"]] == [("e3", 3)]
    assert [action["eventId"] for action in (await recent(stall, limit=2))["actions"]] == ["e2", "e3"]


async def test_who_is_erased_is_not_seen_any_more(stall):
    for user_id in ("ann", "bob", "ann"):
        await act(stall, user_id, "basil")
    assert (await stall.client.delete("/api/users/ann")).status_code == 200

    found = await recent(stall)
    assert [(action["userId"], action["position"]) for action in found["actions"]] == [("bob", 2)]
    assert found["last"] == 3


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"X-Admin-Key": "guess"}, 403)])
async def test_nobody_else_sees_what_people_do(stall, headers, status):
    await act(stall, "ann", "basil")
    response = await stall.client.get(EVENTS, headers=headers)

    assert response.status_code == status
    assert "ann" not in response.text


async def test_without_an_admin_key_nobody_sees_it():
    async with opened(admin_key="") as stall:
        response = await stall.client.get(EVENTS, headers=KEY)

    assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("params", [{"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 501}])
async def test_it_says_what_can_be_asked(stall, params):
    response = await stall.client.get(EVENTS, params=params, headers=KEY)

    assert response.status_code == 400
    assert response.json()["error"]["details"]["field"] == next(iter(params))
