"""Files of a market on their way into it: rows, then nouns, then facts in the journal."""
