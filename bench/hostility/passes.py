"""Who calls from where, and the tokens that they show."""

import time

import jwt

SERVER, ATTACKERS, SHOPPERS = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Addresses. What is sent from the server's own may be trusted more, so that neither group does that."""

SECRET = "what-the-shop-signs-its-tokens-with"
LASTS_SECONDS = 3_600


def token(user_id: str) -> str:
    """Return a token of a shopper that outlasts every run."""
    return jwt.encode({"sub": user_id, "exp": time.time() + LASTS_SECONDS}, SECRET, "HS256")
