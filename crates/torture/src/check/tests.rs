//! Hand-written histories, good and bad. Times are milliseconds; W is 1000; the server's clock is the harness's.

use super::{Case, Verdict, ViolationKind as K};
use crate::history::{Answer, By, Call, Delivery, Device, Ended, Ending, Reason, Refresh};
use crate::ledger::Ledger;
use crate::moment::Moment;

pub(super) fn at(millis: u64) -> Moment {
    Moment(millis * 1_000_000)
}

pub(super) fn refresh(generation: u32, keys: [u32; 4], device: Device) -> Call {
    Call::Refresh(Refresh { generation, keys, device })
}

/// A session's record in the making.
pub(super) struct Scene {
    pub deliveries: Vec<Delivery>,
    of_user: Vec<Delivery>,
    copied: bool,
    loot: Option<(u32, u32)>,
    lost: bool,
    strict: bool,
    clock: Ledger,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            deliveries: Vec::new(),
            of_user: Vec::new(),
            copied: false,
            loot: None,
            lost: false,
            strict: true,
            clock: Ledger::default(),
        }
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case {
            born: (at(0), at(0)),
            shown_at_birth: Some(false),
            copied: self.copied,
            loot: self.loot,
            strict: self.strict,
            lost: self.lost,
            deliveries: &self.deliveries,
            of_user: &self.of_user,
            clock: &self.clock,
            window: 1_000,
        }
    }

    fn with(mut self, by: By, (sent, back): (u64, u64), call: Call, answer: Answer) -> Self {
        self.deliveries.push(Delivery { op: 0, by, sent: at(sent), back: at(back), call, answer });
        self
    }

    /// A refresh of the owner with its device, ten milliseconds long.
    fn owner(self, sent: u64, generation: u32, keys: &[u32], answer: Answer) -> Self {
        self.with(By::Owner(0), (sent, sent + 10), refresh(generation, four(keys), Device::Same), answer)
    }

    /// The first refresh of a thief shows what was copied.
    fn thief(mut self, sent: u64, generation: u32, keys: &[u32], answer: Answer) -> Self {
        self.copied = true;
        self.loot.get_or_insert((generation, generation));
        self.with(By::Thief, (sent, sent + 10), refresh(generation, four(keys), Device::Same), answer)
    }

    fn call(self, sent: u64, call: Call, answer: Answer) -> Self {
        self.with(By::Owner(0), (sent, sent + 10), call, answer)
    }

    fn of_user(mut self, sent: u64, ending: Ending) -> Self {
        let (by, call, answer) = (By::Owner(1), Call::End(ending), Answer::Done);
        self.of_user.push(Delivery { op: 0, by, sent: at(sent), back: at(sent + 10), call, answer });
        self
    }

    fn verdict(&self) -> Verdict {
        self.case().check()
    }

    #[track_caller]
    fn fine(self) -> Verdict {
        let verdict = self.verdict();
        assert!(verdict.violations.is_empty(), "{:?}", verdict.violations);
        verdict
    }

    #[track_caller]
    fn breaks(self, kind: K) {
        let found = self.verdict().violations;
        assert!(found.iter().any(|violation| violation.kind == kind), "{found:?}");
    }
}

fn four(keys: &[u32]) -> [u32; 4] {
    let mut all = [0; 4];
    all[..keys.len()].copy_from_slice(keys);
    all
}

fn grant(generation: u32) -> Answer {
    Answer::Grant { generation, token: u64::from(generation) }
}

fn ended(how: Ended) -> Answer {
    Answer::Refused { reason: Reason::SessionEnded, ended: Some(how) }
}

fn refused(reason: Reason) -> Answer {
    Answer::Refused { reason, ended: (reason == Reason::TokenReused).then_some(Ended::Reused) }
}

/// Two rotations, each more than a window after the one before: generation 2 was entered at 3000.
fn two_rotations() -> Scene {
    Scene::new().owner(1_000, 0, &[1], grant(1)).owner(3_000, 1, &[1, 2], grant(2))
}

const LOST: Answer = Answer::Lost { until: Moment(2_000_000_000) };

