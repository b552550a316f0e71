//! Hashes of other systems. That their own libraries' hashes are understood is shown where users log in with them
//! (`crates/cli/tests/cli/import.rs`); here is what no library makes.

use std::sync::Arc;

use proptest::prelude::*;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::PasswordHasher;
use rotunda_outside::{
    ArgonParameters, ArgonPool, FirebaseParameters, FirebaseParametersError, PoolSize, StoredHashError,
    SystemEntropy, foreign_hash,
};

fn pool() -> ArgonPool {
    let size = PoolSize { threads: 1, queue: 4 };
    ArgonPool::start(ArgonParameters::weak_for_tests(), size, Arc::new(SystemEntropy)).unwrap()
}

/// Whether it is right; it is outdated in any case.
async fn is_right(pool: &ArgonPool, password: &str, hash: &str) -> bool {
    let hash = foreign_hash(hash).unwrap();
    let verdict = pool.verify(Password::new(password.to_owned()), Some(hash)).await.unwrap();
    assert!(verdict.outdated || !verdict.right);
    verdict.right
}

/// From `src/test.c` of the reference implementation, github.com/P-H-C/phc-winner-argon2: no version is version 16.
#[tokio::test]
async fn argon2_from_before_versions_were_written_is_version_16() {
    let pool = pool();
    let hash = "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    assert!(is_right(&pool, "password", hash).await);
    assert!(!is_right(&pool, "password", &hash.replace("$argon2i$", "$argon2i$v=19$")).await);
    assert!(!is_right(&pool, "passwore", hash).await);
}

/// SHA-256 of `salt` and `password`, and HMAC-SHA-256 of `password` keyed by `salt`.
#[tokio::test]
async fn both_meanings_of_a_salted_sha256_are_understood() {
    let pool = pool();
    for digest in [
        "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322",
        "84ec44c7d6fc41917953a1dafca3c7d7856f7a9d0328b991b76f0d36be1224b9",
    ] {
        let hash = format!("sha256$salt${digest}");
        assert!(is_right(&pool, "password", &hash).await, "{digest}");
        assert!(is_right(&pool, "password", &hash.replace(digest, &digest.to_uppercase())).await, "{digest}");
        assert!(!is_right(&pool, "passwore", &hash).await, "{digest}");
    }
}

/// From the tests of crypt_blowfish, openwall.com/crypt: 72 letters, and what follows them is not looked at.
#[tokio::test]
async fn bcrypt_looks_at_72_bytes_as_it_did_where_it_was_made() {
    let pool = pool();
    let hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    let known = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    assert_eq!(known.len(), 72);
    assert!(is_right(&pool, &format!("{known}chars after 72 are ignored"), hash).await);
    assert!(is_right(&pool, known, hash).await);
    assert!(!is_right(&pool, &known[..71], hash).await);
}

#[tokio::test]
async fn what_asks_for_too_much_is_refused_wherever_it_comes_from() {
    let (argon, hex) = (format!("$c29tZXNhbHQ${}", "A".repeat(43)), "0".repeat(64));
    let (base64, b53) = ("A".repeat(43), "A".repeat(53));
    let asp_net = |iterations: &str| format!("AQAAAAH{iterations}AAAAE{}", "A".repeat(66));
    let hostile = [
        format!("$argon2i$v=19$m=4194304,t=1,p=1{argon}"),
        format!("$argon2d$v=16$m=262145,t=1,p=1{argon}"),
        format!("$argon2i$m=262144,t=5,p=1{argon}"),
        format!("argon2$argon2i$v=19$m=4294967296,t=1,p=1{argon}"),
        format!("$2b$16${b53}"),
        format!("$2b$31${b53}"),
        format!("bcrypt_sha256$$2b$99${b53}"),
        format!("$scrypt$ln=18,r=9,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=18,r=8,p=3$c2FsdA${base64}"),
        format!("$scrypt$ln=64,r=8,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=99999999999999999999,r=8,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=1,r=4294967295,p=4294967295$c2FsdA${base64}"),
        format!("scrypt$4194304$salt$8$1${base64}"),
        format!("scrypt$16385$salt$8$1${base64}"),
        format!("scrypt$0$salt$8$1${base64}"),
        format!("scrypt$16384$salt$0$1${base64}"),
        format!("scrypt:32768:8:1048576$salt${hex}"),
        format!("$firebase-scrypt$ln=30,r=8,p=1$c2FsdA${base64}"),
        format!("pbkdf2_sha256$5000001$salt${base64}"),
        format!("pbkdf2_sha256$0$salt${base64}"),
        format!("$pbkdf2-sha512$i=4294967295$c2FsdA${base64}"),
        format!("pbkdf2:sha256:99999999999999999999$salt${hex}"),
        // Two blocks of SHA-1.
        format!("$pbkdf2$2500001$c2FsdA${base64}"),
        asp_net("/////"),
    ];
    let pool = pool();
    for hash in hostile {
        let refused = foreign_hash(&hash).map(drop).unwrap_err();
        let costs = matches!(refused, StoredHashError::Cost { .. } | StoredHashError::Argon(_));
        assert!(costs, "{hash}: {refused}");
        assert!(refused.to_string().contains("out of bounds"), "{refused}");
        // Again when it is found in a row, before anything waits for a thread.
        let planted = pool.verify(Password::new("any".to_owned()), Some(PasswordHash::new(hash.clone())));
        let failure = tokio::time::timeout(std::time::Duration::ZERO, planted).await.unwrap().unwrap_err();
        assert!(!failure.is_temporary(), "{hash}");
    }
    // What was configured here may cost more than what comes from elsewhere.
    let own = format!("$argon2id$v=19$m=524288,t=1,p=1{argon}");
    assert!(matches!(foreign_hash(&own).map(drop), Err(StoredHashError::Cost { .. })));
    assert!(pool.verify(Password::new("any".to_owned()), Some(PasswordHash::new(own))).await.is_ok());
}

