//! After it, nobody is sent to an address that is not registered with their client.

use rotunda_core::model::ClientKind;
use rotunda_core::policy::Policy;
use rotunda_server::Returns;

use super::days::COOKIES;
use super::{AUTH, form, kept};
use crate::support::{ADA, App, Ask, Browser, PASSWORD, Setup, get};

const DONE: &str = "https://app.example.com/done";
const KIOSK: &str = "https://kiosk.example.com/";
const REFUSED: &str = "This link leads nowhere";

async fn app() -> App {
    let returns = [("web", DONE), ("kiosk", KIOSK)]
        .into_iter()
        .fold(Returns::default(), |returns, (client, url)| returns.with(client, url).unwrap());
    let kiosk = Policy::builtin("kiosk", ClientKind::Web);
    let setup = Setup::at(AUTH).web(|web| web.with_returns(returns)).policy(|policy| {
        policy.clients.insert(kiosk.id.clone(), kiosk);
    });
    let app = setup.start().await;
    assert_eq!(Browser::new(&app).register(ADA, PASSWORD).await.status, 201);
    app
}

fn query(path: &str, more: &[(&str, &str)]) -> Ask {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(more).finish();
    get(&format!("{path}?{query}"))
}

/// Both forms, filled in.
fn filled(number: usize, more: &[(&str, &str)]) -> [Ask; 3] {
    let fresh = format!("ada{number}@example.com");
    let with = |path: &str, fields: &[(&str, &str)]| form(path, &[fields, more].concat());
    let sign_in = [("username", ADA), ("password", PASSWORD), ("remember", "on")];
    [
        with("/auth/pages/login", &sign_in),
        with("/login", &sign_in),
        with("/register", &[("email", &fresh), ("password", PASSWORD)]),
    ]
}

#[tokio::test]
async fn a_registered_address_gets_its_users_back() {
    let app = app().await;
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("return_to", DONE)], DONE),
        (
            &[("return_to", "https://app.example.com/done?a=%2F&b"), ("client_id", "web")],
            "https://app.example.com/done?a=%2F&b",
        ),
        (&[("return_to", KIOSK), ("client_id", "kiosk")], KIOSK),
        (&[("client_id", "kiosk")], "/account"),
    ];
    for (number, (wish, place)) in cases.into_iter().enumerate() {
        for path in ["/login", "/register"] {
            let page = Browser::new(&app).send(query(path, wish)).await;
            assert_eq!(page.status, 200, "{}", page.told());
            for (name, value) in wish {
                let field = format!(
                    "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                    value.replace('&', "&#38;")
                );
                assert!(page.text().contains(&field), "{field} in {}", page.told());
            }
            // Chromium asks `form-action` about the redirect as well.
            let origin = place.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap());
            let policy = page.header("content-security-policy").unwrap();
            let leads_on = origin.map_or("form-action 'self';".to_owned(), |host| {
                format!("form-action 'self' https://{host};")
            });
            assert!(policy.contains(&leads_on), "{policy}");
        }
        for ask in filled(number, wish) {
            Browser::new(&app).send(ask).await.leads_to(place, &COOKIES);
        }
    }
    let mut ada = Browser::new(&app);
    ada.login(ADA, PASSWORD).await;
    let told = ada.send(query("/login", &[("return_to", DONE)])).await;
    assert!(told.text().contains(&format!("<a href=\"{DONE}\">Continue</a>")), "{}", told.told());
    // A session with another client is of no use to this one.
    ada.send(query("/login", &[("client_id", "web")])).await.page(200, "You are signed in", &[]);
    ada.send(query("/login", &[("client_id", "kiosk")])).await.page(200, "Sign in", &[]);
    let wrong = Browser::new(&app).send(form("/login", &[("username", ADA), ("return_to", DONE)])).await;
    assert!(wrong.status == 401 && wrong.text().contains(&format!("value=\"{DONE}\"")), "{}", wrong.told());
}

/// What it may be at all is tried at `pages::returns`; here, that each door asks.
#[tokio::test]
async fn no_other_address_gets_anybody() {
    let app = app().await;
    let before = kept(&app);
    for to in [
        "https://evil.example/",
        "//evil.example",
        "/account",
        "javascript:alert(1)",
        "https://app.example.com/done/x",
        "https://app.example.com@evil.example/done",
        "http://localhost:3000/",
        KIOSK,
        "\r\nLocation: https://evil.example/",
        "x",
    ] {
        let wish = [("return_to", to)];
        for path in ["/login", "/register"] {
            let answer = Browser::new(&app).send(query(path, &wish)).await;
            answer.page(400, REFUSED, &[]);
            assert!(!answer.text().contains("evil"), "it is not shown either: {}", answer.told());
        }
        for ask in filled(7, &wish) {
            Browser::new(&app).send(ask).await.page(400, REFUSED, &[]);
        }
    }
    assert!(kept(&app) == before, "somebody was signed in or registered");
}

#[tokio::test]
async fn only_clients_of_browsers_sign_in_here() {
    let app = app().await;
    let before = kept(&app);
    for client in ["native", "nobody", "\"><b>", "web "] {
        let wish = [("client_id", client)];
        for path in ["/login", "/register"] {
            Browser::new(&app).send(query(path, &wish)).await.page(400, "That did not work", &[]);
        }
        for ask in filled(8, &wish) {
            Browser::new(&app).send(ask).await.page(400, "That did not work", &[]);
        }
    }
    for twice in ["/login?return_to=a&return_to=b", "/register?client_id=web&client_id=web", "/login?x=%ff"] {
        Browser::new(&app).send(get(twice)).await.page(400, "That did not work", &[]);
    }
    assert!(kept(&app) == before);
}

#[tokio::test]
async fn in_development_every_place_of_this_machine_is_good() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let to = "http://127.0.0.1:5173/x?y";
    let fields = [("username", ADA), ("password", PASSWORD), ("return_to", to)];
    let answer = ada.send(form("/auth/pages/login", &fields)).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)), "{}", answer.told());
    let elsewhere = [("return_to", "https://app.example.com/")];
    ada.send(query("/login", &elsewhere)).await.page(400, REFUSED, &[]);
}