#[test]
fn an_ordinary_life_is_fine() {
    let verdict = two_rotations()
        .owner(3_500, 2, &[1, 2, 3], grant(2))
        .owner(3_600, 1, &[1, 2], grant(2))
        .owner(3_700, 0, &[1], grant(2))
        .owner(5_000, 1, &[1, 2], grant(2))
        .owner(5_100, 0, &[1], grant(2))
        .call(5_200, Call::Me, Answer::Done)
        .owner(5_300, 2, &[1, 2, 3], grant(3))
        .owner(5_800, 0, &[1], refused(Reason::TokenStale))
        .call(6_000, Call::End(Ending::Logout), Answer::Done)
        .owner(6_100, 3, &[3, 4], ended(Ended::LoggedOut))
        .call(6_200, Call::Me, ended(Ended::LoggedOut))
        .fine();
    assert!(verdict.ended);
    let told = verdict.told;
    assert_eq!((told.rotations, told.repeats, told.in_flight, told.late), (3, 2, 1, 2));
}

#[test]
fn a_lost_answer_may_have_rotated() {
    let lost = || Scene::new().owner(1_000, 0, &[1], LOST);
    lost().owner(2_500, 0, &[1], grant(1)).fine();
    // The late retry shows that it did: generation 1 was there before this was sent, and its window is over.
    let verdict = lost().owner(5_000, 0, &[1], grant(1)).owner(5_100, 1, &[1, 2], grant(2)).fine();
    assert_eq!(verdict.generation, (2, 2));
}

#[test]
fn an_end_while_a_refresh_is_under_way_may_come_first_or_last() {
    let race = |answer| {
        Scene::new().with(By::Owner(0), (1_000, 1_200), refresh(0, [0; 4], Device::Same), answer).with(
            By::Owner(1),
            (1_050, 1_100),
            Call::End(Ending::Logout),
            Answer::Done,
        )
    };
    race(grant(1)).fine();
    race(ended(Ended::LoggedOut)).fine();
}

#[test]
fn two_tokens_of_one_generation_are_a_fork() {
    Scene::new()
        .owner(1_000, 0, &[1], grant(1))
        .owner(1_100, 0, &[1], Answer::Grant { generation: 1, token: 99 })
        .breaks(K::Fork);
}

#[test]
fn a_generation_never_comes_back() {
    two_rotations().owner(5_000, 0, &[1], grant(1)).breaks(K::NotLinearizable);
}

#[test]
fn a_generation_does_not_come_from_nowhere() {
    Scene::new().owner(1_000, 0, &[1], grant(2)).breaks(K::NotLinearizable);
}

#[test]
fn nothing_is_granted_after_the_end_was_acknowledged() {
    let over = || Scene::new().call(1_000, Call::End(Ending::Logout), Answer::Done);
    over().owner(1_500, 0, &[1], grant(1)).breaks(K::GrantAfterEnd);
    over().call(1_500, Call::Me, Answer::Done).breaks(K::BearerAfterEnd);
    two_rotations()
        .of_user(4_000, Ending::LogoutAll)
        .owner(5_000, 2, &[3], grant(3))
        .breaks(K::GrantAfterEnd);
    two_rotations()
        .of_user(4_000, Ending::PasswordChange)
        .call(5_000, Call::Me, Answer::Done)
        .breaks(K::BearerAfterEnd);
}

#[test]
fn what_ended_stays_ended() {
    Scene::new()
        .with(By::Owner(0), (500, 600), Call::End(Ending::Logout), LOST)
        .owner(1_000, 0, &[1], ended(Ended::LoggedOut))
        .owner(9_000, 0, &[1], grant(1))
        .breaks(K::GrantAfterEnd);
}

#[test]
fn a_session_ends_once_and_not_by_itself() {
    Scene::new().owner(1_000, 0, &[1], ended(Ended::Reused)).breaks(K::EndedByNobody);
    let twice = two_rotations().thief(5_000, 0, &[], refused(Reason::TokenReused));
    twice.thief(6_000, 0, &[], refused(Reason::TokenReused)).breaks(K::EndedTwice);
}

#[test]
fn the_reason_of_an_end_is_what_happened() {
    let over = Scene::new().call(1_000, Call::End(Ending::Logout), Answer::Done);
    over.owner(1_500, 0, &[1], ended(Ended::PasswordChanged)).breaks(K::WrongReason);
}

