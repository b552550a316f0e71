//! Whom it tells what, when.

use super::*;
use futures_util::FutureExt;

fn told(member: &Member) -> Option<Told> {
    member.open.told().now_or_never()
}

#[test]
fn when_places_are_taken_the_longest_idle_goes_and_never_one_at_work() {
    let all = Arc::<Connections>::default();
    let at_work = all.enter(false);
    let request = at_work.open.begin(false);
    let idle = all.enter(false);
    all.second();
    all.second();
    let asked_later = all.enter(false);
    drop(asked_later.open.begin(false));
    all.make_room();
    assert_eq!([&at_work, &idle, &asked_later].map(told), [None, Some(Told::Go), None]);
    all.make_room();
    assert_eq!([&at_work, &asked_later].map(told), [None; 2], "one is on its way already");
    drop(idle);
    all.make_room();
    assert_eq!([&at_work, &asked_later].map(told), [None, Some(Told::Go)]);
    drop((request, asked_later));
    all.make_room();
    assert_eq!(told(&at_work), Some(Told::Go));
}

#[test]
fn one_whose_request_came_meanwhile_keeps_its_place() {
    let all = Arc::<Connections>::default();
    let (half, idle) = (all.enter(false), all.enter(false));
    let (_request, body) = (half.open.begin(false), half.open.wait());
    all.second();
    all.second();
    all.make_room();
    let _came = idle.open.begin(false);
    assert_eq!([&half, &idle].map(told), [None, None], "it was to go only if it is idle");
    all.make_room();
    drop(body);
    assert_eq!([&half, &idle].map(told), [None, None], "its body has arrived");
    let _body = half.open.wait();
    all.make_room();
    assert_eq!([&half, &idle].map(told), [Some(Told::Go), None], "only the other one is at work");
}

#[test]
fn one_that_has_just_come_does_not_go_before_a_body_that_never_ends() {
    let all = Arc::<Connections>::default();
    let half = all.enter(false);
    let _half_a_request = (half.open.begin(false), half.open.wait());
    all.second();
    let idle = all.enter(false);
    all.make_room();
    assert_eq!([&half, &idle].map(told), [Some(Told::Go), None], "its request is on its way");
    drop(half);
    let half = all.enter(false);
    let _half_a_request = (half.open.begin(false), half.open.wait());
    for _ in 0..=ARRIVES {
        all.second();
    }
    all.make_room();
    assert_eq!([&half, &idle].map(told), [None, Some(Told::Go)], "a body may take a moment");
    drop(idle);
    let used = all.enter(false);
    drop(used.open.begin(false));
    all.make_room();
    assert_eq!([&half, &used].map(told), [None, Some(Told::Go)], "it has asked");
    drop(used);
    for _ in 0..FAVOUR {
        all.second();
    }
    let used = all.enter(false);
    drop(used.open.begin(false));
    all.make_room();
    assert_eq!([&half, &used].map(told), [Some(Told::Go), None], "a body may take no longer");
}

#[test]
fn who_neither_reads_nor_leaves_is_closed_over_http2() {
    let all = Arc::<Connections>::default();
    let [reads, unread, left, old] = [(); 4].map(|()| all.enter(false));
    let mut answers = [reads.open.begin(true), unread.open.begin(true), old.open.begin(false)];
    answers.iter_mut().for_each(UnderWay::handed);
    for _ in 0..UNREAD {
        all.second();
    }
    answers[0].asked();
    let say = || [&reads, &unread, &left, &old].map(told);
    assert_eq!(say(), [None; 4]);
    all.second();
    assert_eq!(say(), [None, Some(Told::Go), None, None]);
    for _ in UNREAD..IDLE {
        all.second();
    }
    assert_eq!(told(&left), Some(Told::Leave));
    drop(unread);
    for _ in 0..UNREAD {
        all.second();
    }
    assert_eq!(told(&left), Some(Told::Go), "it was told to leave, and did not");
    drop((reads, left));
    let (late, now) = (all.enter(false), all.now());
    for _ in 0..PARTING {
        assert_eq!(told(&late), None);
        all.parting_second(now);
    }
    assert_eq!([&late, &old].map(told), [Some(Told::Go), None]);
}

#[test]
fn who_says_nothing_for_a_minute_leaves_and_an_answer_that_goes_on_stays() {
    let all = Arc::<Connections>::default();
    let (idle, streams) = (all.enter(false), all.enter(false));
    let mut answer = streams.open.begin(false);
    answer.answered();
    for _ in 0..IDLE {
        all.second();
    }
    assert_eq!([&idle, &streams].map(told), [None, None]);
    all.second();
    assert_eq!([&idle, &streams].map(told), [Some(Told::Leave), None]);
}

#[test]
fn requests_that_are_taken_back_are_counted_beside_those_that_are_answered() {
    let all = Arc::<Connections>::default();
    let (flood, busy) = (all.enter(false), all.enter(false));
    for _ in 0..TAKEN_BACK {
        drop(flood.open.begin(false));
        busy.open.begin(false).answered();
        busy.open.begin(false).answered();
        drop(busy.open.begin(false));
    }
    assert_eq!([&flood, &busy].map(told), [None, None]);
    drop(flood.open.begin(false));
    drop(busy.open.begin(false));
    assert_eq!([&flood, &busy].map(told), [Some(Told::Go), None]);
}

#[tokio::test]
async fn all_are_gone_when_the_last_is() {
    let all = Arc::<Connections>::default();
    all.emptied().await;
    let (fresh, used, proxy) = (all.enter(false), all.enter(false), all.enter(true));
    drop(used.open.begin(false));
    assert!(all.proxies_know().now_or_never().is_some());
    drop(proxy.open.begin(false));
    assert!(all.proxies_know().now_or_never().is_none());
    for (who, leave) in [
        (Who::Direct, [None, Some(Told::Leave), None]),
        (Who::Begun, [None, Some(Told::Leave), Some(Told::Leave)]),
        (Who::All, [Some(Told::Leave); 3]),
    ] {
        all.leave(who);
        assert_eq!([&fresh, &used, &proxy].map(told), leave);
    }
    assert!(all.emptied().now_or_never().is_none());
    drop((fresh, used, proxy));
    all.emptied().await;
    all.proxies_know().await;
}
