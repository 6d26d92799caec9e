"""A person's data: all of it, or none any more."""

from datetime import UTC, datetime

from punnet.errors import UnknownId
from punnet.market import Order, Record
from punnet.protocol.replies import Erasure, KeptAction, KeptOrder, PersonalData
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop


async def get_user(shop: Shop, call: Call) -> Reply:
    """Answer all that is kept of a shopper."""
    records = await shop.journal.records_of(call.id)
    if not records:
        allowed = "the id of someone who ordered or did something"
        raise UnknownId(f'id "{call.id}" is no shopper.', field="id", value=call.id, allowed=allowed)
    facts = [_kept(record) for record in records]
    return Reply(
        PersonalData(
            user_id=call.id,
            profile=shop.engine.profile(call.id),
            orders=tuple(fact for fact in facts if isinstance(fact, KeptOrder)),
            actions=tuple(fact for fact in facts if isinstance(fact, KeptAction)),
        )
    )


async def delete_user(shop: Shop, call: Call) -> Reply:
    """Erase all that is kept of a shopper; once nothing is, that is how it should be."""
    return Reply(Erasure(user_id=call.id, erased=await shop.pipeline.erase(call.id)))


def _kept(record: Record) -> KeptOrder | KeptAction:
    fact = record.fact
    kind = KeptOrder if isinstance(fact, Order) else KeptAction
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return kind(**fields, recorded_at=datetime.fromtimestamp(record.at, UTC))
