//! `/admin/api/limits`

use std::net::IpAddr;

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::Lift;
use rotunda_core::limits::Quota;
use rotunda_core::model::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operator::Asked;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json, no_content};

/// How often who may try what.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitsBody {
    /// Whether there are any limits.
    enabled: bool,
    limits: Vec<LimitBody>,
}

/// One limit.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitBody {
    /// Its name in the configuration.
    #[schema(example = "login_per_account")]
    name: &'static str,
    /// How many tries at once.
    #[schema(example = 8)]
    burst: u32,
    /// How long it takes to regain one, in milliseconds, rounded up.
    #[schema(example = 90_000)]
    per_ms: u64,
}

/// See the limits. They are set in the configuration.
#[utoipa::path(
    get, path = "/admin/api/limits", operation_id = "admin_limits", tag = "admin",
    responses((status = 200, description = "All of them", body = LimitsBody))
)]
pub(crate) async fn show(asked: Asked) -> Result<Response, Problem> {
    let desk = asked.desk();
    let limits = desk.limits()?;
    let limit = |(name, quota): (&'static str, Quota)| LimitBody {
        name,
        burst: quota.burst(),
        per_ms: u64::try_from(quota.per().as_micros().div_ceil(1_000)).unwrap_or(u64::MAX),
    };
    let all = [
        ("login_per_address", limits.login_per_address),
        ("login_per_account", limits.login_per_account),
        ("login_per_device", limits.login_per_device),
        ("reauthenticate", limits.reauthenticate),
        ("register_per_address", limits.register_per_address),
        ("forgot_per_address", limits.forgot_per_address),
        ("forgot_per_account", limits.forgot_per_account),
        ("codes_per_address", limits.codes_per_address),
        ("refresh_per_session", limits.refresh_per_session),
        ("client_per_address", limits.client_per_address),
    ];
    let limits = LimitsBody { enabled: limits.enabled, limits: all.into_iter().map(limit).collect() };
    Ok(json(StatusCode::OK, &limits))
}

/// For whom, one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "203.0.113.7", "reason": "The office of a customer"}))]
pub(crate) struct WhoseLimits {
    /// A user's id: tries to get into their account.
    user: Option<String>,
    /// An IP address: tries from there.
    address: Option<String>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Lift the limits that somebody has run into. They count from the beginning again.
#[utoipa::path(
    post, path = "/admin/api/limits/lift", operation_id = "admin_lift_limits", tag = "admin", request_body = WhoseLimits,
    responses(
        (status = 204, description = "They are lifted"),
        (status = 400, description = "Neither or both are given", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    )
)]
pub(crate) async fn lift(asked: Asked, Json(lift): Json<WhoseLimits>) -> Result<Response, Problem> {
    let who = match (&lift.user, &lift.address) {
        (Some(user), None) => user.parse::<UserId>().ok().map(Lift::User),
        (None, Some(address)) => address.parse::<IpAddr>().ok().map(Lift::Address),
        _ => None,
    };
    let who = who.ok_or_else(|| {
        Problem::malformed("Give `user`, which is an id, or `address`, which is an IP address.")
    })?;
    asked.desk_because(lift.reason.as_deref())?.lift_limits(who).await?;
    Ok(no_content())
}
