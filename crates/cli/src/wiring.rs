//! Wiring: from settings to a running Rotunda. The one place where every part meets.

use std::fs::{DirBuilder, File};
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use rotunda_core::keys::MasterKeys;
use rotunda_core::model::{Letter, SecretText};
use rotunda_core::outside::{Clock, Entropy, MailFailure, Mailer, PasswordHasher};
use rotunda_core::store::Store;
use rotunda_core::{Outside, Rotunda};
use rotunda_mail::{Mail, Templates, TemplatesError};
use rotunda_outside::{ArgonPool, PasswordLists, SystemClock, SystemEntropy, load_or_create};
use rotunda_server::{Logo, Web};
use rotunda_webhook::{HttpCourier, Patience, Reach};

use crate::args::{Global, Serve};
use crate::config::{self, ConfigError, Loaded, MailWay, MainStore, Overrides, Settings};
use crate::output;
use crate::stores::{CountedStores, IfNew, Stores};

/// A Rotunda with everything that it stands on.
pub(crate) struct Wired {
    pub settings: Settings,
    pub rotunda: Rotunda,
    pub warnings: Vec<String>,
    /// What the stores have counted.
    pub stores: CountedStores,
    /// What hashes passwords.
    pub pool: Arc<ArgonPool>,
}

/// What a command does about a part that is broken and that it could do without: the breached passwords, the mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfBroken {
    /// It stops: a server needs everything, and whoever sets a password needs to know those that nobody may choose.
    Stop,
    /// It says so and goes on: nobody is kept from ending a session by a damaged list.
    Warn,
}

impl Wired {
    /// For an operator's command about what is there already. In the wrong folder, it says so and makes nothing.
    pub(crate) async fn open(global: &Global) -> anyhow::Result<Self> {
        let loaded = load(global, &Serve::default())?;
        told(&loaded);
        Self::wire(loaded, IfBroken::Warn, IfNew::Refuse).await
    }

    /// The same, for a command that may be the first of all.
    pub(crate) async fn open_or_make(loaded: Loaded, broken: IfBroken) -> anyhow::Result<Self> {
        told(&loaded);
        let new = new_file(&loaded.settings.store.main);
        let has_key = loaded.settings.master_file.exists();
        let wired = Self::wire(loaded, broken, IfNew::Make).await;
        // Also where what follows failed: the next command finds it there.
        if let Some(path) = new.filter(|path| path.exists()) {
            let advice = if has_key {
                "It is beside a master key that was there already: if there was a database before, take this one away and put \
                 that back"
            } else {
                "If there is a server already, it knows nothing of this: `--data` or `--config` says where its own is"
            };
            output::warn(&format!("a new, empty database was made at {}. {advice}", path.display()));
        }
        wired
    }

