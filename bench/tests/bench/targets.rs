//! How servers are spoken to.

use std::path::Path;

use rotunda_bench::load::contender::{FLOOR, ROTUNDA};
use rotunda_bench::load::request::Request;
use rotunda_bench::load::target::Target;

fn written(target: &Target, cookies: &str, token: &str) -> String {
    let mut out = Vec::new();
    Request::of(&target.refreshing(cookies), "127.0.0.1:1").unwrap().write(&mut out, token, 7);
    String::from_utf8(out).unwrap()
}

#[test]
fn rotunda_is_spoken_to_as_a_browser_does() {
    let target = Target::parse(ROTUNDA).unwrap();
    let request = written(&target, "rotunda_device=rd1_x", "rt1_y");
    assert_eq!(
        request,
        "POST /auth/refresh HTTP/1.1\r\nhost: 127.0.0.1:1\r\nuser-agent: rotunda-bench/1\r\n\
         content-type: application/json\r\ncookie: rotunda_refresh=rt1_y; rotunda_device=rd1_x\r\n\
         content-length: 43\r\n\r\n{\"retry_keys\":[\"000000000000000000000007\"]}"
    );
}

#[test]
fn the_floor_gets_its_cookie() {
    let request = written(&Target::parse(FLOOR).unwrap(), "", "abc");
    assert!(request.contains("\r\ncookie: floor_refresh=abc\r\n"), "{request}");
    assert!(request.ends_with("\r\ncontent-length: 0\r\n\r\n"), "{request}");
}

#[test]
fn a_token_in_a_form_is_encoded_and_counted_as_it_is_sent() {
    let text = r#"{
        "name": "form", "version": "1", "seed": true,
        "refresh": {"method": "POST", "path": "/token",
            "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "grant=r&token={token}"},
        "take": {"json": "/refresh_token"}, "give": {"body": "{token}"}
    }"#;
    let request = written(&Target::parse(text).unwrap(), "", "a+b/c=");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "grant=r&token=a%2Bb%2Fc%3D");
    assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
}

#[test]
fn the_users_of_a_description_are_numbered() {
    let target = Target::parse(ROTUNDA).unwrap();
    let call = target.login.as_ref().unwrap().with(&target.users.as_ref().unwrap().of(12));
    assert_eq!(call.body, r#"{"email":"client12@example.com","password":"correct horse battery"}"#);
    // Something that nobody fills in is not sent.
    let Err(refused) = Request::of(target.login.as_ref().unwrap(), "h") else { panic!("was sent") };
    assert!(refused.to_string().contains("{user}"), "{refused}");
}

#[test]
fn a_description_that_cannot_be_meant_is_refused_in_words() {
    let good = r#"{"name": "x", "version": "1", "login": {"method": "POST", "path": "/l"},
        "refresh": {"method": "POST", "path": "/r"}, "take": {"cookie": "c"}, "give": {"cookie": "c"}}"#;
    Target::parse(good).unwrap();
    for (what, other, expected) in [
        (r#""path": "/r""#, r#""path": "r""#, "does not begin with /"),
        (r#""give": {"cookie": "c"}"#, r#""give": {"body": "{token}"}"#, "no refresh shows its token"),
        (r#""version": "1","#, r#""version": "1", "seed": true,"#, "either login or seed"),
        (r#""take": {"cookie": "c"}"#, r#""take": {"header": "c"}"#, "unknown variant `header`"),
        (r#""version": "1","#, r#""version": "1", "rotate": false,"#, "unknown field `rotate`"),
    ] {
        let text = good.replace(what, other);
        assert_ne!(text, good, "{what}");
        let Err(refused) = Target::parse(&text) else { panic!("taken: {text}") };
        assert!(format!("{refused:#}").contains(expected), "{refused:#}");
    }
}

#[test]
fn every_peer_has_a_description_that_is_understood() {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    for entry in peers.read_dir().into_iter().flatten() {
        let path = entry.unwrap().path().join("target.json");
        if path.is_file() {
            let target = Target::parse(&std::fs::read_to_string(&path).unwrap());
            let target = target.unwrap_or_else(|e| panic!("{}: {e:#}", path.display()));
            assert!(path.with_file_name("run").is_file(), "{} has no run", target.name);
        }
    }
}
