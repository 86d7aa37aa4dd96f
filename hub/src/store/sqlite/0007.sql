-- Punches: rows of terminals' logs, one per name. `no` is never given twice, also not after a rebuild. The body is JSON.
-- A row with a boot waits for that boot's anchor, and its moment is not corrected by its terminal's error until then.
CREATE TABLE punch (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         BLOB    NOT NULL UNIQUE,
    site_no     INTEGER NOT NULL,
    terminal    TEXT    NOT NULL,
    enrol_id    INTEGER,
    moment_ms   INTEGER NOT NULL,
    counts      INTEGER NOT NULL,
    in_doubt    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    believed_ms INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX punch_by_moment ON punch (moment_ms, no);
CREATE INDEX punch_undated ON punch (site_no, boot) WHERE boot <> x'';
CREATE INDEX punch_in_doubt ON punch (moment_ms, no) WHERE in_doubt = 1;
CREATE INDEX punch_by_arrival ON punch (received_ms);

CREATE TABLE kept_punch (
    no          INTEGER PRIMARY KEY,
    key         BLOB    NOT NULL UNIQUE,
    site_no     INTEGER NOT NULL,
    terminal    TEXT    NOT NULL,
    enrol_id    INTEGER,
    moment_ms   INTEGER NOT NULL,
    counts      INTEGER NOT NULL,
    in_doubt    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    believed_ms INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX kept_punch_by_arrival ON kept_punch (received_ms);

-- Terminals as JSON, and who is enrolled on them.
CREATE TABLE terminal (
    site_no    INTEGER NOT NULL,
    serial     TEXT    NOT NULL,
    told_ms    INTEGER NOT NULL,
    is_pending INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (site_no, serial)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_terminal (
    site_no    INTEGER NOT NULL,
    serial     TEXT    NOT NULL,
    told_ms    INTEGER NOT NULL,
    is_pending INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (site_no, serial)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolled (
    site_no  INTEGER NOT NULL,
    terminal TEXT    NOT NULL,
    enrol_id INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    name     TEXT,
    admin    INTEGER,
    told_ms  INTEGER NOT NULL,
    PRIMARY KEY (terminal, enrol_id, slot, site_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_enrolled (
    site_no  INTEGER NOT NULL,
    terminal TEXT    NOT NULL,
    enrol_id INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    name     TEXT,
    admin    INTEGER,
    told_ms  INTEGER NOT NULL,
    PRIMARY KEY (terminal, enrol_id, slot, site_no)
) STRICT, WITHOUT ROWID;

-- What people set and decided: no projections.
CREATE TABLE schedule (
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- An empty schedule means all.
CREATE TABLE holiday (
    date     TEXT NOT NULL,
    schedule TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (date, schedule)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    id   TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_number (
    terminal TEXT    NOT NULL,
    enrol_id INTEGER NOT NULL,
    person   TEXT    NOT NULL REFERENCES person ON DELETE CASCADE,
    PRIMARY KEY (terminal, enrol_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_number_by_person ON person_number (person);

CREATE TABLE punch_review (
    key         BLOB    NOT NULL,
    is_accepted INTEGER NOT NULL,
    at_ms       INTEGER,
    account     TEXT    NOT NULL,
    comment     TEXT    NOT NULL,
    made_ms     INTEGER NOT NULL,
    PRIMARY KEY (key)
) STRICT, WITHOUT ROWID;
CREATE INDEX punch_review_by_time ON punch_review (made_ms);

CREATE TABLE closing (
    plan      TEXT    NOT NULL,
    date      TEXT    NOT NULL,
    closed_ms INTEGER NOT NULL,
    PRIMARY KEY (date, plan)
) STRICT, WITHOUT ROWID;
