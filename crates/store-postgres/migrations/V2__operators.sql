-- What operators work with: roles, the chain of the audit log, webhooks, figures, and what finds things among millions. Nothing of
-- before is changed: the previous release goes on beside this one.

ALTER TABLE users
    -- The claims epoch.
    ADD COLUMN ce    bigint NOT NULL DEFAULT 0,
    -- A JSON array of names, in their order; nothing for none.
    ADD COLUMN roles text;

-- Who holds a role: `users.roles` the other way round, written with it. A release that knows no roles deletes users too.
CREATE TABLE user_role (
    role    text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
);
CREATE INDEX user_role_of_user ON user_role (user_id);

CREATE TABLE role (
    name        text   NOT NULL PRIMARY KEY,
    -- A JSON array of strings, in their order.
    permissions text   NOT NULL,
    description text,
    version     bigint NOT NULL,
    created_at  bigint NOT NULL,
    changed_at  bigint NOT NULL
);

-- Which sets of roles there are: each is met once, however many hold it.
CREATE INDEX users_roles ON users (roles COLLATE "C") WHERE roles IS NOT NULL;
-- What begins like this, in the order of bytes.
CREATE INDEX users_email_begins ON users (email_key COLLATE "C");
CREATE INDEX users_username_begins ON users (username_key COLLATE "C") WHERE username_key IS NOT NULL;
CREATE INDEX users_disabled ON users (id) WHERE state = 'disabled';

ALTER TABLE session
    -- The revision (`meta`) that it began at.
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,
    -- Who acts for the user in it.
    ADD COLUMN acting   uuid;

-- The sessions of a user or a device, the newest first. Of all of them: what is asked of the first is said so that no other statement
-- about a user takes it, and reads the ended ones too.
CREATE INDEX session_by_user ON session (user_id, id) WHERE revision >= 0;
CREATE INDEX session_of_device ON session (device_id, id);
-- Those that live, to count them; and those among them that ended when everyone was signed out. By a column that no statement about a
-- user asks for: none of those is tempted to go through this one.
CREATE INDEX session_live ON session (revision, absolute_expires_at) WHERE ended_at IS NULL;

ALTER TABLE outbox
    -- Who did it and why, where it was somebody else.
    ADD COLUMN actor  text,
    ADD COLUMN reason text,
    -- What else it is about.
    ADD COLUMN about  text,
    -- What chains it to the event before it.
    ADD COLUMN hash   bytea,
    -- What address and user agent were mixed with. Empty where they were forgotten before the event was chained.
    ADD COLUMN salt   bytea;

-- Searching. Only of what has a place, so that a row is entered once; and said like this, so that no statement that looks a place up
-- is tempted to go through one of these, and a search by kind not through `outbox_repeated`.
CREATE INDEX outbox_kind ON outbox (kind COLLATE "C", seq) WHERE seq > 0;
CREATE INDEX outbox_address ON outbox (address, seq) WHERE seq > 0 AND address IS NOT NULL;
CREATE INDEX outbox_actor ON outbox (actor, seq) WHERE seq > 0 AND actor IS NOT NULL;

-- Signed places in the chain of events.
CREATE TABLE audit_mark (
    -- `floor` and `head`, of which there is one each, and `checkpoint`.
    kept      text     NOT NULL,
    seq       bigint   NOT NULL,
    hash      bytea    NOT NULL,
    at_ms     bigint   NOT NULL,
    key_id    smallint NOT NULL,
    signature bytea    NOT NULL,
    PRIMARY KEY (kept, seq)
);
CREATE UNIQUE INDEX audit_mark_end ON audit_mark (kept) WHERE kept <> 'checkpoint';

CREATE TABLE webhook (
    id          uuid     NOT NULL PRIMARY KEY,
    url         text     NOT NULL,
    description text,
    -- A JSON array of strings.
    filters     text     NOT NULL,
    enabled     boolean  NOT NULL,
    key_id      smallint NOT NULL,
    secret      bytea    NOT NULL,
    -- Events up to this place were looked at.
    place       bigint   NOT NULL,
    version     bigint   NOT NULL,
    created_at  bigint   NOT NULL
);

-- What is on its way. Without a reference: whoever removes a webhook removes these.
CREATE TABLE webhook_delivery (
    webhook_id      uuid   NOT NULL,
    seq             bigint NOT NULL,
    created_at      bigint NOT NULL,
    attempts        bigint NOT NULL,
    -- Nothing once it was given up.
    next_attempt_at bigint,
    last_error      text,
    PRIMARY KEY (webhook_id, seq)
);
-- Which one is next.
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_attempt_at, seq) WHERE next_attempt_at IS NOT NULL;
-- Dead letters, and forgetting them.
CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook_id, seq) WHERE next_attempt_at IS NULL;
CREATE INDEX webhook_delivery_old ON webhook_delivery (created_at) WHERE next_attempt_at IS NULL;

-- How much of what has happened, hour by hour.
CREATE TABLE tally (
    hour  bigint NOT NULL,
    name  text   NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (hour, name)
);

-- Answers to requests that may come twice. Without a status: it is under way.
CREATE TABLE kept_answer (
    key     bytea    NOT NULL PRIMARY KEY,
    request bytea    NOT NULL,
    at_ms   bigint   NOT NULL,
    status  smallint,
    key_id  smallint,
    body    bytea,
    CHECK ((status IS NULL) = (key_id IS NULL)),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX kept_answer_time ON kept_answer (at_ms);
