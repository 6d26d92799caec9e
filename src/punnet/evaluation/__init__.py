"""How good the answers are, on a market's own history."""
