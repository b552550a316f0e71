//! Every route, one table. A test walks `/openapi.json`, which is made from it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, Method};
use rotunda_core::Rotunda;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::edge::{beat, former, host};
use crate::reply::Problem;
use crate::revocations::Hub;
use crate::watch::noted::Noted;
use crate::watch::request_id::{RequestId, RequestIds, X_REQUEST_ID};
use crate::watch::requests::Requests;
use crate::watch::spans;
use crate::{App, Shared, Spans, Watch, Web, account, admin, oauth, pages, revocations, service, session};

/// What the lines of the log are about that tell of each request; `[log] requests` asks for them.
pub const REQUESTS: &str = "rotunda_server::requests";

/// How long a request may take after its body has arrived. A login waits for the password pool, which is bounded.
const MOST_TIME: Duration = Duration::from_secs(30);

/// The router. Nest it at the root of a host: cookie paths and well-known addresses are absolute.
pub fn router(rotunda: impl Into<Arc<Rotunda>>, web: Web) -> Router {
    watched_router(rotunda, web).0
}

/// The same, and what reads what it counts.
pub fn watched_router(rotunda: impl Into<Arc<Rotunda>>, web: Web) -> (Router, Watch) {
    traced_router(rotunda, web, None)
}

/// The same, and `spans` is told of each request.
pub fn traced_router(
    rotunda: impl Into<Arc<Rotunda>>,
    web: Web,
    spans: Option<Arc<dyn Spans>>,
) -> (Router, Watch) {
    let auth = cors(&web).allow_credentials(true);
    let public = cors(&web);
    let (for_users, users) = for_users().split_for_parts();
    let (for_services, services) = for_services().split_for_parts();
    let (for_gateways, gateways) = for_gateways().split_for_parts();
    let (for_operators, operators) = for_operators().split_for_parts();
    let (for_pages, pages) = for_pages().into_parts();
    let documented =
        [users, services, gateways, operators].into_iter().flat_map(|it| it.paths.paths.into_keys());
    let requests = Arc::new(Requests::new(documented.chain(pages)));
    let rotunda = rotunda.into();
    let ids = RequestIds::new(&rotunda);
    let hub = Hub::new(Arc::clone(&rotunda));
    let watch = Watch::new(Arc::clone(&requests), &hub);
    let app = Arc::new(App { hub, rotunda, web, requests, ids, spans });
    // All this comes before the CORS layers: they answer preflights (a fallback that came later would, in their place),
    // and the page that asked can read an answer that came too late or not at all.
    let router = guarded(for_users, Problem::into_response)
        .layer(auth)
        .merge(guarded(for_services, Problem::into_response).layer(public))
        .merge(guarded(for_gateways, Problem::into_response))
        .merge(guarded(for_operators, Problem::into_response))
        .merge(
            guarded(for_pages, pages::problem)
                .layer(from_fn_with_state(Arc::clone(&app), pages::put_into_words)),
        )
        .merge(guarded(Router::new().fallback(nowhere), Problem::into_response))
        // One layer for all of it: each is cloned and boxed anew with every request, and those inside it with it.
        .layer(from_fn_with_state(Arc::clone(&app), at_the_edge))
        .with_state(app);
    (router, watch)
}

/// What every request is held to, and what every answer has, wherever it goes.
async fn at_the_edge(State(app): Shared, request: Request, next: Next) -> Response {
    let id = app.ids.of(&app.web, &request);
    id.within(named(&app, id, request, next)).await
}

/// The same for a request that has its name.
async fn named(app: &App, id: RequestId, request: Request, next: Next) -> Response {
    let begun = app.rotunda.elapsed();
    let under_way = app.requests.begin(&request, begun);
    let span = spans::begin(app, &id, &request, under_way.template, begun);
    let mut response = match host::refused(&app.web, &request) {
        Some(problem) => problem.into_response(),
        None => former::expire(&app.web, request, next).await,
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // On loopback the name is everybody's who develops on this machine, on all ports: their http would be gone for a year.
    if app.web.is_https() && !app.web.is_loopback() {
        // ASVS 5.0, 3.4.1. Its subdomains are somebody else's to speak for.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Some(id) = id.header() {
        headers.insert(X_REQUEST_ID, id);
    }
    let (method, route, status) = (under_way.method, under_way.route, response.status());
    let now = app.rotunda.elapsed();
    let took = under_way.answered(status, now);
    if let Some(mut span) = span {
        span.answered(status, now);
    }
    // Never the path, a query, a header or a body: they may carry what nobody else should read.
    let (status, micros) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    tracing::debug!(target: REQUESTS, method, route, status, micros, "answered");
    response
}

/// What there is nowhere: a page for whoever would rather read one.
async fn nowhere(page: pages::Page, headers: HeaderMap) -> Response {
    let mut response = match pages::is_for_people(&headers) {
        true => page.problem(Problem::NoRoute),
        false => Problem::NoRoute.into_response(),
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-language"));
    response
}

/// What users and their programs call.
fn for_users() -> OpenApiRouter<Arc<App>> {
    about_accounts()
        .routes(routes!(session::refresh::refresh))
        .routes(routes!(session::logout::logout))
        .routes(routes!(session::logout::logout_all))
        .routes(routes!(session::me::me))
        .routes(routes!(session::list::list))
        .routes(routes!(session::list::end))
        .routes(routes!(session::list::end_others))
        .routes(routes!(session::password::change))
        .routes(routes!(account::reset::reset))
        .routes(routes!(account::email::change))
        .routes(routes!(account::email::confirm))
        .routes(routes!(account::report::report))
        .routes(routes!(account::reauthenticate::reauthenticate))
        .routes(routes!(account::delete::delete))
        .routes(routes!(account::export::export))
        .routes(routes!(account::events::events))
}

/// What strangers may ask about an account, and whose answers do not tell whether there is one, in time either.
fn about_accounts() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(session::register::register))
        .routes(routes!(session::login::login))
        .routes(routes!(account::forgot::forgot))
        .routes(routes!(account::verify::verify))
        .layer(from_fn(beat::hold))
}

