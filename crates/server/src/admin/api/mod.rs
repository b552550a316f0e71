//! The admin API: what programs do with users, sessions, roles, clients, keys, limits, the audit log and webhooks.
//!
//! 1. Who asks, and whether they may, is decided before anything else (`operator.rs`), by one table (`permissions.rs`).
//! 2. What is asked for is read strictly: unknown filters and fields are refused, because an operator who mistypes one means
//!    something by it.
//! 3. The desk (`rotunda_core::desk`) does it, asks for the permission once more, and writes it down with its actor.
//! 4. Lists go on by cursors (`page.rs`), changes say what they believe to change (`etag.rs`), and what adds something can be
//!    asked twice and is done once (`once.rs`).
//!
//! Bearer tokens only: no cookie is looked at, and no page of another origin can read an answer.

mod audit;
mod clients;
mod etag;
mod keys;
mod limits;
mod me;
mod once;
mod operator;
mod overview;
mod page;
mod path;
pub(crate) mod permissions;
mod roles;
mod sessions;
mod users;
mod webhooks;

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// Every route of it.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    about_users()
        .routes(routes!(sessions::search::search, sessions::end::everyone))
        .routes(routes!(sessions::search::story, sessions::end::one))
        .routes(routes!(sessions::search::of_user, sessions::end::of_user))
        .routes(routes!(roles::list))
        .routes(routes!(roles::one, roles::put, roles::remove))
        .routes(routes!(clients::list, clients::add))
        .routes(routes!(clients::remove))
        .routes(routes!(clients::rotate_secret))
        .routes(routes!(keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::revoke))
        .routes(routes!(limits::show))
        .routes(routes!(limits::lift))
        .routes(routes!(audit::search))
        .routes(routes!(audit::export))
        .routes(routes!(overview::overview))
        .routes(routes!(me::me))
        .merge(about_webhooks())
}

fn about_users() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(users::search::search, users::add::create))
        .routes(routes!(users::add::invite))
        .routes(routes!(users::import::import))
        .routes(routes!(users::search::one, users::change::edit, users::change::delete))
        .routes(routes!(users::change::disable))
        .routes(routes!(users::change::enable))
        .routes(routes!(users::change::hold_roles))
        .routes(routes!(users::act::act))
}

fn about_webhooks() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::one, webhooks::edit, webhooks::remove))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
}

/// A field that may be absent, which leaves what it is about as it is, or `null`, which takes it away.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
