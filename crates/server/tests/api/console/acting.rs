//! Acting for a user: with a reason, a banner, and the way out of it.

use super::{Scene, at, form, leads, says, shows};
use rotunda_testkit::CommandLine as _;

use crate::support::{App, PASSWORD};

#[tokio::test]
async fn whoever_acts_for_a_user_is_told_on_each_page_and_can_stop() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let banner = "You are acting for ada@example.com.";
    assert_eq!(says(&at(&mut scene.ada, "/account").await, "class=\"acting\""), 0);
    let path = scene.path("/admin/users/{user}/act").await;
    let without = scene.otto.send(form(&path, &[("password", PASSWORD)])).await;
    assert_eq!((without.status, says(&without, "Say why")), (400, 1), "{}", without.told());
    let fields = [("password", PASSWORD), ("reason", "ticket 17")];
    leads(&scene.otto.send(form(&path, &fields)).await, "/account");
    for page in ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"] {
        let answer = at(&mut scene.otto, page).await;
        assert_eq!((answer.status, says(&answer, banner)), (200, 1), "{page}: {}", answer.told());
    }
    let refused = scene.otto.send(form("/account/delete", &[("password", PASSWORD)])).await;
    assert_eq!(refused.status, 403, "{}", refused.told());
    shows(&at(&mut scene.otto, "/admin/users").await, 403, "You are acting for somebody else");
    // The user sees it.
    let seen = at(&mut scene.ada, "/account").await;
    assert_eq!(says(&seen, banner), 0);

    shows(&scene.otto.send(form("/logout", &[])).await, 200, "You are signed out");
    leads(&at(&mut scene.otto, "/account").await, "/login");
    let user = scene.user(super::OTTO).await;
    let left = app.rotunda.sessions_of(user.id).await.unwrap();
    assert_eq!(left.len(), 0, "the operator's own session ended, since nobody could sign out of it");
    assert_eq!(scene.otto.login(super::OTTO, PASSWORD).await.status, 200);
    let audit = at(&mut scene.otto, "/admin/audit?kind=user.acted_for").await;
    assert_eq!((says(&audit, "ticket 17"), says(&audit, "An operator")), (1, 1), "{}", audit.told());
}
