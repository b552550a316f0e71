//! Every link that is not good is refused in one and the same way, and nothing is changed by it.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_core::denied::Denied;
use rotunda_core::model::{LetterKind, LinkPurpose, SecretText};
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;

use crate::flows::{NEW, assert_same};
use crate::support::{DAY, PASSWORD, World, caller, denied};

/// One good link of each purpose, all in one world.
async fn one_of_each() -> (World, BTreeMap<LinkPurpose, SecretText>) {
    let w = World::verified().await;
    w.asks_to_register(&World::registration("ada")).await;
    let link = w.link(LetterKind::VerifyEmail).await;
    let grant = w.verify(&link, PASSWORD).await.unwrap();
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;
    let mut links = BTreeMap::new();
    w.asks_to_register(&World::registration("carl")).await;
    links.insert(LinkPurpose::Register, w.link(LetterKind::VerifyEmail).await);
    let newcomer: Newcomer = World::registration("bob").newcomer;
    w.rotunda.add_user(&newcomer).await.unwrap();
    w.rotunda.ask_for_verification("bob@example.com", &caller("192.0.2.9")).await.unwrap();
    links.insert(LinkPurpose::VerifyEmail, w.link(LetterKind::VerifyEmail).await);
    links.insert(LinkPurpose::ChangeEmail, w.asks_for(&ada, "new@example.com").await.0);
    links.insert(LinkPurpose::ResetPassword, w.forgets("bob").await);
    links.insert(LinkPurpose::Report, w.signs_in_from("ada", "203.0.113.66").await.1);
    assert!(LinkPurpose::ALL.iter().all(|purpose| links.contains_key(purpose)));
    (w, links)
}

/// Not even looked at.
async fn not_ours(w: &World, text: String) {
    let token = SecretText::new(text);
    assert_eq!(denied(w.rotunda.look_at_link(&token, &caller("192.0.2.9")).await), Denied::LinkInvalid);
    w.tries_everywhere(&token, None).await;
}

fn bytes_of(token: &SecretText) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(token.expose().strip_prefix("rl1_").unwrap()).unwrap()
}

fn text_of(bytes: &[u8]) -> String {
    format!("rl1_{}", Base64UrlUnpadded::encode_string(bytes))
}

#[tokio::test]
async fn a_link_for_one_thing_is_good_for_nothing_else() {
    let (w, links) = one_of_each().await;
    for (purpose, token) in &links {
        w.tries_everywhere(token, Some(*purpose)).await;
        let before = w.store.inner.snapshot();
        assert_eq!(w.rotunda.look_at_link(token, &caller("192.0.2.9")).await.unwrap().purpose, *purpose);
        assert_same(&before, &w.store.inner.snapshot());
    }
    // After all that, each is good for its own.
    w.verify(&links[&LinkPurpose::Register], PASSWORD).await.unwrap();
    w.confirm(&links[&LinkPurpose::ChangeEmail]).await.unwrap();
    w.report(&links[&LinkPurpose::Report]).await.unwrap();
    let begun = w.store.inner.snapshot();
    w.verify(&links[&LinkPurpose::VerifyEmail], PASSWORD).await.unwrap();
    w.store.inner.restore(begun);
    w.reset(&links[&LinkPurpose::ResetPassword], NEW).await.unwrap();
    // And none twice.
    for token in links.values() {
        w.tries_everywhere(token, None).await;
    }
}

#[tokio::test]
async fn one_that_was_cut_or_altered_anywhere_is_none_of_ours() {
    let (w, links) = one_of_each().await;
    for (purpose, token) in &links {
        let text = token.expose();
        for length in 0..text.len() {
            not_ours(&w, text[..length].to_owned()).await;
        }
        let bytes = bytes_of(token);
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            not_ours(&w, text_of(&altered)).await;
        }
        for other in LinkPurpose::ALL.iter().filter(|other| *other != purpose) {
            let mut altered = bytes.clone();
            altered[1] = other.byte();
            not_ours(&w, text_of(&altered)).await;
        }
        for longer in ["A", "=", " ", "\n", "\0"] {
            not_ours(&w, format!("{text}{longer}")).await;
            not_ours(&w, format!("{longer}{text}")).await;
        }
    }
}

