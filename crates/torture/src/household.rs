//! A user with some devices, round after round: all sign in, live for a while, and end in one way or another while
//! their refreshes go on.
//!
//! 1. Some rounds end each device by itself: logout, a new sign-in in the same browser, the list of devices, the
//!    operator's `session revoke`; or not at all.
//! 2. Some end all at once: logout everywhere, a change of password, the operator's `user disable`.
//! 3. Some are about a thief (`thief.rs`).
//! 4. Afterwards everybody goes on asking for a while: nothing may be granted any more. When nothing is under way, the
//!    sessions of the round are judged.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::calls::{Request, Seen, SignIn, cookies};
use crate::chance::Chance;
use crate::history::{Answer, By, Call, Delivery, Ending};
use crate::honest::Client;
use crate::moment::now;
use crate::thief;
use crate::world::{Kind, Session, User, World};

/// How fast a client comes back, in percent of W.
const BRISK: (u64, u64) = (15, 60);

/// One user until the run closes.
pub(crate) async fn household(world: Arc<World>, number: u32) {
    let mut chance = world.chance("household", number);
    let user = world.new_user();
    let mut register = true;
    while !world.is_closing() {
        let theft = chance.permille(world.config.theft_permille);
        let devices = if theft { 1 } else { chance.between(1, 3) };
        let mut clients = Vec::new();
        for _ in 0..devices {
            let client = Client::new(&world, &user, &mut chance);
            if !client.sign_in(&mut chance, register).await {
                break;
            }
            register = false;
            clients.push(client);
        }
        let mut sessions: Vec<_> = clients.iter().filter_map(|client| client.session()).collect();
        match clients.first() {
            Some(victim) if theft => thief::round(&world, victim, &mut chance).await,
            Some(_) => round(&world, &clients, &mut chance).await,
            None => {}
        }
        clients.iter().for_each(|client| client.remember());
        sessions.extend(clients.iter().filter_map(|client| client.session()));
        sessions.sort_by_key(|session| session.number);
        sessions.dedup_by_key(|session| session.number);
        world.drained(&sessions).await;
        world.audit(&sessions);
    }
}

async fn round(world: &Arc<World>, clients: &[Arc<Client>], chance: &mut Chance) {
    let life = match chance.below(100) {
        0..85 => chance.part(world.window(), 300, 2_500),
        _ => chance.part(world.window(), 3_000, 9_000),
    };
    let until = now().plus(life);
    let together = clients.len() > 1 && chance.permille(350) || chance.permille(100);
    let mut lives = JoinSet::new();
    for client in clients {
        let (client, mut own) = (Arc::clone(client), chance.fork());
        let finish = (!together).then(|| Finish::alone(client.kind, &mut own));
        lives.spawn(async move {
            client.live(until, BRISK, &mut own).await;
            if let Some(finish) = finish {
                under_fire(&client, &mut own, finish).await;
            }
        });
    }
    while lives.join_next().await.is_some() {}
    if together && !world.is_closing() {
        all_at_once(clients, chance).await;
    }
}

/// One client ends everything, while all of them go on.
async fn all_at_once(clients: &[Arc<Client>], chance: &mut Chance) {
    let finish = chance.pick(&[
        Finish::Everywhere,
        Finish::Everywhere,
        Finish::Password,
        Finish::Password,
        Finish::Disable,
    ]);
    let mut others = JoinSet::new();
    for client in &clients[1..] {
        let (client, mut own) = (Arc::clone(client), chance.fork());
        others.spawn(async move { linger(&client, &mut own, 6).await });
    }
    under_fire(&clients[0], chance, finish).await;
    while others.join_next().await.is_some() {}
    // After a change of password the session is a new one, and goes on.
    if finish == Finish::Password && !clients[0].is_over() {
        let until = now().plus(chance.part(clients[0].world.window(), 200, 800));
        clients[0].live(until, BRISK, chance).await;
        let finish = Finish::alone(clients[0].kind, chance);
        under_fire(&clients[0], chance, finish).await;
    }
}

