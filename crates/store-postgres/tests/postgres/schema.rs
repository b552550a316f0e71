//! The schema: made by whoever is first, and what other releases made of it.

use rotunda_core::store::KeyShelf;
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::NOW;

use crate::scene::{Place, options};

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_open_an_empty_database_at_once_all_get_in() {
    let place = Place::empty().await;
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let options = options(&place.url);
            tokio::spawn(async move { PostgresStore::open(&options, NOW).await })
        })
        .collect();
    for store in opening {
        store.await.unwrap().unwrap().ready().await.unwrap();
    }
    let client = place.stranger().await;
    let history = "SELECT count(*), count(DISTINCT version) FROM refinery_schema_history";
    let row = client.query_one(history, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1), "each migration once");
}

#[tokio::test]
async fn an_empty_database_is_none_to_an_operator() {
    let place = Place::empty().await;
    let failure = PostgresStore::open_existing(&options(&place.url), NOW).await.err().unwrap();
    let told = format!("{failure:?}");
    assert!(told.contains("no tables") && told.contains("127.0.0.1") && !told.contains("password"), "{told}");
    drop(place.open().await);
    PostgresStore::open_existing(&options(&place.url), NOW).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_tolerated_and_a_different_one_refused() {
    let place = Place::new().await;
    let client = place.stranger().await;
    client
        .batch_execute(
            "ALTER TABLE users ADD COLUMN of_tomorrow text; \
             INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             SELECT 999, 'of_tomorrow', applied_on, checksum FROM refinery_schema_history WHERE version = 1",
        )
        .await
        .unwrap();
    place.open().await.ready().await.unwrap();
    client
        .batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1")
        .await
        .unwrap();
    let told = format!("{:?}", place.try_open().await.err().unwrap());
    assert!(told.contains("Start the release that made it"), "{told}");
}

#[tokio::test]
async fn a_wrong_url_is_told_without_its_password() {
    let place = Place::empty().await;
    let (scheme, rest) = place.url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    for url in [
        format!("{scheme}://rotunda:s3cr3t-of-mine@{host}_that_is_not_there"),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1:1/rotunda".to_owned(),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1:no/rotunda".to_owned(),
        // An "@" that is not escaped: all behind it is a host, as far as anybody can tell.
        "postgres://rotunda:Qx@s3cr3t-of-mine@127.0.0.1:1/rotunda".to_owned(),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1/rotunda?nonsense=s3cr3t".to_owned(),
    ] {
        let told = format!("{:?}", PostgresStore::open(&options(&url), NOW).await.err().unwrap());
        assert!(!told.contains("s3cr3t-of-mine"), "{told}");
    }
}