/// What services, proxies and tools call.
fn for_services() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(service::well_known::jwks))
        .routes(routes!(oauth::metadata::metadata))
        .routes(routes!(oauth::token::token))
        .routes(routes!(oauth::revoke::revoke))
        .routes(routes!(oauth::introspect::introspect))
        .routes(routes!(revocations::poll::poll))
        .routes(routes!(revocations::stream::stream))
        .routes(routes!(service::health::healthz))
        .routes(routes!(service::health::readyz))
        .routes(routes!(service::openapi::openapi_json))
}

/// What gateways ask. No page may read it; and where a gateway asks with the method that it was asked with, an `OPTIONS`
/// must not be taken for a preflight and be answered with 200.
fn for_gateways() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(service::verify::verify))
}

/// What operators' programs call, with bearer tokens alone. No page of another origin may read it: there is no CORS here.
fn for_operators() -> OpenApiRouter<Arc<App>> {
    admin::api::routes()
}

/// What people open in a browser. Not in the document, which is for programs, and no page elsewhere may read them.
fn for_pages() -> Noted {
    Noted::new()
        .route("/verify", get(pages::verify::show).post(pages::verify::submit))
        .route("/reset", get(pages::reset::show).post(pages::reset::submit))
        .route("/report", get(pages::report::show).post(pages::report::submit))
        .route("/", get(pages::home))
        .route("/login", get(pages::login::show))
        .route("/logout", get(pages::logout::show).post(pages::logout::submit))
        .route("/register", get(pages::register::show))
        .route("/forgot", get(pages::forgot::show))
        .route("/auth/pages/login", get(pages::login::again))
        .route("/demo", get(pages::demo::show))
        .route("/demo/{*name}", get(pages::demo::file))
        .route("/pages.css", get(pages::look::style))
        .route("/pages/logo", get(pages::look::logo))
        .merge(pages::account::routes())
        .merge(admin::console::routes())
        .merge(pages_about_accounts())
}

/// The forms among them whose answers do not tell whether there is an account, in time either.
fn pages_about_accounts() -> Noted {
    Noted::new()
        .route("/login", post(pages::login::submit))
        .route("/auth/pages/login", post(pages::login::submit))
        .route("/register", post(pages::register::submit))
        .route("/forgot", post(pages::forgot::submit))
        .within(|router| router.layer(from_fn(beat::hold)))
}

/// What every route is held to; `says` puts into words what is wrong.
fn guarded(routes: Router<Arc<App>>, says: fn(Problem) -> Response) -> Router<Arc<App>> {
    routes
        .method_not_allowed_fallback(async move || says(Problem::NoMethod))
        .layer(from_fn(move |request, next| answered(request, next, says)))
}

/// The OpenAPI 3.1 document of all routes.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, for_users) = for_users().split_for_parts();
    let (_, for_services) = for_services().split_for_parts();
    let (_, for_gateways) = for_gateways().split_for_parts();
    let (_, for_operators) = for_operators().split_for_parts();
    let mut document = service::openapi::frame();
    document.merge(for_users);
    document.merge(for_services);
    document.merge(for_gateways);
    document.merge(for_operators);
    admin::api::permissions::tell(&mut document);
    document
}

/// Exact origins only. An origin that is not ours gets no header, and its browser keeps the answer from the page.
fn cors(web: &Web) -> CorsLayer {
    let web = web.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origin.to_str().is_ok_and(|o| web.allows(o))))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER])
        .max_age(Duration::from_secs(600))
        .vary([HeaderName::from_static("origin")])
}

/// Sees to it that there is an answer: in time, and also where a handler panics.
async fn answered(request: Request, next: Next, says: fn(Problem) -> Response) -> Response {
    // What was under way goes on where it must: a write that was queued is carried out, and the client that asks again
    // gets the same answer.
    let answer = tokio::time::timeout(MOST_TIME, AssertUnwindSafe(next.run(request)).catch_unwind()).await;
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => says(Problem::Panicked),
        Err(_) => says(Problem::TimedOut),
    }
}
