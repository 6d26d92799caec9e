"""Two thousand who mean no good, two hundred who do, and what the server gave to whom."""
