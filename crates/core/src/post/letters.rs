//! The writing of letters: what each flow that has something to tell puts into the queue, and the links in it.

use std::time::Duration;

use crate::Rotunda;
use crate::failure::Failure;
use crate::link::LinkToken;
use crate::model::{
    Caller, Email, Letter, LetterId, LetterKind, LetterLink, Link, LinkId, LinkPurpose, SessionId,
    UnixMillis, User,
};
use crate::outside::random;
use crate::store::Posting;

/// How long a letter that somebody waits for is worth sending.
const AWAITED: Duration = Duration::from_secs(24 * 3600);
/// How long a letter that tells of something is worth sending.
const NOTICE: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long an invitation is good once it was sent: somebody who expects nothing looks for it less often than somebody who has
/// just asked for a letter.
const INVITATION: Duration = Duration::from_secs(3 * 24 * 3600);

/// What letters are about: who, from where, when.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    /// The user, where there is one.
    pub user: Option<&'a User>,
    /// Who did it.
    pub caller: &'a Caller,
    /// When.
    pub now: UnixMillis,
}

impl Rotunda {
    /// A letter with a link that somebody waits for, good for [`crate::policy::Policy::link_life`] once it is sent.
    /// To nobody, where there is nobody to write to: link and letter are written all the same.
    pub(crate) fn awaited(
        &self,
        kind: LetterKind,
        purpose: LinkPurpose,
        to: Option<&Email>,
        occasion: Occasion<'_>,
    ) -> Result<Posting, Failure> {
        let link = self.new_link(purpose, to, (self.policy.link_life, AWAITED), occasion)?;
        let letter = self.letter(kind, to, AWAITED, occasion)?;
        // Whoever asked may be a stranger: no words of theirs in our letter.
        let letter = Letter { caller: letter.caller.without_own_words(), ..letter };
        Ok(carrying(letter, link, self.keys.current_id()))
    }

    /// The letter to a user whom an operator has added, with a link for their first password. Who that was and from where is
    /// not told.
    pub(crate) fn invitation(&self, user: &User, now: UnixMillis) -> Result<Posting, Failure> {
        let occasion = Occasion { user: Some(user), caller: &Caller::default(), now };
        let lives = (INVITATION, NOTICE);
        let link = self.new_link(LinkPurpose::ResetPassword, Some(&user.email), lives, occasion)?;
        let letter = self.letter(LetterKind::Invited, Some(&user.email), NOTICE, occasion)?;
        Ok(carrying(letter, link, self.keys.current_id()))
    }

    /// A letter to the user's address that tells of something and offers "this was not me"; `session` is the one that it tells of.
    pub(crate) fn notice(
        &self,
        kind: LetterKind,
        user: &User,
        session: Option<SessionId>,
        (caller, now): (&Caller, UnixMillis),
    ) -> Result<Posting, Failure> {
        let occasion = Occasion { user: Some(user), caller, now };
        let lives = (self.policy.report_life, NOTICE);
        let link = self.new_link(LinkPurpose::Report, Some(&user.email), lives, occasion)?;
        let letter = self.letter(kind, Some(&user.email), NOTICE, occasion)?;
        Ok(carrying(letter, Link { session_id: session, ..link }, self.keys.current_id()))
    }

    /// A letter that tells of something and offers nothing.
    pub(crate) fn told(
        &self,
        kind: LetterKind,
        to: &Email,
        occasion: Occasion<'_>,
    ) -> Result<Posting, Failure> {
        Ok(Posting { letter: self.letter(kind, Some(to), NOTICE, occasion)?, link: None })
    }

    fn letter(
        &self,
        kind: LetterKind,
        to: Option<&Email>,
        worth: Duration,
        Occasion { user, caller, now }: Occasion<'_>,
    ) -> Result<Letter, Failure> {
        Ok(Letter {
            id: LetterId::new(now, random(&*self.entropy)?),
            kind,
            to: to.cloned(),
            user_id: user.map(|user| user.id),
            // Of somebody who has not shown that the address is theirs, a stranger may be reading.
            name: user.filter(|user| user.email_verified).and_then(|user| user.name.clone()),
            at: now,
            caller: caller.clone(),
            other: None,
            link: None,
            expires_at: now.plus(worth),
        })
    }

    fn new_link(
        &self,
        purpose: LinkPurpose,
        to: Option<&Email>,
        (life, worth): (Duration, Duration),
        Occasion { user, now, .. }: Occasion<'_>,
    ) -> Result<Link, Failure> {
        let id = LinkId::new(now, random(&*self.entropy)?);
        let token = LinkToken { id, purpose, key_id: self.keys.current_id() };
        let hash = token
            .hash(&self.keys)
            .ok_or_else(|| Failure::broken("making a link", "the current master key is missing"))?;
        Ok(Link {
            id,
            purpose,
            hash,
            user_id: user.map(|user| user.id),
            ep: user.map_or(0, |user| user.ep),
            email: to.cloned(),
            session_id: None,
            newcomer: None,
            created_at: now,
            life,
            // Nobody has it before its letter is sent, and then its life begins.
            expires_at: now.plus(worth).plus(life),
        })
    }
}

fn carrying(letter: Letter, link: Link, key_id: u8) -> Posting {
    let carried = LetterLink { id: link.id, purpose: link.purpose, key_id };
    Posting { letter: Letter { link: Some(carried), ..letter }, link: Some(link) }
}
