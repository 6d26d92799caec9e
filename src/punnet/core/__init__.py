"""Arrays in, arrays out: the numeric parts that every algorithm is made of."""
