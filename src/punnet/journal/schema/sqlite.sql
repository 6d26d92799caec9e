CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    market TEXT NOT NULL DEFAULT 'main',
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    body TEXT NOT NULL,
    UNIQUE (market, key)
);
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
