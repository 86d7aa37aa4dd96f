-- What people gave the hub for boxes; the content lies beside the database, by its hash.
CREATE TABLE medium (
    sha256     BLOB    NOT NULL,
    name       TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL,
    added_ms   INTEGER NOT NULL,
    account    TEXT    NOT NULL,
    PRIMARY KEY (sha256)
) STRICT, WITHOUT ROWID;

-- A projection: what lies on the boxes' disks. A row with a boot waits for that boot's anchor.
CREATE TABLE holding (
    site_no     INTEGER NOT NULL,
    path        TEXT    NOT NULL,
    sha256      BLOB    NOT NULL,
    size_bytes  INTEGER NOT NULL,
    told_ms     INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    believed_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_by_content ON holding (sha256);
