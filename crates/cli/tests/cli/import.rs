//! `rotunda user import`: users of other systems, with hashes that the libraries of those systems made
//! (`scripts/foreign-hashes` makes the file anew).

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_core::model::{Account, Email, Handle, UnixMillis, User, UserState};
use rotunda_core::store::Accounts;
use rotunda_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::support::{Answer, Place, get, holds, post};

const FOREIGN: &str = include_str!("import/foreign.jsonl");
const FIREBASE: &str = include_str!("import/firebase-parameters.txt");
/// SHA-256 of `salt` and `password`.
const HASH: &str = "sha256$salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322";

fn store(place: &Place) -> SqliteStore {
    SqliteStore::open(&place.path("rotunda-data/rotunda.db"), UnixMillis(0)).unwrap()
}

async fn account(store: &SqliteStore, email: &str) -> Account {
    store.account(&Handle::Email(Email::parse(email).unwrap())).await.unwrap().unwrap()
}

async fn all(store: &SqliteStore) -> Vec<User> {
    store.users(None, 1_000_000).await.unwrap()
}

async fn try_login(url: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "client_id": "native"});
    post(&reqwest::Client::new(), &format!("{url}/auth/login"), &body, &[]).await
}

/// `sub`, whoever signed it.
fn sub(answer: &Answer) -> Value {
    let token = answer.text("/access_token");
    let claims = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sub"].clone()
}

fn write(place: &Place, name: &str, rows: &[Value]) {
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    std::fs::write(place.path(name), lines).unwrap();
}

/// The report, without what is always there.
fn reasons(place: &Place, name: &str) -> Vec<(u64, Value, String)> {
    let rows = place.read(name);
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| {
        assert_eq!(row.as_object().unwrap().len(), 3, "{row}");
        (row["line"].as_u64().unwrap(), row["id"].clone(), row["reason"].as_str().unwrap().to_owned())
    })
    .collect()
}

#[tokio::test]
async fn whoever_comes_from_another_system_signs_in_and_has_a_hash_of_today_from_then_on() {
    let place = Place::new("");
    std::fs::write(place.path("foreign.jsonl"), FOREIGN).unwrap();
    std::fs::write(place.path("firebase-parameters.txt"), FIREBASE).unwrap();
    let server = place.serve();
    let import = ["user", "import", "foreign.jsonl", "--firebase-parameters", "firebase-parameters.txt"];
    let told = place.json(&import, "");
    let rows: Vec<Value> = FOREIGN.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told["added"], &told["refused"]), (&json!(rows.len()), &json!(0)), "{told}");
    assert!(rows.len() >= 35 && told["left_out"] == json!(["_made_by", "_password"]), "{told}");
    let store = store(&place);
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (email, password) = (text("email"), text("_password"));
        let before = account(&store, &email).await;
        // Another first letter: of the longest, bcrypt does not look at the last ones.
        let wrong = try_login(&server.url, &email, &password.replacen('G', "H", 1)).await;
        assert_eq!((wrong.status, wrong.text("/reason").as_str()), (401, "credentials_invalid"), "{row}");
        assert!(account(&store, &email).await.password == before.password, "{row}");

        let id = if row["id"].is_null() { &row["localId"] } else { &row["id"] };
        for _ in 0..2 {
            let right = try_login(&server.url, &email, &password).await;
            assert_eq!(right.status, 200, "{row}: {right:?}");
            assert_eq!((&sub(&right), &right.body["user"]["id"]), (id, id), "the id is kept");
            let after = account(&store, &email).await.password;
            assert!(after.expose().starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{row}");
            assert!(after != before.password, "{row}");
        }
    }
    let first = rows.iter().find(|row| row["emailVerified"] == json!(true)).unwrap();
    let firebase = account(&store, first["email"].as_str().unwrap()).await.user;
    assert!(firebase.email_verified && firebase.name.as_deref() == Some("firebase 1"));
    assert_eq!(firebase.created_at.0.to_string(), first["createdAt"].as_str().unwrap());
}

