"""Whether the server lives and takes requests."""

from tests.web.stall import opened


async def test_a_server_that_takes_facts_in_is_live_and_ready(stall):
    live = await stall.client.get("/health/live")
    ready = await stall.client.get("/health/ready")

    assert (live.status_code, live.json()["data"]) == (200, {"status": "LIVE"})
    assert (ready.status_code, ready.json()["data"]) == (200, {"status": "READY"})
    assert ready.headers["Cache-Control"] == "no-store"


async def test_a_server_that_stops_is_live_but_not_ready():
    async with opened() as stall:
        await stall.shop.pipeline.stop()
        live = await stall.client.get("/health/live")
        ready = await stall.client.get("/health/ready")

    assert (live.status_code, ready.status_code) == (200, 503)