/// One text for one link: the bits that base64 leaves over at the end are none to play with.
#[tokio::test]
async fn a_link_has_one_spelling() {
    let (w, links) = one_of_each().await;
    let text = links[&LinkPurpose::ResetPassword].expose();
    let (body, last) = text.split_at(text.len() - 1);
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_', '+', '/']);
    for other in alphabet.filter(|other| !last.starts_with(*other)) {
        not_ours(&w, format!("{body}{other}")).await;
    }
    not_ours(&w, text.replacen("rl1_", "RL1_", 1)).await;
}

#[tokio::test]
async fn two_links_cut_together_are_none() {
    let (w, links) = one_of_each().await;
    let all: Vec<_> = links.values().map(bytes_of).collect();
    for one in &all {
        for other in all.iter().filter(|other| *other != one) {
            // The key, the purpose, the id: each from the one, the rest from the other.
            for place in [2, 18] {
                not_ours(&w, text_of(&[&one[..place], &other[place..]].concat())).await;
            }
            let swapped = [&one[..1], &other[1..2], &one[2..]].concat();
            if swapped != *one {
                not_ours(&w, text_of(&swapped)).await;
            }
        }
    }
}

#[tokio::test]
async fn garbage_is_refused_whatever_it_is() {
    let (w, _) = one_of_each().await;
    let ada = w.sign_in("ada").await;
    w.rotunda.deliver().await.unwrap();
    let garbage = [
        String::new(),
        "rl1_".to_owned(),
        "rl1_".to_owned() + &"A".repeat(67),
        "rl2_".to_owned() + &"A".repeat(67),
        "ä".repeat(36),
        "\u{0}".repeat(71),
        "A".repeat(100_000),
        ada.token.clone(),
        ada.access.clone(),
        ada.device.as_ref().unwrap().expose_text(),
    ];
    for text in garbage {
        not_ours(&w, text).await;
    }
}

/// Whoever can write to the store, but has no master key, plants no link and makes none of another.
#[tokio::test]
async fn what_stands_in_the_store_opens_nothing_by_itself() {
    let (w, links) = one_of_each().await;
    let good = w.store.inner.snapshot();
    let next = |hashes: Vec<_>| hashes.into_iter().cycle().skip(1);
    let mut planted = good.clone();
    let hashes = next(good.links.values().map(|link| link.hash).collect());
    planted.links.values_mut().zip(hashes).for_each(|(link, hash)| link.hash = hash);
    w.store.inner.restore(planted);
    for token in links.values() {
        w.tries_everywhere(token, None).await;
    }
    for purpose in LinkPurpose::ALL {
        let mut planted = good.clone();
        planted.links.values_mut().for_each(|link| link.purpose = *purpose);
        w.store.inner.restore(planted);
        for token in links.iter().filter(|(of, _)| *of != purpose).map(|(_, token)| token) {
            w.tries_everywhere(token, None).await;
        }
    }
}

#[tokio::test]
async fn an_expired_link_is_good_for_nothing() {
    let (w, links) = one_of_each().await;
    w.pass(8 * DAY);
    for token in links.values() {
        let looked = w.rotunda.look_at_link(token, &caller("192.0.2.9")).await;
        assert_eq!(denied(looked), Denied::LinkInvalid);
        w.tries_everywhere(token, None).await;
    }
}

/// Under the same id, another server's master key makes another secret.
#[tokio::test]
async fn a_link_of_another_master_key_is_none_of_ours() {
    let (mut w, links) = one_of_each().await;
    w.rotunda.ready().await.unwrap();
    w.restart(&[1, 2]).await.unwrap();
    w.rotunda.look_at_link(&links[&LinkPurpose::Report], &caller("192.0.2.9")).await.unwrap();
    for token in links.values() {
        let mut bytes = bytes_of(token);
        bytes[0] = 2;
        not_ours(&w, text_of(&bytes)).await;
    }
}
