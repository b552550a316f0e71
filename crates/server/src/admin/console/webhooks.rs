//! `GET /admin/webhooks` shows all webhooks, `/admin/webhooks/{id}` one with what is on its way to it; `/admin/webhooks/new`
//! adds one, `/admin/webhooks/{id}/{verb}` does something with one.

use std::str::FromStr;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, EditWebhook, NewWebhook};
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, Delivery, Webhook, WebhookId};

use super::act::{Act, Doing, Outcome, Reason, VERSION, carry_out};
use super::clients::shown_once;
use super::done::Done;
use super::seat::{Seat, Sent};
use super::sessions::given;
use super::sheet::{Cell, Link, Part, Sheet, Table, further};
use super::{PAGE, query_of};
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/webhooks";
pub(super) const NEW: &str = "/admin/webhooks/new";

/// Shows all.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let webhooks = seat.desk(&app.rotunda).webhooks().await?;
    let row = |webhook: &Webhook| {
        vec![
            Cell::link(path_of(webhook.id), webhook.url.as_str()),
            Cell::maybe(webhook.description.as_deref()),
            Cell::text(filters_of(webhook)),
            Cell::text(if webhook.enabled { "On" } else { "Off" }).wrong(!webhook.enabled),
        ]
    };
    let table = Table {
        caption: "Webhooks".to_owned(),
        columns: vec!["Address", "What it is for", "Events", "State"],
        rows: webhooks.iter().map(row).collect(),
        nothing: "There is none.",
        next: None,
    };
    let may_add = seat.may(AdminPermission::WebhooksWrite) && seat.may(AdminPermission::AuditRead);
    let ways = may_add.then(|| Part::Ways(vec![Link::to(NEW, "Add a webhook")]));
    let page =
        Sheet::new(seat, PATH, "Webhooks").done(Done::told(query)).with(Part::Table(table)).with_all(ways);
    Ok(page.show())
}

fn path_of(id: WebhookId) -> String {
    format!("{PATH}/{id}")
}

fn filters_of(webhook: &Webhook) -> String {
    if webhook.filters.is_empty() { "All".to_owned() } else { webhook.filters.join(" ") }
}

