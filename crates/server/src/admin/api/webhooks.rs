//! `/admin/api/webhooks`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::{EditWebhook, NewWebhook};
use rotunda_core::model::{Delivery, SecretText, Webhook, WebhookId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::etag::{self, IfMatch};
use super::once::{Given, Repeatable};
use super::operator::Asked;
use super::page::{self, Filters, Page};
use super::path::Named;
use super::present;
use super::users::change::Why;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json, no_content};
use crate::session::answer::rfc3339;

/// An address that is told of events (Standard Webhooks).
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookBody {
    id: String,
    #[schema(example = "https://hooks.example.com/rotunda")]
    url: String,
    /// What it is for.
    description: Option<String>,
    /// Which events, such as `session.ended` or `user.*`; none means all.
    filters: Vec<String>,
    /// Whether anything is sent.
    enabled: bool,
    /// Grows with each change: what `ETag` says, without its quotation marks.
    #[schema(example = 1)]
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Webhook> for WebhookBody {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            filters: webhook.filters.clone(),
            enabled: webhook.enabled,
            version: webhook.version,
            created_at: rfc3339(webhook.created_at),
        }
    }
}

fn answer(webhook: &Webhook) -> Response {
    etag::tagged(json(StatusCode::OK, &WebhookBody::from(webhook)), &webhook.version.to_string())
}

/// See all webhooks.
#[utoipa::path(
    get, path = "/admin/api/webhooks", operation_id = "admin_webhooks", tag = "admin",
    responses((status = 200, description = "By id; all of them", body = Page<WebhookBody>))
)]
pub(crate) async fn list(asked: Asked) -> Result<Response, Problem> {
    let webhooks = asked.desk().webhooks().await?;
    Ok(page::listed(webhooks.iter().map(WebhookBody::from).collect(), None))
}

/// See a webhook.
#[utoipa::path(
    get, path = "/admin/api/webhooks/{id}", operation_id = "admin_webhook", tag = "admin",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook; `ETag` is its version", body = WebhookBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
    )
)]
pub(crate) async fn one(asked: Asked, id: Named) -> Result<Response, Problem> {
    Ok(answer(&asked.desk().webhook(id.id()?).await?))
}

/// A webhook to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://hooks.example.com/rotunda", "filters": ["session.ended", "user.*"]}))]
pub(crate) struct WebhookWanted {
    url: String,
    /// What it is for.
    description: Option<String>,
    /// Which events; none means all.
    #[serde(default)]
    filters: Vec<String>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// A webhook that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedWebhook {
    id: String,
    url: String,
    description: Option<String>,
    filters: Vec<String>,
    /// What its messages are signed with: never to be seen again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// Add a webhook. It is told of what happens from now on.
#[utoipa::path(
    post, path = "/admin/api/webhooks", operation_id = "admin_add_webhook", tag = "admin", request_body = WebhookWanted,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters")),
    responses(
        (status = 201, description = "The webhook, and its secret", body = AddedWebhook),
        (status = 400, description = "The address cannot be sent to, or a filter does not fit", body = ErrorBody),
        (status = 409, description = "There are as many as there may be, or the key came with another request", body = ErrorBody),
    )
)]
pub(crate) async fn add(asked: Asked, once: Repeatable<WebhookWanted>) -> Result<Response, Problem> {
    once.answer(&asked, async |wanted| {
        let desk = asked.desk_because(wanted.reason.as_deref())?;
        let new = NewWebhook { url: wanted.url, description: wanted.description, filters: wanted.filters };
        let (webhook, secret) = desk.add_webhook(&new).await?;
        let Webhook { id, url, description, filters, .. } = webhook;
        let secret = secret.expose().to_owned();
        Given::new(
            StatusCode::CREATED,
            &AddedWebhook { id: id.to_string(), url, description, filters, secret },
        )
    })
    .await
}

/// What changes; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": false}))]
pub(crate) struct WebhookEdit {
    /// Another one takes `audit.read` and the password, as adding it did.
    url: Option<String>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Others take `audit.read`, as adding it did.
    filters: Option<Vec<String>>,
    /// What happens while it is off is never sent. To switch it on takes `audit.read`, as adding it did.
    enabled: Option<bool>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Change a webhook.
#[utoipa::path(
    patch, path = "/admin/api/webhooks/{id}", operation_id = "admin_edit_webhook", tag = "admin", request_body = WebhookEdit,
    params(
        ("id" = String, Path, description = "The webhook's id"),
        ("If-Match" = String, Header, description = "The `ETag` of the webhook, or `*`"),
    ),
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookBody),
        (status = 400, description = "Something of it does not fit", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 412, description = "It was changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn edit(
    asked: Asked,
    id: Named,
    if_match: IfMatch,
    Json(edit): Json<WebhookEdit>,
) -> Result<Response, Problem> {
    let desk = asked.desk_because(edit.reason.as_deref())?;
    let WebhookEdit { url, description, filters, enabled, .. } = edit;
    let edit = EditWebhook { url, description, filters, enabled };
    Ok(answer(&desk.edit_webhook(id.id()?, &edit, if_match.number()?).await?))
}