/// How a round ends for a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Finish {
    /// It does not: the session stays, and must be there at the end.
    Stay,
    Logout,
    Relogin,
    Delete,
    Revoke,
    Everywhere,
    Password,
    Disable,
}

impl Finish {
    fn alone(kind: Kind, chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..25 => Self::Stay,
            25..60 => Self::Logout,
            60..75 if kind == Kind::Web => Self::Relogin,
            60..85 => Self::Delete,
            _ => Self::Revoke,
        }
    }
}

/// Ends a client's session while its refreshes go on, and lets it go on asking afterwards.
async fn under_fire(client: &Arc<Client>, chance: &mut Chance, finish: Finish) {
    if finish == Finish::Stay || client.is_over() {
        return;
    }
    // Mostly at the worst moment: when the window is over, the next refresh rotates, and that is when it ends.
    let pause = if chance.permille(700) {
        tokio::time::sleep(client.world.window() * 11 / 10).await;
        let most = if matches!(finish, Finish::Revoke | Finish::Disable) { 0 } else { 3_000 };
        Duration::from_micros(chance.between(0, most))
    } else {
        chance.part(client.world.window(), 0, 40)
    };
    let asking = {
        let (client, mut own) = (Arc::clone(client), chance.fork());
        // A command takes some time to start.
        let late = if pause.is_zero() { Duration::from_millis(own.between(5, 40)) } else { Duration::ZERO };
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            linger(&client, &mut own, 5).await;
        })
    };
    tokio::time::sleep(pause).await;
    carry_out(client, finish).await;
    drop(asking.await);
    linger(client, chance, 2).await;
    client.use_access(By::Owner(0)).await;
}

/// Some more bursts; a client that believes that it is over asks no more, but its access token is tried.
async fn linger(client: &Arc<Client>, chance: &mut Chance, bursts: u32) {
    let mut running = JoinSet::new();
    for _ in 0..bursts {
        client.burst(chance, &mut running);
        tokio::time::sleep(chance.part(client.world.window(), 5, 35)).await;
    }
    while running.join_next().await.is_some() {}
    client.use_access(By::Owner(1)).await;
}

async fn carry_out(client: &Arc<Client>, finish: Finish) {
    let Some(session) = client.session() else { return };
    match finish {
        Finish::Stay => {}
        Finish::Logout => logout(client, &session).await,
        Finish::Relogin => relogin(client, &session).await,
        Finish::Delete => drop(bearer(client, &session, Ending::Delete, Value::Null).await),
        Finish::Everywhere => drop(bearer(client, &session, Ending::LogoutAll, Value::Null).await),
        Finish::Password => change_password(client, &session).await,
        Finish::Revoke => drop(operate(&client.world, Ending::Revoke, &session).await),
        Finish::Disable => {
            if operate(&client.world, Ending::Disable, &session).await {
                enable(&client.world, &session.user).await;
            }
        }
    }
}

async fn logout(client: &Client, session: &Arc<Session>) {
    let (token, page) = {
        let pocket = client.pocket.lock().unwrap();
        (pocket.token.clone(), pocket.page.clone())
    };
    let (headers, body) = match (client.kind, token, page) {
        (Kind::Native, Some(token), _) => (Vec::new(), json!({"refresh_token": token})),
        (Kind::Web, _, Some(page)) => (vec![("cookie", cookies(None, None, Some(&page)))], json!({})),
        _ => return,
    };
    let request = Request { method: "POST", path: "/auth/logout", headers, body };
    let seen = client.world.end(client.kind, session, Ending::Logout, request).await;
    if client.kind == Kind::Web && seen.reply().is_some_and(|reply| reply.status == 204) {
        client.pocket.lock().unwrap().empty();
    }
}

