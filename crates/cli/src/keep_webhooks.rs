//! Goes the rounds of the webhooks: one task each, so that one that hangs holds up nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rotunda_core::Rotunda;
use rotunda_core::model::{Webhook, WebhookId};
use tokio::task::JoinHandle;

/// How often it is looked whether anything happened.
const RESTS: Duration = Duration::from_secs(1);

/// Never ends; whoever drops it leaves what is under way to be sent again.
pub(crate) async fn keep_webhooks(rotunda: Arc<Rotunda>) {
    let mut under_way: BTreeMap<WebhookId, Task> = BTreeMap::new();
    let (mut well, mut told) = (true, BTreeSet::new());
    loop {
        match rotunda.all_webhooks().await {
            Ok(webhooks) => {
                well = true;
                told = tell_unopened(&rotunda, &webhooks, told);
                let there: BTreeSet<WebhookId> = webhooks.iter().map(|webhook| webhook.id).collect();
                under_way.retain(|id, task| there.contains(id) && !task.0.is_finished());
                for webhook in webhooks {
                    let rotunda = Arc::clone(&rotunda);
                    under_way
                        .entry(webhook.id)
                        .or_insert_with(|| Task(tokio::spawn(round(rotunda, webhook))));
                }
            }
            Err(failure) if well => {
                tracing::warn!(?failure, "webhooks could not be looked at; it will be tried again");
                well = false;
            }
            Err(_) => {}
        }
        tokio::time::sleep(RESTS).await;
    }
}

/// Logs those whose secrets do not open, each once. Answers which they are.
fn tell_unopened(rotunda: &Rotunda, webhooks: &[Webhook], told: BTreeSet<WebhookId>) -> BTreeSet<WebhookId> {
    let unopened = webhooks.iter().filter(|webhook| webhook.enabled && !rotunda.opens_webhook(webhook));
    let mut now = BTreeSet::new();
    for Webhook { id, secret, .. } in unopened {
        if !told.contains(id) {
            tracing::error!(
                %id,
                master_key = secret.key_id,
                "the secret of a webhook does not open here, and nothing is sent to it: put its master key back into the file, \
                 or `rotunda webhook remove` it"
            );
        }
        now.insert(*id);
    }
    now
}

/// A task that ends with whoever holds it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One round of one webhook: sends what is due, and then writes down what is new.
async fn round(rotunda: Arc<Rotunda>, webhook: Webhook) {
    loop {
        match rotunda.tell_webhook(&webhook).await {
            Ok(told) => {
                if let Some(why) = &told.why {
                    let (id, put_off, given_up) = (webhook.id, told.put_off, told.given_up);
                    tracing::warn!(%id, put_off, given_up, %why, "messages to a webhook did not arrive");
                }
                if !told.is_full || told.arrived == 0 {
                    return;
                }
            }
            Err(failure) => {
                tracing::warn!(?failure, id = %webhook.id, "a webhook could not be told what happened; it will be tried again");
                return;
            }
        }
    }
}
