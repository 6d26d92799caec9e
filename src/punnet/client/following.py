"""A stream that comes back by itself, without a socket: where it goes on, and how long it waits for that."""

import logging
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from punnet.client.calls import query_string
from punnet.client.reading import Message, read_message
from punnet.client.trying import BETWEEN, LATER, Broken, Received, Terms, fault
from punnet.protocol.messages import Filter, ServerType, Topic

logger = logging.getLogger("punnet.client")

WS_PATH = "/ws/recommendations"


class Following:
    """What a stream was asked for and has seen.

    The first connection is tried as often as a call; one that was there is sought for as long as it takes.
    """

    def __init__(
        self,
        terms: Terms,
        user_id: str,
        topics: Iterable[Topic | str],
        narrowed: Filter | None,
        latitude: float | None,
        longitude: float | None,
        last_message_id: str | None,
        ws_path: str,
    ) -> None:
        self.last_message_id = last_message_id
        self._terms = terms
        self._path = ws_path
        self._tried = 0
        self._was_there = False
        narrowed = narrowed or Filter()
        self._asked = {
            "userId": user_id,
            "topics": ",".join(Topic(topic) for topic in topics),
            "productIds": ",".join(narrowed.product_ids or ()),
            "farmIds": ",".join(narrowed.farm_ids or ()),
            "categories": ",".join(narrowed.categories or ()),
            "relevance": narrowed.relevance,
            "latitude": latitude,
            "longitude": longitude,
        }

    @property
    def is_secure(self) -> bool:
        """Whether the stream goes through TLS."""
        return urlsplit(self._terms.url).scheme == "https"

    @property
    def address(self) -> str:
        """Where to connect now."""
        base = urlsplit(self._terms.url)
        scheme = "wss" if self.is_secure else "ws"
        asked = query_string({**self._asked, "lastMessageId": self.last_message_id})
        return urlunsplit((scheme, base.netloc, f"{base.path.rstrip('/')}{self._path}", asked[1:], ""))

    @property
    def headers(self) -> dict[str, str]:
        """What to say of oneself."""
        return self._terms.headers

    def heard(self, frame: str | bytes) -> Message | None:
        """Return the message of a frame where somebody is to be told of it; raise msgspec.MsgspecError."""
        self._tried = 0
        self._was_there = True
        message = read_message(frame)
        if message is not None and message.type is ServerType.HEARTBEAT:
            self.seen(message)
            return None
        return message

    def seen(self, message: Message) -> None:
        """Go on after this message."""
        self.last_message_id = message.message_id

    def denied(self, answer: Received) -> float:
        """Return how long to wait where the server answered instead of opening; raise what it said."""
        return self._wait(answer, again=answer.status in (*LATER, *BETWEEN))

    def lost(self, why: str) -> float:
        """Return how long to wait before the next try; raise Unreachable where there is none."""
        return self._wait(Broken(why), again=True)

    def _wait(self, heard: Received | Broken, *, again: bool) -> float:
        self._tried += 1
        found = fault(heard, self._terms)
        if not again or (not self._was_there and self._tried >= self._terms.tries):
            raise found
        wait = self._terms.wait(self._tried, heard.retry_after if isinstance(heard, Received) else "")
        logger.info("%s; the stream comes back in %.1f s", found, wait)
        return wait
