-- Whole numbers of things that programs of an older server ask for; none is ever given twice.
CREATE TABLE number (
    kind   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    name   TEXT NOT NULL,
    PRIMARY KEY (kind, number),
    UNIQUE (kind, name)
) STRICT, WITHOUT ROWID;
