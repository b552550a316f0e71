//! The first admin: how somebody gets in where nobody has been yet.
//!
//! 1. While there has been no admin, each server can tell a token: `HMAC-SHA256(k_first_admin, feed id)`, from the master key
//!    and the random number that the database was made with. All servers on it tell the same one, after each start, and none
//!    keeps it.
//! 2. Whoever shows it becomes an admin, with an address and a password of their choice; they were let in by whoever runs the
//!    server, so the address counts as theirs.
//! 3. That there has been no admin is asked again in the transaction that adds them: of two with the token one gets in.
//!    From then on the token is good for nothing, whatever becomes of that admin.
//!
//! Whoever may run commands needs none of it: `rotunda role grant ADDRESS admin`.

use aws_lc_rs::hmac;
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::keys::DerivedKeys;
use crate::limits::BucketKey;
use crate::model::{Account, Caller, Event, EventKind, FeedId, RoleName, SecretText, UnixMillis, User};
use crate::register::{Newcomer, registered};
use crate::store::{Registered, Registering};

/// How the text form begins, for people and secret scanners.
const PREFIX: &str = "ra1_";

impl Rotunda {
    /// The token with which somebody becomes the first admin; `None` once there has been one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn first_admin_token(&self) -> Result<Option<SecretText>, Failure> {
        if self.store.first_admin_at().await?.is_some() {
            return Ok(None);
        }
        let keys = self.keys.get(self.keys.current_id());
        let keys = keys.ok_or_else(|| Failure::broken("making the first admin's token", "no master key"))?;
        let tag = tag(keys, self.feed_id().await?);
        let body = Zeroizing::new(Base64UrlUnpadded::encode_string(tag.as_ref()));
        Ok(Some(SecretText::new(format!("{PREFIX}{}", body.as_str()))))
    }

    /// Adds the first admin. Signs nobody in.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`] for a wrong token, [`Denied::InTheWay`] once there has been an admin,
    /// [`Denied::RateLimited`]; otherwise as [`Rotunda::register`].
    pub async fn claim_first_admin(
        &self,
        token: &SecretText,
        newcomer: &Newcomer,
        caller: &Caller,
    ) -> Result<User, Error> {
        let (bucket, quota) = (BucketKey::login_by_address, self.policy.limits.login_per_address);
        self.limit_address(bucket, quota, caller, self.clock.now()).await?;
        if !self.is_first_admin_token(token).await? {
            return Err(Denied::LinkInvalid.into());
        }
        if self.store.first_admin_at().await?.is_some() {
            return Err(too_late().into());
        }
        let mut account = self.new_account(newcomer).await?;
        account.user.email_verified = true;
        account.user.roles.insert(RoleName::admin());
        let user = account.user.clone();
        match self.store.register(first_admin(account, caller)).await? {
            Registered::AdminThere => return Err(too_late().into()),
            other => crate::register::taken(other)?,
        }
        Ok(user)
    }

    /// Whether it was made under any of the master keys: another server may have told it under an older one.
    async fn is_first_admin_token(&self, token: &SecretText) -> Result<bool, Failure> {
        let Some(body) = token.expose().trim().strip_prefix(PREFIX) else { return Ok(false) };
        let mut shown = Zeroizing::new([0; 32]);
        if Base64UrlUnpadded::decode(body, shown.as_mut_slice()).map_or(0, <[u8]>::len) != shown.len() {
            return Ok(false);
        }
        let feed = self.feed_id().await?;
        let made_by = |keys: &DerivedKeys| {
            hmac::verify(&keys.first_admin, &feed.0.to_be_bytes(), shown.as_slice()).is_ok()
        };
        Ok(self.keys.all().any(|(_, keys)| made_by(keys)))
    }

    /// The random number that the database was made with.
    async fn feed_id(&self) -> Result<FeedId, Failure> {
        Ok(self.store.revocations(None, UnixMillis(i64::MAX), 1).await?.feed)
    }
}

fn tag(keys: &DerivedKeys, feed: FeedId) -> hmac::Tag {
    hmac::sign(&keys.first_admin, &feed.0.to_be_bytes())
}

fn first_admin(account: Account, caller: &Caller) -> Registering {
    let added = registered(&account.user, caller);
    let first = Event { kind: EventKind::FirstAdmin, ..added.clone() };
    Registering {
        account,
        session: None,
        replaces: None,
        uses: None,
        first_admin: true,
        events: vec![added, first],
    }
}

fn too_late() -> Denied {
    let why = "There has been an admin already, so this token is good for nothing any more. An admin can give you the role, \
               or whoever runs the server: `rotunda role grant ADDRESS admin`.";
    Denied::InTheWay(why.to_owned())
}
