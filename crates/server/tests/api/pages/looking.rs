//! To look at a link changes nothing: a mail scanner does so before its reader.

use http::Method;
use rotunda_core::model::LinkPurpose;

use super::{Holder, kept};
use crate::support::{Ask, Browser, get};

#[tokio::test]
async fn whoever_looks_at_a_link_uses_nothing_up() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let before = kept(&holder.app);
        let first = holder.app.send(get(&holder.link())).await;
        for _ in 0..20 {
            let again = holder.app.send(get(&holder.link())).await;
            assert_eq!((again.status, &again.bytes), (200, &first.bytes), "{purpose:?}");
            let head = holder.app.send(Ask::new(Method::HEAD, &holder.link())).await;
            assert_eq!((head.status, head.bytes.len()), (200, 0), "{purpose:?}");
        }
        assert!(kept(&holder.app) == before, "{purpose:?}: looking changed something");
        let mut ada = Browser::new(&holder.app);
        assert_eq!(ada.send(holder.filled()).await.status, 200, "{purpose:?}");
        assert!(kept(&holder.app) != before, "{purpose:?}: the form did nothing");
        ada.send(holder.filled()).await.page(400, "This link is not good", &[]);
        ada.send(get(&holder.link())).await.page(400, "This link is not good", &[]);
    }
}

/// Whatever tracks readers may add to the address.
#[tokio::test]
async fn what_else_an_address_carries_does_not_matter() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    for more in ["&utm_source=mail", "&", "&fbclid", "&a=1&b=%20"] {
        let answer = holder.app.send(get(&format!("{}{more}", holder.link()))).await;
        answer.page(200, "Choose a new password", &[]);
    }
}
