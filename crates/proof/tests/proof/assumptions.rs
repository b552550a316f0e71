//! Each assumption behind promise 1, taken away: an honest user falls. What is left of it is in `honest`.

use rotunda_proof::properties::{GETS_IN, HONEST};
use rotunda_proof::setting::{AfterStale, Keeps, Keying, Setting};

use crate::support::falls;

/// A client without keys whose retry comes after W.
#[test]
fn without_keys_every_retry_is_in_time() {
    falls("no keys, late", Setting::keyless(1, 1).but(|s| s.assumed.keyless_in_time = false), HONEST);
}

/// The row remembers the keys of four rotations; what is later than that looks like a thief's.
#[test]
fn a_request_is_at_most_four_rotations_late() {
    let setting = Setting::keyed(1, 2).but(|s| s.assumed.at_most_four_rotations_late = false);
    falls("five rotations late", setting, HONEST);
}

/// Keys are thrown away when the generation is new, not at any success.
#[test]
fn keys_outlive_a_success() {
    falls("keys cleared at success", Setting::keyed(2, 2).but(|s| s.keys = Keying::ClearedAtSuccess), HONEST);
}

/// Looking for a key and storing a new one is one step: two tabs that do it at once would lose one of two keys.
#[test]
fn a_key_is_made_in_one_step() {
    falls("two keys at once", Setting::keyed(2, 2).but(|s| s.keys = Keying::Raced), HONEST);
}

/// Of two answers the newer is kept, not the later.
#[test]
fn an_older_answer_is_not_kept() {
    falls("the last answer is kept", Setting::keyed(2, 2).but(|s| s.keeps = Keeps::Latest), GETS_IN);
}

/// A browser cannot choose: the cookie of a late answer overwrites a newer one. So answers must not be that late.
#[test]
fn an_answer_in_a_cookie_is_not_late() {
    let late = |answers| {
        move |s: &mut Setting| {
            (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, answers);
        }
    };
    falls("late cookies", Setting::keyed(2, 2).but(late(Some(2))), GETS_IN);
    falls("late cookies, no keys", Setting::keyless(2, 2).but(|s| s.keeps = Keeps::Cookies), GETS_IN);
}

/// By the time of an answer *stale*, the store may have a newer token, which another tab has used already and whose
/// answer is late: without keys, nothing excuses it. Or it is current: then it is rotated without a key, and if that
/// answer is lost, nothing excuses the next retry. So keys are left out only beside the very token that was stale.
#[test]
fn keys_are_left_out_only_beside_the_stale_token() {
    let setting = Setting::keyed(2, 2).but(|s| s.after_stale = AfterStale::AsksWithoutKeys);
    falls("asks without keys", setting, HONEST);
}

/// The key must be of the generation of the token beside it. A page that learns the generation only from an answer
/// it waited for sends a new cookie with an old key.
#[test]
fn a_key_is_of_its_tokens_generation() {
    let setting = Setting::keyed(2, 2).but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::Cookies, Some(0)));
    falls("cookies, generation unread", setting, HONEST);
}

/// The textbook's setting has no retries at all: a lost answer is the end.
#[test]
fn strict_mode_signs_honest_users_out() {
    falls("strict", Setting::keyed(1, 1).strict(), HONEST);
}
