-- Links that letters carry. A row that is gone is a link that was used.

CREATE TABLE link (
    id                     BLOB    NOT NULL PRIMARY KEY,
    -- Names are not checked here, because a newer release may add to them.
    purpose                TEXT    NOT NULL,
    hash                   BLOB    NOT NULL,
    user_id                BLOB    REFERENCES user (id),
    ep                     INTEGER NOT NULL,
    email                  TEXT,
    session_id             BLOB,
    -- Who registers: there is somebody where there is a password hash.
    newcomer_username      TEXT,
    newcomer_name          TEXT,
    newcomer_password_hash TEXT,
    created_at             INTEGER NOT NULL,
    life_ms                INTEGER NOT NULL,
    expires_at             INTEGER NOT NULL,
    CHECK (newcomer_password_hash IS NOT NULL OR (newcomer_username IS NULL AND newcomer_name IS NULL))
) STRICT;

-- Deleting a user. Of nobody's links as well: who asks about an address that nobody has must not be answered sooner.
CREATE INDEX link_user ON link (user_id);
-- Forgetting.
CREATE INDEX link_expiry ON link (expires_at);
