//! Password hashes as other systems write them, and ones that ask for too much.

use crate::Seeds;

/// Base64 of 16 and of 32 bytes.
const SALT: &str = "YWJjZGVmZ2hpamtsbW5vcA";
const OUTPUT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

pub(super) fn foreign_hashes() -> Seeds {
    let hex = "5e".repeat(32);
    let bcrypt = format!("abcdefghijklmnopqrstuu{}", "a".repeat(30) + "O");
    let seed = |text: String| text.into_bytes();
    vec![
        ("argon2id", seed(format!("$argon2id$v=19$m=65536,t=3,p=4${SALT}${OUTPUT}"))),
        ("argon2i-django", seed(format!("argon2$argon2i$v=16$m=512,t=2,p=2${SALT}${OUTPUT}"))),
        ("argon2d-old", seed(format!("$argon2d$m=4096,t=3,p=1${SALT}${OUTPUT}"))),
        ("argon2id-most", seed(format!("$argon2id$v=19$m=262144,t=4,p=1${SALT}${OUTPUT}"))),
        ("argon2id-memory", seed(format!("$argon2id$v=19$m=262145,t=1,p=1${SALT}${OUTPUT}"))),
        ("argon2id-work", seed(format!("$argon2id$v=19$m=262144,t=5,p=1${SALT}${OUTPUT}"))),
        ("argon2i-overflow", seed(format!("$argon2i$v=19$m=4294967296,t=1,p=1${SALT}${OUTPUT}"))),
        ("bcrypt", seed(format!("$2b$12${bcrypt}"))),
        ("bcrypt-django", seed(format!("bcrypt_sha256$$2y$15${bcrypt}"))),
        ("bcrypt-cost", seed(format!("$2a$16${bcrypt}"))),
        ("bcrypt-error", seed(format!("$2x$10${bcrypt}"))),
        ("scrypt", seed(format!("$scrypt$ln=16,r=8,p=1${SALT}${OUTPUT}"))),
        ("scrypt-django", seed(format!("scrypt$16384$a:b,c$8$5${OUTPUT}="))),
        ("scrypt-werkzeug", seed(format!("scrypt:32768:8:1$salt:y${hex}"))),
        ("scrypt-memory", seed(format!("$scrypt$ln=20,r=8,p=1${SALT}${OUTPUT}"))),
        ("scrypt-lanes", seed(format!("$scrypt$ln=18,r=8,p=3${SALT}${OUTPUT}"))),
        ("scrypt-overflow", seed(format!("$scrypt$ln=64,r=8,p=1${SALT}${OUTPUT}"))),
        ("firebase", seed(format!("$firebase-scrypt$ln=14,r=8,p=1${SALT}${OUTPUT}"))),
        ("pbkdf2-django", seed(format!("pbkdf2_sha256$870000$salt${OUTPUT}="))),
        ("pbkdf2-passlib", seed(format!("$pbkdf2-sha256$29000${SALT}${OUTPUT}"))),
        ("pbkdf2-passlib-sha1", seed(format!("$pbkdf2$131000${SALT}${OUTPUT}"))),
        ("pbkdf2-phc", seed(format!("$pbkdf2-sha512$i=25000${SALT}${OUTPUT}"))),
        ("pbkdf2-werkzeug", seed(format!("pbkdf2:sha256:600000$s\u{e4}lt${hex}"))),
        ("pbkdf2-most", seed(format!("pbkdf2:sha256:5000000$salt${hex}"))),
        ("pbkdf2-too-many", seed(format!("pbkdf2:sha256:5000001$salt${hex}"))),
        ("pbkdf2-blocks", seed(format!("$pbkdf2$3000000${SALT}${OUTPUT}"))),
        ("asp-net-2", seed("A".repeat(66))),
        ("asp-net-3", seed(format!("AQAAAAEAACcQAAAAE{}", "A".repeat(67)))),
        ("ldap", seed(format!("{{SSHA256}}{OUTPUT}c2FsdA=="))),
        ("sha256", seed(format!("sha256$salt${hex}"))),
        ("md5", seed(format!("md5$salt${}", "5e".repeat(16)))),
        ("empty", Vec::new()),
    ]
}
