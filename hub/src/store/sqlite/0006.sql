-- Packages that boxes can fetch; the bytes lie beside the database, by their hash.
CREATE TABLE release (
    sha256     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    processor  TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL,
    signature  TEXT,
    added_ms   INTEGER NOT NULL,
    PRIMARY KEY (sha256)
) STRICT, WITHOUT ROWID;

-- What boxes last said they run. Only a newer word replaces it, so that a rebuild need not forget it.
CREATE TABLE installed (
    site_no   INTEGER NOT NULL REFERENCES site,
    software  TEXT    NOT NULL,
    version   TEXT,
    processor TEXT    NOT NULL,
    since_ms  INTEGER NOT NULL,
    told_ms   INTEGER NOT NULL,
    PRIMARY KEY (site_no, software)
) STRICT, WITHOUT ROWID;
CREATE INDEX installed_by_software ON installed (software);

CREATE TABLE pin (
    site_no  INTEGER NOT NULL REFERENCES site,
    software TEXT    NOT NULL,
    version  TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, software)
) STRICT, WITHOUT ROWID;

-- The plan and how far it is are JSON; of one software one rollout at most is open.
CREATE TABLE rollout (
    no         INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE,
    software   TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    is_open    INTEGER NOT NULL,
    plan       TEXT    NOT NULL,
    progress   TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX rollout_open ON rollout (software) WHERE is_open = 1;
CREATE INDEX rollout_by_time ON rollout (created_ms, id);

CREATE TABLE rollout_member (
    rollout_no INTEGER NOT NULL REFERENCES rollout,
    site_no    INTEGER NOT NULL REFERENCES site,
    is_canary  INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    detail     TEXT    NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (rollout_no, site_no)
) STRICT, WITHOUT ROWID;
