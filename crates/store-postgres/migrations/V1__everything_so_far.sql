-- Ids are uuids, digests 16 or 32 bytes, times milliseconds since 1970. Names of states are text, so that a row can be
-- read by a person; the lists of kinds and endings are not checked here, because a newer release may add to them.

CREATE TABLE users (
    id             uuid    NOT NULL PRIMARY KEY,
    email          text    NOT NULL,
    email_key      text    NOT NULL UNIQUE,
    username       text,
    username_key   text    UNIQUE,
    name           text,
    email_verified boolean NOT NULL,
    state          text    NOT NULL CHECK (state IN ('active', 'disabled')),
    ep             bigint  NOT NULL,
    password_hash  text    NOT NULL,
    created_at     bigint  NOT NULL,
    -- The id that a user had in the system that they came from, where it was no UUID.
    subject        text    UNIQUE
);

-- One row per session for ever. No index touches a column that a refresh changes, and pages keep room for the next version
-- of their rows: so a refresh is a heap-only update that writes no index at all, and dead versions go without a vacuum.
CREATE TABLE session (
    id                  uuid     NOT NULL PRIMARY KEY,
    user_id             uuid     NOT NULL REFERENCES users (id),
    client_id           text     NOT NULL,
    device_id           uuid     NOT NULL,
    device_hash         bytea    NOT NULL,
    device_shown        boolean  NOT NULL,
    page_hash           bytea,
    remember            boolean  NOT NULL,
    generation          bigint   NOT NULL,
    current_hash        bytea    NOT NULL,
    previous_hash       bytea,
    before_hash         bytea,
    salt                bytea,
    previous_salt       bytea,
    key_id              smallint NOT NULL,
    previous_key_id     smallint NOT NULL,
    rotated_at_ms       bigint,
    -- Four times 16 bytes, the latest rotation first; zeros where it came without a key.
    retry_hashes        bytea    NOT NULL,
    created_at          bigint   NOT NULL,
    auth_time           bigint   NOT NULL,
    -- A JSON array of strings.
    amr                 text     NOT NULL,
    idle_ms             bigint   NOT NULL,
    idle_expires_at     bigint   NOT NULL,
    absolute_expires_at bigint   NOT NULL,
    ep                  bigint   NOT NULL,
    status              text     NOT NULL CHECK (status IN ('live', 'ended')),
    ended               text,
    ended_at            bigint,
    last_ip             text,
    last_user_agent     text,
    CHECK ((status = 'ended') = (ended IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);

-- Listing and ending a user's sessions, and deleting them with the user.
CREATE INDEX session_of_user ON session (user_id, status);
CREATE UNIQUE INDEX session_page ON session (page_hash) WHERE page_hash IS NOT NULL;
-- Forgetting.
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- The devices that a user has signed in on.
CREATE TABLE device (
    id              uuid   NOT NULL,
    user_id         uuid   NOT NULL REFERENCES users (id),
    hash            bytea  NOT NULL,
    first_seen_at   bigint NOT NULL,
    last_seen_at    bigint NOT NULL,
    last_ip         text,
    last_user_agent text,
    PRIMARY KEY (user_id, hash)
);

-- Forgetting.
CREATE INDEX device_seen ON device (last_seen_at);

-- Links that letters carry. A row that is gone is a link that was used.
CREATE TABLE link (
    id                     uuid   NOT NULL PRIMARY KEY,
    purpose                text   NOT NULL,
    hash                   bytea  NOT NULL,
    user_id                uuid   REFERENCES users (id),
    ep                     bigint NOT NULL,
    email                  text,
    session_id             uuid,
    -- Who registers: there is somebody where there is a password hash.
    newcomer_username      text,
    newcomer_name          text,
    newcomer_password_hash text,
    created_at             bigint NOT NULL,
    life_ms                bigint NOT NULL,
    expires_at             bigint NOT NULL,
    CHECK (newcomer_password_hash IS NOT NULL OR (newcomer_username IS NULL AND newcomer_name IS NULL))
);

-- Deleting a user. Of nobody's links as well: who asks about an address that nobody has must not be answered sooner.
CREATE INDEX link_user ON link (user_id);
-- Forgetting.
CREATE INDEX link_expiry ON link (expires_at);

-- Letters that wait for the mail server. There is no secret in them: the token of a link is derived when it is sent.
CREATE TABLE letter (
    id              uuid     NOT NULL PRIMARY KEY,
    kind            text     NOT NULL,
    -- Nobody, where a letter is written only so that writing none takes as long.
    recipient       text,
    -- Without a reference: the last letter to a user outlives them.
    user_id         uuid,
    name            text,
    at_ms           bigint   NOT NULL,
    address         text,
    user_agent      text,
    other           text,
    link_id         uuid,
    link_purpose    text,
    link_key_id     smallint,
    expires_at      bigint   NOT NULL,
    attempts        bigint   NOT NULL,
    next_attempt_at bigint   NOT NULL,
    last_error      text,
    CHECK ((link_id IS NULL) = (link_purpose IS NULL)),
    CHECK ((link_id IS NULL) = (link_key_id IS NULL))
);

-- Which one is next.
CREATE INDEX letter_due ON letter (next_attempt_at, id);
-- Deleting a user. Of nobody's letters as well, as with links.
CREATE INDEX letter_user ON letter (user_id);

-- What happened. A row gets its place (`seq`) from the first reader that comes by after its commit, not from its writer: so
-- places are in the order of commits, a reader who goes on after one misses nothing, and writers do not wait for each other.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq        bigint,
    at_ms      bigint NOT NULL,
    kind       text   NOT NULL,
    ending     text,
    user_id    uuid,
    session_id uuid,
    address    text,
    user_agent text
);

CREATE UNIQUE INDEX outbox_place ON outbox (seq) WHERE seq IS NOT NULL;
CREATE INDEX outbox_unplaced ON outbox (id) WHERE seq IS NULL;
CREATE INDEX outbox_session ON outbox (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id);
-- Whether the same was written down a moment ago.
CREATE INDEX outbox_repeated ON outbox (kind, address, at_ms);
-- Forgetting.
CREATE INDEX outbox_time ON outbox (at_ms);

-- The revocation feed: what services have to hear of at once, and for which access tokens. Placed like the outbox.
CREATE TABLE revocation (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq     bigint,
    at_ms   bigint NOT NULL,
    kind    text   NOT NULL,
    -- `sid`, `sub`, `jti` or `kid`, as tokens have it.
    subject text   NOT NULL,
    ep      bigint,
    ending  text
);

CREATE UNIQUE INDEX revocation_place ON revocation (seq) WHERE seq IS NOT NULL;
CREATE INDEX revocation_unplaced ON revocation (id) WHERE seq IS NULL;
-- Forgetting.
CREATE INDEX revocation_time ON revocation (at_ms);
-- Whether a token is revoked, and that once.
CREATE UNIQUE INDEX revocation_token ON revocation (subject) WHERE kind = 'token';

-- For how long servers need entries of the revocation feed, and when one that does was last seen.
CREATE TABLE feed_keep (
    keep_ms bigint NOT NULL PRIMARY KEY,
    seen_at bigint NOT NULL
);

CREATE TABLE signing_key (
    kid        text     NOT NULL PRIMARY KEY,
    -- In the order in which they were added: the version of the shelf that each came with.
    place      bigint   NOT NULL UNIQUE,
    algorithm  text     NOT NULL,
    master_id  smallint NOT NULL,
    sealed     bytea    NOT NULL,
    created_at bigint   NOT NULL,
    signs_from bigint   NOT NULL,
    revoked_at bigint
);

CREATE TABLE key_check (
    key_id smallint NOT NULL PRIMARY KEY,
    value  bytea    NOT NULL
);

CREATE TABLE client (
    id         text   NOT NULL PRIMARY KEY,
    kind       text   NOT NULL,
    -- A JSON array of strings.
    scopes     text   NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE client_secret (
    client_id  text   NOT NULL REFERENCES client (id),
    -- The newest has the highest.
    place      bigint NOT NULL,
    hash       bytea  NOT NULL,
    created_at bigint NOT NULL,
    ends_at    bigint,
    PRIMARY KEY (client_id, place)
);

-- The buckets of rate limits: when each will be full again. They may vanish, so they are not in the log.
CREATE UNLOGGED TABLE bucket (
    key        uuid   NOT NULL PRIMARY KEY,
    full_at_us bigint NOT NULL,
    -- What the latest try was told: how long to wait, nothing where it went through.
    wait_us    bigint NOT NULL
) WITH (fillfactor = 70);

-- Single numbers. Whoever gives places locks the row of what they are for (`outbox`, `feed`), and whoever changes keys or
-- clients that of `shelf`. `feed_id` says which feed this is: a place on another one is not taken for a place on this one.
CREATE TABLE meta (
    name  text   NOT NULL PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO meta (name, value) VALUES
    ('outbox', 0),
    ('feed', 0),
    ('feed_id', floor(random() * 9007199254740991)::bigint),
    ('shelf', 0);
