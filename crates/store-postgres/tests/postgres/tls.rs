//! Over a network the server has to show who it is, and nothing goes to it before that.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rotunda_core::failure::Failure;
use rotunda_core::store::KeyShelf;
use rotunda_grounds::Postgres;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_testkit::fixtures::NOW;
use tempfile::TempDir;

use crate::scene::stranger;

/// A server, and authorities whose certificates are in files.
struct Ground {
    server: Arc<Postgres>,
    folder: TempDir,
}

impl Ground {
    async fn new() -> Self {
        let server = tokio::task::spawn_blocking(|| Arc::new(Postgres::start())).await.unwrap();
        Self { server, folder: tempfile::tempdir().unwrap() }
    }

    /// From now on the server shows a certificate for this name, by an authority of that one.
    async fn shows(&self, name: &str, authority: &str) {
        let (ca, issuer) = an_authority();
        std::fs::write(self.ca(authority), ca).unwrap();
        let key = KeyPair::generate().unwrap();
        let shown = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let write = |text: String, file: &str| {
            format!(
                "COPY (SELECT regexp_split_to_table('{text}', '\\n')) TO PROGRAM 'umask 077; cat > {file}'"
            )
        };
        let orders = [
            write(shown.pem(), "server.crt"),
            write(key.serialize_pem(), "server.key"),
            "ALTER SYSTEM SET ssl = on;".to_owned(),
            "SELECT pg_reload_conf();".to_owned(),
        ];
        let server = Arc::clone(&self.server);
        let give = move || orders.iter().for_each(|order| drop(server.sql(order)));
        tokio::task::spawn_blocking(give).await.unwrap();
        let client = stranger(&self.server.url()).await;
        while client.query_one("SHOW ssl", &[]).await.unwrap().get::<_, &str>(0) != "on" {
            tokio::task::yield_now().await;
        }
    }

    fn ca(&self, authority: &str) -> PathBuf {
        self.folder.path().join(authority)
    }

    async fn open(&self, setting: &str, ca_file: Option<PathBuf>) -> Result<PostgresStore, Failure> {
        let url = format!("{}{setting}", self.server.url());
        PostgresStore::open(&Options { url, connections: 2, ca_file }, NOW).await
    }

    async fn refuses(&self, setting: &str, ca_file: Option<PathBuf>, why: &str) {
        let told = format!("{:?}", self.open(setting, ca_file).await.err().unwrap());
        assert!(told.contains(why), "{told}");
    }
}

/// Its certificate, and what it signs with.
fn an_authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), Issuer::new(params, key))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_show_who_it_is_is_not_spoken_to() {
    let ground = Ground::new().await;
    ground.refuses("?sslmode=require", None, "TLS").await;

    ground.shows("127.0.0.1", "ours").await;
    let ours = Some(ground.ca("ours"));
    for setting in ["?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full"] {
        ground.open(setting, ours.clone()).await.unwrap().ready().await.unwrap();
    }
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'rotunda'";
    let store = ground.open("?sslmode=require", ours.clone()).await.unwrap();
    let client = stranger(&ground.server.url()).await;
    assert!(client.query_one(encrypted, &[]).await.unwrap().get::<_, bool>(0));
    drop(store);

    let (other, _) = an_authority();
    std::fs::write(ground.ca("other"), other).unwrap();
    for setting in ["?sslmode=require", "?sslmode=verify-ca"] {
        ground.refuses(setting, Some(ground.ca("other")), "certificate").await;
    }
    ground.refuses("?sslmode=require", None, "certificate").await;

    ground.shows("elsewhere.example", "ours").await;
    for setting in ["?sslmode=require", "?sslmode=verify-ca"] {
        ground.refuses(setting, ours.clone(), "certificate").await;
    }
}
