//! Moving parts of many sessions at once: to be copied, or copied here.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use rotunda_core::failure::Failure;
use rotunda_core::model::Session;
use rotunda_core::store::{Moved, MovingParts, Skeletons};

use crate::scripts::PUT;
use crate::{AT_ONCE, RedisSessions, keep, moving};

#[async_trait]
impl<S: Skeletons + ?Sized> MovingParts for RedisSessions<S> {
    async fn moving_parts(&self, sessions: &[Session]) -> Result<Vec<Option<Moved>>, Failure> {
        let mut found = Vec::with_capacity(sessions.len());
        for some in sessions.chunks(AT_ONCE) {
            let moved = try_join_all(some.iter().map(|session| self.moving(session.id))).await?;
            // A hash that fits no token says no more than none.
            found.extend(
                moved.into_iter().map(|moved| moved.filter(|moved| !moving::is_lost(&moved.lineage))),
            );
        }
        Ok(found)
    }

    async fn put_moving_parts(&self, sessions: &[Session]) -> Result<(), Failure> {
        for some in sessions.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|session| self.put(session))).await?;
        }
        Ok(())
    }
}

impl<S: ?Sized> RedisSessions<S> {
    async fn put(&self, session: &Session) -> Result<(), Failure> {
        let mut call = PUT.on(&self.key(session.id));
        call.arg(keep(session)).arg(session.lineage.generation);
        moving::write(&Moved::of(session), session.absolute_expires_at, &mut call);
        self.redis.run::<u8>("copying a session to Redis", &PUT, &call).await.map(drop)
    }
}
