-- Letters to people and programs. A number is never used again: people know letters by it.
CREATE TABLE letter (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    way         INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    about       TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    reader      TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    thread      TEXT,
    state       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    last_error  TEXT,
    next_try_ms INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL,
    sending_ms  INTEGER,
    maybe_twice TEXT,
    created_ms  INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,
    UNIQUE (about, number, kind, way, reader)
) STRICT;
-- State 0 is waiting.
CREATE INDEX letter_waiting ON letter (way, next_try_ms) WHERE state = 0;
CREATE INDEX letter_order ON letter (way, about, reader, no) WHERE state = 0;
CREATE INDEX letter_settled ON letter (changed_ms) WHERE state > 0;

-- Sealed with the store's key: the password of the mail server, the keys of webhooks.
CREATE TABLE letter_secret (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
