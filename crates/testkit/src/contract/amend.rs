//! Accounts that change.

use rotunda_core::model::{Account, Ending, EventKind, LetterKind, LinkPurpose, User, UserState};
use rotunda_core::store::{Amended, Amending, EndingAll, Ends, Posting, Right};

use super::scene::{ALL, Shelf, a_signed_in_user, account, at_once, end_event, happened, row, sign_in, view};
use crate::fixtures::{
    NOW, a_caller, a_letter, a_link, a_password_hash, a_posting, a_session, an_amendment, an_end,
    an_end_of_all, an_event, email, ended,
};

pub(super) async fn a_change_makes_what_it_names_and_nothing_else(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let right = Right::Session(own.id);
    let change = async |amending: Amending| {
        assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
        account(&store, known.user.id).await
    };
    assert_eq!(change(an_amendment(&known, right)).await.user, known.user, "nothing named, nothing changed");

    let verified = change(Amending { verified: true, ..an_amendment(&known, right) }).await;
    assert_eq!(verified.user, User { email_verified: true, ..known.user.clone() });
    assert_eq!(
        change(an_amendment(&verified, right)).await.user,
        verified.user,
        "shown once, shown for good"
    );

    let hash = a_password_hash(7);
    let rehashed = change(Amending { password: Some(hash.clone()), ..an_amendment(&verified, right) }).await;
    assert_eq!(rehashed.user, verified.user, "without an end of all, the epoch stays");
    assert!(rehashed.password == hash, "the new hash is kept");

    let new = email("New@Example.com");
    let moved = change(Amending { email: Some(new.clone()), ..an_amendment(&rehashed, right) }).await;
    let wanted = User { email: new, email_verified: false, ..known.user.clone() };
    assert_eq!(moved.user, wanted, "another address is not theirs until that is shown");
    let (last, event) = (email("last@example.com"), an_event(EventKind::EmailChanged, &known.user));
    let both = Amending {
        email: Some(last.clone()),
        verified: true,
        events: vec![event.clone()],
        ..an_amendment(&moved, right)
    };
    assert_eq!(change(both).await.user, User { email: last, email_verified: true, ..known.user });
    assert_eq!(row(&store, own.id).await, own, "no session ended");
    assert_eq!(happened(&store).await, [event]);
}

pub(super) async fn a_change_needs_the_account_as_it_was_read(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let before = view(&store, own.id).await;
    let user = &known.user;
    for read in [
        Account { user: User { ep: 1, ..user.clone() }, ..known.clone() },
        Account { password: a_password_hash(2), ..known.clone() },
        Account { user: User { email: email("other@example.com"), ..user.clone() }, ..known.clone() },
    ] {
        let link = a_posting(user, 5);
        let amending = Amending {
            password: Some(a_password_hash(9)),
            email: Some(email("new@example.com")),
            verified: true,
            ends: Ends::All { ending: Ending::PasswordReset, at: NOW },
            session: Some(a_session(user, 9)),
            events: vec![an_event(EventKind::PasswordReset, user)],
            post: vec![link],
            ..an_amendment(&read, Right::Session(own.id))
        };
        assert_eq!(store.amend(amending).await.unwrap(), Amended::Changed);
        let now = account(&store, user.id).await;
        assert!(now.user == *user && now.password == known.password, "the account is as it was");
        assert_eq!(view(&store, own.id).await, before, "no event, and nothing ended");
        assert!(store.facts(a_session(user, 9).id).await.unwrap().is_none(), "no session");
        assert!(store.letters(ALL).await.unwrap().is_empty(), "no letter");
    }
    let louder = User { email: email(&user.email.as_str().to_uppercase()), ..user.clone() };
    let read = Account { user: louder, ..known.clone() };
    let answer = store.amend(an_amendment(&read, Right::Session(own.id))).await.unwrap();
    assert_eq!(answer, Amended::Done, "an address is the same whatever the case");
}

