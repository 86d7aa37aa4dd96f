-- Who did what: one row per change that was asked for, whatever became of it.
CREATE TABLE audit (
    no        INTEGER PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    account   TEXT    NOT NULL,
    via       TEXT    NOT NULL,
    address   TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    status    INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at_ms, no);