/// Signs in anew in a browser that holds a session: the lock, because a late refresh would overwrite the new cookie.
async fn relogin(client: &Arc<Client>, session: &Arc<Session>) {
    let _alone = client.lock.write().await;
    let (page, secret) = {
        let pocket = client.pocket.lock().unwrap();
        (pocket.page.clone(), pocket.secret.clone())
    };
    let password = client.user.passwords.lock().unwrap()[0].clone();
    let (Some(page), Some(secret)) = (page, secret) else { return };
    let leaves = Some((session, page.as_str()));
    let how = SignIn { register: false, password: &password, secret: Some(&secret), leaves };
    let seen = client.world.sign_in(&client.user, client.kind, how, Duration::from_secs(8)).await;
    if let Some(reply) = seen.reply() {
        client.begin(reply);
    }
}

/// A call with the client's access token.
async fn bearer(client: &Client, session: &Arc<Session>, ending: Ending, body: Value) -> Seen {
    let Some(access) = client.pocket.lock().unwrap().access.clone() else { return Seen::Nothing };
    let headers = vec![("authorization", format!("Bearer {access}"))];
    let delete = format!("/auth/sessions/{}", session.id);
    let (method, path) = match ending {
        Ending::Delete => ("DELETE", delete.as_str()),
        Ending::LogoutAll => ("POST", "/auth/logout-all"),
        _ => ("POST", "/auth/password/change"),
    };
    client.world.end(client.kind, session, ending, Request { method, path, headers, body }).await
}

async fn change_password(client: &Arc<Client>, session: &Arc<Session>) {
    let _alone = match client.kind {
        Kind::Web => Some(client.lock.write().await),
        Kind::Native => None,
    };
    let current = client.user.passwords.lock().unwrap()[0].clone();
    let new = format!("{current}'");
    // Until the answer is there, either may be right.
    *client.user.passwords.lock().unwrap() = vec![new.clone(), current.clone()];
    let body = json!({"current_password": current, "new_password": new});
    let seen = bearer(client, session, Ending::PasswordChange, body).await;
    if let Some(reply) = seen.reply()
        && client.begin(reply)
    {
        *client.user.passwords.lock().unwrap() = vec![new];
    }
}

/// A command of the operator that ends sessions. Whether it said that it was done.
async fn operate(world: &Arc<World>, ending: Ending, session: &Arc<Session>) -> bool {
    let turn = world.operators.acquire().await;
    let (place, sent) = (world.place.clone(), now());
    let (id, email) = (session.id.clone(), session.user.email.clone());
    let command = tokio::task::spawn_blocking(move || match ending {
        Ending::Disable => place.run(&["user", "disable", &email]),
        _ => place.run(&["session", "revoke", &id]),
    });
    let done = command.await.is_ok_and(|output| output.is_ok_and(|output| output.status.success()));
    drop(turn);
    let back = now();
    // A statement that it sent to a database may be carried out after it has given up.
    let until = if world.store.is_shared() { back.plus(world.afterlife()) } else { back };
    let answer = if done { Answer::Done } else { Answer::Lost { until } };
    let delivery = Delivery { op: 0, by: By::Operator, sent, back, call: Call::End(ending), answer };
    match ending {
        Ending::Disable => session.user.endings.lock().unwrap().push(delivery),
        _ => session.record().deliveries.push(delivery),
    }
    world.stats.commands.add(1);
    world.stats.commands_failed.add(u64::from(!done));
    done
}

/// Lets a user in again. Must not fail for good: they could never sign in any more.
async fn enable(world: &Arc<World>, user: &Arc<User>) {
    for _ in 0..20 {
        let _turn = world.operators.acquire().await;
        let (place, email) = (world.place.clone(), user.email.clone());
        let enabled = tokio::task::spawn_blocking(move || place.run(&["user", "enable", &email])).await;
        if enabled.is_ok_and(|output| output.is_ok_and(|output| output.status.success())) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
