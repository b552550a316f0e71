-- Ids are 16 bytes, digests 16 or 32, times milliseconds since 1970. Names of states are text, so that a row can be
-- read by a person; the lists of kinds and endings are not checked here, because a newer release may add to them.

CREATE TABLE user (
    id             BLOB    NOT NULL PRIMARY KEY,
    email          TEXT    NOT NULL,
    email_key      TEXT    NOT NULL UNIQUE,
    username       TEXT,
    username_key   TEXT    UNIQUE,
    name           TEXT,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    state          TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    ep             INTEGER NOT NULL,
    password_hash  TEXT    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

-- One row per session for ever. No index touches a column that a refresh changes, so a refresh rewrites one row and
-- nothing else. A table with a rowid, not `WITHOUT ROWID`: its rows are some 700 bytes wide, and without a rowid they
-- would fill the inner pages of the tree as well and make it twice as deep.
CREATE TABLE session (
    id                  BLOB    NOT NULL PRIMARY KEY,
    user_id             BLOB    NOT NULL REFERENCES user (id),
    client_id           TEXT    NOT NULL,
    device_id           BLOB    NOT NULL,
    device_hash         BLOB    NOT NULL,
    device_shown        INTEGER NOT NULL CHECK (device_shown IN (0, 1)),
    page_hash           BLOB,
    remember            INTEGER NOT NULL CHECK (remember IN (0, 1)),
    generation          INTEGER NOT NULL,
    current_hash        BLOB    NOT NULL,
    previous_hash       BLOB,
    before_hash         BLOB,
    salt                BLOB,
    previous_salt       BLOB,
    key_id              INTEGER NOT NULL,
    previous_key_id     INTEGER NOT NULL,
    rotated_at_ms       INTEGER,
    -- Four times 16 bytes, the latest rotation first; zeros where it came without a key.
    retry_hashes        BLOB    NOT NULL,
    created_at          INTEGER NOT NULL,
    auth_time           INTEGER NOT NULL,
    -- A JSON array of strings.
    amr                 TEXT    NOT NULL,
    idle_ms             INTEGER NOT NULL,
    idle_expires_at     INTEGER NOT NULL,
    absolute_expires_at INTEGER NOT NULL,
    ep                  INTEGER NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('live', 'ended')),
    ended               TEXT,
    ended_at            INTEGER,
    last_ip             TEXT,
    last_user_agent     TEXT,
    CHECK ((status = 'ended') = (ended IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
) STRICT;

-- Listing and ending a user's sessions, however many ended ones are still kept.
CREATE INDEX session_live_of_user ON session (user_id) WHERE status = 'live';
-- Recognising a device, also by its ended sessions. Not by user first: the planner would then prefer it to the index
-- above, and go through every ended session of the user.
CREATE INDEX session_device ON session (device_hash);
CREATE UNIQUE INDEX session_page ON session (page_hash) WHERE page_hash IS NOT NULL;
-- Forgetting.
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- AUTOINCREMENT: a place in the outbox is never given twice, so that readers can keep theirs.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    ending     TEXT,
    user_id    BLOB,
    session_id BLOB,
    address    TEXT,
    user_agent TEXT
) STRICT;

CREATE INDEX outbox_session ON outbox (session_id) WHERE session_id IS NOT NULL;
-- Whether the same was written down a moment ago.
CREATE INDEX outbox_repeated ON outbox (kind, address, at_ms);
-- Forgetting.
CREATE INDEX outbox_time ON outbox (at_ms);

CREATE TABLE signing_key (
    kid        TEXT    NOT NULL PRIMARY KEY,
    algorithm  TEXT    NOT NULL,
    master_id  INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE key_check (
    key_id INTEGER NOT NULL PRIMARY KEY,
    value  BLOB    NOT NULL
) STRICT;

-- Single numbers: `created_at`, `accept_ahead_until`, `readiness`.
CREATE TABLE meta (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
