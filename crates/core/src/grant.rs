//! The session answer: what a client holds after a login, a refresh or a change of password.
//!
//! What its access token says of what the user may do (RFC 9068 §2.2.3):
//!
//! 1. `roles` are the names of the roles that they hold now, `scope` is all that these permit.
//! 2. `ce` is the user's claims epoch, which each change of their roles raises. `rv` is the revision of all roles that the two
//!    were made from, which each change of a role raises. Both are left out while they are 0.
//! 3. So a service that knows the newest of both, from the feed, can tell a token that says what was from one that says what
//!    is. Whoever is signed out with everyone has a lower `rv` than whoever signs in after that.
//! 4. In a session in which somebody acts for the user, what Rotunda itself asks for is left out of `scope`, and the built-in
//!    role out of `roles`: to act for somebody must not be a way to the desk.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{ActClaim, Claims};

use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{
    AdminPermission, Client, ClientKind, DeviceSecret, PageKey, Permission, RoleName, SecretText, Session,
    UnixMillis, User,
};
use crate::outside::random;
use crate::refresh::RefreshToken;

/// What a client may have now. Has no `Debug`: it is full of secrets.
#[derive(Clone)]
pub struct Grant {
    /// The signed access token (RFC 9068).
    pub access_token: SecretText,
    /// How long it lives.
    pub expires_in: Duration,
    /// When to refresh: between 60 % and 90 % of that, so that a million clients do not come back together.
    pub refresh_after: Duration,
    /// The refresh token.
    pub refresh_token: SecretText,
    /// How long the session lives unless it is refreshed.
    pub refresh_expires_in: Duration,
    /// The device secret, where it was made now or came with the request.
    pub device_secret: Option<DeviceSecret>,
    /// The key of the page cookie, where it was made now.
    pub page_key: Option<PageKey>,
    /// The kind of client, which says how the tokens travel.
    pub kind: ClientKind,
    /// The session as it now stands.
    pub session: Session,
    /// Whose it is.
    pub user: User,
    /// The moment of the answer.
    pub now: UnixMillis,
}

impl Rotunda {
    /// Signs an access token for the session and puts the answer together.
    pub(crate) fn grant(
        &self,
        session: &Session,
        user: &User,
        client: &Client,
        token: &RefreshToken,
        device_secret: Option<DeviceSecret>,
        now: UnixMillis,
    ) -> Result<Grant, Failure> {
        let spread = u16::from_be_bytes(random(&*self.entropy)?);
        // An access token never outlives its session: the expiry that is shown is the expiry that happens.
        let expires_at = now.plus(client.access_ttl).min(session.expires_at());
        let expires_in = now.until(expires_at);
        let claims = self.claims(session, user, (now, expires_at), self.new_jti()?);
        let access_token = self.sign(&claims, now)?;
        let refresh_token = token
            .expose_text(&self.keys)
            .ok_or_else(|| Failure::broken("writing a refresh token", "its master key is missing"))?;
        Ok(Grant {
            access_token,
            expires_in,
            refresh_after: refresh_after(expires_in, spread),
            refresh_token: SecretText::new(refresh_token),
            refresh_expires_in: now.until(session.expires_at()),
            device_secret,
            page_key: None,
            kind: client.kind,
            session: session.clone(),
            user: user.clone(),
            now,
        })
    }

    /// Signs an access token with the key that signs now.
    pub(crate) fn sign(&self, claims: &Claims, now: UnixMillis) -> Result<SecretText, Failure> {
        let signed = self.shelf().signer(now)?.sign(claims);
        signed.map(SecretText::new).map_err(|e| Failure::broken("signing an access token", e))
    }

    /// The id of a new access token.
    pub(crate) fn new_jti(&self) -> Result<String, Failure> {
        Ok(Base64UrlUnpadded::encode_string(&random::<16>(&*self.entropy)?))
    }

    /// What an access token for the session says.
    pub(crate) fn claims(
        &self,
        session: &Session,
        user: &User,
        (now, expires_at): (UnixMillis, UnixMillis),
        jti: String,
    ) -> Claims {
        let shelf = self.shelf();
        let own = session.acting.is_none();
        let roles = user.roles.iter().filter(|role| own || **role != RoleName::admin());
        let permissions = shelf.permissions(&user.roles);
        let scope = permissions.iter().filter(|it| own || AdminPermission::parse(it.as_str()).is_none());
        Claims {
            ce: stated(user.ce),
            // Everyone may have been signed out since the shelf was read, and this session have begun after that.
            rv: stated(shelf.revision.max(session.revision)),
            iss: self.policy.issuer.clone(),
            sub: user.sub(),
            aud: vec![self.policy.audience.clone()],
            exp: expires_at.seconds_up(),
            iat: now.seconds(),
            nbf: None,
            jti,
            client_id: session.client_id.0.clone(),
            sid: Some(session.id.to_string()),
            auth_time: Some(session.auth_time.seconds()),
            amr: session.amr.clone(),
            ep: Some(user.ep),
            roles: roles.map(ToString::to_string).collect(),
            scope: scope.map(Permission::as_str).map(str::to_owned).reduce(|all, one| all + " " + &one),
            act: session.acting.map(|acting| ActClaim { sub: acting.to_string() }),
        }
    }

    /// Reads the roles again where the session began under a later revision of them than the one that is known here: another
    /// server has changed them a moment ago, and a token that says so must say what they are.
    pub(crate) async fn roles_no_older_than(&self, session: &Session) -> Result<(), Failure> {
        if session.revision > self.shelf().revision { self.look_at_shelf().await } else { Ok(()) }
    }
}

/// What goes without saying while it is 0: tokens of a server that knows no roles stay as they were.
fn stated(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number > 0)
}

/// A moment between 60 % and 90 % of an access token's life, picked by 16 random bits.
fn refresh_after(life: Duration, random: u16) -> Duration {
    life.mul_f64(0.6 + 0.3 * f64::from(random) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_after_lies_between_60_and_90_percent_and_spreads() {
        let life = Duration::from_secs(900);
        assert_eq!(refresh_after(life, 0), Duration::from_secs(540));
        assert_eq!(refresh_after(life, u16::MAX), Duration::from_secs(810));
        let middle = refresh_after(life, u16::MAX / 2);
        assert!((Duration::from_secs(674)..Duration::from_secs(676)).contains(&middle), "{middle:?}");
    }
}
