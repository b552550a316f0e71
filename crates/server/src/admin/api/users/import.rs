//! `POST /admin/api/users/import`
//!
//! 1. JSON Lines: a user a line, at most [`MOST_ROWS`] in at most [`MOST_BYTES`]. More than that is imported in parts, or by
//!    `rotunda user import`.
//! 2. A line that cannot be read, or a user who cannot be, is refused with its number and the reason, and the rest goes on.
//! 3. Each is one transaction, and whoever is there already stays as they are: a part that was interrupted is sent again.

use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use rotunda_core::import::{Arrival, Imported};
use rotunda_core::model::{PasswordHash, UnixMillis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admin::api::operator::Asked;
use crate::edge::body;
use crate::reply::{ErrorBody, Problem, json};

/// The most bytes of one import.
const MOST_BYTES: usize = 1024 * 1024;
/// The most users of one import.
const MOST_ROWS: usize = 1_000;

/// A user of another system: a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "4711", "email": "ada@example.com", "email_verified": true}))]
pub(crate) struct ImportedUser {
    /// Their id there, which they keep; a new one where there is none.
    id: Option<String>,
    email: String,
    #[serde(default)]
    email_verified: bool,
    username: Option<String>,
    name: Option<String>,
    /// The hash of their password, in one of the forms that `rotunda user import` takes; without one they choose one by mail.
    password_hash: Option<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[serde(default)]
    disabled: bool,
}

/// What became of an import.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportBody {
    /// How many lines there were.
    rows: usize,
    /// How many users were added.
    added: usize,
    /// How many were there already, and stay as they are.
    already_there: usize,
    /// Who is not here, and why.
    refused: Vec<RefusedRow>,
}

/// A line that made no user.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedRow {
    /// Which line, from 1.
    line: usize,
    reason: String,
}

/// Import users of another system, with their ids and the hashes of their passwords.
#[utoipa::path(
    post, path = "/admin/api/users/import", operation_id = "admin_import_users", tag = "admin",
    request_body(
        content = ImportedUser, content_type = "application/jsonl",
        description = "A user a line (JSON Lines): at most 1,000, and 1 MiB",
    ),
    responses(
        (status = 200, description = "What became of each line", body = ImportBody),
        (status = 400, description = "There are too many, or it is no text", body = ErrorBody),
    )
)]
pub(crate) async fn import(asked: Asked, request: Request) -> Result<Response, Problem> {
    let types = ["application/jsonl", "application/x-ndjson", "application/json"];
    if !types.iter().any(|kind| body::has_type(&request, kind) == Some(true)) {
        return Err(Problem::NotJsonLines);
    }
    let bytes = body::read(request, MOST_BYTES).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::malformed("The body is not UTF-8."))?;
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let lines: Vec<_> = lines.filter(|(_, line)| !line.trim().is_empty()).collect();
    if lines.len() > MOST_ROWS {
        return Err(Problem::malformed(format!(
            "There are more than {MOST_ROWS} users: send them in parts."
        )));
    }
    let mut became = ImportBody { rows: lines.len(), added: 0, already_there: 0, refused: Vec::new() };
    for (line, text) in lines {
        match row(&asked, text).await? {
            Ok(Imported::Added) => became.added += 1,
            Ok(Imported::AlreadyThere) => became.already_there += 1,
            Ok(Imported::Refused(refusal)) => {
                became.refused.push(RefusedRow { line, reason: refusal.to_string() });
            }
            Err(reason) => became.refused.push(RefusedRow { line, reason }),
        }
    }
    Ok(json(StatusCode::OK, &became))
}

/// One line; the inner error says what is wrong with it.
async fn row(asked: &Asked, text: &str) -> Result<Result<Imported, String>, Problem> {
    let arrival = match read(asked, text) {
        Ok(arrival) => arrival,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(Ok(asked.desk().import_user(&arrival).await?))
}

fn read(asked: &Asked, text: &str) -> Result<Arrival, String> {
    let user: ImportedUser = body::parse(text.as_bytes()).map_err(|problem| match problem {
        Problem::Malformed(why) => why,
        _ => "The line cannot be read.".to_owned(),
    })?;
    let moment = |text: String| {
        let stamp: Timestamp = text.parse().map_err(|_| "`created_at` is not RFC 3339.".to_owned())?;
        Ok::<_, String>(UnixMillis(stamp.as_millisecond()))
    };
    let password = match user.password_hash {
        Some(hash) => asked.app.rotunda.foreign_hash(&hash)?,
        None => PasswordHash::none(),
    };
    Ok(Arrival {
        id: user.id,
        email: user.email,
        email_verified: user.email_verified,
        username: user.username,
        name: user.name,
        password,
        created_at: user.created_at.map(moment).transpose()?,
        disabled: user.disabled,
    })
}
