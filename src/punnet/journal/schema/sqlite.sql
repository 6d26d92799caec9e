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
CREATE TABLE api_key (
    market TEXT NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    digest TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (market, id)
);
-- LIMIT -1 has a view worked out once: else a join would take a body apart again for each pair of rows.
CREATE VIEW orders AS
SELECT
    market,
    json_extract(body, '$.id') AS id,
    json_extract(body, '$.userId') AS user_id,
    json_extract(body, '$.placedAt') AS placed_at,
    json_extract(body, '$.latitude') AS latitude,
    json_extract(body, '$.longitude') AS longitude,
    strftime('%Y-%m-%dT%H:%M:%fZ', at, 'unixepoch') AS taken_in_at
FROM journal WHERE kind = 'order' LIMIT -1;
CREATE VIEW order_lines AS
SELECT
    market,
    json_extract(body, '$.id') AS order_id,
    line.key + 1 AS number,
    json_extract(line.value, '$.productId') AS product_id,
    json_extract(line.value, '$.quantity') AS quantity,
    json_extract(line.value, '$.unitPrice') AS unit_price
FROM journal, json_each(body, '$.lines') AS line WHERE kind = 'order' LIMIT -1;
CREATE VIEW actions AS
SELECT
    market,
    json_extract(body, '$.eventId') AS event_id,
    json_extract(body, '$.userId') AS user_id,
    json_extract(body, '$.action') AS action,
    json_extract(body, '$.entityId') AS entity_id,
    json_extract(body, '$.entityType') AS entity_type,
    json_extract(body, '$.metadata') AS metadata,
    json_extract(body, '$.timestamp') AS timestamp,
    strftime('%Y-%m-%dT%H:%M:%fZ', at, 'unixepoch') AS taken_in_at
FROM journal WHERE kind = 'action' LIMIT -1;
CREATE VIEW products AS
WITH noun AS (
    SELECT
        market, json_extract(body, '$.id') AS id, seq, at, kind,
        CASE kind WHEN 'product' THEN body ELSE json_extract(body, '$.patch') END AS fields
    FROM journal
    WHERE kind IN ('product', 'product change', 'removal')
        AND (kind <> 'removal' OR json_extract(body, '$.entityType') <> 'FARM')
), told AS (
    SELECT
        market, id, seq, at, kind, fields,
        max(seq) FILTER (WHERE kind = 'removal') OVER (PARTITION BY market, id) AS removed
    FROM noun
), present AS (
    SELECT
        market, id, seq, at, fields,
        min(seq) FILTER (WHERE kind = 'product') OVER (PARTITION BY market, id) AS began
    FROM told WHERE seq > coalesce(removed, 0)
), said AS (
    SELECT market, present.id, seq, field.key, field.value
    FROM present, json_each(fields) AS field
    WHERE seq >= began AND (field.key <> 'createdAt' OR field.value IS NOT NULL)
    UNION ALL
    SELECT market, id, 0, 'createdAt', strftime('%Y-%m-%dT%H:%M:%fZ', at, 'unixepoch')
    FROM present WHERE seq = began
), latest AS (
    SELECT market, id, key, value, row_number() OVER (PARTITION BY market, id, key ORDER BY seq DESC) AS place
    FROM said
)
SELECT
    market,
    id,
    max(value) FILTER (WHERE key = 'name') AS name,
    max(value) FILTER (WHERE key = 'farmId') AS farm_id,
    max(value) FILTER (WHERE key = 'category') AS category,
    max(value) FILTER (WHERE key = 'price') AS price,
    max(value) FILTER (WHERE key = 'organic') AS organic,
    max(value) FILTER (WHERE key = 'stock') AS stock,
    max(value) FILTER (WHERE key = 'available') AS available,
    max(value) FILTER (WHERE key = 'unit') AS unit,
    max(value) FILTER (WHERE key = 'createdAt') AS created_at,
    max(value) FILTER (WHERE key = 'harvestedAt') AS harvested_at,
    max(value) FILTER (WHERE key = 'availableFrom') AS available_from,
    max(value) FILTER (WHERE key = 'availableUntil') AS available_until,
    max(value) FILTER (WHERE key = 'imageUrl') AS image_url
FROM latest WHERE place = 1 GROUP BY market, id;
CREATE VIEW farms AS
WITH noun AS (
    SELECT
        market, json_extract(body, '$.id') AS id, seq, at, kind,
        CASE kind WHEN 'farm' THEN body ELSE json_extract(body, '$.patch') END AS fields
    FROM journal
    WHERE kind IN ('farm', 'farm change', 'removal')
        AND (kind <> 'removal' OR json_extract(body, '$.entityType') = 'FARM')
), told AS (
    SELECT
        market, id, seq, at, kind, fields,
        max(seq) FILTER (WHERE kind = 'removal') OVER (PARTITION BY market, id) AS removed
    FROM noun
), present AS (
    SELECT
        market, id, seq, at, fields,
        min(seq) FILTER (WHERE kind = 'farm') OVER (PARTITION BY market, id) AS began
    FROM told WHERE seq > coalesce(removed, 0)
), said AS (
    SELECT market, present.id, seq, field.key, field.value
    FROM present, json_each(fields) AS field WHERE seq >= began
), latest AS (
    SELECT market, id, key, value, row_number() OVER (PARTITION BY market, id, key ORDER BY seq DESC) AS place
    FROM said
)
SELECT
    market,
    id,
    max(value) FILTER (WHERE key = 'name') AS name,
    max(value) FILTER (WHERE key = 'latitude') AS latitude,
    max(value) FILTER (WHERE key = 'longitude') AS longitude,
    max(value) FILTER (WHERE key = 'region') AS region
FROM latest WHERE place = 1 GROUP BY market, id;
