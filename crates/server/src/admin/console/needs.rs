//! What each page takes, in one table. It is asked for before a page is made, so that whoever asks for more than they may
//! leaves a trace; the desk asks once more.

use rotunda_core::model::AdminPermission as May;

use super::{arrive, audit, clients, everyone, keys, roles, sessions, users, webhooks};

/// The paths as the router knows them. Nothing: anybody who may do anything here.
const NEEDS: [(&str, &[May]); 24] = [
    (super::ADMIN, &[]),
    (users::PATH, &[May::UsersRead]),
    (arrive::NEW, &[May::UsersWrite]),
    (arrive::INVITE, &[May::UsersWrite]),
    ("/admin/users/{id}", &[May::UsersRead]),
    // What the verb takes is asked for as well (`user_acts.rs`).
    ("/admin/users/{id}/{verb}", &[May::UsersRead]),
    (sessions::PATH, &[May::SessionsRead]),
    ("/admin/sessions/{id}", &[May::SessionsRead]),
    ("/admin/sessions/{id}/end", &[May::SessionsRevoke]),
    (everyone::PATH, &[May::SessionsRevoke]),
    (roles::PATH, &[May::RolesRead]),
    ("/admin/roles/{id}", &[May::RolesWrite]),
    ("/admin/roles/{id}/remove", &[May::RolesWrite]),
    (clients::PATH, &[May::ClientsRead]),
    (clients::NEW, &[May::ClientsWrite]),
    ("/admin/clients/{id}/{verb}", &[May::ClientsWrite]),
    (keys::PATH, &[May::KeysRead]),
    (keys::ROTATE, &[May::KeysManage]),
    ("/admin/keys/{id}/revoke", &[May::KeysManage]),
    (audit::PATH, &[May::AuditRead]),
    (webhooks::PATH, &[May::WebhooksRead]),
    // From then on it is told what happens.
    (webhooks::NEW, &[May::WebhooksWrite, May::AuditRead]),
    ("/admin/webhooks/{id}", &[May::WebhooksRead]),
    ("/admin/webhooks/{id}/{verb}", &[May::WebhooksWrite]),
];

/// What a page takes; `None` where it is not in the table, which no page may be.
pub(super) fn of(path: &str) -> Option<&'static [May]> {
    NEEDS.iter().find(|(known, _)| *known == path).map(|(_, needs)| *needs)
}
