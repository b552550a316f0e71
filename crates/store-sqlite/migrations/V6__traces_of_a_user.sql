-- What there is of one user, to show it to them and to delete it. Of nobody as well, as with links.

CREATE INDEX outbox_user ON outbox (user_id);

-- All sessions of a user, live ones first to hand, in place of an index of the live ones only: deleting a user asks for
-- every session that still refers to them, and the live ones are found by both columns as fast as before.
CREATE INDEX session_of_user ON session (user_id, status);
DROP INDEX session_live_of_user;
