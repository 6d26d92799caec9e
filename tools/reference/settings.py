"""The page of settings, from the table of `src/punnet/settings.py`."""

import msgspec
from msgspec import inspect

from punnet.protocol import shapes
from punnet.settings import SECRET, Settings
from tools.reference import markdown
from tools.reference.markdown import code, sentence, table

INTRODUCTION = """\
A setting is a variable of the environment. Some commands have an option that goes before it (`--port 3100`
before `PORT=3000`; [commands](commands.md)). A variable that is empty counts as not set. A value that a
setting does not take stops the start with a sentence that says what to write. `punnet config` prints every
setting, its value, and where that came from."""

GROUPS = {
    "Where it listens": (
        "host", "port", "ws_path", "ws_port", "ws_host", "allowed_origins", "max_concurrent_connections",
    ),
    "How many processes": ("workers", "tail_interval", "redis_url", "redis_cache", "redis_ttl"),
    "What it keeps": ("database_url", "snapshot_file", "snapshot_records", "alerts_kept"),
    "How it takes and answers": (
        "event_queue_max_size", "recommendation_processing_interval", "recommendation_batch_size",
        "recommendation_timeout", "recommendation_cache_ttl", "result_cache_seconds", "max_body_bytes",
        "max_bulk_bytes", "handlers",
    ),
    "Who may do what": (
        "auth_mode", "jwt_secret", "jwks_url", "jwt_audience", "jwt_issuer", "jwt_leeway", "admin_secret_key",
    ),
    "How much one caller may do": (
        "rate_limit_address", "rate_limit_user", "connections_per_address", "trusted_proxies",
    ),
    "What it tells of itself": (
        "enable_stats_endpoint", "stats_update_interval", "appinsights_connection_string",
    ),
    "E-mails after a purchase": ("smtp_url", "mail_from", "mail_shop"),
    "What counts, and for how long": (
        "collaborative_max_neighbours", "trending_radius_km", "trending_days", "trending_min_orders",
        "trending_min_products", "seasonal_new_days", "arrivals_days", "market_latitude",
    ),
    "Weights": (
        "weight_collaborative", "weight_content", "weight_trending", "weight_seasonal", "weight_behaviour",
        "weight_together", "weight_together_cart", "weight_arrivals",
    ),
    "How an answer is spread": ("farm_share", "category_share", "price_share"),
}  # fmt: skip
"""What belongs together, in the order of the page."""

NOTES = {
    "How much one caller may do": (
        "What counts [against whom](../howto/secure.md#how-much-one-caller-may-do)."
    ),
    "How many processes": "How to run [several processes](../howto/scale.md).",
    "What it keeps": "The journal may be [on PostgreSQL](../howto/postgres.md).",
    "How it takes and answers": "How to write [own handlers](../howto/handlers.md).",
    "Who may do what": "How to [keep strangers out](../howto/secure.md).",
    "What it tells of itself": "What the [statistics](statistics.md) mean.",
    "E-mails after a purchase": "How to [thank shoppers by e-mail](../howto/email.md).",
    "What counts, and for how long": "The formulas are those of [the algorithms](algorithms.md).",
}


class Ungrouped(Exception):
    """A setting that the page has no place for."""


def page() -> str:
    """Return the page."""
    fields = {field.name: field for field in inspect.type_info(Settings).fields}  # type: ignore[attr-defined]
    grouped = [name for names in GROUPS.values() for name in names]
    if strange := sorted(set(fields) ^ set(grouped)):
        raise Ungrouped(f"{', '.join(strange)}: say in tools/reference/settings.py where it belongs")
    groups = [
        f"## {title}\n\n{_table([fields[name] for name in names])}"
        + (f"\n\n{NOTES[title]}" if title in NOTES else "")
        for title, names in GROUPS.items()
    ]
    return markdown.page("Settings", "src/punnet/settings.py", INTRODUCTION, *groups)


def _table(fields: list[inspect.Field]) -> str:
    rows = [(code(field.name.upper()), _purpose(field), _default(field)) for field in fields]
    return table(("setting", "what it is, and what it takes", "default"), rows)


def _purpose(field: inspect.Field) -> str:
    """Return what a setting is for, what it may be, and whether its value is ever shown."""
    kind = field.type
    assert isinstance(kind, inspect.Metadata)
    said = sentence(str((kind.extra_json_schema or {})["description"]))
    shown = " Never shown." if (kind.extra or {}).get(SECRET) else ""
    return f"{said}{shown}<br>*{shapes.allowed(kind)}*"


def _default(field: inspect.Field) -> str:
    if field.default == "":
        return "empty"
    return code(
        field.default if isinstance(field.default, str) else msgspec.json.encode(field.default).decode()
    )
