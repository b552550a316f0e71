-- For how long servers need entries of the revocation feed, and when one that does was last seen: tokens that it has issued
-- may live for as long after that.
CREATE TABLE feed_keep (
    keep_ms INTEGER PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT;
