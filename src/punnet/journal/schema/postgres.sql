CREATE TABLE punnet_schema (
    version integer NOT NULL
);
CREATE TABLE market (
    name text COLLATE "C" PRIMARY KEY,
    identity text NOT NULL,
    erasures integer NOT NULL DEFAULT 0
);
CREATE TABLE journal (
    market text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at double precision NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    user_id text COLLATE "C",
    body json NOT NULL,
    PRIMARY KEY (market, seq),
    UNIQUE (market, key)
);
CREATE TABLE outbox (
    market text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    address text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due double precision,
    PRIMARY KEY (market, id)
);
CREATE INDEX outbox_due ON outbox (market, due) WHERE due IS NOT NULL;
