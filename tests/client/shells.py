"""Both clients under one name: every method is awaited, and every stream read with `async for`."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

from punnet.client import AsyncPunnet, AsyncStream, Message, Punnet, Stream

DONE = object()


class Threaded:
    """A Punnet whose methods are awaited: each waits in a thread."""

    def __init__(self, url: str, **options: Any) -> None:
        self.inner = Punnet(url, **options)
        self._streams: list[Stream] = []

    def stream(self, *arguments: Any, **options: Any) -> Stream:
        self._streams.append(self.inner.stream(*arguments, **options))
        return self._streams[-1]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.inner, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            return await asyncio.to_thread(lambda: _whole(method(*arguments, **options)))

        return call

    async def __aenter__(self) -> "Threaded":
        self.inner.__enter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        # The thread of one that is still read would keep the test from ending.
        for stream in self._streams:
            await asyncio.to_thread(stream.close)
        self.inner.__exit__(*raised)


class Awaited:
    """An AsyncPunnet whose pages are read to their end."""

    def __init__(self, url: str, **options: Any) -> None:
        self.inner = AsyncPunnet(url, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.inner, name)
        if name == "stream":
            return method

        async def call(*arguments: Any, **options: Any) -> Any:
            came = method(*arguments, **options)
            return await came if inspect.isawaitable(came) else [each async for each in came]

        return call

    async def __aenter__(self) -> "Awaited":
        await self.inner.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self.inner.__aexit__(*raised)


Shell: TypeAlias = type[Threaded] | type[Awaited]
SHELLS: tuple[Shell, ...] = (Threaded, Awaited)


async def messages(stream: Stream | AsyncStream) -> AsyncIterator[Message]:
    """Yield what either stream brings."""
    if isinstance(stream, AsyncStream):
        async for message in stream:
            yield message
        return
    iterator = iter(stream)
    try:
        while (message := await asyncio.to_thread(next, iterator, DONE)) is not DONE:
            yield message
    finally:
        # As leaving a `for` does.
        await asyncio.to_thread(iterator.close)


async def hang_up(stream: Stream | AsyncStream) -> None:
    """Close either stream."""
    if isinstance(stream, AsyncStream):
        await stream.close()
    else:
        await asyncio.to_thread(stream.close)


def _whole(came: Any) -> Any:
    return list(came) if isinstance(came, Iterator) else came
