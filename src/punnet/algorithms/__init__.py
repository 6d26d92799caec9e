"""The algorithms of the market, a file each; docs/reference/algorithms.md states every formula."""
