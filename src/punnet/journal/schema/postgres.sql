CREATE TABLE punnet_schema (
    version integer NOT NULL
);
CREATE TABLE market (
    name text COLLATE "C" PRIMARY KEY,
    identity text NOT NULL,
    erasures integer NOT NULL DEFAULT 0,
    last bigint NOT NULL DEFAULT 0
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
CREATE TABLE api_key (
    market text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    note text NOT NULL,
    created_at double precision NOT NULL,
    PRIMARY KEY (market, id)
);
-- What is materialized is worked out once: else a join could take each body apart again for each pair of rows.
CREATE VIEW orders AS
WITH shown AS MATERIALIZED (
    SELECT
        market,
        noun.id,
        user_id,
        noun."placedAt" AS placed_at,
        noun.latitude,
        noun.longitude,
        to_timestamp(at) AS taken_in_at
    FROM
        journal,
        LATERAL json_to_record(body) AS noun (
            id text, "placedAt" timestamptz, latitude double precision, longitude double precision
        )
    WHERE kind = 'order'
)
SELECT * FROM shown;
CREATE VIEW order_lines AS
WITH shown AS MATERIALIZED (
    SELECT
        market,
        noun.id AS order_id,
        line.number,
        line."productId" AS product_id,
        line.quantity,
        line."unitPrice" AS unit_price
    FROM
        journal,
        LATERAL json_to_record(body) AS noun (id text, lines json),
        LATERAL ROWS FROM (
            json_to_recordset(noun.lines) AS ("productId" text, quantity numeric, "unitPrice" numeric)
        ) WITH ORDINALITY AS line ("productId", quantity, "unitPrice", number)
    WHERE kind = 'order'
)
SELECT * FROM shown;
CREATE VIEW actions AS
WITH shown AS MATERIALIZED (
    SELECT
        market,
        noun."eventId" AS event_id,
        user_id,
        noun.action,
        noun."entityId" AS entity_id,
        noun."entityType" AS entity_type,
        noun.metadata,
        noun."timestamp",
        to_timestamp(at) AS taken_in_at
    FROM
        journal,
        LATERAL json_to_record(replace(body::text, '\u0000', '\ufffd')::json) AS noun (
            "eventId" text, action text, "entityId" text, "entityType" text, metadata json, "timestamp" timestamptz
        )
    WHERE kind = 'action'
)
SELECT * FROM shown;
CREATE VIEW products AS
WITH told AS (
    SELECT
        market, noun.id, seq, at, kind,
        CASE kind WHEN 'product' THEN readable.body ELSE noun.patch END AS fields,
        max(seq) FILTER (WHERE kind = 'removal') OVER (PARTITION BY market, noun.id) AS removed
    FROM
        journal,
        LATERAL (SELECT replace(journal.body::text, '\u0000', '\ufffd')::json AS body) AS readable,
        LATERAL json_to_record(readable.body) AS noun (id text, "entityType" text, patch json)
    WHERE kind IN ('product', 'product change', 'removal') AND (kind <> 'removal' OR noun."entityType" <> 'FARM')
), present AS (
    SELECT
        market, id, seq, at, fields,
        min(seq) FILTER (WHERE kind = 'product') OVER (PARTITION BY market, id) AS began
    FROM told WHERE seq > coalesce(removed, 0)
), said AS (
    SELECT market, id, seq, key, value
    FROM present, json_each_text(fields)
    WHERE seq >= began AND (key <> 'createdAt' OR value IS NOT NULL)
    UNION ALL
    SELECT market, id, 0, 'createdAt', to_timestamp(at)::text FROM present WHERE seq = began
), latest AS (
    SELECT market, id, key, value, row_number() OVER (PARTITION BY market, id, key ORDER BY seq DESC) AS place
    FROM said
), shown AS MATERIALIZED (
    SELECT
        market,
        id,
        max(value) FILTER (WHERE key = 'name') AS name,
        max(value) FILTER (WHERE key = 'farmId') AS farm_id,
        max(value) FILTER (WHERE key = 'category') AS category,
        (max(value) FILTER (WHERE key = 'price'))::numeric AS price,
        (max(value) FILTER (WHERE key = 'organic'))::boolean AS organic,
        (max(value) FILTER (WHERE key = 'stock'))::integer AS stock,
        (max(value) FILTER (WHERE key = 'available'))::boolean AS available,
        max(value) FILTER (WHERE key = 'unit') AS unit,
        (max(value) FILTER (WHERE key = 'createdAt'))::timestamptz AS created_at,
        (max(value) FILTER (WHERE key = 'harvestedAt'))::timestamptz AS harvested_at,
        (max(value) FILTER (WHERE key = 'availableFrom'))::timestamptz AS available_from,
        (max(value) FILTER (WHERE key = 'availableUntil'))::timestamptz AS available_until,
        max(value) FILTER (WHERE key = 'imageUrl') AS image_url
    FROM latest WHERE place = 1 GROUP BY market, id
)
SELECT * FROM shown;
CREATE VIEW farms AS
WITH told AS (
    SELECT
        market, noun.id, seq, at, kind,
        CASE kind WHEN 'farm' THEN readable.body ELSE noun.patch END AS fields,
        max(seq) FILTER (WHERE kind = 'removal') OVER (PARTITION BY market, noun.id) AS removed
    FROM
        journal,
        LATERAL (SELECT replace(journal.body::text, '\u0000', '\ufffd')::json AS body) AS readable,
        LATERAL json_to_record(readable.body) AS noun (id text, "entityType" text, patch json)
    WHERE kind IN ('farm', 'farm change', 'removal') AND (kind <> 'removal' OR noun."entityType" = 'FARM')
), present AS (
    SELECT
        market, id, seq, at, fields,
        min(seq) FILTER (WHERE kind = 'farm') OVER (PARTITION BY market, id) AS began
    FROM told WHERE seq > coalesce(removed, 0)
), said AS (
    SELECT market, id, seq, key, value FROM present, json_each_text(fields) WHERE seq >= began
), latest AS (
    SELECT market, id, key, value, row_number() OVER (PARTITION BY market, id, key ORDER BY seq DESC) AS place
    FROM said
), shown AS MATERIALIZED (
    SELECT
        market,
        id,
        max(value) FILTER (WHERE key = 'name') AS name,
        (max(value) FILTER (WHERE key = 'latitude'))::double precision AS latitude,
        (max(value) FILTER (WHERE key = 'longitude'))::double precision AS longitude,
        max(value) FILTER (WHERE key = 'region') AS region
    FROM latest WHERE place = 1 GROUP BY market, id
)
SELECT * FROM shown;