/// Shows one.
pub(super) async fn one(
    State(app): Shared,
    Path(id): Path<String>,
    seat: Seat,
    RawQuery(query): RawQuery,
) -> Response {
    let shown = match (id_of(&id), query_of(query.as_deref())) {
        (Ok(id), Ok(query)) => with_deliveries(&app, &seat, id, &query).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

fn id_of(text: &str) -> Result<WebhookId, Error> {
    Ok(WebhookId::from_str(text).map_err(|_| Denied::NotFound)?)
}

async fn with_deliveries(app: &App, seat: &Seat, id: WebhookId, query: &Form) -> Result<Response, Error> {
    let desk = seat.desk(&app.rotunda);
    let webhook = desk.webhook(id).await?;
    let after = given(query, "after", u64::from_str)?;
    let waiting = desk.deliveries(id, false, after, PAGE).await?;
    let is_full = u32::try_from(waiting.len()).is_ok_and(|count| count >= PAGE);
    let next = waiting.last().filter(|_| is_full);
    let next = next.map(|last| further(&path_of(id), query, &[], "after", &last.seq.to_string()));
    let has_dead = waiting.iter().any(|delivery| delivery.next_attempt_at.is_none());
    let facts = vec![
        ("What it is for", Cell::maybe(webhook.description.as_deref())),
        ("Events", Cell::text(filters_of(&webhook))),
        ("State", Cell::text(if webhook.enabled { "On" } else { "Off" }).wrong(!webhook.enabled)),
        ("Added", Cell::at(webhook.created_at)),
        ("Id", Cell::text(id.to_string())),
    ];
    let mut page =
        Sheet::new(seat, "", webhook.url.as_str()).done(Done::told(query)).with(Part::Facts(facts));
    if seat.may(AdminPermission::WebhooksWrite) {
        let verbs = Verb::ALL.into_iter().filter(|verb| *verb != Verb::Replay || has_dead);
        let ways = verbs.map(|verb| Link::to(format!("{}/{}", path_of(id), verb.as_str()), verb.label()));
        page = page.with(Part::Ways(ways.collect()));
    }
    page = page.with(Part::Heading("On its way".to_owned())).with(Part::Table(deliveries(&waiting, next)));
    Ok(page.show())
}

fn deliveries(all: &[Delivery], next: Option<String>) -> Table {
    let row = |delivery: &Delivery| {
        vec![
            Cell::text(delivery.seq.to_string()),
            Cell::at(delivery.created_at),
            Cell::text(delivery.attempts.to_string()),
            delivery.next_attempt_at.map_or_else(|| Cell::text("Given up").wrong(true), Cell::at),
            Cell::maybe(delivery.last_error.as_deref()),
        ]
    };
    Table {
        caption: "Deliveries that have not arrived, the oldest first".to_owned(),
        columns: vec!["Event", "Since", "Tries", "Next try", "What went wrong"],
        rows: all.iter().map(row).collect(),
        nothing: "Everything has arrived.",
        next,
    }
}

/// What can be done with one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Edit,
    Test,
    Replay,
    Secret,
    Remove,
}

impl Verb {
    const ALL: [Self; 5] = [Self::Edit, Self::Test, Self::Replay, Self::Secret, Self::Remove];

    fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Test => "test",
            Self::Replay => "replay",
            Self::Secret => "secret",
            Self::Remove => "remove",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Edit => "Change it",
            Self::Test => "Send a test",
            Self::Replay => "Send again what was given up",
            Self::Secret => "Make a new secret",
            Self::Remove => "Remove it",
        }
    }

    fn of(text: &str) -> Result<Self, Error> {
        Ok(Self::ALL.into_iter().find(|verb| verb.as_str() == text).ok_or(Denied::NotFound)?)
    }
}

/// Says what it takes.
pub(super) async fn ask_new(seat: Seat) -> Response {
    new(None).show(&seat)
}

/// Adds one.
pub(super) async fn add(State(app): Shared, sent: Sent) -> Response {
    carry_out(&app, &sent, new(Some(&sent.form)), |desk| adding(desk, &sent)).await
}

fn new(typed: Option<&Form>) -> Act {
    let act = Act::new("Add a webhook", NEW.to_owned(), "Add it", PATH)
        .leads("It is told of what happens from now on, in messages signed with a secret that you see once.");
    asking(act.because(Reason::None), typed, None)
}

/// With the fields that say what a webhook is.
fn asking(act: Act, typed: Option<&Form>, now: Option<&Webhook>) -> Act {
    let value = |name: &str, now: Option<String>| match typed {
        Some(form) => form.value(name).unwrap_or_default(),
        None => now.unwrap_or_default(),
    };
    let url = Field::text("url", "Address", value("url", now.map(|it| it.url.clone())));
    let description = value("description", now.and_then(|it| it.description.clone()));
    let filters = value("filters", now.map(|it| it.filters.join(" ")));
    let hint = "Names such as session.ended or user.*, with spaces between them. All, where there are none.";
    act.asks(url.with_hint("It begins with https://"))
        .asks(Field::text("description", "What it is for", description).optional())
        .asks(Field::text("filters", "Events", filters).optional().with_hint(hint))
}