#[test]
fn an_honest_session_is_never_ended_as_reused() {
    let without_key = || two_rotations().owner(5_000, 1, &[], refused(Reason::TokenReused));
    without_key().breaks(K::HonestSignOut);
    let mut figure = without_key();
    figure.strict = false;
    assert!(figure.fine().signed_out, "for clients that promise less it is a figure");
}

#[test]
fn an_honest_client_is_never_refused_as_a_thief_is() {
    two_rotations().owner(5_000, 2, &[3], refused(Reason::TokenUnknown)).breaks(K::HonestRefused);
    two_rotations().owner(5_000, 2, &[3], refused(Reason::ClientMismatch)).breaks(K::HonestRefused);
    two_rotations().call(5_000, Call::Me, refused(Reason::TokenUnknown)).breaks(K::HonestRefused);
}

/// Nobody can promise anything to a request that the server itself left lying for five rotations.
#[test]
fn a_sign_out_beyond_the_bounds_is_a_figure_of_its_own() {
    let rotations = |n: u32| {
        (1..=n).fold(Scene::new(), |scene, g| scene.owner(u64::from(g) * 2_000, g - 1, &[g], grant(g)))
    };
    let late = rotations(5).owner(12_000, 0, &[1], refused(Reason::TokenReused)).fine();
    assert!(late.beyond && !late.signed_out);
    rotations(3).owner(12_000, 0, &[9], refused(Reason::TokenReused)).breaks(K::HonestSignOut);
    // Within four, the table says what it should have been told.
    rotations(4).owner(12_000, 0, &[1], refused(Reason::TokenReused)).breaks(K::FalseReuse);
}

#[test]
fn the_last_question_with_the_owners_key_is_no_copy_going_along() {
    let mut scene = two_rotations().thief(3_300, 1, &[2], grant(2));
    scene.copied = true;
    scene.with(By::Auditor, (9_000, 9_010), refresh(1, four(&[2]), Device::Same), grant(2)).fine();
}

#[test]
fn a_replay_outside_of_the_window_is_caught_or_missed() {
    let verdict = two_rotations().thief(5_000, 1, &[1], refused(Reason::TokenReused)).fine();
    assert_eq!((verdict.told.replays, verdict.told.caught, verdict.reused), (1, 1, true));
    two_rotations().thief(5_000, 1, &[1], grant(2)).breaks(K::MissedTheft);
    two_rotations().thief(5_000, 0, &[], refused(Reason::TokenStale)).breaks(K::MissedTheft);
    let other = |answer| {
        let mut scene = two_rotations();
        scene.copied = true;
        scene.with(By::Thief, (5_000, 5_010), refresh(2, [0; 4], Device::Different), answer)
    };
    other(refused(Reason::TokenReused)).fine();
    other(grant(3)).breaks(K::MissedTheft);
}

#[test]
fn a_copy_does_not_go_along_from_generation_to_generation() {
    // A thief that has every key of the owner, which nobody can have who made one copy.
    two_rotations()
        .thief(5_000, 1, &[2], grant(2))
        .owner(6_000, 2, &[3], grant(3))
        .thief(8_000, 2, &[3], grant(3))
        .breaks(K::MissedTheft);
    two_rotations().thief(5_000, 1, &[2], grant(2)).fine();
    // The same from two generations behind.
    two_rotations()
        .thief(5_000, 0, &[1], grant(2))
        .owner(6_000, 2, &[3], grant(3))
        .thief(8_000, 1, &[2], grant(3))
        .breaks(K::MissedTheft);
    two_rotations().thief(5_000, 0, &[1], grant(2)).fine();
    // A jar that a late answer has set back holds an old token, and keys up to the generation that its page has seen.
    let set_back = |believed| {
        let mut scene = two_rotations();
        scene.loot = Some((1, believed));
        scene
            .thief(5_000, 1, &[2], grant(2))
            .owner(6_000, 2, &[3], grant(3))
            .thief(8_000, 2, &[3], grant(3))
            .owner(9_000, 3, &[4], grant(4))
    };
    set_back(2).fine();
    set_back(1).breaks(K::MissedTheft);
    set_back(2).thief(11_000, 3, &[4], grant(4)).breaks(K::MissedTheft);
}

