//! The linearizability check against one that tries every order (Wing and Gong 1993), on small random histories.

use super::tests::{Scene, at, refresh};
use super::timeline::timeline;
use crate::chance::Chance;
use crate::history::{Answer, By, Call, Delivery, Device, Ended, Ending, Reason, Refresh};
use crate::moment::Moment;

/// The sequential specification. What the window, the keys and the device decide is left open: the table asks for that.
#[derive(Clone, Copy)]
struct State {
    generation: u32,
    over: bool,
}

/// Every state that a call may lead to; none where its answer is wrong.
fn after(state: State, delivery: &Delivery) -> Vec<State> {
    let State { generation, over } = state;
    let live = |then: bool| if !over && then { vec![state] } else { Vec::new() };
    let ended = State { over: true, ..state };
    match (delivery.call, delivery.answer) {
        (Call::Refresh(Refresh { generation: g, .. }), Answer::Grant { generation: n, .. }) => match () {
            () if over => Vec::new(),
            () if generation == n => vec![state],
            () if generation + 1 == n && g == generation => vec![State { generation: n, over }],
            () => Vec::new(),
        },
        (Call::Refresh(Refresh { generation: g, .. }), Answer::Refused { reason, .. }) => match reason {
            Reason::TokenStale => live(generation >= g + 2),
            Reason::TokenReused => live(true).into_iter().map(|_| ended).collect(),
            _ => {
                if over {
                    vec![state]
                } else {
                    Vec::new()
                }
            }
        },
        (Call::Refresh(Refresh { generation: g, .. }), _) => {
            let mut states = vec![state, ended];
            if generation == g && !over {
                states.push(State { generation: g + 1, over });
            }
            states
        }
        (Call::Me, Answer::Done) => live(true),
        (Call::Me, _) => {
            if over {
                vec![state]
            } else {
                Vec::new()
            }
        }
        (_, Answer::Done) => vec![ended],
        _ => vec![state, ended],
    }
}

fn until(delivery: &Delivery) -> Moment {
    delivery.unknown_until().unwrap_or(delivery.back)
}

/// Whether some order of these fits: tries each call that nothing else still open precedes.
fn fits(state: State, open: &[Delivery]) -> bool {
    let first = open.iter().map(until).min().unwrap_or(Moment::NEVER);
    open.is_empty()
        || (0..open.len()).filter(|place| open[*place].sent <= first).any(|place| {
            let mut rest = open.to_vec();
            let next = rest.remove(place);
            after(state, &next).into_iter().any(|state| fits(state, &rest))
        })
}

fn random(chance: &mut Chance) -> Vec<Delivery> {
    let count = chance.between(2, 6);
    let mut times: Vec<u64> = (1..=40).collect();
    let mut draw = || times.remove(usize::try_from(chance.below(times.len() as u64)).unwrap());
    let spans: Vec<(u64, u64)> =
        (0..count).map(|_| (draw(), draw())).map(|(a, b)| (a.min(b), a.max(b))).collect();
    let refused = |reason| Answer::Refused { reason, ended: Some(Ended::Reused) };
    let mut deliveries = Vec::new();
    for (sent, back) in spans {
        let g = u32::try_from(chance.below(3)).unwrap();
        let n = g + u32::try_from(chance.below(3)).unwrap();
        let lost = Answer::Lost { until: at(back) };
        let (call, answer) = match chance.below(12) {
            0..7 => (refresh(g, [0; 4], Device::Absent), Answer::Grant { generation: n, token: 1 }),
            7 => (refresh(g, [0; 4], Device::Absent), lost),
            8 => (Call::Me, if chance.permille(500) { Answer::Done } else { refused(Reason::SessionEnded) }),
            9 => (Call::End(Ending::Logout), if chance.permille(700) { Answer::Done } else { lost }),
            _ => {
                let reason = chance.pick(&[Reason::TokenStale, Reason::TokenReused, Reason::SessionEnded]);
                (refresh(g, [0; 4], Device::Absent), refused(reason))
            }
        };
        deliveries.push(Delivery { op: 0, by: By::Owner(0), sent: at(sent), back: at(back), call, answer });
    }
    deliveries
}

#[test]
fn it_agrees_with_trying_every_order() {
    let (mut good, mut bad) = (0, 0);
    for number in 0..60_000 {
        let mut scene = Scene::new();
        scene.deliveries = random(&mut Chance::of(7, "history", number));
        let found = timeline(&scene.case());
        let start = State { generation: 0, over: false };
        assert_eq!(
            fits(start, &scene.deliveries),
            found.is_ok(),
            "{number}: {found:?}\n{}",
            shown(&scene.deliveries)
        );
        if found.is_ok() { good += 1 } else { bad += 1 }
    }
    assert!(good > 5_000 && bad > 5_000, "{good} and {bad}");
}

fn shown(deliveries: &[Delivery]) -> String {
    deliveries.iter().map(|delivery| format!("{delivery}\n")).collect()
}
