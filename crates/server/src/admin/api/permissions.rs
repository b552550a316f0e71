//! The one table: every route of the admin API and the permissions that it takes. What is not in it cannot be reached.
//!
//! The document (`/openapi.json`) is told from here, whoever asks is let through by it ([`super::operator::Asked`]), and a test
//! walks it with one role after another (`tests/api/permission_walk.rs`).

use http::Method;
use rotunda_core::model::AdminPermission::{self, *};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

/// A route of the admin API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdminRoute {
    /// Its method.
    pub method: &'static str,
    /// Its path, with `{id}` where an id belongs.
    pub path: &'static str,
    /// What it takes; `None` where any good token will do.
    pub permission: Option<AdminPermission>,
    /// What it takes beside that.
    pub also: Option<AdminPermission>,
}

/// Every route of the admin API, by path.
pub const ADMIN_ROUTES: &[AdminRoute] = &[
    takes("GET", "/admin/api/audit", AuditRead),
    takes("GET", "/admin/api/audit/export", AuditRead),
    takes("GET", "/admin/api/clients", ClientsRead),
    takes("POST", "/admin/api/clients", ClientsWrite),
    takes("DELETE", "/admin/api/clients/{id}", ClientsWrite),
    takes("POST", "/admin/api/clients/{id}/secret", ClientsWrite),
    takes("GET", "/admin/api/keys", KeysRead),
    takes("POST", "/admin/api/keys/rotate", KeysManage),
    takes("POST", "/admin/api/keys/{kid}/revoke", KeysManage),
    takes("GET", "/admin/api/limits", LimitsRead),
    takes("POST", "/admin/api/limits/lift", LimitsWrite),
    AdminRoute { method: "GET", path: "/admin/api/me", permission: None, also: None },
    takes("GET", "/admin/api/overview", OverviewRead),
    takes("GET", "/admin/api/roles", RolesRead),
    takes("DELETE", "/admin/api/roles/{name}", RolesWrite),
    takes("GET", "/admin/api/roles/{name}", RolesRead),
    takes("PUT", "/admin/api/roles/{name}", RolesWrite),
    takes("DELETE", "/admin/api/sessions", SessionsRevoke),
    takes("GET", "/admin/api/sessions", SessionsRead),
    takes("DELETE", "/admin/api/sessions/{id}", SessionsRevoke),
    takes("GET", "/admin/api/sessions/{id}", SessionsRead),
    takes("GET", "/admin/api/users", UsersRead),
    takes("POST", "/admin/api/users", UsersWrite),
    takes("POST", "/admin/api/users/import", UsersWrite),
    takes("POST", "/admin/api/users/invite", UsersWrite),
    takes("DELETE", "/admin/api/users/{id}", UsersWrite),
    takes("GET", "/admin/api/users/{id}", UsersRead),
    takes("PATCH", "/admin/api/users/{id}", UsersWrite),
    takes("POST", "/admin/api/users/{id}/act", UsersAct),
    takes("POST", "/admin/api/users/{id}/disable", UsersWrite),
    takes("POST", "/admin/api/users/{id}/enable", UsersWrite),
    takes("PUT", "/admin/api/users/{id}/roles", RolesWrite),
    takes("DELETE", "/admin/api/users/{id}/sessions", SessionsRevoke),
    takes("GET", "/admin/api/users/{id}/sessions", SessionsRead),
    takes("GET", "/admin/api/webhooks", WebhooksRead),
    // From then on it is told what happens.
    AdminRoute { also: Some(AuditRead), ..takes("POST", "/admin/api/webhooks", WebhooksWrite) },
    takes("DELETE", "/admin/api/webhooks/{id}", WebhooksWrite),
    takes("GET", "/admin/api/webhooks/{id}", WebhooksRead),
    takes("PATCH", "/admin/api/webhooks/{id}", WebhooksWrite),
    takes("GET", "/admin/api/webhooks/{id}/deliveries", WebhooksRead),
    takes("POST", "/admin/api/webhooks/{id}/replay", WebhooksWrite),
    takes("POST", "/admin/api/webhooks/{id}/secret", WebhooksWrite),
    takes("POST", "/admin/api/webhooks/{id}/test", WebhooksWrite),
];

const fn takes(method: &'static str, path: &'static str, permission: AdminPermission) -> AdminRoute {
    AdminRoute { method, path, permission: Some(permission), also: None }
}

impl AdminRoute {
    /// All that it takes.
    pub fn permissions(&self) -> impl Iterator<Item = AdminPermission> {
        self.permission.into_iter().chain(self.also)
    }
}

/// The entry of a route; `None` is a route that nobody has reviewed, and that nobody may reach.
pub(super) fn of(method: &Method, path: &str) -> Option<AdminRoute> {
    // What GET may see, HEAD may ask about.
    let method = if method == Method::HEAD { Method::GET } else { method.clone() };
    ADMIN_ROUTES.iter().copied().find(|route| route.method == method.as_str() && route.path == path)
}

/// Writes what each route takes into the document, and what all of them may answer.
pub(crate) fn tell(document: &mut OpenApi) {
    for route in ADMIN_ROUTES {
        let Some(path) = document.paths.paths.get_mut(route.path) else { continue };
        let operation = match route.method {
            "GET" => &mut path.get,
            "POST" => &mut path.post,
            "PUT" => &mut path.put,
            "PATCH" => &mut path.patch,
            _ => &mut path.delete,
        };
        if let Some(operation) = operation {
            tell_of(operation, route);
        }
    }
}

/// Either a user's token or a service's, with the permissions among its scopes.
fn tell_of(operation: &mut Operation, route: &AdminRoute) {
    let scopes: Vec<&str> = route.permissions().map(AdminPermission::as_str).collect();
    let by = |scheme: &str| SecurityRequirement::new(scheme, scopes.iter().copied());
    operation.security = Some(vec![by("bearer"), by("service")]);
    let problems = [
        ("401", "No token, or not a good one; or `reauthentication_needed`"),
        (
            "403",
            "The permission is missing, for this or for what it is about; or the token acts for somebody else",
        ),
        ("503", "Not available just now; see Retry-After"),
    ];
    for (status, description) in problems {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
        let response = ResponseBuilder::new().description(description).content("application/json", body);
        operation.responses.responses.insert(status.to_owned(), response.build().into());
    }
}
