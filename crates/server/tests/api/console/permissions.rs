//! Each page against each permission: it opens to those that it takes, and to nothing less.

use super::{PAGES, Scene, at, permissions};
use crate::support::App;

#[tokio::test]
async fn each_page_opens_to_what_it_takes_and_to_nothing_less() {
    let app = App::new().await;
    let mut scene = Scene::with(&app, "").await;
    let mut tried: Vec<String> = permissions().into_iter().map(str::to_owned).collect();
    let pairs = PAGES.iter().filter(|(_, needs)| needs.contains(' '));
    tried.extend(pairs.map(|(_, needs)| (*needs).to_owned()));
    tried.sort();
    tried.dedup();
    for held in &tried {
        scene.give(held).await;
        for (template, needs) in PAGES {
            let path = scene.path(template).await;
            let answer = at(&mut scene.otto, &path).await;
            let has_all = needs.split(' ').all(|need| held.split(' ').any(|word| word == need));
            // Whoever may not see the front page is led to the first page that they may see.
            let wanted = if has_all { 200 } else { 403 };
            let is_elsewhere = path == "/admin" && !has_all && matches!(answer.status, 303 | 403);
            assert!(answer.status == wanted || is_elsewhere, "{path} with {held}: {}", answer.told());
        }
    }
    let news = app.news().await;
    assert!(news.iter().any(|event| event == "admin.refused"), "{news:?}");
}

#[tokio::test]
async fn only_what_somebody_may_do_is_offered() {
    let app = App::new().await;
    let mut scene = Scene::with(&app, "users.read").await;
    let path = scene.path("/admin/users/{user}").await;
    let answer = at(&mut scene.otto, &path).await;
    for never in ["/disable", "/act", "/delete", "/roles", "/admin/keys", "/admin/audit", "Sessions"] {
        assert_eq!(super::says(&answer, never), 0, "{never}: {}", answer.told());
    }
    scene.give("admin").await;
    let answer = at(&mut scene.otto, &path).await;
    for offered in ["/disable", "/act", "/delete", "/roles", "/admin/keys", "/admin/audit"] {
        assert!(super::says(&answer, offered) > 0, "{offered}: {}", answer.told());
    }
}
