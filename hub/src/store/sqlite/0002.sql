-- What settled records amount to: rows of the same form as the projections', which a rebuild begins with.
CREATE TABLE kept_cursor (
    queue_no    INTEGER NOT NULL REFERENCES queue,
    through     INTEGER NOT NULL,
    complete_ms INTEGER,
    boot        BLOB    NOT NULL,
    believed_ms INTEGER NOT NULL,
    PRIMARY KEY (queue_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_anchor (
    site_no  INTEGER NOT NULL,
    boot     BLOB    NOT NULL,
    began_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_device (
    site_no       INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    boot          BLOB    NOT NULL,
    believed_ms   INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    ip            TEXT,
    name          TEXT,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    sightings     INTEGER NOT NULL,
    sources       INTEGER NOT NULL,
    flags         INTEGER NOT NULL,
    PRIMARY KEY (site_no, id, boot)
) STRICT, WITHOUT ROWID;
