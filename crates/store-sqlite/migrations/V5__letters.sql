-- Letters that wait for the mail server. There is no secret in them: the token of a link is derived when it is sent.

CREATE TABLE letter (
    id              BLOB    NOT NULL PRIMARY KEY,
    -- Names are not checked here, because a newer release may add to them.
    kind            TEXT    NOT NULL,
    -- Nobody, where a letter is written only so that writing none takes as long.
    recipient       TEXT,
    -- Without a reference: the last letter to a user outlives them.
    user_id         BLOB,
    name            TEXT,
    at_ms           INTEGER NOT NULL,
    address         TEXT,
    user_agent      TEXT,
    other           TEXT,
    link_id         BLOB,
    link_purpose    TEXT,
    link_key_id     INTEGER,
    expires_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error      TEXT,
    CHECK ((link_id IS NULL) = (link_purpose IS NULL)),
    CHECK ((link_id IS NULL) = (link_key_id IS NULL))
) STRICT;

-- Which one is next.
CREATE INDEX letter_due ON letter (next_attempt_at, id);
-- Deleting a user. Of nobody's letters as well, as with links.
CREATE INDEX letter_user ON letter (user_id);
