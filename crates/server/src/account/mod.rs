//! What concerns an account rather than a session, one file a verb: showing that an address is one's own, a forgotten
//! password, another address, "this was not me", the password once more, the end of the account, its data, and what
//! happened to it.

pub(crate) mod delete;
pub(crate) mod email;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod forgot;
pub(crate) mod reauthenticate;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod verify;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::link::Arrival;
use rotunda_core::model::{Caller, ClientKind, DeviceSecret, SecretText};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::edge::cookies::Cookies;
use crate::edge::origin;
use crate::oauth::client_auth::{InBody, signing_in};
use crate::reply::{Problem, json};

/// What is said when a letter may be on its way: the same words whoever asks about whatever address.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterSent {
    /// For people.
    #[schema(example = "If this address can be written to, a letter is on its way. Look into the mailbox.")]
    message: &'static str,
}

/// 202, whether or not there is such an account.
pub(crate) fn letter_sent() -> Response {
    const MESSAGE: &str = "If this address can be written to, a letter is on its way. Look into the mailbox.";
    json(StatusCode::ACCEPTED, &LetterSent { message: MESSAGE })
}

/// Somebody with a link, and what their client holds from before: a browser in cookies, anything else in the body.
pub(crate) async fn arrival(
    app: &App,
    (headers, cookies): (&HeaderMap, &Cookies),
    (token, shown, device): (SecretText, InBody, Option<SecretText>),
    caller: Caller,
) -> Result<Arrival, Problem> {
    let (client_id, proof) = signing_in(app, headers, shown, &caller).await?;
    let kind = app.rotunda.client_kind(client_id.as_ref()).await?;
    let (device, page) = match kind {
        ClientKind::Web => {
            origin::check(&app.web, headers)?;
            (cookies.known_device(), cookies.page())
        }
        _ => (device.and_then(|text| DeviceSecret::parse(text.expose())), None),
    };
    Ok(Arrival { token, client_id, proof, device, page, caller })
}
