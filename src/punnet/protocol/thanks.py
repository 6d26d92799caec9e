"""The e-mail that thanks for a purchase."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from punnet.market import Product, Recommendation

Email: TypeAlias = "EmailMessage[object, object]"
"""An e-mail; its headers take what they can read."""

WHY = "You get this e-mail, once, because of your purchase at {shop}."


class Sender(NamedTuple):
    """Who an e-mail is from: the name of the shop and its address."""

    shop: str
    address: str


class Bought(NamedTuple):
    """A line of an order, as its shopper reads it."""

    quantity: float
    name: str


def message_id(journal: str, order_id: str) -> str:
    """Return the Message-ID of the e-mail for an order, the same however often it is sent.

    `journal` is the identity of the journal, so that two markets may have an order of the same id.
    """
    digest = hashlib.sha256(f"{journal} {order_id}".encode()).hexdigest()
    return f"<{digest[:32]}@thanks.punnet.invalid>"


def thanks(
    sender: Sender,
    address: str,
    name: str,
    bought: Sequence[Bought],
    suggestions: Sequence[Recommendation],
    now: float,
) -> Email:
    """Return the e-mail to `address` with the Message-ID `name`, as text and as HTML.

    It thanks, and lists what was bought and what may be liked next, where there is any.
    """
    message: Email = EmailMessage()
    message["From"] = Address(sender.shop, addr_spec=sender.address)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = f"Thank you for your purchase at {sender.shop}"
    message["Date"] = datetime.fromtimestamp(now, UTC)
    message["Message-ID"] = name
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<mailto:{quote(sender.address, safe='@')}?subject=unsubscribe>"
    lists = {
        "You bought": [f"{line.quantity:g} × {line.name}" for line in bought],
        "You may like next": [_offered(suggestion) for suggestion in suggestions],
    }
    message.set_content("\n\n".join(_text(sender.shop, lists)) + "\n")
    message.add_alternative("\n".join(_html(sender.shop, lists)) + "\n", subtype="html")
    return message


def _offered(suggestion: Recommendation) -> str:
    product = suggestion.product
    return f"{product.name} · {product.farm.name} · {_price(product)}"


def _price(product: Product) -> str:
    return f"{product.price:,.2f}" + (f" / {product.unit}" if product.unit else "")


def _text(shop: str, lists: dict[str, list[str]]) -> Iterable[str]:
    yield f"Thank you for your purchase at {shop}."
    for title, lines in lists.items():
        if lines:
            yield "\n".join([f"{title}:", *(f"  {line}" for line in lines)])
    yield WHY.format(shop=shop)


def _html(shop: str, lists: dict[str, list[str]]) -> Iterable[str]:
    yield "<!doctype html>"
    yield f"<p>Thank you for your purchase at {escape(shop)}.</p>"
    for title, lines in lists.items():
        if lines:
            yield f"<h2>{title}</h2>"
            yield "<ul>"
            yield from (f"<li>{escape(line)}</li>" for line in lines)
            yield "</ul>"
    yield f"<p><small>{escape(WHY.format(shop=shop))}</small></p>"
