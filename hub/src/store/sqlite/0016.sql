-- Accounts say whose presence they may see, and where a new password can be asked for.
ALTER TABLE account ADD COLUMN person TEXT;
ALTER TABLE account ADD COLUMN email TEXT;

-- Sessions change their secrets, so they have a table of their own: whoever was logged in logs in once more.
DELETE FROM credential WHERE kind = 0;
ALTER TABLE credential ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';
ALTER TABLE credential ADD COLUMN used_ms INTEGER;

CREATE TABLE session (
    id         BLOB    NOT NULL,
    account    TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL,
    proved_ms  INTEGER,
    current    BLOB    NOT NULL,
    next       BLOB,
    next_ms    INTEGER,
    former     BLOB,
    former_ms  INTEGER,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_account ON session (account);

-- The secret is sealed; codes are hashes, 32 bytes each, one behind the other.
CREATE TABLE second_factor (
    account      TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    is_confirmed INTEGER NOT NULL,
    last_step    INTEGER NOT NULL,
    codes        BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    PRIMARY KEY (account)
) STRICT, WITHOUT ROWID;
