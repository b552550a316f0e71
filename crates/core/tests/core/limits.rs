//! Which buckets there are, and what their default quotas come to.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use rotunda_core::limits::{AddressBlock, BucketKey, Limits, Quota};
use rotunda_core::model::{DeviceId, Email, Handle, SessionId, UnixMillis, UserId, Username};
use rotunda_core::policy::Policy;
use rotunda_core::store::Scratch;
use rotunda_testkit::SimpleScratch;

use crate::support::{HOUR, ISSUER};

fn block(address: &str) -> AddressBlock {
    address.parse::<IpAddr>().unwrap().into()
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

#[test]
fn a_block_is_an_ipv4_address_or_a_64_of_ipv6() {
    let same = [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    ];
    for (one, other) in same {
        assert_eq!(block(one), block(other), "{one} {other}");
        assert_eq!(BucketKey::login_by_address(block(one)), BucketKey::login_by_address(block(other)));
    }
    let different = [
        ("192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("2001:db8:1:2::", "2001:db9:1:2::"),
        // An address of zeros, the loopback one, and those that only look like IPv4.
        ("0.0.0.0", "::"),
        ("127.0.0.1", "::1"),
        ("192.0.2.1", "::192.0.2.1"),
    ];
    for (one, other) in different {
        assert_ne!(block(one), block(other), "{one} {other}");
        assert_ne!(BucketKey::login_by_address(block(one)), BucketKey::login_by_address(block(other)));
    }
}

/// Every kind, for the same sixteen bytes: no two share a bucket.
#[test]
fn each_kind_of_try_has_buckets_of_its_own() {
    let bytes = [7; 16];
    let (user, device, session) =
        (UserId::from_bytes(bytes), DeviceId::from_bytes(bytes), SessionId::from_bytes(bytes));
    let place = AddressBlock::from(IpAddr::from(bytes));
    let (ada, name) = (email("ada@example.com"), Username::parse("ada").unwrap());
    let keys = [
        BucketKey::login_by_address(place),
        BucketKey::login_by_handle(&Handle::Email(ada.clone())),
        BucketKey::login_by_handle(&Handle::Username(name)),
        BucketKey::email_change_by_account(user),
        BucketKey::login_by_device(user, device),
        BucketKey::login_by_device(UserId::from_bytes([8; 16]), device),
        BucketKey::login_by_device(user, DeviceId::from_bytes([8; 16])),
        BucketKey::reauthentication(user, device),
        BucketKey::register_by_address(place),
        BucketKey::forgot_by_address(place),
        BucketKey::forgot_by_account(&ada),
        BucketKey::verify_by_account(&ada),
        BucketKey::code_by_address(place),
        BucketKey::refresh_by_session(session),
        BucketKey::client_by_address(place),
    ];
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    assert_eq!(BucketKey::from_bytes(*keys[0].as_bytes()), keys[0]);
    // By its name alone it can be told which ones refreshes are taken from.
    let of_refreshes = BucketKey::refresh_by_session(session);
    for key in keys {
        let kept = BucketKey::from_bytes(*key.as_bytes());
        assert_eq!(kept.is_of_refreshes(), key == of_refreshes, "{key:?}");
    }
}

#[test]
fn an_account_has_one_bucket_however_its_address_is_written() {
    let written = ["ada@example.com", " Ada@Example.COM "].map(email);
    assert_eq!(BucketKey::forgot_by_account(&written[0]), BucketKey::forgot_by_account(&written[1]));
    let nobody = |email: &Email| BucketKey::login_by_handle(&Handle::Email(email.clone()));
    assert_eq!(nobody(&written[0]), nobody(&written[1]));
    let names = ["ada", "ADA"].map(|name| Handle::Username(Username::parse(name).unwrap()));
    assert_eq!(BucketKey::login_by_handle(&names[0]), BucketKey::login_by_handle(&names[1]));
}

/// The names are kept by stores that outlive a version.
#[test]
fn a_name_is_the_same_in_every_version() {
    // SHA-256 of `rotunda bucket`, 0, `login address`, 0 and ::ffff:192.0.2.1, computed elsewhere.
    let expected = [20, 40, 9, 58, 53, 20, 37, 138, 247, 65, 37, 207, 28, 145, 134, 234];
    assert_eq!(BucketKey::login_by_address(block("192.0.2.1")).as_bytes(), &expected);
}

#[test]
fn limits_are_on_unless_somebody_says_otherwise() {
    assert!(Policy::new(ISSUER).limits.enabled);
    assert_eq!(Limits { enabled: true, ..Limits::off() }, Limits::default());
    assert!(!Limits::off().enabled);
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let limits = Limits::default();
    let told = |quota: Quota| (quota.burst(), quota.per().as_secs());
    let table = [
        (limits.login_per_address, (60, 6)),
        (limits.login_per_account, (8, 90)),
        (limits.login_per_device, (10, 60)),
        (limits.reauthenticate, (10, 60)),
        (limits.register_per_address, (10, 60)),
        (limits.forgot_per_address, (10, 60)),
        (limits.forgot_per_account, (3, 600)),
        (limits.codes_per_address, (30, 10)),
        (limits.refresh_per_session, (60, 1)),
        (limits.client_per_address, (30, 10)),
    ];
    for (quota, expected) in table {
        assert_eq!(told(quota), expected);
    }
}

/// Strangers who never stop, from however many addresses, and who know both the address and the user name.
#[tokio::test]
async fn fewer_than_a_hundred_guesses_an_hour_get_through_to_an_account() {
    let (scratch, limits) = (SimpleScratch::default(), Limits::default());
    let names = [Handle::Email(email("ada@example.com")), Handle::Username(Username::parse("ada").unwrap())];
    let step = Duration::from_millis(100);
    let mut through = Vec::new();
    let mut now = UnixMillis(1_800_000_000_000);
    // Three hours, so that the worst hour is among them.
    for _ in 0..HOUR.as_millis() * 3 / step.as_millis() {
        for key in names.iter().map(BucketKey::login_by_handle) {
            if scratch.take(key, limits.login_per_account, now).await.unwrap().is_none() {
                through.push(now);
            }
        }
        now = now.plus(step);
    }
    let in_the_hour_from =
        |from: &UnixMillis| through.iter().filter(|at| *at >= from && from.distance(**at) <= HOUR).count();
    let worst = through.iter().map(in_the_hour_from).max().unwrap();
    assert_eq!(worst, 2 * (8 + 40));
    assert!(worst < 100);
}
