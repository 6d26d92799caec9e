"""What servers of a later version say is understood as far as it can be."""

import json
import logging

import msgspec
import pytest

from punnet.client.reading import read, read_answer, read_message
from punnet.market import Answer, ListedProduct
from punnet.protocol.messages import PersonalUpdate, PriceDrop, ServerType
from punnet.protocol.replies import Listing

FARM = {"id": "hill", "name": "Hill Farm"}
KALE = {"id": "kale", "name": "Kale", "farmId": "hill", "category": "Greens", "price": 2, "farm": FARM}
ANSWER = {"recommendations": [], "algorithms": [], "timestamp": "2026-07-04T09:30:00Z", "userId": "ann"}


def frame(kind: str, payload: object) -> str:
    message = {"type": kind, "payload": payload, "timestamp": "2026-07-04T09:30:00Z", "messageId": "a-b:7"}
    return json.dumps(message | {"requestId": "r1"})


def test_fields_of_a_later_version_are_passed_over_at_every_depth():
    known = read(json.dumps(KALE).encode(), ListedProduct)
    later = KALE | {"ripeness": [1], "farm": FARM | {"goats": 3}}
    assert read(json.dumps(later).encode(), ListedProduct) == known
    listing = {"products": [later, KALE], "next": None, "sorted": {"by": "age"}}
    assert read(json.dumps(listing).encode(), Listing).products == (known, known)


def test_what_is_inside_an_object_of_anything_stays():
    metadata = {"lift": 1.5, "contributions": {"seasonal": {"score": 1, "later": [2]}}}
    best = {"product": KALE, "score": 1, "reason": "SEASONAL", "reasons": [], "confidence": 1, "later": 1}
    answer = ANSWER | {"recommendations": [best | {"metadata": metadata}]}
    (read_back,) = read(json.dumps(answer).encode(), Answer).recommendations
    assert read_back.metadata == metadata


def test_what_is_missing_or_of_another_kind_is_not_understood():
    for wrong in ({"id": "hill"}, KALE | {"price": "2"}, [KALE]):
        with pytest.raises(msgspec.ValidationError):
            read(json.dumps(wrong).encode(), ListedProduct)
    with pytest.raises(msgspec.ValidationError):
        read_answer(b'{"success": true}', ListedProduct)
    with pytest.raises(msgspec.DecodeError):
        read_answer(b"<html>", ListedProduct)


def test_a_message_has_its_payload_as_a_noun():
    drop = {"type": "PRICE_DROP_ALERT", "productId": "kale", "product": KALE, "oldPrice": 3, "newPrice": 2}
    message = read_message(frame("PRICE_DROP_ALERT", drop | {"later": True}))
    assert isinstance(message.payload, PriceDrop)
    assert (message.type, message.message_id) == (ServerType.PRICE_DROP_ALERT, "a-b:7")
    assert message.payload.new_price == 2


def test_a_suggestion_is_the_shoppers_own_list_or_an_answer():
    answer = read_message(frame("PERSONALIZED_SUGGESTION", ANSWER))
    assert type(answer.payload) is Answer
    own = read_message(frame("PERSONALIZED_SUGGESTION", ANSWER | {"topic": "personalized", "later": 1}))
    assert type(own.payload) is PersonalUpdate


def test_messages_of_a_later_version_are_passed_over(caplog):
    assert read_message(frame("HARVEST_ALERT", {})) is None
    assert not caplog.records
    caplog.set_level(logging.WARNING, logger="punnet.client")
    assert read_message(frame("RECOMMENDATION_UPDATE", ANSWER | {"algorithms": ["oracle"]})) is None
    assert "a RECOMMENDATION_UPDATE is passed over, which this client cannot read" in caplog.text


def test_what_is_no_message_is_not_understood():
    with pytest.raises(msgspec.MsgspecError):
        read_message("hello")
    with pytest.raises(msgspec.MsgspecError):
        read_message('{"type": "HEARTBEAT"}')
