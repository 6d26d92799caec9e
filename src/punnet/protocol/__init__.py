"""Bytes and messages: what comes in becomes nouns, what goes out becomes JSON."""
