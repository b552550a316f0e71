//! An address is shown to be theirs: a link from a letter, and the password that was chosen with it.
//!
//! 1. The link alone makes nobody's account good. Somebody may have registered with an address that is not theirs, in the
//!    hope that its owner follows the link: the password that was chosen at the registration is asked for together with
//!    the link, and the owner does not know it. Whoever has both is signed in.
//! 2. After a registration ([`crate::register`]) the account comes to be now, with the session, in one transaction that uses
//!    the link up. Until then nobody could sign in, and neither the address nor the user name was taken.
//! 3. A user who was there before, unverified, gets a new session; whatever was there before ends, and the epoch is
//!    raised.

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::limits::BucketKey;
use crate::link::Arrival;
use crate::login::begin::signed_in;
use crate::model::{
    Account, Caller, Client, Ending, EventKind, LetterKind, Link, LinkPurpose, Password, PasswordHash,
    PendingUser, Tally, User, UserId, UserState,
};
use crate::outside::random;
use crate::password::Request;
use crate::refresh::QUIET;
use crate::store::{Amended, Amending, Ends, Registered, Registering, Right};

/// How often a verification is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Sends another letter with a link to the address, if it belongs to a user who has not shown yet that it is theirs.
    /// The same answer in the same time for any address; whoever has registered a moment ago and has lost the letter
    /// registers again.
    ///
    /// # Errors
    /// As [`Rotunda::forgot_password`].
    pub async fn ask_for_verification(&self, email: &str, caller: &Caller) -> Result<(), Error> {
        let request = Request {
            kind: LetterKind::VerifyEmail,
            purpose: LinkPurpose::VerifyEmail,
            event: EventKind::VerificationAsked,
            bucket: BucketKey::verify_by_account,
            is_for: |user| !user.email_verified,
        };
        self.write_to_owner(email, caller, &request).await
    }

    /// Takes a link and the password that was chosen with it, and signs their owner in.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`], [`Denied::CredentialsInvalid`], [`Denied::UsernameTaken`] when somebody else was faster, or
    /// [`Denied::ClientUnknown`]; [`Failure`] when the store or the password pool does not answer.
    pub async fn verify_email(&self, arrival: &Arrival, password: &Password) -> Result<Grant, Error> {
        let client = &*self.client_signing_in(arrival.client_id.as_ref(), arrival.proof.as_ref()).await?;
        for _ in 0..ROUNDS {
            let purposes = [LinkPurpose::Register, LinkPurpose::VerifyEmail];
            let link = self.good_link(&arrival.token, &purposes, &arrival.caller).await?;
            let grant = match &link.newcomer {
                Some(newcomer) => self.welcome(arrival, client, (&link, newcomer), password).await?,
                None => self.verify_user(arrival, client, &link, password).await?,
            };
            if let Some(grant) = grant {
                return Ok(grant);
            }
        }
        Err(Failure::overload("verifying the address of a user who is being changed").into())
    }

    /// Step 2.
    async fn welcome(
        &self,
        arrival: &Arrival,
        client: &Client,
        (link, newcomer): (&Link, &PendingUser),
        password: &Password,
    ) -> Result<Option<Grant>, Error> {
        let email = link.email.clone().ok_or(Denied::LinkInvalid)?;
        self.prove_chosen(password, newcomer.password.clone(), &arrival.caller).await?;
        let now = self.clock.now();
        let user = User {
            ce: 0,
            roles: std::collections::BTreeSet::new(),
            id: UserId::new(now, random(&*self.entropy)?),
            email,
            subject: None,
            username: newcomer.username.clone(),
            name: newcomer.name.clone(),
            email_verified: true,
            state: UserState::Active,
            ep: 0,
            created_at: now,
        };
        let device = self.new_device(now)?;
        let begun = self.begin(&user, client, device, (true, &arrival.caller), now)?;
        let grant = self.grant_begun(&begun, &user, client, now)?;
        let event = |kind| arrival.event(kind, &user, now);
        let events = vec![
            event(EventKind::UserRegistered),
            event(EventKind::EmailVerified),
            signed_in(&begun.session, &arrival.caller),
        ];
        let registering = Registering {
            first_admin: false,
            account: Account { user, password: newcomer.password.clone() },
            session: Some(begun.session),
            replaces: self.left_behind(arrival.page.as_ref(), &arrival.caller, now).await?,
            uses: Some(link.id),
            events,
        };
        match self.store.register(registering).await? {
            Registered::Done => {
                self.tallies.count(Tally::SignIns);
                Ok(Some(grant))
            }
            Registered::UsernameTaken => Err(Denied::UsernameTaken.into()),
            // Somebody followed another link for the same address: this one is as good as used.
            _ => Err(Denied::LinkInvalid.into()),
        }
    }

    /// Step 3; `None` when the user was changed meanwhile.
    async fn verify_user(
        &self,
        arrival: &Arrival,
        client: &Client,
        link: &Link,
        password: &Password,
    ) -> Result<Option<Grant>, Error> {
        let account = self.account_of_link(link).await?;
        if !link.is_to(&account.user.email) || account.user.email_verified {
            return Err(Denied::LinkInvalid.into());
        }
        self.prove_chosen(password, account.password.clone(), &arrival.caller).await?;
        let now = self.clock.now();
        let ep = account.user.ep.saturating_add(1);
        let user = User { ep, email_verified: true, ..account.user.clone() };
        let device = self.new_device(now)?;
        let begun = self.begin(&user, client, device, (true, &arrival.caller), now)?;
        let grant = self.grant_begun(&begun, &user, client, now)?;
        let ending = Ending::EmailVerified;
        let event = |kind| arrival.event(kind, &user, now);
        let amending = Amending {
            right: Right::Link(link.id),
            password: None,
            email: None,
            verified: true,
            ends: Ends::All { ending, at: now },
            events: vec![
                event(EventKind::EmailVerified),
                event(EventKind::EpochRaised(ending)),
                signed_in(&begun.session, &arrival.caller),
            ],
            session: Some(begun.session),
            post: Vec::new(),
            caller: arrival.caller.clone(),
            account,
        };
        if self.store.amend(amending).await? != Amended::Done {
            return Ok(None);
        }
        self.tallies.count(Tally::SignIns);
        self.leave_behind(arrival, now).await;
        Ok(Some(grant))
    }

    /// Step 1: whoever follows the link is whoever chose the password. The same for a new address ([`crate::email`]).
    pub(crate) async fn prove_chosen(
        &self,
        password: &Password,
        hash: PasswordHash,
        caller: &Caller,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let (bucket, quota) = (BucketKey::login_by_address, self.policy.limits.login_per_address);
        self.limit_address(bucket, quota, caller, now).await?;
        if self.hasher.verify(password.clone(), hash.usable()).await?.right {
            self.give_back_address(bucket, quota, caller, now).await;
            return Ok(());
        }
        self.store.note(crate::login::sign_in_failed(caller, now), now.minus(QUIET)).await?;
        Err(Denied::CredentialsInvalid.into())
    }
}