fn filters_in(form: &Form) -> Vec<String> {
    let text = form.value("filters").unwrap_or_default();
    text.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn adding<'a>(desk: Desk<'a>, sent: &'a Sent) -> Doing<'a> {
    Box::pin(async move {
        let form = &sent.form;
        let url = form.value("url").unwrap_or_default().trim().to_owned();
        let new = NewWebhook { url, description: form.value("description"), filters: filters_in(form) };
        let (_, secret) = desk.add_webhook(&new).await?;
        Ok(Outcome::Told(shown_once(&sent.seat, "The webhook's secret", PATH, secret.expose())))
    })
}

/// Says what it does.
pub(super) async fn ask(
    State(app): Shared,
    Path((id, verb)): Path<(String, String)>,
    seat: Seat,
) -> Response {
    match change(&app, &seat, (&id, &verb), None).await {
        Ok((_, _, act)) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Does it.
pub(super) async fn submit(
    State(app): Shared,
    Path((id, verb)): Path<(String, String)>,
    sent: Sent,
) -> Response {
    match change(&app, &sent.seat, (&id, &verb), Some(&sent.form)).await {
        Ok((id, verb, act)) => carry_out(&app, &sent, act, |desk| changing(desk, id, verb, &sent)).await,
        Err(error) => sent.seat.refused(error),
    }
}

async fn change(
    app: &App,
    seat: &Seat,
    (id, verb): (&str, &str),
    typed: Option<&Form>,
) -> Result<(WebhookId, Verb, Act), Error> {
    let (id, verb) = (id_of(id)?, Verb::of(verb)?);
    let webhook = seat.desk(&app.rotunda).webhook(id).await?;
    let home = path_of(id);
    let act =
        Act::new(verb.label(), format!("{home}/{}", verb.as_str()), verb.label(), home).because(Reason::None);
    let act = match verb {
        Verb::Edit => {
            let on = if webhook.enabled { "yes" } else { "no" }.to_owned();
            let on = typed.map_or(on, |form| form.value("enabled").unwrap_or_default());
            let version =
                typed.and_then(|form| form.value(VERSION)).unwrap_or_else(|| webhook.version.to_string());
            let field = Field::text("enabled", "Is it on?", on);
            let hint = "yes or no. What happens while it is off is never sent.";
            asking(act, typed, Some(&webhook)).asks(field.with_hint(hint)).of_version(version)
        }
        Verb::Test => {
            act.leads(format!("A message that says nothing is sent to {} now.", webhook.url)).unproved()
        }
        Verb::Replay => {
            act.leads("Whatever was given up is due again now, and tried as often as at first.").unproved()
        }
        Verb::Secret => act.leads("Messages are signed with the new secret at once; you see it once."),
        Verb::Remove => act.leads("It is told of nothing any more. What is on its way to it is lost."),
    };
    Ok((id, verb, act))
}

fn changing<'a>(desk: Desk<'a>, id: WebhookId, verb: Verb, sent: &'a Sent) -> Doing<'a> {
    Box::pin(async move {
        let home = path_of(id);
        Ok(match verb {
            Verb::Edit => {
                let version = sent.form.value(VERSION).and_then(|version| version.parse().ok());
                desk.edit_webhook(id, &edit(&sent.form)?, Some(version.ok_or(Denied::ChangedMeanwhile)?))
                    .await?;
                Outcome::Done(home, Done::Changed)
            }
            Verb::Test => match desk.send_test(id).await? {
                Ok(()) => Outcome::Done(home, Done::TestArrived),
                Err(_) => Outcome::Done(home, Done::TestFailed),
            },
            Verb::Replay => {
                desk.replay(id, None).await?;
                Outcome::Done(home, Done::Replayed)
            }
            Verb::Secret => {
                let secret = desk.rotate_webhook_secret(id).await?;
                Outcome::Told(shown_once(&sent.seat, "The webhook's new secret", PATH, secret.expose()))
            }
            Verb::Remove => {
                desk.remove_webhook(id).await?;
                Outcome::Done(PATH.to_owned(), Done::Removed)
            }
        })
    })
}

fn edit(form: &Form) -> Result<EditWebhook, Denied> {
    let enabled = match form.value("enabled").as_deref().map(str::trim) {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err(Denied::Unfit("Whether it is on is `yes` or `no`.".to_owned())),
    };
    Ok(EditWebhook {
        url: form.value("url").map(|url| url.trim().to_owned()),
        description: Some(form.value("description")),
        filters: Some(filters_in(form)),
        enabled: Some(enabled),
    })
}
