-- A command is open while its state is below 4.
CREATE TABLE command (
    no         INTEGER PRIMARY KEY,
    site_no    INTEGER NOT NULL REFERENCES site,
    id         BLOB    NOT NULL,
    body       BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    retry_of   BLOB,
    issued_ms  INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    detail     TEXT    NOT NULL,
    answer     TEXT,
    UNIQUE (site_no, id)
) STRICT;
CREATE INDEX command_by_time ON command (site_no, issued_ms, id);
CREATE INDEX command_open ON command (issued_ms, id) WHERE state < 4;
