//! `GET /admin/api/overview`

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::{Around, Hour, Overview};
use rotunda_core::model::Tally;
use serde::Serialize;
use utoipa::ToSchema;

use super::keys::KeyBody;
use super::operator::Asked;
use crate::reply::{Problem, json};
use crate::session::answer::rfc3339;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewBody {
    /// How many users and live sessions there were a moment ago; counted once a minute at most.
    around: Option<AroundBody>,
    /// The last 48 hours, oldest first.
    hours: Vec<HourBody>,
    /// Letters that wait for the mail server; 10,001 for more than 10,000.
    letters_waiting: u64,
    /// Deliveries to webhooks that wait; the same.
    deliveries_waiting: u64,
    /// Deliveries to webhooks that were given up; the same.
    deliveries_dead: u64,
    /// The signing keys, oldest first.
    keys: Vec<KeyBody>,
    /// How many roles there are beside the built-in one.
    roles: usize,
    clients: usize,
}

/// What is slow to count.
#[derive(Serialize, ToSchema)]
pub(crate) struct AroundBody {
    /// When it was counted.
    #[schema(format = DateTime)]
    as_of: String,
    live_sessions: u64,
    users: u64,
}

/// What happened in an hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct HourBody {
    #[schema(format = DateTime)]
    begins_at: String,
    sign_ins: u64,
    sign_ins_refused: u64,
    refreshes: u64,
    refreshes_refused: u64,
    /// Sessions that ended because somebody had a copy of a token.
    thefts: u64,
}

impl From<Around> for AroundBody {
    fn from(around: Around) -> Self {
        let Around { as_of, live_sessions, users, .. } = around;
        Self { as_of: rfc3339(as_of), live_sessions, users }
    }
}

impl From<&Hour> for HourBody {
    fn from(hour: &Hour) -> Self {
        let counts: &BTreeMap<Tally, u64> = &hour.counts;
        let of = |what| counts.get(&what).copied().unwrap_or(0);
        Self {
            begins_at: rfc3339(hour.begins_at),
            sign_ins: of(Tally::SignIns),
            sign_ins_refused: of(Tally::SignInsRefused),
            refreshes: of(Tally::Refreshes),
            refreshes_refused: of(Tally::RefreshesRefused),
            thefts: of(Tally::Thefts),
        }
    }
}

/// Is all well?
#[utoipa::path(
    get, path = "/admin/api/overview", operation_id = "admin_overview", tag = "admin",
    responses((status = 200, description = "How the server is", body = OverviewBody))
)]
pub(crate) async fn overview(asked: Asked) -> Result<Response, Problem> {
    let overview: Overview = asked.desk().overview().await?;
    let body = OverviewBody {
        around: overview.around.map(AroundBody::from),
        hours: overview.hours.iter().map(HourBody::from).collect(),
        letters_waiting: overview.letters_waiting,
        deliveries_waiting: overview.deliveries_waiting,
        deliveries_dead: overview.deliveries_dead,
        keys: overview.keys.iter().map(KeyBody::from).collect(),
        roles: overview.roles,
        clients: overview.clients,
    };
    Ok(json(StatusCode::OK, &body))
}
