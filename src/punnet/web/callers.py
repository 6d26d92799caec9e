"""Callers, and what they may do."""

import math
from enum import StrEnum
from typing import NamedTuple

from punnet.errors import Forbidden, Unauthorized
from punnet.keys import Role

AUTHORIZATION = "Authorization"


class Access(StrEnum):
    """Who may make a call, of callers of whom some may more than others."""

    ANYONE = "anyone"
    SHOPPER = "shopper"
    """A shopper for themselves, and programs of the shop for every shopper."""
    BACK_END = "back end"
    ADMIN = "admin"


ADMITTED = {
    Access.ANYONE: frozenset(Role),
    Access.SHOPPER: frozenset(Role),
    Access.BACK_END: frozenset((Role.BACK_END, Role.ADMIN)),
    Access.ADMIN: frozenset((Role.ADMIN,)),
}
"""The keys that open each."""

SHOWN = {
    Access.ANYONE: "nothing",
    Access.SHOPPER: "a token of this shopper, or a key of the shop",
    Access.BACK_END: "a key with the role back-end or admin",
    Access.ADMIN: "the admin key",
}
"""What has to be shown."""


class Caller(NamedTuple):
    """Who has a key of some role, a shopper with a token until `expires_at`, or a visitor with neither.

    `address` is what their calls and streams count against, empty where they are not counted. `key` is the
    digest of the key that was shown.
    """

    role: Role | None = None
    user_id: str | None = None
    expires_at: float = math.inf
    address: str = ""
    key: str = ""

    def ask(self, access: Access) -> None:
        """Raise Unauthorized or Forbidden where the caller may not make a call that needs such access."""
        if access is Access.ANYONE or self.role in ADMITTED[access]:
            return
        if access is Access.SHOPPER and self.user_id is not None:
            return
        if self.role is None and self.user_id is None:
            raise Unauthorized(
                f"This call needs {SHOWN[access]}.", field=AUTHORIZATION, allowed=SHOWN[access]
            )
        raise Forbidden(
            f"This call needs {SHOWN[access]}; what was shown is something else.",
            field=AUTHORIZATION,
            allowed=SHOWN[access],
        )

    def act_for(self, user_id: str) -> None:
        """Raise Forbidden where the caller is another shopper than `user_id`."""
        if self.user_id is not None and self.user_id != user_id:
            raise Forbidden(
                "userId is not the shopper whose token was shown.",
                field="userId",
                allowed="the shopper whose token was shown",
            )


VISITOR = Caller()
TRUSTED = Caller(Role.BACK_END)
"""Everybody, where userId is trusted; what is for the administrator needs the admin key there as well."""
