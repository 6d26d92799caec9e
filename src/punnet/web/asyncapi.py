"""The AsyncAPI document of the streams, made from the nouns themselves."""

from collections.abc import Iterable
from typing import NamedTuple

from punnet import __version__
from punnet.market import Noun
from punnet.protocol import codec
from punnet.protocol.messages import (
    PAYLOADS,
    ActionPayload,
    AuthenticatePayload,
    ClientMessage,
    ClientType,
    QueryPayload,
    ServerMessage,
    ServerType,
    SubscribePayload,
    UnsubscribePayload,
)
from punnet.web import events
from punnet.web.schemas import PARAMETERS, Json, fields, not_null, ref, schemas_of
from punnet.web.streams import StreamQuery

DESCRIPTION = """\
The live side of Punnet: what follows from an action of a shopper, and alerts about what they care for.

The same messages come over a WebSocket and as server-sent events; over the WebSocket the client speaks, too.
Each is JSON in an envelope of `type`, `payload`, `timestamp` and `messageId`. A client's `requestId` comes
back in the answer. `messageId` is `epoch:offset`: who connects again and names the last one that was seen
misses no alert that is still held. `/openapi.json` describes the calls of REST.
"""

WEBSOCKET = """\
One connection of one shopper. Without a `userId` it is a 400 instead of the upgrade; for a page of an origin
that `ALLOWED_ORIGINS` does not name, a 403; when all connections are taken, a 503. A frame that is refused is
answered by ERROR, and the connection lives. It is closed with 1009 after a frame of more than 16 KiB, 1001
after 60 seconds without a sign of life from the client, 1012 when the server stops: it comes back at once, to
whichever process is there, and resumes. 1013 is for a reader that is too slow.
"""

EVENTS = """\
The same for clients that only listen. An event has a message as its `data` and the `messageId` as its `id`,
which browsers send as `Last-Event-ID` when they connect again. A comment now and then is a sign of life.
"""


class Heard(NamedTuple):
    """A message of a client: what it carries, None for anything, and what it is answered by."""

    payload: type[Noun] | None
    answered: ServerType
    summary: str


HEARD = {
    ClientType.SUBSCRIBE: Heard(
        SubscribePayload, ServerType.SUBSCRIBED, "Add topics, or change what is wanted of them"
    ),
    ClientType.UNSUBSCRIBE: Heard(UnsubscribePayload, ServerType.UNSUBSCRIBED, "Take topics away"),
    ClientType.USER_ACTION: Heard(
        ActionPayload,
        ServerType.ACTION_ACK,
        "Record an action; what it must bring beside its type depends on that",
    ),
    ClientType.REQUEST_RECOMMENDATIONS: Heard(
        QueryPayload, ServerType.RECOMMENDATION_UPDATE, "Ask for recommendations"
    ),
    ClientType.AUTHENTICATE: Heard(
        AuthenticatePayload, ServerType.HEARTBEAT, "Show a token that lasts longer, where AUTH_MODE is token"
    ),
    ClientType.HEARTBEAT: Heard(None, ServerType.HEARTBEAT, "Give a sign of life"),
}
"""What clients say."""

TOLD = {
    ServerType.CONNECTION_ACK: "The welcome, ahead of everything else",
    ServerType.SUBSCRIBED: "The topics after a SUBSCRIBE",
    ServerType.UNSUBSCRIBED: "The topics after an UNSUBSCRIBE",
    ServerType.ACTION_ACK: "An action is durable",
    ServerType.HEARTBEAT: "A sign of life, every `heartbeatInterval` and in answer to one",
    ServerType.ERROR: "A frame was refused, or what it asks for cannot be done",
    ServerType.RECOMMENDATION_UPDATE: "What was asked for, or goes with a product that was viewed",
    ServerType.PRICE_DROP_ALERT: "Of the topic price_drops: a price fell",
    ServerType.STOCK_ALERT: "Of the topic stock_alerts: there is some again of what was sold out",
    ServerType.TRENDING_UPDATE: "Of the topic trending: other products trend than before",
    ServerType.NEW_ARRIVAL_ALERT: "Of the topic new_arrivals: a favourite farm has something new",
    ServerType.CART_RECOMMENDATION: "What goes with the cart, after something was put into it",
    ServerType.PERSONALIZED_SUGGESTION: "What fits a search, a wish, a good rating or a purchase; "
    "with a `topic`, the shopper's own list, which others changed",
}
"""When each message of the server comes."""

ANSWERS_ONLY = {ServerType.SUBSCRIBED, ServerType.UNSUBSCRIBED, ServerType.ACTION_ACK, ServerType.ERROR}
"""What never comes unasked."""

UNASKED = [kind for kind in ServerType if kind not in ANSWERS_ONLY]
STREAMED = [kind for kind in UNASKED if kind is not ServerType.HEARTBEAT]

CORRELATION: Json = {"request": {"location": "$message.payload#/requestId"}}


