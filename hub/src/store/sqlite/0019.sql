-- Days that somebody says are wrong, and what was answered.
CREATE TABLE day_dispute (
    date        TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    made_ms     INTEGER NOT NULL,
    answer      TEXT,
    answered_by TEXT,
    answered_ms INTEGER,
    PRIMARY KEY (date, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX day_dispute_open ON day_dispute (date, person) WHERE answered_ms IS NULL;
