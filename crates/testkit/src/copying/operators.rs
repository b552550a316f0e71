//! What operators work with, in a store with all that there can be.

use std::collections::BTreeSet;

use rotunda_core::model::{
    AuditMark, Delivery, Everyone, Permission, Role, Sealed, Tally, UnixMillis, Webhook, WebhookId,
};
use rotunda_core::store::AuditEnds;

use super::full::UNICODE;
use crate::fixtures::{IDLE, NOW, a_mark, a_role, a_webhook, bytes, role_name};
use crate::memory::MemoryState;

/// The revision that the store is of.
const REVISION: u64 = (1 << 53) + 1;

/// Roles and holders of them, webhooks and what is on its way there, marks, and figures.
pub(super) fn add_operators(state: &mut MemoryState) {
    add_roles(state);
    add_webhooks(state);
    let checkpoints = [106, 112, 130].map(|seq| (seq, AuditMark { at: UnixMillis(-1), ..a_mark(seq) }));
    state.checkpoints = checkpoints.into();
    let head = AuditMark { key_id: 255, at: NOW.plus(IDLE), ..a_mark(160) };
    state.audit = AuditEnds { floor: Some(a_mark(99)), head: Some(head) };
    for (hour, count) in [(-3_600_000, 1), (0, (1 << 53) + 1), (NOW.0, 0)] {
        let figures = Tally::ALL.iter().map(|tally| ((UnixMillis(hour), *tally), count));
        state.tallies.extend(figures);
    }
    state.revision = REVISION;
    state.everyone = Some(Everyone { below: REVISION - 1, at: UnixMillis(NOW.0 - 1) });
    state.first_admin_at = Some(UnixMillis(-1));
}

fn add_roles(state: &mut MemoryState) {
    let full = Role {
        permissions: ["a", "!#$%&'()*+,-./", "x:y"]
            .iter()
            .filter_map(|text| Permission::parse(text))
            .collect(),
        description: Some(UNICODE.to_owned()),
        version: (1 << 53) + 1,
        created_at: UnixMillis(-1),
        changed_at: UnixMillis(253_402_300_799_999),
        ..a_role("support")
    };
    let bare = Role { permissions: BTreeSet::new(), description: None, ..a_role("a.b_c-9") };
    // In the order of bytes, whatever the language of the machine.
    let roles = [full, bare, a_role("a-z"), a_role("ab"), a_role("9")];
    state.roles = roles.map(|role| (role.name.clone(), role)).into();
    for (number, account) in (0_u64..).zip(state.accounts.values_mut()) {
        account.user.ce = number * 1_000;
        account.user.roles = match number % 4 {
            0 => BTreeSet::new(),
            1 => [role_name("admin")].into(),
            2 => [role_name("support"), role_name("a.b_c-9"), role_name("admin")].into(),
            _ => [role_name("a-z")].into(),
        };
    }
    let operator = state.accounts.keys().next_back().copied();
    for (number, session) in (0_u64..).zip(state.sessions.values_mut()) {
        session.revision = if number % 2 == 0 { REVISION } else { number };
        session.acting = operator.filter(|_| number % 5 == 0);
    }
}

fn add_webhooks(state: &mut MemoryState) {
    let full = Webhook {
        description: Some(UNICODE.to_owned()),
        filters: vec![UNICODE.to_owned(), String::new(), "session.*".to_owned()],
        secret: Sealed { key_id: 255, bytes: vec![0, 255, 39, 0] },
        place: (1 << 53) + 1,
        version: u64::from(u32::MAX),
        created_at: UnixMillis(-1),
        ..a_webhook(1)
    };
    let bare = Webhook { description: None, filters: Vec::new(), enabled: false, ..a_webhook(2) };
    let early = Webhook { id: WebhookId::new(UnixMillis(5), bytes("webhook", 3)), ..a_webhook(3) };
    state.webhooks = [full, bare, early].map(|webhook| (webhook.id, webhook)).into();
    for id in state.webhooks.keys() {
        for seq in [100, 103, 106, 109, (1 << 53) + 1] {
            let fresh = Delivery {
                webhook: *id,
                seq,
                created_at: UnixMillis(NOW.0 - 1),
                attempts: 0,
                next_attempt_at: Some(NOW),
                last_error: None,
            };
            let delivery = match seq {
                103 => Delivery {
                    attempts: u32::MAX,
                    next_attempt_at: None,
                    last_error: Some(UNICODE.to_owned()),
                    ..fresh
                },
                106 => Delivery { last_error: Some(String::new()), ..fresh },
                _ => fresh,
            };
            state.deliveries.insert((*id, seq), delivery);
        }
    }
}
