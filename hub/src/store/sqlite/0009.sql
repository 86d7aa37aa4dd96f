-- Strips: what was seen of a device, or whether a network's observers could see, by day of UTC. Spans are a frame.
CREATE TABLE strip (
    trace   INTEGER NOT NULL,
    date    TEXT    NOT NULL,
    device  TEXT    NOT NULL,
    site_no INTEGER NOT NULL,
    spans   BLOB    NOT NULL,
    PRIMARY KEY (trace, date, device, site_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX strip_by_device ON strip (trace, device, date);

CREATE TABLE kept_strip (
    trace   INTEGER NOT NULL,
    date    TEXT    NOT NULL,
    device  TEXT    NOT NULL,
    site_no INTEGER NOT NULL,
    spans   BLOB    NOT NULL,
    PRIMARY KEY (trace, date, device, site_no)
) STRICT, WITHOUT ROWID;

-- Sights that wait for their boot's anchor: times count from the boot's beginning. They end by their arrival.
CREATE TABLE waiting_sight (
    site_no     INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    trace       INTEGER NOT NULL,
    device      TEXT    NOT NULL,
    from_ms     INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL,
    sources     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, boot, trace, device, from_ms, to_ms, sources)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_waiting_sight (
    site_no     INTEGER NOT NULL,
    boot        BLOB    NOT NULL,
    trace       INTEGER NOT NULL,
    device      TEXT    NOT NULL,
    from_ms     INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL,
    sources     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, boot, trace, device, from_ms, to_ms, sources)
) STRICT, WITHOUT ROWID;

-- What people registered and decided: no projections. Addresses are sealed with the store's key.
CREATE TABLE registered (
    site_no  INTEGER NOT NULL,
    device   TEXT    NOT NULL,
    sealed   BLOB    NOT NULL,
    label    TEXT    NOT NULL,
    added_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE exclusion (
    site_no INTEGER NOT NULL,
    device  TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, device)
) STRICT, WITHOUT ROWID;

-- An empty site is none.
CREATE TABLE ownership (
    site      TEXT    NOT NULL,
    device    TEXT    NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER,
    person    TEXT    NOT NULL,
    counts    INTEGER NOT NULL,
    grace_min INTEGER,
    PRIMARY KEY (site, device, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX ownership_by_person ON ownership (person);

CREATE TABLE profile (
    person     TEXT    NOT NULL REFERENCES person ON DELETE CASCADE,
    email      TEXT    UNIQUE COLLATE NOCASE,
    shows_name INTEGER NOT NULL,
    PRIMARY KEY (person)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
    id      TEXT    NOT NULL,
    site_no INTEGER NOT NULL,
    device  TEXT    NOT NULL,
    sealed  BLOB    NOT NULL,
    person  TEXT    NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (site_no, device, person)
) STRICT, WITHOUT ROWID;

-- Pairing links that were given; of a link's secret only the hash is kept.
CREATE TABLE pairing (
    secret_sha256 BLOB    NOT NULL,
    site_no       INTEGER NOT NULL,
    person        TEXT    NOT NULL,
    expires_ms    INTEGER NOT NULL,
    PRIMARY KEY (secret_sha256)
) STRICT, WITHOUT ROWID;

-- Who was erased, and which devices' past must not come back.
CREATE TABLE erasure (
    person    TEXT    NOT NULL,
    erased_ms INTEGER NOT NULL,
    body      TEXT    NOT NULL,
    PRIMARY KEY (erased_ms, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_device (
    site_no   INTEGER NOT NULL,
    device    TEXT    NOT NULL,
    erased_ms INTEGER NOT NULL,
    PRIMARY KEY (site_no, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_day (
    date               TEXT    NOT NULL,
    person             TEXT    NOT NULL,
    body               TEXT    NOT NULL,
    value              REAL,
    revision           INTEGER NOT NULL,
    mark               INTEGER NOT NULL,
    published_revision INTEGER NOT NULL,
    published_ms       INTEGER,
    PRIMARY KEY (date, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_day_by_person ON person_day (person, date);
CREATE INDEX person_day_unpublished ON person_day (date, person) WHERE revision > published_revision;

CREATE TABLE day_override (
    date    TEXT    NOT NULL,
    person  TEXT    NOT NULL,
    value   REAL    NOT NULL,
    comment TEXT    NOT NULL,
    account TEXT    NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (date, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE presence_end (
    at_ms   INTEGER NOT NULL,
    person  TEXT    NOT NULL,
    account TEXT    NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (at_ms, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE look (
    no      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    account TEXT    NOT NULL,
    person  TEXT    NOT NULL,
    what    TEXT    NOT NULL
) STRICT;
CREATE INDEX look_by_time ON look (at_ms);
CREATE INDEX look_by_person ON look (person, no);
