CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    market TEXT NOT NULL DEFAULT 'main',
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    body TEXT NOT NULL,
    UNIQUE (market, key)
);
