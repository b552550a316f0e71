//! Which bucket a try is taken from: one for each kind of try and whoever is behind it.

use std::net::{IpAddr, Ipv6Addr};

use aws_lc_rs::digest::{Context, SHA256};

use crate::model::{DeviceId, Email, Handle, SessionId, UserId};

/// What one subscriber can be expected to have of the network: an IPv4 address, or a /64 of IPv6 (RFC 6177 gives no
/// site less, and any site may use all of it).
///
/// A caller without an address has no block, and is not limited by address: that is a server whose router was nested
/// into another application without telling it who calls, and one bucket for all of its callers would be an outage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AddressBlock(IpAddr);

impl From<IpAddr> for AddressBlock {
    /// An IPv4 address that came over a dual-stack socket (`::ffff:192.0.2.1`) is that IPv4 address.
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
        }
    }
}

impl AddressBlock {
    /// Its first address. Sixteen bytes for both families: an IPv4 address in its mapped form is in no block of IPv6.
    fn octets(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        }
    }
}

/// The bit of a key's first byte that is set in those of refreshes only.
const OF_REFRESHES: u8 = 0x80;

/// The name of a bucket: the first 16 bytes of SHA-256 over the kind of try and whoever is behind it, but for the first bit,
/// which tells a refresh from everything else ([`BucketKey::is_of_refreshes`]). Nothing else can be read from it in a log or
/// in a store, and all are of one size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BucketKey([u8; 16]);

impl BucketKey {
    /// Sign-ins from a place, whoever they are for.
    #[must_use]
    pub fn login_by_address(block: AddressBlock) -> Self {
        Self::of("login address", &[&block.octets()])
    }

    /// Sign-ins by this address or user name, from devices that its account has not been signed in on before. By what was
    /// typed, whether or not there is such an account: by the account, the limit would tell that there is one, and which
    /// address and user name belong together.
    #[must_use]
    pub fn login_by_handle(handle: &Handle) -> Self {
        match handle {
            Handle::Email(email) => Self::of("login email", &[email.key().as_bytes()]),
            Handle::Username(name) => Self::of("login user name", &[name.key().as_bytes()]),
            Handle::Subject(subject) => Self::of("login subject", &[subject.as_str().as_bytes()]),
        }
    }

    /// Sign-ins to an account from a device that it has been signed in on before.
    #[must_use]
    pub fn login_by_device(user: UserId, device: DeviceId) -> Self {
        Self::of("login device", &[user.as_bytes(), device.as_bytes()])
    }

    /// The password, asked for again of somebody who is signed in on this device: a thief on one does not hold up the
    /// owner on another.
    #[must_use]
    pub fn reauthentication(user: UserId, device: DeviceId) -> Self {
        Self::of("reauthentication", &[user.as_bytes(), device.as_bytes()])
    }

    /// Changes of address, by whoever asks for them: so many letters they can cause.
    #[must_use]
    pub fn email_change_by_account(user: UserId) -> Self {
        Self::of("email change account", &[user.as_bytes()])
    }

    /// Registrations from a place.
    #[must_use]
    pub fn register_by_address(block: AddressBlock) -> Self {
        Self::of("register address", &[&block.octets()])
    }

    /// Forgotten passwords, from a place.
    #[must_use]
    pub fn forgot_by_address(block: AddressBlock) -> Self {
        Self::of("forgot address", &[&block.octets()])
    }

    /// Forgotten passwords, by the address that was typed, whether there is such an account or not.
    #[must_use]
    pub fn forgot_by_account(email: &Email) -> Self {
        Self::of("forgot account", &[email.key().as_bytes()])
    }

    /// Letters that are to show an address to be theirs, by that address. Apart from those for a forgotten password: most of
    /// them bring an owner nothing to sign in with, and whoever asks for them must not use up those that do.
    #[must_use]
    pub fn verify_by_account(email: &Email) -> Self {
        Self::of("verify account", &[email.key().as_bytes()])
    }

    /// Codes out of links in mails, from a place.
    #[must_use]
    pub fn code_by_address(block: AddressBlock) -> Self {
        Self::of("code address", &[&block.octets()])
    }

    /// Refreshes of a session.
    #[must_use]
    pub fn refresh_by_session(session: SessionId) -> Self {
        let mut key = Self::of("refresh session", &[session.as_bytes()]);
        key.0[0] |= OF_REFRESHES;
        key
    }

    /// Whether refreshes are taken from this bucket. They are by far the most tries, and whoever makes them has shown a good
    /// token before: whoever keeps buckets may want to keep these nearer than the others.
    #[must_use]
    pub fn is_of_refreshes(&self) -> bool {
        self.0[0] & OF_REFRESHES != 0
    }

    /// Clients' secrets that were not good, from a place, whatever names came with them: names can be made up without end.
    #[must_use]
    pub fn client_by_address(block: AddressBlock) -> Self {
        Self::of("client address", &[&block.octets()])
    }

    /// Its bytes, for a store that keeps buckets elsewhere.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A bucket by its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// No kind has a zero byte in it, and where there are several parts, each but the last is of one size: no two are read alike.
    fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(b"rotunda bucket\0");
        hash.update(kind.as_bytes());
        hash.update(b"\0");
        parts.iter().for_each(|part| hash.update(part));
        let mut key = [0; 16];
        key.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        key[0] &= !OF_REFRESHES;
        Self(key)
    }
}
