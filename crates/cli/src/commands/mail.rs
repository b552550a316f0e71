//! `rotunda mail list|test`

use std::process::ExitCode;

use rotunda_core::model::{Email, QueuedLetter};
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Mail) -> anyhow::Result<ExitCode> {
    let rotunda = Wired::open(global).await?.rotunda;
    match verb {
        args::Mail::List { limit } => list(global, &rotunda.waiting_letters(limit).await?)?,
        args::Mail::Test { to } => {
            let address = Email::parse(&to).ok_or_else(|| anyhow::anyhow!("{to:?} is no address"))?;
            if let Err(failure) = rotunda.send_test_letter(&address).await? {
                return Ok(output::refused(&format!("the letter was not sent: {failure}")));
            }
            match global.json {
                true => output::json(&json!({"to": to, "sent": true}))?,
                false => output::print("sent\n")?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, letters: &[QueuedLetter]) -> anyhow::Result<()> {
    if global.json {
        return output::json(&letters.iter().map(described).collect::<Vec<_>>());
    }
    let row = |queued: &QueuedLetter| {
        let letter = &queued.letter;
        let to = letter.to.as_ref().map_or("nobody", |email| email.as_str());
        [
            letter.id.to_string(),
            letter.kind.as_str().to_owned(),
            to.to_owned(),
            queued.attempts.to_string(),
            moment(queued.next_attempt_at),
            queued.last_error.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 6]> = letters.iter().map(row).collect();
    output::table(["ID", "KIND", "TO", "TRIED", "NEXT", "LAST ERROR"], &rows)
}

fn described(queued: &QueuedLetter) -> Value {
    let letter = &queued.letter;
    json!({
        "id": letter.id.to_string(),
        "kind": letter.kind.as_str(),
        "to": letter.to.as_ref().map(|email| email.as_str()),
        "user_id": letter.user_id.map(|id| id.to_string()),
        "written_at": moment(letter.at),
        "expires_at": moment(letter.expires_at),
        "attempts": queued.attempts,
        "next_attempt_at": moment(queued.next_attempt_at),
        "last_error": queued.last_error,
    })
}
