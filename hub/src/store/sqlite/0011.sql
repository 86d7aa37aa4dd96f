-- Answers in a row at which a third party broke over a row: only those make it one that can never be taken; and why such a
-- try may have arrived all the same.
ALTER TABLE job ADD COLUMN breaks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN doubt TEXT;
