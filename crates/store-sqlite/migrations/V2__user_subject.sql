-- The id that a user had in the system that they came from, where it was no UUID as ours are written: what tokens carry in
-- `sub`. The previous release adds users without one, and goes on.

ALTER TABLE user ADD COLUMN subject TEXT;

CREATE UNIQUE INDEX user_subject ON user (subject) WHERE subject IS NOT NULL;