#[tokio::test]
async fn the_id_of_before_names_the_user_in_tokens_in_answers_and_for_the_operator() {
    let place = Place::new("");
    let odd = "auth0|5f7c8ec7c33c6c004bbafe82";
    let rows = [
        json!({"id": odd, "email": "ada@example.com", "password_hash": HASH}),
        json!({"id": 42, "email": "bob@example.com", "password_hash": HASH}),
        json!({"id": 43, "email": "eve@example.com", "username": "42", "password_hash": HASH}),
    ];
    write(&place, "users.jsonl", &rows);
    let server = place.serve();
    assert_eq!(place.json(&["user", "import", "users.jsonl"], "")["added"], json!(3));
    let session = try_login(&server.url, "ada@example.com", "password").await;
    assert_eq!((session.status, sub(&session)), (200, json!(odd)));
    let (client, me) = (reqwest::Client::new(), format!("{}/auth/me", server.url));
    assert_eq!(get(&client, &me, &session.text("/access_token")).await.body["id"], json!(odd));
    let listed = place.json(&["session", "list", odd], "");
    assert_eq!(listed[0]["user_id"], json!(odd));
    assert_eq!(place.json(&["user", "disable", odd], "")["sessions_ended"], json!(1));
    let ids = place.json(&["user", "list", "--after", odd], "");
    assert!(ids.as_array().unwrap().iter().all(|user| user["id"] != json!(odd)), "{ids}");
    // A user name that is somebody else's id leads to neither.
    let torn = place.run(&["user", "disable", "42"], "");
    let said = String::from_utf8_lossy(&torn.stderr);
    assert!(torn.status.code() == Some(1) && said.contains("fits two users"), "{said}");
    assert_eq!(place.json(&["user", "disable", "43"], "")["id"], json!("43"));
}

#[tokio::test]
async fn hashes_that_ask_for_too_much_are_refused_at_once_with_the_reason() {
    let place = Place::new("");
    let (argon, letters, digits) =
        (format!("$c29tZXNhbHQ${}", "A".repeat(43)), "A".repeat(43), "0".repeat(64));
    let hostile = [
        format!("$argon2id$v=19$m=4194304,t=1,p=1{argon}"),
        format!("$argon2i$v=19$m=4194304,t=1,p=1{argon}"),
        format!("$argon2d$v=19$m=65536,t=4294967295,p=1{argon}"),
        format!("argon2$argon2id$v=19$m=262144,t=16,p=1{argon}"),
        format!("$2b$31${}", "A".repeat(53)),
        format!("bcrypt_sha256$$2b$31${}", "A".repeat(53)),
        format!("$scrypt$ln=25,r=8,p=1$c2FsdA${letters}"),
        format!("scrypt$4194304$salt$8$1${letters}"),
        format!("scrypt:4194304:8:1$salt${digits}"),
        format!("scrypt:2:8:4294967295$salt${digits}"),
        format!("$firebase-scrypt$ln=25,r=8,p=1$c2FsdA${letters}"),
        format!("pbkdf2_sha256$4294967295$salt${letters}"),
        format!("$pbkdf2-sha512$4294967295$c2FsdA${letters}"),
        format!("pbkdf2:sha256:4294967295$salt${digits}"),
        format!("AQAAAAH/////AAAAE{}", "A".repeat(66)),
    ];
    let row = |(at, hash): (usize, &String)| json!({"id": at.to_string(), "email": format!("u{at}@example.com"), "password_hash": hash});
    write(&place, "users.jsonl", &hostile.iter().enumerate().map(row).collect::<Vec<_>>());
    place.json(&["user", "add", "ada@example.com"], "correct horse battery");
    #[expect(clippy::disallowed_methods, reason = "how long a process takes is measured from outside")]
    let began = Instant::now();
    let output = place.run(&["user", "import", "users.jsonl"], "");
    assert!(began.elapsed() < Duration::from_secs(5), "none of them was tried");
    assert_eq!(output.status.code(), Some(1));
    let told = reasons(&place, "users.jsonl.refused.jsonl");
    assert_eq!(told.len(), hostile.len());
    for (at, (line, id, reason)) in told.iter().enumerate() {
        assert_eq!((*line, id), (at as u64 + 1, &json!(at.to_string())));
        assert!(reason.contains("out of bounds"), "{reason}");
    }
    assert!(!holds(&place.path("users.jsonl.refused.jsonl"), b"AAAAAAAA"), "no hash is in the report");
    assert_eq!(all(&store(&place)).await.len(), 1);
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    const ROWS: usize = 8_000;
    let place = Place::new("");
    let row =
        |at| json!({"id": format!("old-{at}"), "email": format!("u{at}@example.com"), "password_hash": HASH});
    write(&place, "users.jsonl", &(0..ROWS).map(row).collect::<Vec<_>>());
    let server = place.serve();
    let store = store(&place);
    let mut import = place.command(&["user", "import", "users.jsonl"]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while all(&store).await.len() < 500 {
        assert!(import.try_wait().unwrap().is_none(), "it ended before it was killed");
        tokio::task::yield_now().await;
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let before = all(&store).await;
    assert!((500..ROWS).contains(&before.len()), "killed in the middle, after {}", before.len());
    let told = place.json(&["user", "import", "users.jsonl"], "");
    assert_eq!(told["already_there"], json!(before.len()), "{told}");
    assert_eq!(told["added"], json!(ROWS - before.len()), "{told}");
    let after = all(&store).await;
    assert_eq!(after.len(), ROWS, "nobody is there twice");
    assert!(before.iter().all(|user| after.contains(user)), "who was there is as they were");
    assert_eq!(try_login(&server.url, &format!("u{}@example.com", ROWS - 1), "password").await.status, 200);
}

#[tokio::test]
async fn a_dry_run_finds_what_the_run_would_and_writes_nothing() {
    let place = Place::new("");
    place.json(&["user", "add", "ada@example.com", "--username", "ada"], "correct horse battery");
    let rows = [
        json!({"id": "1", "email": "bob@example.com", "password_hash": HASH}),
        json!({"id": "2", "email": "ADA@example.com", "password_hash": HASH}),
        json!({"id": "3", "email": "eve@example.com", "username": "Ada", "password_hash": HASH}),
        json!({"id": "4", "email": "carl@example.com", "password_hash": "md5$salt$secretword"}),
    ];
    write(&place, "users.jsonl", &rows);
    let output = place.run(&["user", "import", "users.jsonl", "--dry-run", "--json"], "");
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["dry_run"], &told["added"], &told["refused"]), (&json!(true), &json!(1), &json!(3)));
    let dry = reasons(&place, "users.jsonl.refused.jsonl");
    let wanted = ["account with this address", "user name is taken", "none of the known forms"];
    assert!(dry.iter().zip(wanted).all(|((.., reason), wanted)| reason.contains(wanted)), "{dry:?}");
    assert_eq!(all(&store(&place)).await.len(), 1, "nobody was added");
    assert_eq!(place.run(&["user", "import", "users.jsonl"], "").status.code(), Some(1));
    assert_eq!(reasons(&place, "users.jsonl.refused.jsonl"), dry);
}

