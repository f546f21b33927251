-- Turns the tables of a store in PostgreSQL (13 or newer) into ones that are partitioned by time:
--     psql URL -f server/store/partitions.sql
-- Once, while no worker runs. `SELECT make_partitions(3)`, each month, makes those of the next
-- three; what no partition takes goes to the default one. Old months go as a whole:
--     DROP TABLE event_2026_11;
--
-- Events are partitioned by when they were received, not by their own time: a board without a clock
-- may send any. Their key (board, boot, seq) must be there once over all partitions, which no
-- index of PostgreSQL says, so a table of keys alone says it, and a trigger asks that.
BEGIN;
SELECT pg_advisory_xact_lock(7295061501);  -- as the store itself at its start

ALTER TABLE event RENAME TO event_whole;
ALTER TABLE "window_piece" RENAME TO window_piece_whole;
ALTER TABLE state_1m RENAME TO state_1m_whole;
ALTER TABLE state_1h RENAME TO state_1h_whole;

CREATE TABLE event (LIKE event_whole INCLUDING DEFAULTS) PARTITION BY RANGE (received);
CREATE INDEX ON event (board, boot, seq);
CREATE INDEX ON event (t, board, boot, seq);
CREATE INDEX ON event (board, t, boot, seq);
CREATE TABLE event_other PARTITION OF event DEFAULT;

CREATE TABLE window_piece (
    LIKE window_piece_whole INCLUDING DEFAULTS,
    received bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint
) PARTITION BY RANGE (received);
CREATE INDEX ON window_piece (board, boot, seq, "at");
CREATE TABLE window_piece_other PARTITION OF window_piece DEFAULT;

CREATE TABLE state_1m (LIKE state_1m_whole INCLUDING DEFAULTS, PRIMARY KEY (board, minute))
    PARTITION BY RANGE (minute);
CREATE TABLE state_1m_other PARTITION OF state_1m DEFAULT;
CREATE TABLE state_1h (LIKE state_1h_whole INCLUDING DEFAULTS, PRIMARY KEY (board, hour))
    PARTITION BY RANGE (hour);
CREATE TABLE state_1h_other PARTITION OF state_1h DEFAULT;

-- Every key once. Sixteen parts by board, so that no one index gets all the inserts.
CREATE TABLE event_key (board varchar(12), boot bigint, seq bigint, PRIMARY KEY (board, boot, seq))
    PARTITION BY HASH (board);
DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE event_key_%s PARTITION OF event_key '
                       'FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, part);
    END LOOP;
END $$;

CREATE FUNCTION keep_event_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_key VALUES (NEW.board, NEW.boot, NEW.seq) ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN NEW END;  -- NULL: the row is left out
END $$;
CREATE TRIGGER event_once BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION keep_event_once();

CREATE FUNCTION forget_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM event_key WHERE (board, boot, seq) = (OLD.board, OLD.boot, OLD.seq);
    RETURN NULL;
END $$;
CREATE TRIGGER event_forgotten AFTER DELETE ON event FOR EACH ROW EXECUTE FUNCTION forget_event();

-- The partitions of this month and the next ones, where they are missing.
CREATE FUNCTION make_partitions(months int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz;
    low bigint;
    high bigint;
    unit record;
BEGIN
    FOR month IN 0..months LOOP
        first := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
        low := extract(epoch FROM first + make_interval(months => month));
        high := extract(epoch FROM first + make_interval(months => month + 1));
        FOR unit IN SELECT * FROM (VALUES
            ('event', 0.001), ('window_piece', 0.001), ('state_1m', 60), ('state_1h', 3600)
        ) AS units (name, seconds) LOOP
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                unit.name || to_char(to_timestamp(low) AT TIME ZONE 'UTC', '_YYYY_MM'), unit.name,
                (low / unit.seconds)::bigint, (high / unit.seconds)::bigint);
        END LOOP;
    END LOOP;
END $$;
SELECT make_partitions(3);

INSERT INTO event SELECT * FROM event_whole;
INSERT INTO window_piece SELECT * FROM window_piece_whole;
INSERT INTO state_1m SELECT * FROM state_1m_whole;
INSERT INTO state_1h SELECT * FROM state_1h_whole;
DROP TABLE event_whole, window_piece_whole, state_1m_whole, state_1h_whole;
COMMIT;
