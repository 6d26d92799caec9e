"""A market of several processes under load, with failures, and what became of all that was accepted."""
