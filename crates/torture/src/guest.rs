//! Guests under mixed load: they sign in with a client whose sessions end soon, refresh once, and leave. So the janitor
//! always has sessions to end while everybody else goes on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::http::{self, Exchanged};
use crate::reply::Reply;
use crate::world::World;

/// One guest after the other until the run closes.
pub(crate) async fn guests(world: Arc<World>, number: u32) {
    let mut chance = world.chance("guest", number);
    let who = json!({"email": format!("guest{number}@example.com"), "password": "a guest for a minute", "client_id": "guest"});
    // Nobody keeps a record of their sessions.
    world.stats.unseen_sign_ins.add(1);
    ask(&world, &mut chance, "/auth/register", &who).await;
    while !world.is_closing() {
        world.stats.guests.add(1);
        world.stats.unseen_sign_ins.add(1);
        let reply = ask(&world, &mut chance, "/auth/login", &who).await;
        if let Some(token) = reply.and_then(|reply| reply.token) {
            ask(&world, &mut chance, "/auth/refresh", &json!({"refresh_token": token})).await;
        }
        world.rest(Duration::from_millis(chance.between(50, 300))).await;
    }
}

async fn ask(world: &World, chance: &mut Chance, path: &str, body: &Value) -> Option<Reply> {
    let server = usize::try_from(chance.below(world.to_servers.len() as u64)).ok()?;
    let request = http::request("POST", path, &[], &body.to_string());
    let Exchanged::Answer(message) = world.to_servers[server].exchange(&request).await else { return None };
    world.stats.answered(message.status());
    Some(Reply::of(&message))
}
