"""A shop's own code, called after an action."""
