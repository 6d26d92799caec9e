"""The e-mail after a purchase, as its reader gets it."""

from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from punnet.market import Farm, ListedProduct, Reason, Recommendation
from punnet.protocol.thanks import Bought, Sender, message_id, thanks

NOW = 1_760_000_000.0
SENDER = Sender("Bäuerin & Söhne", "orders@example.org")
NAME = message_id("journal", "o1")


def suggestion(name, **known):
    about = {"id": "x", "farm_id": "hill", "category": "c", "price": 8, "farm": Farm(id="hill", name="Hill")}
    return Recommendation(
        product=ListedProduct(name=name, **about | known),
        score=0.5,
        reason=Reason.SEASONAL,
        reasons=(Reason.SEASONAL,),
        confidence=0.5,
        metadata={},
    )


TOMATOES, HONEY = (Bought(2, "Tomatoes"),), (suggestion("Honey"),)


def email(sender=SENDER, bought=TOMATOES, suggestions=HONEY):
    """Return the e-mail as it is when it was sent and read again."""
    sent = thanks(sender, "ann@example.org", NAME, bought, suggestions, NOW)
    return message_from_bytes(sent.as_bytes(policy=policy.SMTP), policy=policy.default)


def parts(message):
    return [message.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_its_headers_say_whose_it_is_and_that_nobody_need_answer():
    headers = dict(email())
    del headers["Content-Type"]
    assert headers == {
        "From": "Bäuerin & Söhne <orders@example.org>",
        "To": "ann@example.org",
        "Subject": "Thank you for your purchase at Bäuerin & Söhne",
        "Date": "Thu, 09 Oct 2025 08:53:20 +0000",
        "Message-ID": NAME,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": "<mailto:orders@example.org?subject=unsubscribe>",
        "MIME-Version": "1.0",
    }


def test_the_message_id_is_that_of_the_order_in_its_market():
    assert message_id("journal", "o1") == message_id("journal", "o1")
    ids = {message_id(journal, order) for journal in ("journal", "other") for order in ("o1", "o2", "o 1")}
    assert len(ids) == 6
    assert all(name.startswith("<") and name.endswith("@thanks.punnet.invalid>") for name in ids)


def test_it_lists_what_was_bought_and_what_may_be_liked():
    bought = (Bought(2, "Tomatoes"), Bought(0.5, "Kürbis"))
    text, html = parts(email(bought=bought, suggestions=(suggestion("Honey", unit="jar", price=1234.5),)))
    assert text.splitlines() == [
        "Thank you for your purchase at Bäuerin & Söhne.",
        "",
        "You bought:",
        "  2 × Tomatoes",
        "  0.5 × Kürbis",
        "",
        "You may like next:",
        "  Honey · Hill · 1,234.50 / jar",
        "",
        "You get this e-mail, once, because of your purchase at Bäuerin & Söhne.",
    ]
    assert "<li>0.5 × Kürbis</li>" in html
    assert "<li>Honey · Hill · 1,234.50 / jar</li>" in html
    assert "<p>Thank you for your purchase at Bäuerin &amp; Söhne.</p>" in html


def test_a_price_without_a_unit_stands_alone():
    text, _ = parts(email())
    assert "  Honey · Hill · 8.00" in text.splitlines()


@pytest.mark.parametrize("known", [{"bought": ()}, {"suggestions": ()}])
def test_a_list_of_nothing_is_left_out(known):
    text, html = parts(email(**known))
    title = "You bought" if "bought" in known else "You may like next"
    assert title not in text + html
    assert "Thank you" in text


class Tags(HTMLParser):
    """Collects the names of the elements of a page."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, _):
        self.found.add(tag)


def test_a_name_cannot_become_html():
    evil = '<script src="//x">&amp;</script>'
    _, html = parts(email(Sender(evil, SENDER.address), (Bought(1, evil),), (suggestion(evil, unit=evil),)))
    page = Tags()
    page.feed(html)
    assert page.found == {"p", "h2", "ul", "li", "small"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_a_name_cannot_become_a_header(end):
    with pytest.raises(ValueError, match=r"linefeed|invalid arguments"):
        email(Sender(f"Shop{end}Bcc: bob@example.org", SENDER.address))
    message = email(bought=(Bought(1, f"Kale{end}Bcc: bob@example.org"),))
    assert message["Bcc"] is None
    assert message["To"] == "ann@example.org"


def test_an_address_is_escaped_where_it_becomes_a_link():
    message = email(Sender("Shop", "a%b?c&d@example.org"))
    assert message["List-Unsubscribe"] == "<mailto:a%25b%3Fc%26d@example.org?subject=unsubscribe>"
