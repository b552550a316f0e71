//! What an operator at the machine does, in a word each: for tests that need somebody disabled, and are not about that.

use async_trait::async_trait;
use rotunda_core::Rotunda;
use rotunda_core::desk::{CreateUser, Desk, Operator};
use rotunda_core::export::UserData;
use rotunda_core::failure::Error;
use rotunda_core::import::{Arrival, Imported};
use rotunda_core::model::{Facts, Session, SessionId, User, UserId};
use rotunda_core::operate::{Story, Who};
use rotunda_core::register::Newcomer;
use rotunda_core::store::{SessionSearch, UserPlace, UserSearch};

/// The desk of whoever may run commands on the machine. Each verb is the desk's; errors are those of the desk.
#[async_trait]
#[expect(missing_docs, reason = "each is what the desk's verb of that name says")]
pub trait CommandLine {
    fn at_the_machine(&self) -> Desk<'_>;

    async fn add_user(&self, newcomer: &Newcomer) -> Result<User, Error>;
    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Error>;
    async fn find_user(&self, who: &Who) -> Result<User, Error>;
    async fn import_user(&self, arrival: &Arrival) -> Result<Imported, Error>;
    async fn check_import(&self, arrival: &Arrival) -> Result<Imported, Error>;
    async fn disable_user(&self, id: UserId) -> Result<u64, Error>;
    async fn enable_user(&self, id: UserId) -> Result<bool, Error>;
    async fn delete_user(&self, id: UserId) -> Result<(), Error>;
    async fn export_user(&self, id: UserId) -> Result<UserData, Error>;
    /// A user's live sessions, the latest used first.
    async fn sessions_of(&self, id: UserId) -> Result<Vec<Session>, Error>;
    async fn session(&self, id: SessionId) -> Result<Facts, Error>;
    async fn why(&self, id: SessionId) -> Result<Story, Error>;
    async fn revoke_session(&self, id: SessionId) -> Result<bool, Error>;
}

#[async_trait]
impl CommandLine for Rotunda {
    fn at_the_machine(&self) -> Desk<'_> {
        self.desk(Operator::command_line())
    }

    async fn add_user(&self, newcomer: &Newcomer) -> Result<User, Error> {
        let create = CreateUser { newcomer: newcomer.clone(), verified: false, roles: Default::default() };
        self.at_the_machine().create_user(create).await
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Error> {
        let after = after.map(UserPlace::Id);
        Ok(self.at_the_machine().search_users(UserSearch::default(), after, limit).await?.rows)
    }

    async fn find_user(&self, who: &Who) -> Result<User, Error> {
        self.at_the_machine().find_user(who).await
    }

    async fn import_user(&self, arrival: &Arrival) -> Result<Imported, Error> {
        self.at_the_machine().import_user(arrival).await
    }

    async fn check_import(&self, arrival: &Arrival) -> Result<Imported, Error> {
        self.at_the_machine().check_import(arrival).await
    }

    async fn disable_user(&self, id: UserId) -> Result<u64, Error> {
        self.at_the_machine().disable_user(id).await
    }

    async fn enable_user(&self, id: UserId) -> Result<bool, Error> {
        self.at_the_machine().enable_user(id).await
    }

    async fn delete_user(&self, id: UserId) -> Result<(), Error> {
        self.at_the_machine().delete_user(id).await
    }

    async fn export_user(&self, id: UserId) -> Result<UserData, Error> {
        self.at_the_machine().export_user(id).await
    }

    async fn sessions_of(&self, id: UserId) -> Result<Vec<Session>, Error> {
        let by = SessionSearch { user: Some(id), live: Some(true), ..SessionSearch::default() };
        let page = self.at_the_machine().search_sessions(by, None, u32::MAX).await?;
        let mut sessions: Vec<_> = page.rows.into_iter().map(|facts| facts.session).collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_used_at()));
        Ok(sessions)
    }

    async fn session(&self, id: SessionId) -> Result<Facts, Error> {
        self.at_the_machine().session(id).await
    }

    async fn why(&self, id: SessionId) -> Result<Story, Error> {
        self.at_the_machine().story(id).await
    }

    async fn revoke_session(&self, id: SessionId) -> Result<bool, Error> {
        self.at_the_machine().end_session(id).await
    }
}
