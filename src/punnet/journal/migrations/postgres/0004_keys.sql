CREATE TABLE api_key (
    market text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    note text NOT NULL,
    created_at double precision NOT NULL,
    PRIMARY KEY (market, id)
);
