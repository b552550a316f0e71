-- What rarely changes: signing keys that come and go, and clients that were added while running.

-- Nothing: it signs since it was made. So are those that the previous release makes.
ALTER TABLE signing_key ADD COLUMN signs_from INTEGER;
ALTER TABLE signing_key ADD COLUMN revoked_at INTEGER;

CREATE TABLE client (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- Names are not checked here, because a newer release may add to them.
    kind       TEXT    NOT NULL,
    -- A JSON array of strings.
    scopes     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE client_secret (
    client_id  TEXT    NOT NULL REFERENCES client (id),
    -- The newest has the highest.
    place      INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER,
    PRIMARY KEY (client_id, place)
) STRICT, WITHOUT ROWID;

-- Grows with every change of these.
INSERT INTO meta (name, value) VALUES ('shelf', 0);
