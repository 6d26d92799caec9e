CREATE TABLE api_key (
    market TEXT NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    digest TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (market, id)
);
