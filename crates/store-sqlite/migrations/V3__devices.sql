-- The devices that a user has signed in on. Until now they were read off the sessions, and forgotten with them.

CREATE TABLE device (
    id              BLOB    NOT NULL,
    user_id         BLOB    NOT NULL REFERENCES user (id),
    hash            BLOB    NOT NULL,
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    last_ip         TEXT,
    last_user_agent TEXT,
    -- Recognising a device, and listing those of a user: there are at most fifty, which need no index to be sorted.
    PRIMARY KEY (user_id, hash)
) STRICT;

-- Forgetting.
CREATE INDEX device_seen ON device (last_seen_at);

-- What the sessions still know; of a device where one was copied or reported, somebody else may have the secret too.
-- Where it was last is where its newest session was refreshed last: where that began is not on record.
INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent)
SELECT device_id, user_id, device_hash, first_seen_at, created_at, last_ip, last_user_agent
FROM (
    SELECT device_id, user_id, device_hash, created_at, last_ip, last_user_agent,
        min(created_at) OVER device AS first_seen_at,
        max(coalesce(ended IN ('reused', 'reported'), 0)) OVER device AS copied,
        row_number() OVER (PARTITION BY user_id, device_hash ORDER BY created_at DESC, id DESC) AS place
    FROM session
    WINDOW device AS (PARTITION BY user_id, device_hash)
)
WHERE place = 1 AND NOT copied;
