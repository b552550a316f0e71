//! The panic button.

use super::{Scene, at, form, leads, says, shows};
use crate::support::{App, PASSWORD};

#[tokio::test]
async fn everyone_is_signed_out_with_a_password_and_a_reason() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let asked = at(&mut scene.otto, "/admin/everyone").await;
    shows(&asked, 200, "Sign everyone out");
    assert_eq!(says(&asked, "This ends 2 live sessions"), 1, "{}", asked.told());
    for fields in [&[("reason", "leak")][..], &[("password", PASSWORD)]] {
        let refused = scene.otto.send(form("/admin/everyone", fields)).await;
        assert!((400..402).contains(&refused.status), "{}", refused.told());
    }
    shows(&at(&mut scene.ada, "/account").await, 200, "Your account");
    let fields = [("reason", "a leak"), ("password", PASSWORD)];
    shows(&scene.otto.send(form("/admin/everyone", &fields)).await, 200, "Everyone is signed out");
    leads(&at(&mut scene.ada, "/account").await, "/login");
    leads(&at(&mut scene.otto, "/admin").await, "/login?return_to=%2Fadmin");
    assert!(app.news().await.contains(&"everyone.signed_out".to_owned()));
}
