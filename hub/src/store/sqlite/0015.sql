-- Where a site's box is reached on its own network, in its own words; empty if it does not know.
ALTER TABLE site ADD COLUMN lan TEXT NOT NULL DEFAULT '';
