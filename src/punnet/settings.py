"""Every setting there is: its name, type, default and purpose."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, TypeAlias, get_args

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from punnet.engine.tuning import Tuning
from punnet.errors import BadSetting
from punnet.market import ADDRESS

SQLITE = "sqlite:///"
POSTGRES = "postgresql://"
MEMORY = "memory:"
TOKEN = "token"
DATABASES = f"{SQLITE}FILE, {POSTGRES}USER:PASSWORD@HOST/DATABASE or {MEMORY}"
SMTP = r"^smtp(s|\+plain)?://([^\s/?#@:]+(:[^\s/?#@]*)?@)?(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?/?$(?!\n)"
ORIGIN = r"[A-Za-z][A-Za-z0-9+.-]*://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?"
RATE = r"off|[1-9]\d{0,8}/(second|minute|hour)"
OFF, NONE = "off", "none"
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
USUAL_PORT = re.compile(r"(?<=^http://)(.*):80$|(?<=^https://)(.*):443$")
CONNECTION = r"(?i)(^|;)\s*InstrumentationKey=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*(;|$)"
SHORTEST_SECRET = 32
"""Bytes that the secret of tokens has at least."""
SECRET = "secret"
"""Marks a setting whose value is never shown."""


def _about(purpose: str, *, at_least: float | None = None, at_most: float | None = None) -> Meta:
    return Meta(description=purpose, ge=at_least, le=at_most)


def _text(purpose: str, pattern: str, allowed: str) -> Meta:
    return Meta(description=purpose, pattern=pattern, extra={"allowed": allowed})


def _secret(purpose: str) -> Meta:
    return Meta(
        description=purpose, pattern=r"^\S+$(?!\n)", extra={"allowed": "a text without spaces", SECRET: True}
    )


def _rate(purpose: str) -> Meta:
    return _text(
        purpose, rf"^({RATE})$(?!\n)", "a number for each second, minute or hour, such as 600/minute, or off"
    )


def _share(purpose: str) -> Meta:
    return _about(purpose, at_least=0, at_most=1)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings by their names in small letters; the environment has them in capitals."""

    host: Annotated[
        str, _text("address to listen on", r"^\S+$", "an address or a name, such as 127.0.0.1")
    ] = "127.0.0.1"
    port: Annotated[int, _about("port to listen on; 0 takes a free one", at_least=0, at_most=65_535)] = 3000
    database_url: Annotated[
        str,
        _text("where the journal is kept", rf"^({SQLITE}[^?#]+|postgres(ql)?://\S+|{MEMORY})$", DATABASES),
    ] = f"{SQLITE}punnet.db"
    workers: Annotated[
        int, _about("processes that serve one market; several need PostgreSQL", at_least=1, at_most=128)
    ] = 1
    redis_url: Annotated[
        str,
        _text(
            "Redis or Valkey that wakes other processes at once; without it they look by themselves",
            r"^(rediss?://\S+|unix://\S+)$(?!\n)",
            "redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER] or the like, also rediss:// and unix://",
        ),
    ] = ""
    redis_cache: Annotated[
        bool, Meta(description="whether processes share answers in Redis; slower than making them")
    ] = False
    redis_ttl: Annotated[
        int,
        _about("seconds that answers for people of whom nothing is known stay there", at_least=1),
    ] = 3_600
    tail_interval: Annotated[
        int,
        _about("milliseconds between two looks at what other processes wrote", at_least=1, at_most=60_000),
    ] = 50
    snapshot_file: Annotated[
        str, Meta(description="file of the snapshot, if not the journal's with .snapshot")
    ] = ""
    snapshot_records: Annotated[
        int, _about("records from one snapshot to the next; 0 makes none", at_least=0)
    ] = 50_000
    ws_path: Annotated[str, _text("path of the WebSocket", r"^/[^\s?#{}]*$", "a path, such as /ws")] = (
        "/ws/recommendations"
    )
    ws_port: Annotated[
        int, _about("a port for the WebSocket alone, beside PORT; 0 for none", at_least=0, at_most=65_535)
    ] = 0
    ws_host: Annotated[
        str, _text("address of WS_PORT; without it, that of HOST", r"^\S+$", "an address or a name")
    ] = ""
    allowed_origins: Annotated[
        str,
        _text(
            "origins whose pages may call and listen, with commas; only the server's own if empty",
            rf"^{ORIGIN}(\s*,\s*{ORIGIN})*$(?!\n)",
            "scheme://host[:port] without a path, several separated by commas, such as "
            "https://shop.example,http://localhost:8000",
        ),
    ] = ""
    auth_mode: Annotated[
        str,
        _text(
            "whether a userId is believed (open) or proven (token)", r"^(open|token)$(?!\n)", "open or token"
        ),
    ] = "open"
    jwt_secret: Annotated[
        str, _secret("secret that shoppers' tokens are signed with (HS256); 32 bytes or more")
    ] = ""
    jwks_url: Annotated[
        str,
        _text(
            "address of the keys that shoppers' tokens are signed with (RS256, ES256)",
            r"^https?://\S+$(?!\n)",
            "an address, such as https://shop.example/.well-known/jwks.json",
        ),
    ] = ""
    jwt_audience: Annotated[str, Meta(description="audience that a token must name, if any")] = ""
    jwt_issuer: Annotated[str, Meta(description="issuer that a token must name, if any")] = ""
    jwt_leeway: Annotated[
        float, _about("seconds that clocks may differ when a token is checked", at_least=0, at_most=600)
    ] = 30
    rate_limit_address: Annotated[
        str, _rate("calls of one address that shows no key, messages on streams too")
    ] = "6000/minute"
    rate_limit_user: Annotated[str, _rate("calls of one shopper who shows a token")] = "600/minute"
    connections_per_address: Annotated[
        int, _about("connections that one address may have, and streams; 0 for any number", at_least=0)
    ] = 256
    trusted_proxies: Annotated[
        str,
        Meta(
            description="addresses and networks, with commas, whose X-Forwarded-For is believed, and that "
            "have no limits themselves; none for none"
        ),
    ] = "127.0.0.1,::1"
    event_queue_max_size: Annotated[
        int, _about("facts, reactions and calls of handlers that may wait", at_least=1)
    ] = 10_000
    recommendation_processing_interval: Annotated[
        int, _about("milliseconds that reactions which are not urgent are gathered for", at_least=0)
    ] = 1_000
    recommendation_batch_size: Annotated[
        int, _about("of those, how many are answered before others have their turn", at_least=1)
    ] = 10
    recommendation_timeout: Annotated[
        int, _about("milliseconds for the journal to answer a request, and for an own handler", at_least=1)
    ] = 5_000
    result_cache_seconds: Annotated[
        float, _about("how late an answer may show what others did; 0 never", at_least=0, at_most=3_600)
    ] = 60
    handlers: Annotated[
        str, Meta(description="own handlers: a module, or a file that ends in .py; none without it")
    ] = ""
    recommendation_cache_ttl: Annotated[
        int, _about("milliseconds that what answers read of a shopper's profile is kept", at_least=1)
    ] = 3_600_000
    max_concurrent_connections: Annotated[int, _about("WebSockets open at once", at_least=0)] = 2_000
    enable_stats_endpoint: Annotated[
        bool, Meta(description="whether /api/recommendations/stats and /metrics answer")
    ] = True
    stats_update_interval: Annotated[
        int,
        _about(
            "milliseconds from one note of the statistics to the next; an hour of them is kept",
            at_least=1_000,
            at_most=3_600_000,
        ),
    ] = 60_000
    appinsights_connection_string: Annotated[
        str,
        Meta(
            description="the Application Insights of Azure that the statistics are sent to",
            pattern=CONNECTION,
            extra={
                "allowed": "InstrumentationKey=…;IngestionEndpoint=https://… as Azure shows it",
                SECRET: True,
            },
        ),
    ] = ""
    admin_secret_key: Annotated[
        str, _secret("key that resets the statistics and clears the queue; nobody can without it")
    ] = ""
    max_body_bytes: Annotated[int, _about("largest body of a request", at_least=1_024)] = 1_048_576
    max_bulk_bytes: Annotated[int, _about("largest body of a bulk request", at_least=1_024)] = 16_777_216

    smtp_url: Annotated[
        str,
        _text(
            "who sends the e-mails after a purchase; empty sends none",
            SMTP,
            "smtp://USER:PASSWORD@HOST:587 or the like, also smtps:// and smtp+plain://; %40 stands for @",
        ),
    ] = ""
    mail_from: Annotated[
        str, _text("address that e-mails come from", ADDRESS, "an address, such as orders@example.org")
    ] = ""
    mail_shop: Annotated[
        str,
        _text("name of the shop in e-mails", r"^[^\x00-\x1f\x7f\x85\u2028\u2029]{1,100}$(?!\n)", "a name"),
    ] = "the market"

    collaborative_max_neighbours: Annotated[
        int, _about("shoppers compared with one; 0 means all", at_least=0)
    ] = 500
    trending_radius_km: Annotated[float, _about("how far 'near' reaches", at_least=0, at_most=20_100)] = 80
    trending_days: Annotated[float, _about("days that trending looks back", at_least=0, at_most=3_660)] = 7
    trending_min_orders: Annotated[int, _about("orders from which a product trends", at_least=1)] = 5
    trending_min_products: Annotated[
        int, _about("products that must trend nearby, else the whole market counts", at_least=0)
    ] = 10
    seasonal_new_days: Annotated[float, _about("days a product is new", at_least=0, at_most=3_660)] = 7
    arrivals_days: Annotated[float, _about("days a product is an arrival", at_least=0, at_most=3_660)] = 14
    market_latitude: Annotated[
        float, _about("latitude that seasons follow without a place", at_least=-90, at_most=90)
    ] = 0
    alerts_kept: Annotated[
        int, _about("alerts that are held for those who come back", at_least=1, at_most=10_000_000)
    ] = 10_000
    weight_collaborative: Annotated[float, _share("weight of collaborative filtering")] = 0.30
    weight_content: Annotated[float, _share("weight of content")] = 0.25
    weight_trending: Annotated[float, _share("weight of trending")] = 0.15
    weight_seasonal: Annotated[float, _share("weight of the season")] = 0.15
    weight_behaviour: Annotated[float, _share("weight of behaviour")] = 0.15
    weight_together: Annotated[float, _share("weight of bought together, beside a product")] = 0.15
    weight_together_cart: Annotated[float, _share("weight of bought together, for a cart")] = 0.60
    weight_arrivals: Annotated[float, _share("weight of new arrivals")] = 0.10
    farm_share: Annotated[float, _share("share of an answer that one farm may have")] = 0.3
    category_share: Annotated[float, _share("share of an answer that one category may have")] = 0.5
    price_share: Annotated[float, _share("share of an answer that a third of the prices may have")] = 0.7

    @property
    def database(self) -> Path | None:
        """The file of the journal; None where that is in memory or on a server."""
        if not self.database_url.startswith(SQLITE):
            return None
        return Path(self.database_url.removeprefix(SQLITE))

    @property
    def is_shared(self) -> bool:
        """Whether several processes can have the journal."""
        return self.database is None and self.database_url != MEMORY

    @property
    def snapshot(self) -> Path | None:
        """The file of the snapshot; a journal in memory has none."""
        if self.database_url == MEMORY:
            return None
        beside = "punnet" if self.database is None else str(self.database)
        return Path(self.snapshot_file or f"{beside}.snapshot")

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of ALLOWED_ORIGINS as browsers send them: in small letters, without the usual port."""
        named = (each.strip() for each in self.allowed_origins.lower().split(",") if each)
        return tuple(USUAL_PORT.sub(r"\1\2", each) for each in named)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks of TRUSTED_PROXIES."""
        named = () if self.trusted_proxies == NONE else self.trusted_proxies.split(",")
        return tuple(ipaddress.ip_network(each.strip()) for each in named)

    @property
    def tuning(self) -> Tuning:
        """What of these the engine goes by."""
        same = msgspec.convert(self, Tuning, from_attributes=True)
        return msgspec.structs.replace(same, neighbours=self.collaborative_max_neighbours)