#[tokio::test]
async fn rows_that_cannot_be_are_told_by_line_id_and_reason_and_the_others_are_in() {
    let place = Place::new("");
    let hash = |id: &str, email: &str| json!({"id": id, "email": email, "password_hash": HASH}).to_string();
    let with = |extra: Value| {
        let mut row = json!({"id": "x", "email": "x@example.com", "password_hash": HASH});
        row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        row.to_string()
    };
    // The first of each is in; `None` is.
    let lines = [
        (format!("\u{feff}{}", hash("1", "ada@example.com")), None),
        (hash("1", "ada@example.com").replace("ada", "ADA"), None),
        (hash("2", "ada@example.com"), Some("account with this address")),
        (hash("1", "bob@example.com"), Some("user with this id")),
        (String::new(), None),
        ("{\"id\": \"secretword\", ".to_owned(), Some("not JSON: see column")),
        ("[\"secretword\"]".to_owned(), Some("no JSON object")),
        (format!("{{\"id\": \"{}\"}}", "secretword".repeat(10_000)), Some("64 KiB")),
        (with(json!({"email": null})), Some("no `email`")),
        (with(json!({"email": ["secretword"]})), Some("`email` is no text")),
        (with(json!({"email": "secretword"})), Some("e-mail address")),
        (with(json!({"id": "a b"})), Some("An id has")),
        (with(json!({"name": "a\u{7}b"})), Some("A name has")),
        (with(json!({"username": "a b"})), Some("A user name has")),
        (with(json!({"email_verified": "secretword"})), Some("`email_verified` is neither true nor false")),
        (with(json!({"created_at": "secretword"})), Some("`created_at` is neither RFC 3339")),
        (with(json!({"salt": "c2FsdA=="})), Some("--firebase-parameters")),
        (with(json!({"password_hash": "secretword"})), Some("none of the known forms")),
    ];
    std::fs::write(
        place.path("users.ndjson"),
        lines.iter().map(|(line, _)| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    let output = place.run(&["user", "import", "users.ndjson", "--json", "--report", "told.jsonl"], "");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts =
        ["rows", "added", "already_there", "refused", "without_password"].map(|name| told[name].as_u64());
    assert_eq!(counts, [17, 1, 1, 15, 0].map(Some), "{told}");
    let told = reasons(&place, "told.jsonl");
    assert_eq!(told.len(), 15);
    let wanted = (1..).zip(&lines).filter_map(|(line, (_, wanted))| Some((line, (*wanted)?)));
    for ((line, _, reason), (wanted_line, wanted)) in told.iter().zip(wanted) {
        assert!(
            *line == wanted_line && reason.contains(wanted),
            "{line}: {reason}, not {wanted_line}: {wanted}"
        );
    }
    assert!(!holds(&place.path("told.jsonl"), b"secretword"), "what is in the fields is not told");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(place.path("told.jsonl")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[tokio::test]
async fn a_row_may_leave_out_all_but_the_address() {
    let place = Place::new("");
    let rows = [
        json!({"email": "carl@example.com", "is_active": false, "created_at": 1_500_000_000}),
        json!({"email": "dora@example.com", "created_at": "2017-07-14T02:40:00.5Z", "disabled": 1}),
        json!({"email": "carl@example.com"}),
    ];
    write(&place, "users.jsonl", &rows);
    let told = place.json(&["user", "import", "users.jsonl"], "");
    let counts = ["added", "already_there", "without_password"].map(|name| told[name].as_u64());
    assert_eq!(counts, [2, 1, 3].map(Some), "without an id, the address tells who is there already");
    let store = store(&place);
    for (email, born) in [("carl@example.com", 1_500_000_000_000), ("dora@example.com", 1_500_000_000_500)] {
        let Account { user, password } = account(&store, email).await;
        assert_eq!((user.created_at.0, user.state, user.subject), (born, UserState::Disabled, None));
        assert!(!password.is_usable());
    }
}

#[tokio::test]
async fn csv_has_the_names_of_its_system_in_its_heading() {
    let place = Place::new("");
    // As ASP.NET Identity's table and Django's are exported; a row over two lines, one too short, and one without a password.
    std::fs::write(
        place.path("asp.csv"),
        "\u{feff}Id,UserName,Email,EmailConfirmed,PasswordHash,PhoneNumber\r\n\
         8b36d13f-e016-4352-96de-f22cfa3cf0a5,ada@example.com,ada@example.com,True,\
         AQAAAAEAACcQAAAAECfFiYZRL61WyHOpOMG0OyzfRXtiZpyTIYT6Th2GcXbnNj4FCU8k4e3UdHOmLQ9Trg==,\r\n",
    )
    .unwrap();
    let django = format!(
        "id,password,username,email,is_active,date_joined,name\n\
         7,{HASH},bob,bob@example.com,t,2020-01-02 03:04:05.678+00:00,\"Bob,\nthe \"\"builder\"\"\"\n\
         8,{HASH},carl,carl@example.com\n\
         9,!QhxTkmZ0JbBrpHCV,dora,dora@example.com,f,2020-01-02 03:04:05+00:00,Dora\n\
         10,{HASH},eve,eve@example.com,t,2020-01-02 03:04:05+00:00,Eve\n"
    );
    std::fs::write(place.path("django.txt"), &django).unwrap();
    let told = place.json(&["user", "import", "asp.csv"], "");
    assert_eq!((&told["added"], &told["left_out"]), (&json!(1), &json!(["PhoneNumber"])), "{told}");
    assert!(!place.path("asp.csv.refused.jsonl").exists(), "there is nothing to report");
    let output = place.run(&["user", "import", "django.txt", "--format", "csv", "--json"], "");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&told["added"], &told["refused"], &told["without_password"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let refused = reasons(&place, "django.txt.refused.jsonl");
    assert!(refused.iter().any(|(line, _, reason)| *line == 4 && reason.contains("4 fields")), "{refused:?}");
    assert!(refused.iter().any(|(line, _, reason)| *line == 2 && reason.contains("control")), "{refused:?}");
    let store = store(&place);
    let ada = account(&store, "ada@example.com").await.user;
    assert_eq!((ada.sub().as_str(), ada.email_verified), ("8b36d13f-e016-4352-96de-f22cfa3cf0a5", true));
    assert_eq!((ada.username, ada.subject), (None, None));
    let dora = account(&store, "dora@example.com").await;
    assert!(!dora.password.is_usable() && dora.user.state == UserState::Disabled);

    // A quotation mark that is missing somewhere swallows the rest of a file; not into memory.
    let endless = format!("id,email\n1,\"ada@example.com\n{}", "x,y\n".repeat(100_000));
    std::fs::write(place.path("endless.csv"), endless).unwrap();
    let output = place.run(&["user", "import", "endless.csv"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("quotation mark"), "{said}");
}

#[test]
fn wrong_usage_exits_with_2_and_harms_no_file() {
    let place = Place::new("");
    for name in ["users.json", "users.jsonl"] {
        std::fs::write(place.path(name), "{}\n").unwrap();
    }
    for arguments in [&["users.json"][..], &["users.jsonl", "--report", "users.jsonl"], &[]] {
        let output = place.run(&[&["user", "import"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(place.read("users.jsonl"), "{}\n");
    let output = place.run(&["user", "import", "nowhere.jsonl"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("opening nowhere.jsonl"), "{said}");
    assert!(!Path::new(&place.path("nowhere.jsonl.refused.jsonl")).exists());
}
