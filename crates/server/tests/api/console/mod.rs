//! The console, as operators see it, and as strangers and pages elsewhere do.

mod acting;
mod doors;
mod everyone;
mod first;
mod permissions;
mod server;
mod sessions;
mod users;

use std::collections::BTreeSet;

use rotunda_core::desk::{Operator, PutRole};
use rotunda_core::model::{AdminPermission, Email, Handle, RoleName, User};
use rotunda_core::operate::Who;
use rotunda_testkit::CommandLine as _;

use crate::support::{ADA, Answer, App, Ask, Browser, PASSWORD, get, post};

/// Every page, and what it takes beside being let in.
const PAGES: [(&str, &str); 24] = [
    ("/admin", "overview.read"),
    ("/admin/users", "users.read"),
    ("/admin/users/new", "users.write"),
    ("/admin/users/invite", "users.write"),
    ("/admin/users/{user}", "users.read"),
    ("/admin/users/{user}/edit", "users.read users.write"),
    ("/admin/users/{user}/disable", "users.read users.write"),
    ("/admin/users/{user}/delete", "users.read users.write"),
    ("/admin/users/{user}/roles", "users.read roles.write"),
    ("/admin/users/{user}/end-sessions", "users.read sessions.revoke"),
    ("/admin/users/{user}/lift-limits", "users.read limits.write"),
    ("/admin/users/{user}/act", "users.read users.act"),
    ("/admin/sessions", "sessions.read"),
    ("/admin/sessions/{session}", "sessions.read"),
    ("/admin/everyone", "sessions.revoke"),
    ("/admin/roles", "roles.read"),
    ("/admin/roles/+", "roles.write"),
    ("/admin/clients", "clients.read"),
    ("/admin/clients/new", "clients.write"),
    ("/admin/keys", "keys.read"),
    ("/admin/keys/rotate", "keys.manage"),
    ("/admin/audit", "audit.read"),
    ("/admin/webhooks", "webhooks.read"),
    ("/admin/webhooks/new", "webhooks.write audit.read"),
];

/// Every form that changes something.
const FORMS: [&str; 14] = [
    "/admin/users/new",
    "/admin/users/invite",
    "/admin/users/{user}/edit",
    "/admin/users/{user}/disable",
    "/admin/users/{user}/delete",
    "/admin/users/{user}/act",
    "/admin/sessions/{session}/end",
    "/admin/everyone",
    "/admin/roles/+",
    "/admin/clients/new",
    "/admin/keys/rotate",
    "/admin/keys/some/revoke",
    "/admin/webhooks/new",
    "/admin/first",
];

const OTTO: &str = "otto@example.com";

/// Ada, who uses this server, in a browser; and Otto, who operates it, in another one.
struct Scene<'a> {
    app: &'a App,
    ada: Browser<'a>,
    otto: Browser<'a>,
}

impl<'a> Scene<'a> {
    /// Otto may do everything.
    async fn of(app: &'a App) -> Self {
        Self::with(app, "admin").await
    }

    /// Otto may do what these permissions say, or everything (`admin`), or nothing.
    async fn with(app: &'a App, permissions: &str) -> Self {
        let (mut ada, mut otto) = (Browser::new(app), Browser::new(app));
        assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
        assert_eq!(otto.register(OTTO, PASSWORD).await.status, 201);
        let scene = Self { app, ada, otto };
        scene.give(permissions).await;
        app.news().await;
        scene
    }

    /// Changes what Otto may do.
    async fn give(&self, permissions: &str) {
        let desk = self.app.rotunda.desk(Operator::command_line());
        let role = match permissions {
            "" => None,
            "admin" => Some(RoleName::admin()),
            words => {
                let name = format!("r{}", words.replace(' ', "-"));
                let put = PutRole {
                    name: name.clone(),
                    permissions: words.split(' ').map(str::to_owned).collect(),
                    description: None,
                };
                desk.put_role(put, None).await.unwrap();
                RoleName::parse(&name)
            }
        };
        desk.hold_roles(self.user(OTTO).await.id, role.into_iter().collect::<BTreeSet<_>>(), None)
            .await
            .unwrap();
    }

    async fn user(&self, email: &str) -> User {
        let handle = Handle::Email(Email::parse(email).unwrap());
        self.app.rotunda.find_user(&Who::Handle(handle)).await.unwrap()
    }

    /// A path with Ada and her session in it.
    async fn path(&self, template: &str) -> String {
        let ada = self.user(ADA).await.id;
        let sessions = self.app.rotunda.sessions_of(ada).await.unwrap();
        let session = sessions.first().map_or(String::new(), |session| session.id.to_string());
        template.replace("{user}", &ada.to_string()).replace("{session}", &session)
    }
}

fn form(path: &str, fields: &[(&str, &str)]) -> Ask {
    post(path).form(fields)
}

/// That it leads there.
fn leads(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)), "{}", answer.told());
}

/// That it is a page of this status with this heading.
fn shows(answer: &Answer, status: u16, heading: &str) {
    assert_eq!(answer.status, status, "{}", answer.told());
    assert!(answer.text().contains(&format!("<h1>{heading}</h1>")), "{}", answer.told());
}

/// How often the page says that.
fn says(answer: &Answer, text: &str) -> usize {
    answer.text().matches(text).count()
}

/// All words of Rotunda's own.
fn permissions() -> Vec<&'static str> {
    AdminPermission::ALL.iter().map(|it| it.as_str()).collect()
}

/// What somebody gets at a page.
async fn at(browser: &mut Browser<'_>, path: &str) -> Answer {
    browser.send(get(path)).await
}
