//! Users: found, looked at, changed.

use super::{Scene, at, form, leads, says, shows};
use crate::support::{ADA, App, OTHER_PASSWORD, PASSWORD};

#[tokio::test]
async fn a_user_is_found_by_how_their_address_begins() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let path = scene.path("/admin/users/{user}").await;
    let link = format!("href=\"{path}\"");
    let id = path.rsplit('/').next().unwrap().to_owned();
    for (query, hits) in [
        ("", 1),
        ("?q=ADA", 1),
        ("?q=ada%40ex", 1),
        ("?q=bob", 0),
        ("?state=disabled", 0),
        ("?state=active&q=ad", 1),
    ] {
        let answer = at(&mut scene.otto, &format!("/admin/users{query}")).await;
        shows(&answer, 200, "Users");
        assert_eq!(says(&answer, &link), hits, "{query}: {}", answer.told());
    }
    assert_eq!(says(&at(&mut scene.otto, &format!("/admin/users?by=id&q={id}")).await, &link), 1);
    for odd in ["?after=nowhere", "?role=%3Cb%3E", "?q=a&q=b", "?q=%ff"] {
        let answer = at(&mut scene.otto, &format!("/admin/users{odd}")).await;
        assert!((400..500).contains(&answer.status), "{odd}: {}", answer.told());
    }
    let answer = at(&mut scene.otto, &path).await;
    shows(&answer, 200, ADA);
    assert!(
        says(&answer, "Firefox on Linux") > 0 && says(&answer, "user.registered") == 1,
        "{}",
        answer.told()
    );
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    for number in 0..60 {
        let mut somebody = crate::support::Browser::new(&app);
        assert_eq!(somebody.register(&format!("crowd-{number:02}@example.com"), PASSWORD).await.status, 201);
    }
    for query in ["", "?q=crowd", "?state=active"] {
        let (mut path, mut seen, mut pages) = (format!("/admin/users{query}"), Vec::new(), 0);
        loop {
            let answer = at(&mut scene.otto, &path).await;
            let text = answer.text();
            let ids = text.split("href=\"/admin/users/").skip(1).filter_map(|rest| rest.split('"').next());
            seen.extend(ids.filter(|id| id.len() == 36).map(str::to_owned));
            pages += 1;
            let Some((before, _)) = text.split_once("\" rel=\"next\"") else { break };
            path = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&").replace("&amp;", "&");
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), pages), (count, 2), "{query}");
        assert!(count >= 60, "{query}: {count}");
    }
}

#[tokio::test]
async fn a_dangerous_act_asks_for_the_password_and_says_what_it_does() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let path = scene.path("/admin/users/{user}/disable").await;
    let asked = at(&mut scene.otto, &path).await;
    assert_eq!(
        (says(&asked, "1 live session"), says(&asked, "type=\"password\"")),
        (1, 1),
        "{}",
        asked.told()
    );

    let wrong = scene.otto.send(form(&path, &[("password", OTHER_PASSWORD), ("reason", "spam")])).await;
    assert_eq!((wrong.status, wrong.cookies().len()), (401, 0), "{}", wrong.told());
    assert_eq!(says(&wrong, "value=\"spam\""), 1, "what was typed is kept: {}", wrong.told());
    let without = scene.otto.send(form(&path, &[])).await;
    assert_eq!(without.status, 401, "{}", without.told());
    assert!(!app.news().await.iter().any(|event| event.starts_with("user.disabled")));
    shows(&scene.ada.send(crate::support::get("/account")).await, 200, "Your account");

    let done = scene.otto.send(form(&path, &[("password", PASSWORD), ("reason", "spam")])).await;
    let home = scene.path("/admin/users/{user}").await;
    leads(&done, &format!("{home}?done=user-disabled"));
    assert_eq!(done.cookies().len(), 3, "the session was renewed: {}", done.told());
    let told = at(&mut scene.otto, &format!("{home}?done=user-disabled")).await;
    assert_eq!((says(&told, "role=\"status\""), says(&told, "spam") > 0), (1, true), "{}", told.told());
    leads(&scene.ada.send(crate::support::get("/account")).await, "/login");

    let back = scene.otto.send(form(&format!("{home}/enable"), &[])).await;
    leads(&back, &format!("{home}?done=user-enabled"));
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_changed_again() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let path = scene.path("/admin/users/{user}/edit").await;
    let asked = at(&mut scene.otto, &path).await.text();
    let version =
        asked.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = |name: &'static str| {
        [("email", ADA), ("verified", "yes"), ("display_name", name), ("name_of_user", "ada")]
    };
    let without = [fields("Ada L.").to_vec(), vec![("version", version.as_str())]].concat();
    let refused = scene.otto.send(form(&path, &without)).await;
    assert_eq!(refused.status, 401, "an address is the way to an account: {}", refused.told());
    let edit =
        |name| [fields(name).to_vec(), vec![("version", version.as_str()), ("password", PASSWORD)]].concat();
    let home = scene.path("/admin/users/{user}").await;
    leads(&scene.otto.send(form(&path, &edit("Ada L."))).await, &format!("{home}?done=changed"));
    let again = scene.otto.send(form(&path, &edit("Ada K."))).await;
    assert_eq!((again.status, says(&again, "changed meanwhile")), (412, 1), "{}", again.told());
    let shown = at(&mut scene.otto, &home).await;
    assert_eq!((says(&shown, "Ada L."), says(&shown, "Shown to be theirs")), (1, 1), "{}", shown.told());
}

#[tokio::test]
async fn somebody_is_added_and_somebody_is_invited() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let fields = [("address", "bob@example.com"), ("new_password", OTHER_PASSWORD), ("password", PASSWORD)];
    let added = scene.otto.send(form("/admin/users/new", &fields)).await;
    let bob = scene.user("bob@example.com").await;
    leads(&added, &format!("/admin/users/{}?done=user-created", bob.id));
    assert!(bob.email_verified);
    let weak = [("address", "eve@example.com"), ("new_password", "short"), ("password", PASSWORD)];
    let refused = scene.otto.send(form("/admin/users/new", &weak)).await;
    assert_eq!((refused.status, says(&refused, "password-of-user-wrong")), (400, 2), "{}", refused.told());
    app.letters().await;
    let fields = [("address", "eve@example.com"), ("display_name", "Eve"), ("password", PASSWORD)];
    let invited = scene.otto.send(form("/admin/users/invite", &fields)).await;
    let eve = scene.user("eve@example.com").await;
    leads(&invited, &format!("/admin/users/{}?done=user-invited", eve.id));
    assert_eq!(app.letters().await, ["invited eve@example.com"]);
}

#[tokio::test]
async fn what_others_chose_is_text_and_nothing_else() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let hostile = "\"><script>alert(1)</script>/1 (Linux)";
    let mut other = crate::support::Browser::new(&app).named(hostile, "203.0.113.9:1");
    assert_eq!(other.login(ADA, PASSWORD).await.status, 200);
    for path in ["/admin/users/{user}", "/admin/sessions", "/admin/sessions/{session}", "/admin/audit"] {
        let answer = scene.otto.send(crate::support::get(&scene.path(path).await)).await;
        assert_eq!((answer.status, says(&answer, "<script")), (200, 0), "{}", answer.told());
    }
    let answer = at(&mut scene.otto, "/admin/sessions").await;
    assert!(says(&answer, "&#60;script&#62;") > 0, "{}", answer.told());
}