/// Remove a webhook, and what is on its way to it.
#[utoipa::path(
    delete, path = "/admin/api/webhooks/{id}", operation_id = "admin_remove_webhook", tag = "admin",
    params(
        ("id" = String, Path, description = "The webhook's id"),
        ("If-Match" = String, Header, description = "The `ETag` of the webhook, or `*`"),
        Why,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 412, description = "It was changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    asked: Asked,
    id: Named,
    if_match: IfMatch,
    Filters(why): Filters<Why>,
) -> Result<Response, Problem> {
    let desk = asked.desk_because(why.reason.as_deref())?;
    let id: WebhookId = id.id()?;
    if let Some(version) = if_match.number()? {
        desk.webhook_still(id, version).await?;
    }
    desk.remove_webhook(id).await?;
    Ok(no_content())
}

/// Another secret of a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecretBody {
    /// The new one; the old one is good for nothing from now on. Never to be seen again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// Give a webhook another secret.
#[utoipa::path(
    post, path = "/admin/api/webhooks/{id}/secret", operation_id = "admin_rotate_webhook_secret", tag = "admin",
    request_body = Why,
    params(
        ("id" = String, Path, description = "The webhook's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters"),
    ),
    responses(
        (status = 201, description = "The secret", body = WebhookSecretBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 409, description = "The key came with another request", body = ErrorBody),
        (status = 412, description = "It was changed meanwhile", body = ErrorBody),
    )
)]
pub(crate) async fn rotate_secret(
    asked: Asked,
    id: Named,
    once: Repeatable<Why>,
) -> Result<Response, Problem> {
    let id: WebhookId = id.id()?;
    once.answer(&asked, async |why| {
        let secret: SecretText = asked.desk_because(why.reason.as_deref())?.rotate_webhook_secret(id).await?;
        Given::new(StatusCode::CREATED, &WebhookSecretBody { secret: secret.expose().to_owned() })
    })
    .await
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestBody {
    /// Whether the message arrived.
    delivered: bool,
    /// What went wrong, otherwise.
    error: Option<String>,
}

/// Send a message that says nothing, at once.
#[utoipa::path(
    post, path = "/admin/api/webhooks/{id}/test", operation_id = "admin_test_webhook", tag = "admin", request_body = Why,
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "Whether it arrived", body = TestBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
    )
)]
pub(crate) async fn test(asked: Asked, id: Named, Json(why): Json<Why>) -> Result<Response, Problem> {
    let outcome = asked.desk_because(why.reason.as_deref())?.send_test(id.id()?).await?;
    let error = outcome.err().map(|not| not.why);
    Ok(json(StatusCode::OK, &TestBody { delivered: error.is_none(), error }))
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveriesAsked {
    /// Only those that were given up.
    #[serde(default)]
    dead: bool,
    /// `next` of the last answer.
    after: Option<String>,
    /// How many: 1 to 200, 50 where it is not said.
    limit: Option<u32>,
}

/// An event on its way to a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryBody {
    /// The place of the event in the audit log.
    seq: u64,
    #[schema(format = DateTime)]
    created_at: String,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; `null` once it was given up.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// What went wrong last.
    last_error: Option<String>,
}

impl From<&Delivery> for DeliveryBody {
    fn from(delivery: &Delivery) -> Self {
        Self {
            seq: delivery.seq,
            created_at: rfc3339(delivery.created_at),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(rfc3339),
            last_error: delivery.last_error.clone(),
        }
    }
}

/// See what is on its way to a webhook, or was given up.
#[utoipa::path(
    get, path = "/admin/api/webhooks/{id}/deliveries", operation_id = "admin_deliveries", tag = "admin",
    params(("id" = String, Path, description = "The webhook's id"), DeliveriesAsked),
    responses(
        (status = 200, description = "Oldest first", body = Page<DeliveryBody>),
        (status = 400, description = "A filter does not fit", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
    )
)]
pub(crate) async fn deliveries(
    asked: Asked,
    id: Named,
    Filters(by): Filters<DeliveriesAsked>,
) -> Result<Response, Problem> {
    let (after, limit) = (page::after(by.after.as_deref(), page::number)?, page::limit(by.limit)?);
    let (id, desk) = (id.id()?, asked.desk());
    desk.webhook(id).await?;
    let found = desk.deliveries(id, by.dead, after, limit).await?;
    let is_full = found.len() >= limit as usize;
    let next = found.last().filter(|_| is_full).map(|last| last.seq.into());
    Ok(page::listed(found.iter().map(DeliveryBody::from).collect(), next))
}

/// Which.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"seq": 4711}))]
pub(crate) struct Replay {
    /// The place of one; all that were given up, where it is not said.
    seq: Option<u64>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// How many deliveries are made again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    deliveries: u32,
}

/// Have deliveries that were given up made again.
#[utoipa::path(
    post, path = "/admin/api/webhooks/{id}/replay", operation_id = "admin_replay", tag = "admin", request_body = Replay,
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "How many; at most 10,000 at once", body = Replayed),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
    )
)]
pub(crate) async fn replay(asked: Asked, id: Named, Json(which): Json<Replay>) -> Result<Response, Problem> {
    let desk = asked.desk_because(which.reason.as_deref())?;
    let deliveries = desk.replay(id.id()?, which.seq).await?;
    Ok(json(StatusCode::OK, &Replayed { deliveries }))
}
