-- Third parties. Settings and how they stand are JSON; secrets are sealed with the store's key.
CREATE TABLE connector (
    no       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    settings TEXT    NOT NULL,
    standing TEXT    NOT NULL
) STRICT;

CREATE TABLE connector_secret (
    connector_no INTEGER NOT NULL REFERENCES connector,
    name         TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (connector_no, name)
) STRICT, WITHOUT ROWID;

-- Whom a third party lists. Nobody is ever removed by a list: who is no longer in it is marked.
CREATE TABLE connector_person (
    connector_no INTEGER NOT NULL REFERENCES connector,
    enrol_id     INTEGER NOT NULL,
    person       TEXT    NOT NULL,
    is_gone      INTEGER NOT NULL,
    changed_ms   INTEGER NOT NULL,
    PRIMARY KEY (connector_no, enrol_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE connector_run (
    no           INTEGER PRIMARY KEY,
    connector_no INTEGER NOT NULL REFERENCES connector,
    kind         TEXT    NOT NULL,
    began_ms     INTEGER NOT NULL,
    ended_ms     INTEGER NOT NULL,
    counts       TEXT    NOT NULL,
    error        TEXT
) STRICT;
CREATE INDEX connector_run_newest ON connector_run (connector_no, no);

-- Rows on their way. A number is never used again: third parties know rows by it.
CREATE TABLE job (
    no           INTEGER PRIMARY KEY AUTOINCREMENT,
    connector_no INTEGER NOT NULL REFERENCES connector,
    key          BLOB    NOT NULL,
    enrol_id     INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    content      TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    wish         INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    last_error   TEXT,
    next_try_ms  INTEGER NOT NULL,
    failing_ms   INTEGER,
    is_postponed INTEGER NOT NULL,
    unsure       TEXT,
    maybe_twice  TEXT,
    remote_id    TEXT,
    created_ms   INTEGER NOT NULL,
    changed_ms   INTEGER NOT NULL,
    UNIQUE (connector_no, key)
) STRICT;
-- States below 3 are open: pending, failed, parked.
CREATE INDEX job_open ON job (connector_no, at_ms, no) WHERE state < 3;
CREATE INDEX job_by_person ON job (connector_no, enrol_id, at_ms);
CREATE INDEX job_by_remote ON job (connector_no, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX job_by_state ON job (connector_no, state, no);
