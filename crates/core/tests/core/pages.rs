//! Somebody on one of our own pages, who is known by the page cookie.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, PageKey};

use crate::support::{World, denied, over};

#[tokio::test]
async fn a_page_key_knows_its_session_as_long_as_that_lives() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let page = tab.page.clone().unwrap();
    let row = w.row(&tab).await;
    let (known, by_token) = (w.rotunda.bearer_of_page(&page).await.unwrap(), w.bearer(&tab).await);
    assert_eq!((&known.claims.sub, &known.claims.sid), (&by_token.claims.sub, &by_token.claims.sid));
    assert_eq!(known.facts.session.id, tab.session.id);
    assert_eq!(known.kind, by_token.kind);
    assert!(w.row(&tab).await == row, "to look at a page keeps no session alive");
    let nobodys = PageKey::from_bytes([5; 32]);
    assert_eq!(denied(w.rotunda.bearer_of_page(&nobodys).await), Denied::TokenUnknown);
    w.rotunda.logout_all(&by_token, &tab.caller).await.unwrap();
    assert_eq!(denied(w.rotunda.bearer_of_page(&page).await), over(Ending::LoggedOutEverywhere));
}