#[test]
fn what_is_no_hash_of_a_known_form_is_refused_and_not_told() {
    let hex = "0".repeat(64);
    let no_hashes = [
        String::new(),
        "!".to_owned(),
        "secretword".to_owned(),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0".to_owned(),
        "{SSHA}secretword".to_owned(),
        "{SSHA256}secretword".to_owned(),
        format!("md5$salt${hex}"),
        format!("sha256$${hex}"),
        format!("sha256$salt${}", "0".repeat(63)),
        format!("sha256$salt${}", "g".repeat(64)),
        format!("sha256$salt${hex}$secretword"),
        format!("$2x$10${}", "A".repeat(53)),
        format!("$2b$10${}", "A".repeat(52)),
        format!("$2b$10${}", "é".repeat(27)),
        format!("$2b$1${}", "A".repeat(53)),
        format!("pbkdf2_md5$1000$salt${}", "A".repeat(43)),
        format!("pbkdf2_sha256$1000$salt${}", "A".repeat(10)),
        format!("pbkdf2_sha256$+1000$salt${}", "A".repeat(43)),
        format!("$scrypt$r=8,ln=14,p=1$c2FsdA${}", "A".repeat(43)),
        format!("$scrypt$ln=14,r=8,p=1$c2FsdA${}", "secretword".repeat(100)),
        // ASP.NET Identity: an unknown version, an unknown function, a salt longer than the whole.
        format!("Ag{}", "A".repeat(66)),
        format!("AQAAAAMAACcQAAAAE{}", "A".repeat(64)),
        format!("AQAAAAEAACcQ/////{}", "A".repeat(64)),
        "A".repeat(1_000_000),
    ];
    for text in no_hashes {
        let shown: String = text.chars().take(60).collect();
        let refused = foreign_hash(&text).map(drop).expect_err(&shown);
        assert!(!matches!(refused, StoredHashError::Cost { .. }), "{shown}: {refused}");
        assert!(!refused.to_string().contains("secretword"), "{refused}");
    }
}

/// One of each form.
const GOOD: &[&str] = &[
    "$argon2i$m=64,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "argon2$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    "$scrypt$ln=14,r=8,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "scrypt$16384$salt$8$5$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ=",
    "scrypt:32768:8:1$salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322",
    "$firebase-scrypt$ln=14,r=8,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "pbkdf2_sha256$1000$salt$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ=",
    "$pbkdf2-sha512$i=1000$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "pbkdf2:sha256:1000$salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322",
    "AKSPvOCHcORYlKH7JW5S8ABw3NGo5C+Xj5nU2KyHHSevTJO2q+fuyQ3HKpZ04m8jdw==",
    "AQAAAAEAACcQAAAAECfFiYZRL61WyHOpOMG0OyzfRXtiZpyTIYT6Th2GcXbnNj4FCU8k4e3UdHOmLQ9Trg==",
    "{SSHA256}VCUjVxudDDi2zs9OWSJAmlmrtoZ4qNu+EMM76TDo18zfWwtBaG0N4Q==",
    "sha256$salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whoever writes a file to be imported writes anything.
    #[test]
    fn nothing_that_looks_like_a_hash_brings_the_reader_down(
        good in prop::sample::select(GOOD),
        (at, cut) in (0..100_usize, 0..100_usize),
        instead in "([$:,=]|[0-9]{1,20}|\\PC){0,3}",
    ) {
        let at = at.min(good.len());
        let text = format!("{}{instead}{}", &good[..at], &good[(at + cut).min(good.len())..]);
        if let Ok(hash) = foreign_hash(&text) {
            prop_assert_eq!(hash.expose(), &text);
        }
        let _ = FirebaseParameters::parse(&text);
    }
}

#[test]
fn one_of_each_form_is_taken_as_it_is() {
    for good in GOOD {
        assert_eq!(foreign_hash(good).map(|hash| hash.expose().to_owned()).as_deref(), Ok(*good));
    }
}

#[test]
fn firebase_parameters_are_read_as_firebase_shows_them_or_refused() {
    let good = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: \
                AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  \
                mem_cost: 14,\n}\n";
    let parameters = FirebaseParameters::parse(good).ok().unwrap();
    let hash = parameters.hash("c2FsdA==", &"A".repeat(43)).unwrap();
    assert!(hash.expose().starts_with("$firebase-scrypt$ln=14,r=8,p=1$c2FsdAc$"), "{}", hash.expose());
    assert_eq!(parameters.hash("c2FsdA==", "AAAA").err(), Some(StoredHashError::Output));
    assert_eq!(parameters.hash("", &"A".repeat(43)).err(), Some(StoredHashError::Salt));
    let refused = |from: &str, to: &str| FirebaseParameters::parse(&good.replace(from, to)).err().unwrap();
    assert_eq!(refused("SCRYPT", "BCRYPT"), FirebaseParametersError::Algorithm);
    assert_eq!(refused("rounds", "round"), FirebaseParametersError::Parameter("rounds"));
    assert_eq!(refused("AAAAAAA=", "****"), FirebaseParametersError::Parameter("base64_signer_key"));
    assert!(matches!(refused("mem_cost: 14", "mem_cost: 40"), FirebaseParametersError::Costs(_)));
}
