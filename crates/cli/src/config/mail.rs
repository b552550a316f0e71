//! Mail: to which server or folder letters go, and whom they come from.

use std::path::{Path, PathBuf};

use rotunda_mail::{House, Sender, SmtpServer, SmtpSettings};
use url::Url;

use super::check::{Check, file_path, number};
use super::file::Given;
use super::store::secret;

/// How many letters are handed to the mail server at once, unless that is configured.
const POOL: usize = 4;

/// How letters reach users.
#[derive(Debug)]
pub(crate) struct MailSettings {
    /// Who writes.
    pub house: House,
    /// Where letters go.
    pub way: MailWay,
    /// The folder with the operator's templates. What is in it is read when the server starts.
    pub templates: Option<PathBuf>,
}

/// Where letters go.
#[derive(Debug)]
pub(crate) enum MailWay {
    /// To a mail server. `Debug` leaves its password out.
    Smtp(SmtpSettings),
    /// Into a folder.
    Folder(PathBuf),
}

/// Whether there is a mail server.
pub(super) fn has_server(given: &Given) -> bool {
    given.mail.url.is_some() || given.mail.url_file.is_some()
}

/// What `[mail]` says; `None` when that is wrong.
pub(super) fn mail(given: &Given, data: &Path, ours: &Url, check: &mut Check<'_>) -> Option<MailSettings> {
    let mail = &given.mail;
    // No finding shows any of it: there is a password in it.
    let url = secret([&mail.url, &mail.url_file], ["[mail] url", "[mail] url_file"], check).flatten();
    let server = url.as_ref().and_then(|(text, source, key)| {
        SmtpServer::parse(text).map_err(|what| check.refuse_at(source.clone(), key, what)).ok()
    });
    let from = check.text(&mail.from, "[mail] from", Sender::parse);
    let folder = check.text(&mail.folder, "[mail] folder", file_path);
    let templates = check.text(&mail.templates, "[mail] templates", file_path);
    let ca_file = check.text(&mail.ca_file, "[mail] ca_file", file_path);
    if let (Some((_, source, key)), None) = (&url, &mail.from) {
        let what = "with url, from must be set too, such as \"Acme <no-reply@acme.example>\"";
        check.refuse_at(source.clone(), key, what);
    }
    if has_server(given) {
        if mail.folder.is_some() {
            let what = "is not used: letters go to the mail server of url";
            check.warn(check.source_of(&mail.folder), "[mail] folder", what);
        }
    } else if mail.ca_file.is_some() {
        let what = "is not used: without url, letters go into a folder";
        check.warn(check.source_of(&mail.ca_file), "[mail] ca_file", what);
    }
    let host = ours.host_str().unwrap_or_default();
    let from = from.unwrap_or_else(|| Sender::no_reply(host));
    let house = |site: &str| House::new(site, &ours.origin().ascii_serialization(), host, from.clone());
    let house = match &mail.site {
        Some(_) => check.text(&mail.site, "[mail] site", house)?,
        // A long host is a name all the same.
        None => house(host.get(..House::SITE_CHARS).unwrap_or(host)).ok()?,
    };
    let way = match server {
        Some(server) => MailWay::Smtp(SmtpSettings { server, ca_file, pool: number(&mail.pool, POOL) }),
        None => MailWay::Folder(folder.unwrap_or_else(|| data.join("mail"))),
    };
    Some(MailSettings { house, way, templates })
}
