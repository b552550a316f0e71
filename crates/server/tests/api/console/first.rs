//! The first admin.

use super::{at, form, leads, says, shows};
use crate::support::{ADA, App, Browser, PASSWORD};

#[tokio::test]
async fn whoever_has_the_token_becomes_the_first_admin_once() {
    let app = App::new().await;
    let token = app.rotunda.first_admin_token().await.unwrap().unwrap();
    let mut ada = Browser::new(&app);
    shows(&at(&mut ada, "/admin/first").await, 200, "The first admin");
    let fields = [("admin_token", token.expose()), ("email", ADA), ("password", PASSWORD)];
    let wrong = [("admin_token", "ra1_nothing"), ("email", ADA), ("password", PASSWORD)];
    let refused = ada.send(form("/admin/first", &wrong)).await;
    assert_eq!((refused.status, says(&refused, "The token is not good")), (400, 1), "{}", refused.told());
    let weak = [("admin_token", token.expose()), ("email", ADA), ("password", "short")];
    let refused = ada.send(form("/admin/first", &weak)).await;
    assert_eq!((refused.status, says(&refused, ADA)), (400, 1), "{}", refused.told());
    assert_eq!(says(&refused, token.expose()), 0, "a token never comes back");

    shows(&ada.send(form("/admin/first", &fields)).await, 200, "You are the first admin");
    assert_eq!(app.news().await, ["user.registered", "user.first_admin"]);
    let login = [("username", ADA), ("password", PASSWORD), ("return_to", "/admin")];
    leads(&ada.send(form("/auth/pages/login", &login)).await, "/admin");
    shows(&at(&mut ada, "/admin").await, 200, "Overview");

    let mut late = Browser::new(&app);
    let fields = [("admin_token", token.expose()), ("email", "eve@example.com"), ("password", PASSWORD)];
    let refused = late.send(form("/admin/first", &fields)).await;
    assert!((400..500).contains(&refused.status), "{}", refused.told());
    assert_eq!(says(&refused, "You are the first admin"), 0);
}
