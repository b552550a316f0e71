//! A session that ends while a request of it is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Ending, Password, PasswordHash, SessionId, UserId};
use rotunda_core::outside::{PasswordHasher, PasswordVerdict};
use rotunda_core::store::{Accounts, Sessions};
use rotunda_testkit::fixtures::{NOW, a_user, an_end_of_all};
use rotunda_testkit::{MemoryStore, QuickHasher};
use serde_json::json;

use crate::support::{ADA, OTHER_PASSWORD, PASSWORD, Phone, Setup, post};

/// Signs everybody out while it checks a password.
struct Meddler {
    quick: QuickHasher,
    store: Arc<MemoryStore>,
    meddles: AtomicBool,
}

#[async_trait]
impl PasswordHasher for Meddler {
    async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        self.quick.hash(password).await
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Failure> {
        if self.meddles.load(Ordering::SeqCst) {
            for id in self.store.snapshot().accounts.into_keys() {
                self.store.end_all(end_of(id)).await?;
            }
        }
        self.quick.verify(password, hash).await
    }

    fn read_foreign(&self, text: &str) -> Result<PasswordHash, String> {
        self.quick.read_foreign(text)
    }
}

fn end_of(user_id: UserId) -> rotunda_core::store::EndingAll {
    let end = an_end_of_all(&a_user(0), Ending::LoggedOutEverywhere, NOW);
    rotunda_core::store::EndingAll { user_id, events: Vec::new(), ..end }
}

#[tokio::test]
async fn a_password_change_that_races_a_sign_out_everywhere_is_refused_as_the_bearer_is() {
    let store = Arc::new(MemoryStore::new());
    let meddler = Arc::new(Meddler {
        quick: QuickHasher::default(),
        store: store.clone(),
        meddles: AtomicBool::new(false),
    });
    let setup = Setup::new();
    let app = Setup { store: Some(store.clone()), hasher: Some(meddler.clone()), ..setup }.start().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    meddler.meddles.store(true, Ordering::SeqCst);
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let answer = app.send(post("/auth/password/change").bearer(&ada.access_token).json(&change)).await;
    assert_eq!((answer.status, &answer.json["error"]), (401, &json!("invalid_token")), "{}", answer.told());
    assert_eq!(answer.json["reason"], "session_ended");
    meddler.meddles.store(false, Ordering::SeqCst);
    // Nothing of it has happened: the session is over and the password is the old one.
    let id: SessionId = ada.session.parse().unwrap();
    assert!(store.facts(id).await.unwrap().unwrap().session.ending_at(NOW).is_some());
    ada.clone().login(ADA, OTHER_PASSWORD).await.refused("credentials_invalid");
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
}