    /// Opens the stores, the keys and the password pool.
    pub(crate) async fn wire(loaded: Loaded, broken: IfBroken, new: IfNew) -> anyhow::Result<Self> {
        let Loaded { settings, mut warnings, .. } = loaded;
        let known_passwords = match password_lists(settings.breached_list.as_deref()) {
            Err(error) if broken == IfBroken::Warn => {
                left_out(&error);
                password_lists(None)?
            }
            lists => lists?,
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let is_suspicious = before_opening(&settings)?;
        let opened = Stores::open(&settings.store, new, clock.now(), &*entropy).await?;
        let Stores { store, scratch, counted: stores, warnings: of_stores } = opened;
        warnings.extend(of_stores);
        if is_suspicious {
            tracing::warn!(
                "a new, empty database was made beside the master key that is there already. If there was a database \
                 before, stop now and put it back"
            );
        }
        let keys = master_keys(&*store, &settings.master_file, &*entropy).await?;
        let pool = ArgonPool::start(settings.argon, settings.pool, Arc::clone(&entropy))?;
        let mailer: Arc<dyn Mailer> = match mail(&settings, Arc::clone(&clock)) {
            Err(error) if broken == IfBroken::Warn => {
                left_out(&error);
                Arc::new(NoMail(format!("{error:#}")))
            }
            mailer => mailer?,
        };
        let (pool, known_passwords) = (Arc::new(pool), Arc::new(known_passwords));
        let hasher: Arc<dyn PasswordHasher> = Arc::clone(&pool) as _;
        let reach = Reach::new(settings.private_networks.clone());
        let courier = Arc::new(HttpCourier::new(reach, Patience::default())?);
        let outside = Outside { store, scratch, clock, entropy, hasher, mailer, known_passwords, courier };
        let rotunda = Rotunda::start(outside, keys, settings.policy.clone()).await?;
        Ok(Self { settings, rotunda, warnings, stores, pool })
    }
}

/// The file of SQLite that is not there yet, as it would be found from anywhere.
fn new_file(main: &MainStore) -> Option<PathBuf> {
    match main {
        MainStore::Sqlite(path) if !path.exists() => {
            Some(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        }
        MainStore::Sqlite(_) | MainStore::Postgres(_) => None,
    }
}

fn told(loaded: &Loaded) {
    loaded.warnings.iter().for_each(|warning| output::warn(warning));
}

/// Refuses a database of many servers without the key that they share, before anything is made there. Answers whether a new
/// file of SQLite will lie beside an old key.
fn before_opening(settings: &Settings) -> anyhow::Result<bool> {
    let file = &settings.master_file;
    match &settings.store.main {
        MainStore::Sqlite(path) => Ok(!path.exists() && file.exists()),
        MainStore::Postgres(_) if file.exists() => Ok(false),
        MainStore::Postgres(_) => bail!(
            "there is no master key file at {0}, and with PostgreSQL none is made by itself, because all servers must have \
             the same one. If this database has been in use, put its file back; if it is new, run \
             `rotunda key master {0}` once and give each server a copy ([keys] master_file)",
            file.display()
        ),
    }
}

fn left_out(error: &anyhow::Error) {
    output::warn(&format!("{error:#}; this command goes on without it"));
}

/// Stands in for a mailer that cannot be had. What it is asked to send, it refuses.
struct NoMail(String);

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, _: &Letter, _: Option<&SecretText>) -> Result<(), MailFailure> {
        Err(MailFailure::Later(self.0.clone()))
    }
}

/// The passwords that nobody may choose: the common ones, and the breached ones of a file.
pub(crate) fn password_lists(breached: Option<&Path>) -> anyhow::Result<PasswordLists> {
    match breached {
        Some(path) => PasswordLists::with_breached(path).context("[password] breached_list"),
        None => Ok(PasswordLists::builtin()?),
    }
}

/// The master keys; made at the very first start only. A database that was made with a key is never given another one.
async fn master_keys(store: &dyn Store, file: &Path, entropy: &dyn Entropy) -> anyhow::Result<MasterKeys> {
    if !file.exists() && !store.signing_keys().await?.is_empty() {
        bail!(
            "the master key file {} is missing, and this database was made with one. Put it back; without it, every \
             session and signing key in the database is lost",
            file.display()
        );
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("making the folder {}", folder.display()))?;
    }
    Ok(load_or_create(file, entropy)?)
}

/// The configuration, as file, environment and flags have it.
pub(crate) fn load(global: &Global, flags: &Serve) -> Result<Loaded, ConfigError> {
    let overrides =
        Overrides { data: global.data.clone(), listen: flags.listen, public_url: flags.public_url.clone() };
    config::load(global.config.as_deref(), overrides, std::env::vars_os())
}

/// The settings alone, for a command that opens nothing.
pub(crate) fn settings(global: &Global, flags: &Serve) -> anyhow::Result<Settings> {
    Ok(load(global, flags)?.settings)
}

