//! What operators do with webhooks.

use crate::denied::Denied;
use crate::desk::Desk;
use crate::failure::{Error, Failure};
use crate::model::{AdminPermission as May, Delivery, EventKind, Sealed, SecretText, Webhook, WebhookId};
use crate::outside::{NotDelivered, random};
use crate::webhooks::message::{self, WebhookSecret};
use crate::webhooks::{KEEP_DEAD, filter};

/// How many dead deliveries are made again by one call that names none.
const MOST_REPLAYED: u32 = 10_000;

/// A webhook to be.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events; none means all.
    pub filters: Vec<String>,
}

/// What changes of a webhook; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct EditWebhook {
    /// Where to.
    pub url: Option<String>,
    /// What it is for; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Which events.
    pub filters: Option<Vec<String>>,
    /// Whether anything is sent. What happens while it is off is never sent.
    pub enabled: Option<bool>,
}

impl Desk<'_> {
    /// All webhooks.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        self.require(May::WebhooksRead)?;
        Ok(self.rotunda.store.webhooks().await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// Besides those of [`Desk::webhooks`], [`Denied::NotFound`].
    pub async fn webhook(&self, id: WebhookId) -> Result<Webhook, Error> {
        let found = self.webhooks().await?.into_iter().find(|webhook| webhook.id == id);
        Ok(found.ok_or(Denied::NotFound)?)
    }

    /// Adds one. Its secret is never to be seen again. It is told of what happens from now on: that is to read the audit log as it
    /// is written, and takes `audit.read` too.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; [`Denied::Unfit`] says what is wrong with the address, a filter or the description; [`Denied::InTheWay`] when there are
    /// [`Webhook::MOST`]; [`Denied::ReauthenticationNeeded`].
    pub async fn add_webhook(&self, new: &NewWebhook) -> Result<(Webhook, SecretText), Error> {
        self.require(May::WebhooksWrite)?;
        self.require(May::AuditRead)?;
        self.proved_lately()?;
        if self.rotunda.store.webhooks().await?.len() >= Webhook::MOST {
            let text = format!("There are {} webhooks, which is as many as there may be.", Webhook::MOST);
            return Err(Denied::InTheWay(text).into());
        }
        let now = self.now();
        let id = WebhookId::new(now, random(&*self.rotunda.entropy)?);
        let (secret, sealed) = self.new_secret(id)?;
        let webhook = Webhook {
            id,
            url: new.url.clone(),
            description: new.description.clone(),
            filters: new.filters.clone(),
            enabled: true,
            secret: sealed,
            place: 0,
            version: 1,
            created_at: now,
        };
        self.fits(&webhook)?;
        let event = self.event(EventKind::WebhookAdded, None, Some(id.to_string()));
        if !self.rotunda.store.put_webhook(webhook.clone(), None, event).await? {
            // It was made from 74 random bits a moment ago.
            return Err(Failure::broken("adding a webhook", "the new id is taken").into());
        }
        Ok((webhook, secret))
    }

    /// Changes one, if it still has that version; without one, whatever it has. To have it tell somebody else, or of something else,
    /// or to switch it on, takes what adding one takes.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`], [`Denied::Unfit`], [`Denied::ChangedMeanwhile`],
    /// [`Denied::ReauthenticationNeeded`] for another address.
    pub async fn edit_webhook(
        &self,
        id: WebhookId,
        edit: &EditWebhook,
        if_version: Option<u64>,
    ) -> Result<Webhook, Error> {
        self.require(May::WebhooksWrite)?;
        let was = self.found(id).await?;
        let mut webhook = was.clone();
        webhook.url = edit.url.clone().unwrap_or(webhook.url);
        webhook.description = edit.description.clone().unwrap_or(webhook.description);
        webhook.filters = edit.filters.clone().unwrap_or(webhook.filters);
        webhook.enabled = edit.enabled.unwrap_or(webhook.enabled);
        let tells_more =
            webhook.url != was.url || webhook.filters != was.filters || (webhook.enabled && !was.enabled);
        if tells_more {
            self.require(May::AuditRead)?;
        }
        self.fits(&webhook)?;
        if webhook.url != was.url {
            // Elsewhere is somebody else, who may be told of everything from now on.
            self.proved_lately()?;
        }
        self.put(webhook, if_version).await
    }

    /// Gives one another secret; the old one is good for nothing from now on. Never to be seen again.
    ///
    /// # Errors
    /// [`Denied::NotFound`], [`Denied::ChangedMeanwhile`], [`Denied::ReauthenticationNeeded`].
    pub async fn rotate_webhook_secret(&self, id: WebhookId) -> Result<SecretText, Error> {
        self.require(May::WebhooksWrite)?;
        self.proved_lately()?;
        let webhook = self.found(id).await?;
        let (secret, sealed) = self.new_secret(id)?;
        self.put(Webhook { secret: sealed, ..webhook }, None).await?;
        Ok(secret)
    }

    /// Refuses where one no longer has that version: for what cannot be undone.
    ///
    /// # Errors
    /// [`Denied::NotFound`], [`Denied::ChangedMeanwhile`].
    pub async fn webhook_still(&self, id: WebhookId, version: u64) -> Result<(), Error> {
        self.require(May::WebhooksWrite)?;
        match self.found(id).await?.version == version {
            true => Ok(()),
            false => Err(Denied::ChangedMeanwhile.into()),
        }
    }

    /// Removes one, and what was on its way to it.
    ///
    /// # Errors
    /// [`Denied::NotFound`], [`Denied::ReauthenticationNeeded`].
    pub async fn remove_webhook(&self, id: WebhookId) -> Result<(), Error> {
        self.require(May::WebhooksWrite)?;
        self.proved_lately()?;
        let event = self.event(EventKind::WebhookRemoved, None, Some(id.to_string()));
        match self.rotunda.store.remove_webhook(id, event).await? {
            true => Ok(()),
            false => Err(Denied::NotFound.into()),
        }
    }

    /// What is on its way to one, or what was given up; behind that place, oldest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Desk::webhooks`].
    pub async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        self.require(May::WebhooksRead)?;
        Ok(self.rotunda.store.deliveries(id, dead, after, limit).await?)
    }

    /// Has what was given up sent again: that one, or all of it (the first ten thousand). Answers how many.
    ///
    /// # Errors
    /// As [`Desk::webhooks`].
    pub async fn replay(&self, id: WebhookId, seq: Option<u64>) -> Result<u32, Error> {
        self.require(May::WebhooksWrite)?;
        self.found(id).await?;
        let store = &self.rotunda.store;
        let again = store.replay_deliveries(id, seq, self.now(), MOST_REPLAYED).await?;
        if again > 0 {
            let event = self.event(EventKind::WebhookReplayed, None, Some(id.to_string()));
            store.post(Vec::new(), vec![event]).await?;
        }
        Ok(again)
    }

    /// Sends a message that says nothing, at once, and answers what came of it.
    ///
    /// # Errors
    /// [`Denied::NotFound`]; a failure when the store does not answer.
    pub async fn send_test(&self, id: WebhookId) -> Result<Result<(), NotDelivered>, Error> {
        self.require(May::WebhooksWrite)?;
        let (webhook, now) = (self.found(id).await?, self.now());
        let name = message::test_id(id, now);
        Ok(self.rotunda.send_signed(&webhook, &name, message::test_body(now), now).await?)
    }

    async fn found(&self, id: WebhookId) -> Result<Webhook, Error> {
        let all = self.rotunda.store.webhooks().await?;
        Ok(all.into_iter().find(|webhook| webhook.id == id).ok_or(Denied::NotFound)?)
    }

    async fn put(&self, webhook: Webhook, if_version: Option<u64>) -> Result<Webhook, Error> {
        let from = webhook.version;
        if if_version.is_some_and(|version| version != from) {
            return Err(Denied::ChangedMeanwhile.into());
        }
        let webhook = Webhook { version: from.saturating_add(1), ..webhook };
        let event = self.event(EventKind::WebhookChanged, None, Some(webhook.id.to_string()));
        match self.rotunda.store.put_webhook(webhook.clone(), Some(from), event).await? {
            true => Ok(webhook),
            false => Err(Denied::ChangedMeanwhile.into()),
        }
    }

    fn new_secret(&self, id: WebhookId) -> Result<(SecretText, Sealed), Failure> {
        let entropy = &*self.rotunda.entropy;
        let secret = WebhookSecret::new(random(entropy)?);
        let sealed = secret.seal(&self.rotunda.keys, id, random(entropy)?);
        let sealed = sealed.map_err(|error| Failure::broken("sealing the secret of a webhook", error))?;
        Ok((secret.expose_text(), sealed))
    }

    /// Whether a webhook can be as it is to be.
    fn fits(&self, webhook: &Webhook) -> Result<(), Denied> {
        let unfit = |text: String| Err(Denied::Unfit(text));
        if webhook.url.len() > Webhook::MOST_URL_BYTES {
            return unfit(format!("The address has more than {} bytes.", Webhook::MOST_URL_BYTES));
        }
        if let Err(why) = self.rotunda.courier.check(&webhook.url) {
            return unfit(why);
        }
        if webhook.filters.len() > Webhook::MOST_FILTERS {
            return unfit(format!("There are more than {} filters.", Webhook::MOST_FILTERS));
        }
        if let Some(odd) = webhook.filters.iter().find(|it| !filter::is_filter(it)) {
            let odd: String = odd.chars().take(64).collect();
            return unfit(format!(
                "No event is called {odd:?}. One is called \"session.ended\"; \"session.*\" are all that begin so."
            ));
        }
        let has_odd_description = webhook.description.as_ref().is_some_and(|text| {
            text.chars().count() > Webhook::DESCRIPTION_CHARS || text.chars().any(char::is_control)
        });
        if has_odd_description {
            return unfit(format!(
                "A description has at most {} characters on one line.",
                Webhook::DESCRIPTION_CHARS
            ));
        }
        Ok(())
    }
}

impl crate::Rotunda {
    /// Forgets deliveries that were given up long ago, and those whose webhook is gone; the janitor's.
    pub(crate) async fn forget_dead_deliveries(&self, limit: u32) -> Result<u32, Failure> {
        self.store.forget_deliveries(self.clock.now().minus(KEEP_DEAD), limit).await
    }
}
