ALTER TABLE market ADD COLUMN last bigint NOT NULL DEFAULT 0;
UPDATE market SET last = (SELECT coalesce(max(seq), 0) FROM journal WHERE journal.market = market.name);
