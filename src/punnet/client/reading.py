"""Bytes of a server to nouns. What a later version added to them is passed over."""

import logging
from datetime import datetime
from typing import NamedTuple, TypeVar, cast

import msgspec
from msgspec import inspect

from punnet.protocol import shapes
from punnet.protocol.messages import PAYLOADS, Payload, ServerType

T = TypeVar("T")

logger = logging.getLogger("punnet.client")


class Message(NamedTuple):
    """One message of a stream; `message_id` is what to come back with."""

    type: ServerType
    payload: Payload
    timestamp: datetime
    message_id: str


class _Frame(msgspec.Struct, rename="camel"):
    """A message as it comes."""

    type: str
    payload: msgspec.Raw
    timestamp: datetime
    message_id: str


class _Envelope(msgspec.Struct):
    """An answer as it comes."""

    data: msgspec.Raw


def read(text: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Return the noun that a JSON text holds; raise msgspec.MsgspecError where it holds none."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        known = shapes.shape(cast("object", kind))
        return msgspec.convert(_known(msgspec.json.decode(text), known), kind)


def read_answer(body: bytes, kind: type[T]) -> T:
    """Return the data of an answer; raise msgspec.MsgspecError where it is not Punnet's."""
    return read(msgspec.json.decode(body, type=_Envelope).data, kind)


def read_message(frame: str | bytes) -> Message | None:
    """Return the message of a frame, None where a later version said what this client does not know."""
    came = msgspec.json.decode(frame, type=_Frame)
    if came.type not in ServerType.__members__:
        return None
    kind = ServerType(came.type)
    try:
        payload = read(came.payload, _carried(kind, came.payload))
    except msgspec.ValidationError as error:
        logger.warning("a %s is passed over, which this client cannot read: %s", kind, error)
        return None
    return Message(kind, payload, came.timestamp, came.message_id)


def _carried(kind: ServerType, payload: msgspec.Raw) -> type[Payload]:
    """Return which of what a message can carry it does carry: what has a place for the most of its fields."""
    kinds = PAYLOADS[kind]
    if len(kinds) == 1:
        return kinds[0]
    names = msgspec.json.decode(payload, type=dict[str, msgspec.Raw]).keys()
    return max(kinds, key=lambda each: len(names & {field.encode_name for field in _fields(each)}))


def _fields(kind: type[Payload]) -> tuple[inspect.Field, ...]:
    return shapes.fields(shapes.shape(kind))


def _known(content: object, kind: inspect.Type) -> object:
    """Return read JSON without the fields that its type does not know."""
    inner = shapes.plain(kind)
    if isinstance(content, list) and isinstance(inner, inspect.ListType | inspect.VarTupleType):
        return [_known(element, inner.item_type) for element in content]
    if isinstance(content, dict) and isinstance(inner, inspect.DictType):
        return {name: _known(value, inner.value_type) for name, value in content.items()}
    if not isinstance(content, dict) or not isinstance(inner, inspect.StructType):
        return content
    types = {field.encode_name: field.type for field in inner.fields}
    return {name: _known(value, types[name]) for name, value in content.items() if name in types}
