-- Sites carry an integer key, so that facts stay small. A site that is only known from facts has no `created_ms`.
CREATE TABLE site (
    no          INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL DEFAULT '',
    zone        TEXT    NOT NULL DEFAULT '',
    created_ms  INTEGER,
    revoked_ms  INTEGER,
    secret      BLOB
) STRICT;

CREATE TABLE enrolment (
    secret_sha256 BLOB    NOT NULL,
    site_no       INTEGER NOT NULL REFERENCES site,
    created_ms    INTEGER NOT NULL,
    expires_ms    INTEGER NOT NULL,
    used_ms       INTEGER,
    PRIMARY KEY (secret_sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    serial     TEXT    NOT NULL,
    site_no    INTEGER NOT NULL REFERENCES site,
    issued_ms  INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    PRIMARY KEY (serial)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
    no      INTEGER PRIMARY KEY,
    site_no INTEGER NOT NULL REFERENCES site,
    lane    INTEGER NOT NULL,
    id      BLOB    NOT NULL,
    through INTEGER NOT NULL,
    born_ms INTEGER NOT NULL,
    UNIQUE (site_no, id)
) STRICT;

-- No foreign key: one look-up per record would cost more than it protects.
CREATE TABLE record (
    queue_no    INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    PRIMARY KEY (queue_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE gap (
    queue_no   INTEGER NOT NULL REFERENCES queue,
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    reason     INTEGER NOT NULL,
    noticed_ms INTEGER NOT NULL,
    PRIMARY KEY (queue_no, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    no       INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    site_no  INTEGER REFERENCES site,
    level    INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    queue_no INTEGER,
    seq      INTEGER,
    -- An entry that came from a record is written once, also when the record is projected again.
    UNIQUE (queue_no, seq)
) STRICT;
CREATE INDEX entry_by_time ON entry (at_ms, no);
CREATE INDEX entry_by_site ON entry (site_no, at_ms, no);

CREATE TABLE account (
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    role          INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    secret_sha256 BLOB    NOT NULL,
    kind          INTEGER NOT NULL,
    account       TEXT    NOT NULL,
    label         TEXT    NOT NULL,
    role          INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL,
    expires_ms    INTEGER NOT NULL,
    PRIMARY KEY (secret_sha256)
) STRICT, WITHOUT ROWID;

-- Projections. A row with a boot waits for that boot's anchor: its times count from the boot's beginning, and
-- `believed_ms` says when the box believed that this was. A dated row has an empty boot and absolute times.
CREATE TABLE cursor (
    queue_no    INTEGER NOT NULL REFERENCES queue,
    through     INTEGER NOT NULL,
    complete_ms INTEGER,
    boot        BLOB    NOT NULL,
    believed_ms INTEGER NOT NULL,
    PRIMARY KEY (queue_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE anchor (
    site_no  INTEGER NOT NULL,
    boot     BLOB    NOT NULL,
    began_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
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
CREATE INDEX device_undated ON device (site_no, boot) WHERE boot <> x'';
CREATE INDEX device_passing ON device (last_seen_ms) WHERE kind = 1 AND boot = x'';

CREATE TABLE metric (
    site_no     INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    at_ms       INTEGER NOT NULL,
    believed_ms INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    PRIMARY KEY (site_no, boot, at_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
    site_no     INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    from_ms     INTEGER NOT NULL,
    network     TEXT    NOT NULL,
    to_ms       INTEGER NOT NULL,
    blind       TEXT,
    believed_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, boot, from_ms, network)
) STRICT, WITHOUT ROWID;

-- What remains of samples after their retention.
CREATE TABLE metric_hour (
    site_no INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (site_no, at_ms)
) STRICT, WITHOUT ROWID;

-- One row: text sealed with the key file, by which a wrong key is noticed at start.
CREATE TABLE key_check (
    no     INTEGER PRIMARY KEY CHECK (no = 1),
    sealed BLOB NOT NULL
) STRICT;