#[test]
fn reuse_is_not_told_inside_of_the_window_nor_to_who_has_the_key() {
    let copied = |mut scene: Scene| {
        scene.copied = true;
        scene
    };
    copied(two_rotations().owner(3_500, 1, &[], refused(Reason::TokenReused))).breaks(K::FalseReuse);
    copied(two_rotations().owner(5_000, 1, &[2], refused(Reason::TokenReused))).breaks(K::FalseReuse);
    copied(two_rotations().owner(5_000, 2, &[3], refused(Reason::TokenReused))).breaks(K::FalseReuse);
}

#[test]
fn what_the_table_does_not_say_is_found() {
    // The first token rotates at once; inside of the window nothing does; outside of it everything.
    Scene::new().owner(1_000, 0, &[1], grant(0)).breaks(K::NotInTable);
    two_rotations().owner(3_500, 2, &[3], grant(3)).breaks(K::NotInTable);
    two_rotations().owner(5_000, 2, &[3], grant(2)).breaks(K::NotInTable);
    two_rotations().owner(3_500, 0, &[1], refused(Reason::TokenStale)).breaks(K::NotInTable);
    two_rotations().owner(5_000, 0, &[1], refused(Reason::TokenStale)).breaks(K::NotInTable);
    two_rotations().owner(3_500, 2, &[3], Answer::NoEffect { status: 400 }).breaks(K::NotInTable);
    let absent = |answer| {
        let mut scene = two_rotations();
        scene.copied = true;
        scene.with(By::Thief, (5_000, 5_010), refresh(2, [0; 4], Device::Absent), answer)
    };
    absent(refused(Reason::ProofMissing)).fine();
    absent(grant(3)).breaks(K::NotInTable);
}

#[test]
fn the_server_s_clock_decides_about_the_window() {
    let moved = |by: i64| {
        let mut scene = two_rotations();
        scene.clock.enter(at(0), at(0), 0);
        scene.clock.enter(at(3_200), at(3_201), by);
        scene
    };
    moved(5_000).owner(3_500, 2, &[1, 2, 3], grant(3)).fine();
    moved(-5_000).owner(3_500, 2, &[1, 2, 3], grant(3)).fine();
    moved(300).owner(3_500, 2, &[1, 2, 3], grant(2)).fine();
    moved(-5_000).owner(8_500, 2, &[1, 2, 3], grant(2)).fine();
    moved(5_000).owner(3_500, 2, &[1, 2, 3], grant(2)).breaks(K::NotInTable);
}

#[test]
fn after_a_loss_generations_have_no_one_history() {
    let lost = |scene: Scene| Scene { lost: true, ..scene };
    let other = Answer::Grant { generation: 2, token: 99 };
    // The store was emptied: generation 2 is granted a second time, and is another token.
    let twice = || two_rotations().owner(6_000, 1, &[1, 2], other);
    twice().breaks(K::Fork);
    lost(twice()).fine();
    // A thief's conflict may be forgotten, and what nobody showed a device secret for is not known any more.
    lost(two_rotations().thief(6_000, 0, &[], grant(1))).fine();
    lost(two_rotations().owner(6_000, 1, &[], refused(Reason::TokenUnknown))).fine();
}

#[test]
fn after_a_loss_this_holds_all_the_same() {
    let lost = |scene: Scene| Scene { lost: true, ..scene };
    lost(two_rotations().owner(6_000, 1, &[], refused(Reason::TokenReused))).breaks(K::HonestSignOut);
    let bare = refresh(1, [0; 4], Device::Absent);
    lost(two_rotations().call(6_000, bare, refused(Reason::TokenReused))).fine();
    let over = || two_rotations().call(6_000, Call::End(Ending::Logout), Answer::Done);
    lost(over().owner(6_100, 2, &[], grant(3))).breaks(K::GrantAfterEnd);
    lost(over().call(6_100, Call::Me, Answer::Done)).breaks(K::GrantAfterEnd);
    lost(two_rotations().of_user(6_000, Ending::LogoutAll).owner(6_100, 2, &[], grant(3)))
        .breaks(K::GrantAfterEnd);
    lost(over().owner(6_005, 2, &[], grant(3))).fine();
    lost(over().owner(6_100, 2, &[], ended(Ended::RevokedByAdmin))).breaks(K::WrongReason);
}
