//! The pages as they stand, so that a change of them is seen in review.

use rotunda_core::model::LinkPurpose;

use super::{Holder, form};
use crate::support::{Answer, Browser, get};

/// The page, without what another run or release has otherwise.
fn shown(name: &str, answer: &Answer, token: &str) {
    let text = answer.text().replace(token, "[token]").replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::assert_snapshot!(name, text);
}

#[tokio::test]
async fn each_page_reads_as_it_did() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let name = purpose.as_str();
        let mut ada = Browser::new(&holder.app);
        shown(&format!("{name}_form"), &ada.send(get(&holder.link())).await, &holder.token);
        if matches!(purpose, LinkPurpose::Register | LinkPurpose::ResetPassword) {
            let wrong = form(holder.path(), &[("token", &holder.token), ("password", "wrong")]);
            shown(&format!("{name}_refused"), &ada.send(wrong).await, &holder.token);
        }
        shown(&format!("{name}_done"), &ada.send(holder.filled()).await, &holder.token);
        if *purpose == LinkPurpose::Register {
            shown("bad_link", &ada.send(get(&holder.link())).await, &holder.token);
        }
    }
}