/// What browsers are told and held to.
pub(crate) fn web(settings: &Settings) -> anyhow::Result<Web> {
    let web = Web::new(settings.public_url.as_str(), &settings.app_origins)?;
    let pages = &settings.pages;
    let brand = match &pages.logo {
        Some(path) => pages.brand.clone().with_logo(logo(path)?),
        None => pages.brand.clone(),
    };
    Ok(web
        .with_pages(brand, pages.language)
        .with_returns(pages.returns.clone())
        .with_cookies(settings.cookie_domain.clone(), settings.refresh_path.clone())
        .with_trusted_proxies(settings.trusted_proxies.clone()))
}

fn logo(path: &Path) -> anyhow::Result<Logo> {
    let about = || format!("[pages] logo: {}", path.display());
    // One byte more than it may have is enough to refuse it.
    let most = u64::try_from(Logo::MOST_BYTES)?.saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).with_context(about)?;
    Logo::new(bytes).with_context(about)
}

/// The words of all letters: ours, and the operator's over them.
pub(crate) fn templates(settings: &Settings) -> Result<Templates, TemplatesError> {
    match &settings.mail.templates {
        Some(folder) => Templates::with_overrides(folder, &settings.mail.house),
        None => Templates::builtin(),
    }
}

/// What sends letters: by the mail server that is configured, or into a folder.
pub(crate) fn mail(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Mail>> {
    let house = settings.mail.house.clone();
    let templates = templates(settings)?;
    let mail = match &settings.mail.way {
        MailWay::Smtp(smtp) => Mail::smtp(house, templates, clock, smtp.clone())?,
        MailWay::Folder(folder) => Mail::folder(house, templates, clock, folder)?,
    };
    Ok(Arc::new(mail))
}

#[cfg(test)]
mod tests {
    use rotunda_core::model::{Caller, Email, LetterId, LetterKind, UnixMillis};

    use super::*;

    #[tokio::test]
    async fn mail_works_with_nothing_configured_but_a_folder() {
        let place = tempfile::tempdir().unwrap();
        let data = Some(place.path().join("data"));
        let overrides = Overrides { data, ..Overrides::default() };
        let settings = config::load_text("rotunda.toml", "", overrides, []).unwrap().settings;
        let letter = Letter {
            id: LetterId::new(UnixMillis(0), [0; 10]),
            kind: LetterKind::Test,
            to: Email::parse("ada@example.com"),
            user_id: None,
            name: None,
            at: UnixMillis(0),
            caller: Caller::default(),
            other: None,
            link: None,
            expires_at: UnixMillis(1),
        };
        mail(&settings, Arc::new(SystemClock)).unwrap().send(&letter, None).await.unwrap();
        assert_eq!(std::fs::read_dir(place.path().join("data/mail")).unwrap().count(), 1);
    }

    #[test]
    fn a_logo_is_read_at_the_start_and_a_wrong_one_told() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("logo");
        let text = format!("[pages]\nlogo = {path:?}");
        let settings = config::load_text("rotunda.toml", &text, Overrides::default(), []).unwrap().settings;
        let told = || format!("{:#}", web(&settings).map(drop).unwrap_err());
        assert!(told().starts_with(&format!("[pages] logo: {}: No such file", path.display())), "{}", told());
        for (bytes, why) in [
            (vec![b'x'; 9], "it is neither SVG, PNG nor WebP"),
            (vec![b'x'; 99_999], "it has 65537 bytes; a logo has 65536 at most"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert!(told().ends_with(why), "{}", told());
        }
        std::fs::write(&path, "<svg/>").unwrap();
        assert_eq!(web(&settings).unwrap().brand().logo().unwrap().media_type(), "image/svg+xml");
    }

    #[test]
    fn broken_templates_are_told_at_the_start() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("test.txt"), "Subject: x\n\n{{ nmae }}").unwrap();
        let text = format!("[mail]\ntemplates = {:?}", place.path());
        let settings = config::load_text("rotunda.toml", &text, Overrides::default(), []).unwrap().settings;
        let refusal = mail(&settings, Arc::new(SystemClock)).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("test.txt:3: undefined value"), "{refusal}");
    }
}
