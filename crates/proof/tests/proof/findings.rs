//! What the model found in the rules of the day, each with its shortest trace, and what would mend it. Where a mend
//! has come to production, the first half of its test falls: then it moves to `broken`, the other way round.

use rotunda_proof::properties::HONEST;
use rotunda_proof::setting::{Keeps, Proposed, Restore, Setting, Steals};

use crate::honest::careful;
use crate::support::{falls, holds};

/// "The client asks once more without retry keys": by then its store has a newer token, and that one may be used
/// already by another tab whose answer is late. Then nothing excuses it. Or it is current: then it is rotated without
/// a key, and if that answer is lost, nothing excuses the next retry.
/// Mend: the keys are left out only beside the very token that was stale; with another, the client asks as always.
#[test]
fn asking_without_keys_rotates_without_a_key() {
    falls("asks without keys", Setting::keyed(2, 2), HONEST);
    holds("asks without keys only with the same", careful(2, 2));
}

/// An *ahead* move forgets all history, so a late request of the same client is reuse.
/// Mend: `Step` takes all the keys that came along; they are those of the generations before, newest first.
#[test]
fn an_ahead_move_forgets_what_excuses_late_requests() {
    let (setting, property) = crate::restore::forgets_history();
    falls("ahead forgets", setting.clone(), property);
    holds("ahead takes all keys", setting.but(|s| s.proposed.ahead_takes_all_keys = true));
}

/// The mends get along with each other, and with an honest client.
#[test]
fn all_mends_together() {
    let all = Proposed {
        late_retry_from_before: true,
        ahead_takes_all_keys: true,
        older_is_stale_while_ahead: true,
        generation_is_declared: true,
    };
    let restore = Some(Restore { times: 1, lost: 3, said: true });
    holds("all mends", careful(2, 3).but(|s| s.proposed = all));
    holds("all mends, restore", careful(2, 2).but(|s| (s.proposed, s.restore) = (all, restore)));
    let cookies = careful(2, 2).but(|s| {
        (s.keeps, s.proposed, s.assumed.answers_late) = (Keeps::Cookies, all, Some(1));
        s.rotations = Some(6);
    });
    holds("all mends, cookies", cookies);
    let thief =
        careful(1, 2).but(|s| (s.thief, s.proposed, s.rotations) = (Some(Steals::Everything), all, Some(3)));
    holds("all mends, thief", thief);
}

/// A page that cannot read the generation of its cookie sends it with the key of another.
/// Mend: the request says which generation it believes to be in; one beside another token is told so, and asks again.
#[test]
fn a_new_cookie_goes_out_with_an_old_key() {
    let setting = careful(2, 2).but(|s| {
        s.keeps = Keeps::Cookies;
        s.assumed.answers_late = Some(0);
        s.rotations = Some(6);
    });
    falls("undeclared generation", setting.clone(), HONEST);
    holds("declared generation", setting.but(|s| s.proposed.generation_is_declared = true));
}

/// A cookie that a late answer has overwritten is two rotations old when the window is over: *stale* for ever.
/// Mend: *late retry* also answers the token before the previous one, as *in flight* does inside the window.
#[test]
fn a_cookie_from_a_late_answer_never_recovers() {
    let setting = careful(2, 2).but(|s| {
        s.keeps = Keeps::CookiesWithGeneration;
        s.assumed.answers_late = Some(1);
    });
    falls("late answers", setting.clone(), rotunda_proof::properties::GETS_IN);
    holds("late answers, late retry from before", setting.but(|s| s.proposed.late_retry_from_before = true));
}
