-- What operators work with: roles, searches, the chain of the audit log, webhooks, figures and answers that are given twice.
-- The previous release goes on beside it: it writes what it knows, and the rest has a default. A session that it begins has
-- the revision 0, so where everyone was signed out once, it ends at once: better too soon than never.

-- Raised whenever the roles of the user change.
ALTER TABLE user ADD COLUMN ce INTEGER NOT NULL DEFAULT 0;
-- A JSON array of names, sorted; nothing for none.
ALTER TABLE user ADD COLUMN roles TEXT;
ALTER TABLE session ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
-- Without a reference: who acts for somebody may be deleted.
ALTER TABLE session ADD COLUMN acting BLOB;

CREATE TABLE role (
    name        TEXT    NOT NULL PRIMARY KEY,
    -- A JSON array of words, sorted.
    permissions TEXT    NOT NULL,
    description TEXT,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who holds a role: the same as `user.roles`, written with it. The previous release deletes users without knowing of it.
CREATE TABLE user_role (
    role    TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
) STRICT, WITHOUT ROWID;

-- Deleting a user.
CREATE INDEX user_role_of ON user_role (user_id);
-- Which sets of roles there are.
CREATE INDEX user_roles ON user (roles) WHERE roles IS NOT NULL;
-- Searching for the disabled ones, and counting those who are called like this or like that.
CREATE INDEX user_disabled ON user (id, email_key, username_key) WHERE state = 'disabled';

-- The sessions of a user, by id: in place of an index without it.
DROP INDEX session_of_user;
CREATE INDEX session_of_user ON session (user_id, status, id);
-- Searching by device.
CREATE INDEX session_of_device ON session (device_id, id);
-- Counting the live ones, without those of a revision that was signed out.
CREATE INDEX session_live ON session (revision) WHERE status = 'live';

ALTER TABLE outbox ADD COLUMN actor TEXT;
ALTER TABLE outbox ADD COLUMN reason TEXT;
ALTER TABLE outbox ADD COLUMN about TEXT;
-- What chains the event to the one before it.
ALTER TABLE outbox ADD COLUMN hash BLOB;
ALTER TABLE outbox ADD COLUMN salt BLOB;

-- Searching. Each index ends with the place.
CREATE INDEX outbox_actor ON outbox (actor) WHERE actor IS NOT NULL;
CREATE INDEX outbox_address ON outbox (address) WHERE address IS NOT NULL;
CREATE INDEX outbox_kind ON outbox (kind);
-- Searching for the sessions at an address.
CREATE INDEX outbox_session_at ON outbox (address, session_id) WHERE address IS NOT NULL AND session_id IS NOT NULL;

CREATE TABLE audit_mark (
    -- `floor` and `head`, one each, and any number of `checkpoint`.
    kept      TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    hash      BLOB    NOT NULL,
    at_ms     INTEGER NOT NULL,
    key_id    INTEGER NOT NULL,
    signature BLOB    NOT NULL,
    PRIMARY KEY (kept, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX audit_end ON audit_mark (kept) WHERE kept <> 'checkpoint';

CREATE TABLE webhook (
    id          BLOB    NOT NULL PRIMARY KEY,
    url         TEXT    NOT NULL,
    description TEXT,
    -- A JSON array of strings.
    filters     TEXT    NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    key_id      INTEGER NOT NULL,
    secret      BLOB    NOT NULL,
    place       INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- What is on its way. What has arrived is deleted; what was given up has no next attempt.
CREATE TABLE webhook_delivery (
    webhook_id      BLOB    NOT NULL,
    seq             INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER,
    last_error      TEXT,
    PRIMARY KEY (webhook_id, seq)
) STRICT, WITHOUT ROWID;

-- Which one is next.
CREATE INDEX delivery_due ON webhook_delivery (webhook_id, next_attempt_at, seq) WHERE next_attempt_at IS NOT NULL;
-- The dead ones of a webhook, and forgetting them.
CREATE INDEX delivery_dead ON webhook_delivery (webhook_id, seq) WHERE next_attempt_at IS NULL;
CREATE INDEX delivery_dead_since ON webhook_delivery (created_at) WHERE next_attempt_at IS NULL;

-- How much of what has happened, hour by hour.
CREATE TABLE tally (
    hour  INTEGER NOT NULL,
    -- Names are not checked here, because a newer release may add to them.
    name  TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hour, name)
) STRICT, WITHOUT ROWID;

-- Requests that may come twice, and what was answered; nothing as long as nobody has.
CREATE TABLE kept_answer (
    key     BLOB    NOT NULL PRIMARY KEY,
    request BLOB    NOT NULL,
    at_ms   INTEGER NOT NULL,
    status  INTEGER,
    key_id  INTEGER,
    body    BLOB,
    CHECK ((status IS NULL) = (key_id IS NULL)),
    CHECK ((status IS NULL) = (body IS NULL))
) STRICT;

-- Forgetting.
CREATE INDEX kept_answer_time ON kept_answer (at_ms);
