//! `/admin/api/clients`

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use rotunda_core::clients::{AddedClient, ClientInfo, NewClient, RotatedSecret};
use rotunda_core::denied::Denied;
use rotunda_core::model::{ClientId, ClientKind, KeptClientSecret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::once::{Given, Repeatable};
use super::operator::Asked;
use super::page::{self, Filters, Page};
use super::path::Named;
use super::users::change::Why;
use crate::reply::{ErrorBody, Problem, no_content};
use crate::session::answer::rfc3339;

/// A client.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientBody {
    #[schema(example = "reports")]
    id: String,
    /// `web`, `native`, `confidential` or `service`.
    #[schema(example = "service")]
    kind: &'static str,
    /// What it may ask for; a service's only.
    scopes: Vec<String>,
    /// Its secrets that are good, the newest last. What they are is not told.
    secrets: Vec<SecretInfo>,
    /// When it was added; `null` for one that only the configuration knows.
    #[schema(format = DateTime)]
    added_at: Option<String>,
    /// Whether it can do anything: not one that needs a secret and has none, and not one whose name the configuration has for
    /// another kind.
    works: bool,
}

/// A client's secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretInfo {
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it is good; `null` for the one that stays.
    #[schema(format = DateTime)]
    ends_at: Option<String>,
}

impl From<&KeptClientSecret> for SecretInfo {
    fn from(kept: &KeptClientSecret) -> Self {
        Self { created_at: rfc3339(kept.created_at), ends_at: kept.ends_at.map(rfc3339) }
    }
}

impl From<&ClientInfo> for ClientBody {
    fn from(client: &ClientInfo) -> Self {
        Self {
            id: client.id.to_string(),
            kind: client.kind.as_str(),
            scopes: client.scopes.clone(),
            secrets: client.secrets.iter().map(SecretInfo::from).collect(),
            added_at: client.added_at.map(rfc3339),
            works: client.works,
        }
    }
}

/// See all clients.
#[utoipa::path(
    get, path = "/admin/api/clients", operation_id = "admin_clients", tag = "admin",
    responses((status = 200, description = "Built-in, configured and added ones, by name; all of them", body = Page<ClientBody>))
)]
pub(crate) async fn list(asked: Asked) -> Result<Response, Problem> {
    let clients = asked.desk().clients().await?;
    Ok(page::listed(clients.iter().map(ClientBody::from).collect(), None))
}

/// A client to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "reports", "kind": "service", "scopes": ["revocations.read"]}))]
pub(crate) struct ClientWanted {
    id: String,
    /// `web`, `native`, `confidential` or `service`; as the configuration has it, where it is not said.
    kind: Option<String>,
    /// What it may ask for; a service's only. One of Rotunda's own permissions takes that permission.
    #[serde(default)]
    scopes: Vec<String>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// A client that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedBody {
    id: String,
    kind: &'static str,
    scopes: Vec<String>,
    /// Its secret, where its kind has one: never to be seen again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl From<&AddedClient> for AddedBody {
    fn from(added: &AddedClient) -> Self {
        Self {
            id: added.client.id.to_string(),
            kind: added.client.kind.as_str(),
            scopes: added.client.scopes.clone(),
            client_secret: added.secret.as_ref().map(|secret| secret.expose_text()),
        }
    }
}

/// Add a client.
#[utoipa::path(
    post, path = "/admin/api/clients", operation_id = "admin_add_client", tag = "admin", request_body = ClientWanted,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters")),
    responses(
        (status = 201, description = "The client, and its secret", body = AddedBody),
        (status = 400, description = "Something of it does not fit", body = ErrorBody),
        (status = 409, description = "The name is taken, or the key came with another request", body = ErrorBody),
    )
)]
pub(crate) async fn add(asked: Asked, once: Repeatable<ClientWanted>) -> Result<Response, Problem> {
    once.answer(&asked, async |wanted| {
        let unknown =
            || Denied::Unfit("The kind is `web`, `native`, `confidential` or `service`.".to_owned());
        let kind = wanted.kind.map(|kind| ClientKind::parse(&kind).ok_or_else(unknown)).transpose()?;
        let desk = asked.desk_because(wanted.reason.as_deref())?;
        let added = desk.add_client(&NewClient { id: wanted.id, kind, scopes: wanted.scopes }).await?;
        Given::new(StatusCode::CREATED, &AddedBody::from(&added))
    })
    .await
}

/// Whether the old secrets stay good for a while.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keep_old_seconds": 3600}))]
pub(crate) struct KeepOld {
    /// For how long those before it stay good, in seconds: up to 90 days. 0, where it is not said: they end at once.
    #[serde(default)]
    keep_old_seconds: u64,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Another secret of a client.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretBody {
    /// The new one: never to be seen again.
    client_secret: String,
    /// Until when each of the old ones that are still good is so, the oldest first.
    old_until: Vec<String>,
}

impl From<&RotatedSecret> for SecretBody {
    fn from(rotated: &RotatedSecret) -> Self {
        Self {
            client_secret: rotated.secret.expose_text(),
            old_until: rotated.old_until.iter().copied().map(rfc3339).collect(),
        }
    }
}

/// Give a client another secret.
#[utoipa::path(
    post, path = "/admin/api/clients/{id}/secret", operation_id = "admin_rotate_client_secret", tag = "admin",
    request_body = KeepOld,
    params(
        ("id" = String, Path, description = "The client's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters"),
    ),
    responses(
        (status = 201, description = "The secret", body = SecretBody),
        (status = 400, description = "Its kind has no secret", body = ErrorBody),
        (status = 404, description = "No such client was added", body = ErrorBody),
        (status = 409, description = "The key came with another request", body = ErrorBody),
    )
)]
pub(crate) async fn rotate_secret(
    asked: Asked,
    id: Named,
    once: Repeatable<KeepOld>,
) -> Result<Response, Problem> {
    let id = ClientId::parse(&id.0).ok_or(Denied::NotFound)?;
    once.answer(&asked, async |keep| {
        let keep_old = Duration::from_secs(keep.keep_old_seconds);
        let desk = asked.desk_because(keep.reason.as_deref())?;
        let rotated = desk.rotate_client_secret(&id, keep_old).await?;
        Given::new(StatusCode::CREATED, &SecretBody::from(&rotated))
    })
    .await
}

/// Remove a client. Its users' sessions are refused from now on.
#[utoipa::path(
    delete, path = "/admin/api/clients/{id}", operation_id = "admin_remove_client", tag = "admin",
    params(("id" = String, Path, description = "The client's name"), Why),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such client was added", body = ErrorBody),
    )
)]
pub(crate) async fn remove(asked: Asked, id: Named, Filters(why): Filters<Why>) -> Result<Response, Problem> {
    let id = ClientId::parse(&id.0).ok_or(Denied::NotFound)?;
    asked.desk_because(why.reason.as_deref())?.remove_client(&id).await?;
    Ok(no_content())
}