def document(ws_path: str) -> bytes:
    """Return the AsyncAPI 3.0 document of the WebSocket and the server-sent events, as JSON."""
    told = [kind for kinds in PAYLOADS.values() for kind in kinds]
    heard = [message.payload for message in HEARD.values() if message.payload is not None]
    schemas = schemas_of([*told, *heard, ServerMessage, ClientMessage, StreamQuery])
    query = _query(schemas[StreamQuery.__name__])
    messages = {_of_client(kind): _heard(kind, schemas) for kind in ClientType} | {
        _of_server(kind): _told(kind, schemas) for kind in ServerType
    }
    for kind in (ServerMessage, ServerType, ClientMessage, ClientType, StreamQuery):
        del schemas[kind.__name__]
    return codec.write(
        {
            "asyncapi": "3.0.0",
            "info": {"title": "Punnet, live", "version": __version__, "description": DESCRIPTION},
            "defaultContentType": "application/json",
            "channels": {"websocket": _websocket(ws_path, messages, query), "events": _events()},
            "operations": _operations(query),
            "components": {"schemas": schemas, "messages": messages, "correlationIds": CORRELATION},
        }
    )


def _websocket(path: str, messages: Iterable[str], query: Json) -> Json:
    binding = {"method": "GET", "query": query, "bindingVersion": "0.1.0"}
    return _channel(path, "The WebSocket", WEBSOCKET, messages) | {"bindings": {"ws": binding}}


def _events() -> Json:
    return _channel(events.PATH, "The server-sent events", EVENTS, map(_of_server, STREAMED))


def _channel(address: str, title: str, description: str, messages: Iterable[str]) -> Json:
    return {
        "address": address,
        "title": title,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operations(query: Json) -> dict[str, Json]:
    operations = {_name("receive", kind): _receive(kind) for kind in ClientType}
    get = {"method": "GET", "query": query, "bindingVersion": "0.3.0"}
    return operations | {
        "sendMessages": _operation("send", "websocket", map(_of_server, UNASKED)),
        "sendEvents": _operation("send", "events", map(_of_server, STREAMED)) | {"bindings": {"http": get}},
    }


def _receive(kind: ClientType) -> Json:
    """Return what the server does with a message of a client; a client sends what the server receives."""
    answers = (HEARD[kind].answered, ServerType.ERROR)
    operation = _operation("receive", "websocket", [_of_client(kind)])
    reply = _processed("websocket", map(_of_server, answers))
    return operation | {"summary": HEARD[kind].summary, "reply": reply}


def _operation(action: str, channel: str, messages: Iterable[str]) -> Json:
    return {"action": action, **_processed(channel, messages)}


def _processed(channel: str, messages: Iterable[str]) -> Json:
    where = f"#/channels/{channel}"
    return {
        "channel": {"$ref": where},
        "messages": [{"$ref": f"{where}/messages/{name}"} for name in messages],
    }


def _heard(kind: ClientType, schemas: dict[str, Json]) -> Json:
    envelope = schemas[ClientMessage.__name__]
    payload = HEARD[kind].payload
    if payload is None:
        properties, _ = fields(envelope)
        return _message(kind, HEARD[kind].summary, envelope, properties["payload"])
    _, needed = fields(schemas[payload.__name__])
    if needed:
        return _message(kind, HEARD[kind].summary, envelope, ref(payload), "payload")
    choices: Json = {"anyOf": [ref(payload), {"type": "null"}]}
    return _message(kind, HEARD[kind].summary, envelope, choices)


def _told(kind: ServerType, schemas: dict[str, Json]) -> Json:
    payloads = [ref(payload) for payload in PAYLOADS[kind]]
    payload: Json = {"anyOf": payloads} if len(payloads) > 1 else payloads[0]
    return _message(kind, TOLD[kind], schemas[ServerMessage.__name__], payload)


def _message(
    kind: ClientType | ServerType, summary: str, envelope: Json, payload: Json, *needed: str
) -> Json:
    """Return a message: its envelope, with this payload in it."""
    properties, required = fields(envelope)
    return {
        "name": kind.value,
        "summary": summary,
        "correlationId": {"$ref": "#/components/correlationIds/request"},
        "payload": {
            "type": "object",
            "properties": properties | {"type": {"const": kind.value}, "payload": payload},
            "required": [*required, *needed],
            "additionalProperties": False,
        },
    }


def _query(schema: Json) -> Json:
    """Return the parameters of a stream; next to a reference nothing else would count."""
    properties, required = fields(schema)
    described: dict[str, Json] = {}
    for name, field in properties.items():
        said = not_null(field)
        described[name] = ({"allOf": [said]} if "$ref" in said else said) | {"description": PARAMETERS[name]}
    return {"type": "object", "properties": described, "required": required}


def _of_client(kind: ClientType) -> str:
    return f"client.{kind}"


def _of_server(kind: ServerType) -> str:
    return f"server.{kind}"


def _name(verb: str, kind: ClientType) -> str:
    return verb + kind.value.title().replace("_", "")