def check(settings: Settings) -> None:
    """Raise BadSetting where a setting lacks another one, or is not what it says."""
    if settings.smtp_url and not settings.mail_from:
        raise BadSetting(
            "SMTP_URL needs MAIL_FROM beside it: the address of the shop, such as orders@example.org"
        )
    if settings.workers > 1 and not settings.is_shared:
        raise BadSetting(
            f"WORKERS is {settings.workers}, but a journal in a file or in memory has one process: "
            "name a database of PostgreSQL in DATABASE_URL, or set WORKERS to 1"
        )
    if settings.auth_mode == TOKEN:
        _check_tokens(settings)
    if settings.redis_cache and not settings.redis_url:
        raise BadSetting("REDIS_CACHE needs REDIS_URL beside it: redis://HOST of the Redis or Valkey to use")
    try:
        _ = settings.proxies
    except ValueError as error:
        raise BadSetting(
            f"TRUSTED_PROXIES is not understood, {error}; write addresses and networks with commas, such as "
            "10.0.0.0/8,192.168.1.7, or none"
        ) from None


def _check_tokens(settings: Settings) -> None:
    if not (settings.jwt_secret or settings.jwks_url):
        raise BadSetting(
            "AUTH_MODE=token needs JWT_SECRET or JWKS_URL beside it: with what shoppers' tokens are signed"
        )
    if 0 < len(settings.jwt_secret.encode()) < SHORTEST_SECRET:
        raise BadSetting(
            f"JWT_SECRET is too short: it must have {SHORTEST_SECRET} bytes or more, such as "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' makes"
        )


def notes(kind: object) -> Meta:
    """Return what stands beside the type of a setting."""
    return next(note for note in get_args(kind) if isinstance(note, Meta))


def is_secret(field: FieldInfo) -> bool:
    """Whether the value of a setting is never shown."""
    return bool((notes(field.type).extra or {}).get(SECRET))


def may_have_password(field: FieldInfo) -> bool:
    """Whether a setting is an address in which a password may stand."""
    return field.name.endswith("_url")


FIELDS = msgspec.structs.fields(Settings)
