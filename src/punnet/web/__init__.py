"""HTTP and WebSocket: the only room that speaks to the network."""
