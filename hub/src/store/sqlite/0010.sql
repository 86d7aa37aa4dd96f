-- How terminals are read that are not read by the usual tables, as JSON. People set it: no projection.
CREATE TABLE terminal_profile (
    serial TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (serial)
) STRICT, WITHOUT ROWID;
