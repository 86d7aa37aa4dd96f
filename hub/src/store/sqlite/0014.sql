-- The owner's machines, by the best name that each has; JSON. `kept_` is what settled records amount to.
CREATE TABLE machine (
    id         TEXT    NOT NULL,
    met_ms     INTEGER NOT NULL,
    has_serial INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_machine (
    id         TEXT    NOT NULL,
    met_ms     INTEGER NOT NULL,
    has_serial INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- A machine's past: of each hour, or day, since 1970 what was told last in it; JSON.
CREATE TABLE machine_hour (
    machine TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (machine, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX machine_hour_by_time ON machine_hour (at_ms);

CREATE TABLE kept_machine_hour (
    machine TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (machine, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_machine_hour_by_time ON kept_machine_hour (at_ms);

CREATE TABLE machine_day (
    machine TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (machine, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_machine_day (
    machine TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (machine, slot)
) STRICT, WITHOUT ROWID;

-- Machines that somebody forgot: what was told before that moment does not bring them back.
CREATE TABLE forgotten_machine (
    id        TEXT    NOT NULL,
    before_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
