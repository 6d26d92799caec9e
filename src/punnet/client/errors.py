"""What a call can end with instead of an answer."""

from punnet.errors import PunnetError
from punnet.protocol.envelope import Details, Error


class Refused(PunnetError):
    """An answer that is an error: what was asked is not accepted, or cannot be done now.

    `status` is that of HTTP, `code` a name for programs; `field`, `value` and `allowed` say what was wrong
    with the input, where that is why. `request_id` is what the server's operator can look for.
    """

    def __init__(self, error: Error, status: int, request_id: str = "") -> None:
        super().__init__(error.message)
        details = error.details or Details()
        self.message = error.message
        self.code = error.code
        self.status = status
        self.field = details.field
        self.value = details.value
        self.allowed = details.allowed
        self.request_id = request_id


class Unreachable(PunnetError):
    """No answer of a Punnet came, however often it was tried."""
