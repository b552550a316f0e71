-- The revocation feed: what services have to hear of at once, and for which access tokens.

-- AUTOINCREMENT: a place on the feed is never given twice, so that readers can keep theirs.
CREATE TABLE revocation (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    -- Names are not checked here, because a newer release may add to them.
    kind    TEXT    NOT NULL,
    -- `sid`, `sub`, `jti` or `kid`, as tokens have it.
    subject TEXT    NOT NULL,
    ep      INTEGER,
    ending  TEXT
) STRICT;

-- Forgetting.
CREATE INDEX revocation_time ON revocation (at_ms);
-- Whether a token is revoked, and that once.
CREATE UNIQUE INDEX revocation_token ON revocation (subject) WHERE kind = 'token';

-- Which feed this is: a random number, so that a place on another one is not taken for a place on this one.
INSERT INTO meta (name, value) VALUES ('feed', random());
