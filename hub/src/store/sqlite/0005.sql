-- What people say of a site, and what its box says of itself; empty means unknown. Tags are separated by line breaks.
ALTER TABLE site ADD COLUMN club    TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN town    TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN region  TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN tags    TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN note    TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN model   TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN os      TEXT NOT NULL DEFAULT '';
