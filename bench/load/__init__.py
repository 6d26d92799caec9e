"""Load for servers under measurement, made in a process of its own."""
