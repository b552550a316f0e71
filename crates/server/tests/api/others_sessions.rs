//! A user can never see or end another's session, by any id.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use crate::support::{ADA, App, PASSWORD, Phone, delete, get};

/// What somebody might try who knows these ids, or guesses.
fn an_id(known: Vec<String>) -> impl Strategy<Value = String> {
    let known = move || select(known.clone());
    let written = known().prop_flat_map(|id| {
        let plain = id.replace('-', "");
        let forms = vec![
            id.clone(),
            id.to_uppercase(),
            plain,
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            format!(" {id}"),
            format!("{id}/"),
            format!("../sessions/{id}"),
            format!("{id}\u{0}"),
            format!("{id},{id}"),
            format!("{id}?"),
            "*".to_owned(),
            String::new(),
        ];
        select(forms)
    });
    let near = (known(), 0..36_usize, any::<u8>()).prop_map(|(id, at, with)| {
        let digit = char::from(b"0123456789abcdef-"[usize::from(with % 17)]);
        id.chars().enumerate().map(|(place, c)| if place == at { digit } else { c }).collect()
    });
    prop_oneof![4 => written, 2 => near, 1 => any::<String>(), 1 => Just("0".repeat(36))]
}

#[test]
fn no_id_opens_somebody_elses_session() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::new());
    let (mut ada, mut bob) = (Phone::new(&app, "ada"), Phone::new(&app, "bob"));
    let mut of_ada = Vec::new();
    runtime.block_on(async {
        ada.register(ADA, PASSWORD).await.session_on_phone(201);
        of_ada.push(ada.session.clone());
        ada.login(ADA, PASSWORD).await.session_on_phone(200);
        of_ada.push(ada.session.clone());
        bob.register("bob@example.com", PASSWORD).await.session_on_phone(201);
    });
    of_ada.sort_unstable();
    let mut tried = of_ada.clone();
    for id in &of_ada {
        tried.push(runtime.block_on(app.device_of(id)));
    }
    tried.push(ada.refresh_token.clone());
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&an_id(tried), |id| {
        let path = format!("/auth/sessions/{}", percent_encode(id.as_bytes(), NON_ALPHANUMERIC));
        let answers = runtime.block_on(async {
            let ended = app.send(bob.dress(delete(&path)).bearer(&bob.access_token)).await;
            let listed = app.send(bob.dress(get("/auth/sessions")).bearer(&bob.access_token)).await;
            let alive = app.send(ada.dress(get("/auth/sessions")).bearer(&ada.access_token)).await;
            [ended, listed, alive]
        });
        let [ended, listed, alive] = answers;
        // Without an id it is the end of all of one's other sessions: bob has none.
        let expected = if id.is_empty() { [204, 404] } else { [404, 404] };
        let of_whom = |answer: &crate::support::Answer| -> Vec<String> {
            let sessions = answer.json["sessions"].as_array().unwrap().iter();
            sessions.map(|session| crate::support::text(&session["id"])).collect()
        };
        let mut live = of_whom(&alive);
        live.sort_unstable();
        let is_well =
            expected.contains(&ended.status) && of_whom(&listed) == [bob.session.clone()] && live == of_ada;
        if is_well { Ok(()) } else { Err(TestCaseError::fail(format!("{id:?}: {}", ended.told()))) }
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
    // And each of them can end their own.
    runtime.block_on(async {
        let path = format!("/auth/sessions/{}", of_ada[0]);
        app.send(ada.dress(delete(&path)).bearer(&ada.access_token)).await.no_content(&[]);
    });
}
