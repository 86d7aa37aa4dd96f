-- Alerts, incidents and what people are told of them. Bodies are JSON.
CREATE TABLE alert (
    no       INTEGER PRIMARY KEY,
    site     TEXT,
    rule     TEXT    NOT NULL,
    incident TEXT,
    has_fired INTEGER NOT NULL,
    is_past  INTEGER NOT NULL,
    ended_ms INTEGER,
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX alert_present ON alert (no) WHERE is_past = 0;
CREATE INDEX alert_by_site ON alert (site, no);
CREATE INDEX alert_by_incident ON alert (incident, no) WHERE incident IS NOT NULL;
CREATE INDEX alert_by_end ON alert (ended_ms) WHERE is_past = 1;

CREATE TABLE incident (
    id        TEXT    NOT NULL,
    closed_ms INTEGER,
    body      TEXT    NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- News are told once: whoever takes one over knows it by incident and number.
CREATE TABLE news (
    incident TEXT    NOT NULL REFERENCES incident ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    is_told  INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (incident, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX news_untold ON news (at_ms, incident, number) WHERE is_told = 0;

CREATE TABLE silence (
    no       INTEGER PRIMARY KEY AUTOINCREMENT,
    until_ms INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;

-- State 7 is rolled back.
CREATE INDEX command_undone ON command (changed_ms) WHERE state = 7;