pub(super) async fn a_change_needs_an_active_user(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let link = write_link(&store, &known).await;
    let all = an_end_of_all(&known.user, Ending::UserDisabled, NOW);
    store.end_all(EndingAll { state: Some(UserState::Disabled), ..all }).await.unwrap();
    let now = account(&store, known.user.id).await;
    assert_eq!(store.amend(an_amendment(&now, link)).await.unwrap(), Amended::Changed);
    store.enable(known.user.id, an_event(EventKind::UserEnabled, &known.user)).await.unwrap();
    let now = account(&store, known.user.id).await;
    assert_eq!(store.amend(an_amendment(&now, link)).await.unwrap(), Amended::Done);
}

pub(super) async fn an_address_of_somebody_else_is_not_taken(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let link = write_link(&store, &known).await;
    let before = view(&store, own.id).await;
    let amending = Amending {
        email: Some(email(&other.user.email.as_str().to_uppercase())),
        verified: true,
        password: Some(a_password_hash(9)),
        ends: Ends::All { ending: Ending::EmailVerified, at: NOW },
        events: vec![an_event(EventKind::EmailChanged, &known.user)],
        post: vec![a_posting(&known.user, 8)],
        ..an_amendment(&known, link)
    };
    assert_eq!(store.amend(amending.clone()).await.unwrap(), Amended::EmailTaken);
    let now = account(&store, known.user.id).await;
    assert!(now.user == known.user && now.password == known.password, "the account is as it was");
    assert_eq!(view(&store, own.id).await, before, "no event, and nothing ended");
    assert_eq!(store.letters(ALL).await.unwrap().len(), 1, "the letter of the link, and no other");
    let own_email = Some(email(&known.user.email.as_str().to_uppercase()));
    let answer = store.amend(Amending { email: own_email, ..amending.clone() }).await.unwrap();
    assert_eq!(answer, Amended::Done, "the link is still there, and their own address is nobody else's");
    let answer = store.amend(amending).await.unwrap();
    assert_eq!(answer, Amended::Changed, "who has no right is not told whose address it is");
}

pub(super) async fn one_address_is_taken_once_however_many_change_to_it(store: Shelf) {
    let mut known = Vec::new();
    for seed in 0..10 {
        known.push(a_signed_in_user(&store, seed).await);
    }
    let answers = at_once(10, |number| {
        let (account, own) = &known[number];
        let amending = Amending {
            email: Some(email("wanted@example.com")),
            ..an_amendment(account, Right::Session(own.id))
        };
        let store = store.clone();
        async move { store.amend(amending).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Amended::Done).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Amended::EmailTaken).count(), 9);
}

pub(super) async fn a_change_can_end_one_session_and_begin_another(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let bystander = a_session(&known.user, 2);
    sign_in(&store, &known, &bystander).await;
    let written = happened(&store).await.len();
    let renewed = a_session(&known.user, 3);
    let amending = Amending {
        ends: Ends::One(an_end(&own, Ending::Renewed, NOW)),
        session: Some(renewed.clone()),
        ..an_amendment(&known, Right::Session(own.id))
    };
    assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
    assert_eq!(row(&store, own.id).await, ended(&own, Ending::Renewed, NOW));
    assert_eq!(row(&store, renewed.id).await, renewed);
    assert_eq!(row(&store, bystander.id).await, bystander);
    assert_eq!(account(&store, known.user.id).await.user, known.user, "the epoch is for all sessions");
    let wanted = end_event(&own, Ending::Renewed, NOW, a_caller(0));
    assert_eq!(happened(&store).await.split_off(written), [wanted]);

    let link = write_link(&store, &known).await;
    let again =
        Amending { ends: Ends::One(an_end(&own, Ending::Reported, NOW)), ..an_amendment(&known, link) };
    assert_eq!(store.amend(again).await.unwrap(), Amended::Done, "one that has ended before is fine");
    assert_eq!(row(&store, own.id).await, ended(&own, Ending::Renewed, NOW), "the first ending stays");
}

async fn write_link(store: &Shelf, known: &Account) -> Right {
    let link = a_link(&known.user, LinkPurpose::ChangeEmail, 77);
    let letter = a_letter(&known.user, LetterKind::ConfirmEmail, 77);
    let id = link.id;
    store.post(vec![Posting { letter, link: Some(link) }], Vec::new()).await.unwrap();
    Right::Link(id)
}
