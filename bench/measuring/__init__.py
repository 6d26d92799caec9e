"""What the benchmarks on a made market share: its sizes, the clock, the memory, and who agrees with whom."""
