UPDATE journal SET key = replace(substr(key, 1, 6), 'order:', 'o:') || substr(key, 7) WHERE kind = 'order';
UPDATE journal SET key = replace(substr(key, 1, 6), 'event:', 'e:') || substr(key, 7) WHERE kind = 'action';
CREATE TABLE market (
    name TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    erasures INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE outbox (
    market TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    address TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL,
    PRIMARY KEY (market, id)
);
CREATE INDEX outbox_due ON outbox (market, due) WHERE due IS NOT NULL;
