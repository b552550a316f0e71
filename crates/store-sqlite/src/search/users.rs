//! Users: by id, or by what they are called where that is a beginning.

use rotunda_core::model::{RoleName, User, UserId, UserState};
use rotunda_core::store::{COUNTS_TO, Named, Page, UserPlace, UserSearch};
use rusqlite::types::Value;
use rusqlite::{Connection, Result, Row, params};

use super::page;
use crate::rows::{self, Columns, user_columns};

/// What leads to the rows, from a place on. `?1` is what is looked for, up to `?2` where it is a beginning; `?3` is the place.
macro_rules! lead {
    (all) => {
        "FROM user WHERE user.id > ?3"
    };
    (disabled) => {
        "FROM user INDEXED BY user_disabled WHERE user.state = 'disabled' AND user.id > ?3"
    };
    // The list of holders comes first, not the table of users.
    (role) => {
        "FROM user_role CROSS JOIN user ON user.id = user_role.user_id \
         WHERE user_role.role = ?5 AND user_role.user_id > ?3"
    };
    (id) => {
        "FROM user WHERE user.id = ?1 AND user.id > ?3"
    };
    (subject) => {
        "FROM user WHERE user.subject = ?1 AND user.id > ?3"
    };
    (email) => {
        "FROM user WHERE user.email_key >= max(?1, ?3) AND user.email_key > ?3 AND user.email_key < ?2"
    };
    (username) => {
        "FROM user WHERE user.username_key >= max(?1, ?3) AND user.username_key > ?3 AND user.username_key < ?2"
    };
}

/// Whether all that is given fits; `?6` tells which of the two a beginning is of. What leads is not asked for once more,
/// where that would cost a look at the row, or at another index.
macro_rules! fits {
    (disabled) => {
        concat!(fits!(@role), " AND ", fits!(@named))
    };
    (role) => {
        concat!(fits!(@state), " AND ", fits!(@named))
    };
    (@state) => {
        "(?4 IS NULL OR user.state = ?4)"
    };
    (@role) => {
        "(?5 IS NULL OR EXISTS (SELECT 1 FROM user_role AS held WHERE held.role = ?5 AND held.user_id = user.id))"
    };
    (@named) => {
        "(?2 IS NULL OR (iif(?6, user.email_key, user.username_key) >= ?1 \
         AND iif(?6, user.email_key, user.username_key) < ?2))"
    };
    ($lead:ident) => {
        concat!(fits!(@state), " AND ", fits!(@role), " AND ", fits!(@named))
    };
}

macro_rules! found {
    ($lead:ident, $place:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            $place,
            " AS place, iif(",
            fits!($lead),
            ", 1, 0) AS fits ",
            lead!($lead),
            " ORDER BY ",
            $place
        )
    };
}

macro_rules! counted {
    ($lead:ident) => {
        concat!("SELECT count(*) FROM (SELECT 1 ", lead!($lead), " AND ", fits!($lead), " LIMIT ?7)")
    };
}

pub(crate) const ALL: &str = found!(all, "user.id");
pub(crate) const DISABLED: &str = found!(disabled, "user.id");
pub(crate) const OF_ROLE: &str = found!(role, "user_role.user_id");
pub(crate) const OF_ID: &str = found!(id, "user.id");
pub(crate) const OF_SUBJECT: &str = found!(subject, "user.id");
pub(crate) const BY_EMAIL: &str = found!(email, "user.email_key");
pub(crate) const BY_USERNAME: &str = found!(username, "user.username_key");

pub(crate) const COUNT_ALL: &str = counted!(all);
pub(crate) const COUNT_DISABLED: &str = counted!(disabled);
pub(crate) const COUNT_OF_ROLE: &str = counted!(role);
pub(crate) const COUNT_OF_ID: &str = counted!(id);
pub(crate) const COUNT_OF_SUBJECT: &str = counted!(subject);
pub(crate) const COUNT_BY_EMAIL: &str = counted!(email);
pub(crate) const COUNT_BY_USERNAME: &str = counted!(username);

/// How many rows something leads to: entries of an index and no rows, up to `?7`.
pub(crate) const SIZE_OF_ROLE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM user_role WHERE user_role.role = ?5 LIMIT ?7)";
pub(crate) const SIZE_OF_DISABLED: &str =
    concat!("SELECT count(*) FROM (SELECT 1 ", lead!(disabled), " LIMIT ?7)");
pub(crate) const SIZE_BY_EMAIL: &str = concat!("SELECT count(*) FROM (SELECT 1 ", lead!(email), " LIMIT ?7)");
pub(crate) const SIZE_BY_USERNAME: &str =
    concat!("SELECT count(*) FROM (SELECT 1 ", lead!(username), " LIMIT ?7)");

/// Up to how many entries are counted to find what leads to the fewest.
const SIZES_TO: i64 = 50_000;

/// What leads to rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    All,
    Disabled,
    Role,
    Id,
    Subject,
    Email,
    Username,
}

impl Lead {
    fn list(self) -> &'static str {
        match self {
            Self::All => ALL,
            Self::Disabled => DISABLED,
            Self::Role => OF_ROLE,
            Self::Id => OF_ID,
            Self::Subject => OF_SUBJECT,
            Self::Email => BY_EMAIL,
            Self::Username => BY_USERNAME,
        }
    }

    fn count(self) -> &'static str {
        match self {
            Self::All => COUNT_ALL,
            Self::Disabled => COUNT_DISABLED,
            Self::Role => COUNT_OF_ROLE,
            Self::Id => COUNT_OF_ID,
            Self::Subject => COUNT_OF_SUBJECT,
            Self::Email => COUNT_BY_EMAIL,
            Self::Username => COUNT_BY_USERNAME,
        }
    }

    /// `None` where it leads to one row, or to all.
    fn size(self) -> Option<&'static str> {
        match self {
            Self::All | Self::Id | Self::Subject => None,
            Self::Disabled => Some(SIZE_OF_DISABLED),
            Self::Role => Some(SIZE_OF_ROLE),
            Self::Email => Some(SIZE_BY_EMAIL),
            Self::Username => Some(SIZE_BY_USERNAME),
        }
    }

    /// Whether the place is the form that is unique, and not the id.
    fn is_by_key(self) -> bool {
        matches!(self, Self::Email | Self::Username)
    }

    /// Before all of them.
    fn start(self) -> Value {
        if self.is_by_key() { Value::Text(String::new()) } else { Value::Blob(Vec::new()) }
    }

    /// A place on another search has nothing behind it.
    fn after(self, place: Option<&UserPlace>) -> Option<Value> {
        match place {
            None => Some(self.start()),
            Some(UserPlace::Id(id)) if !self.is_by_key() => Some(Value::Blob(id.as_bytes().to_vec())),
            Some(UserPlace::Key(key)) if self.is_by_key() => Some(Value::Text(key.clone())),
            Some(_) => None,
        }
    }
}

/// A search as its statements take it.
struct Given<'a> {
    /// All that can lead; what is named comes first.
    leads: Vec<Lead>,
    /// What is looked for, and what comes behind all that begins with it.
    key: Value,
    end: Value,
    state: Option<&'static str>,
    role: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn of(by: &'a UserSearch) -> Self {
        let (named, key, end) = match &by.named {
            Some(Named::Id(id)) => (Some(Lead::Id), Value::Blob(id.as_bytes().to_vec()), Value::Null),
            Some(Named::Subject(subject)) => (Some(Lead::Subject), Value::Text(subject.clone()), Value::Null),
            Some(Named::EmailBegins(begin)) => (Some(Lead::Email), Value::Text(begin.clone()), behind(begin)),
            Some(Named::UsernameBegins(begin)) => {
                (Some(Lead::Username), Value::Text(begin.clone()), behind(begin))
            }
            None => (None, Value::Null, Value::Null),
        };
        let role = by.role.is_some().then_some(Lead::Role);
        let disabled = (by.state == Some(UserState::Disabled)).then_some(Lead::Disabled);
        let leads = match named {
            Some(one @ (Lead::Id | Lead::Subject)) => vec![one],
            many => many.into_iter().chain(role).chain(disabled).collect(),
        };
        let (state, role) = (by.state.map(rows::state_name), by.role.as_ref().map(RoleName::as_str));
        Self { leads, key, end, state, role }
    }

    /// What leads a page: what is named, because that also says in which order they come; otherwise what leads to the fewest.
    fn leads_page(&self, db: &Connection) -> Result<Lead> {
        match self.leads.first() {
            Some(Lead::Role | Lead::Disabled) | None => self.shortest(db),
            Some(named) => Ok(*named),
        }
    }

    /// What leads to the fewest rows.
    fn shortest(&self, db: &Connection) -> Result<Lead> {
        let mut best = (i64::MAX, self.leads.first().copied().unwrap_or(Lead::All));
        if self.leads.len() < 2 {
            return Ok(best.1);
        }
        for lead in &self.leads {
            let Some(size) = lead.size() else { continue };
            let size = self.number(db, size, *lead, SIZES_TO)?;
            best = if size < best.0 { (size, *lead) } else { best };
        }
        Ok(best.1)
    }

    fn number(&self, db: &Connection, sql: &str, lead: Lead, most: i64) -> Result<i64> {
        let by_email = self.leads.contains(&Lead::Email);
        let given = params![self.key, self.end, lead.start(), self.state, self.role, by_email, most];
        db.prepare_cached(sql)?.query_row(given, |row| row.get(0))
    }
}

/// What comes behind every text that begins like this: the same with its last letter raised by one, where it can be. A text
/// is less than any bytes, so where there is no such text, these are behind all.
fn behind(begin: &str) -> Value {
    let raised = |letter: char| match letter {
        '\u{d7ff}' => Some('\u{e000}'),
        letter => char::from_u32(u32::from(letter) + 1),
    };
    let mut letters: Vec<char> = begin.chars().collect();
    while let Some(last) = letters.pop() {
        if let Some(next) = raised(last) {
            return Value::Text(letters.into_iter().chain([next]).collect());
        }
    }
    Value::Blob(Vec::new())
}

pub(crate) fn search(
    db: &Connection,
    by: &UserSearch,
    after: Option<&UserPlace>,
    limit: u32,
) -> Result<Page<User, UserPlace>> {
    let given = Given::of(by);
    let lead = given.leads_page(db)?;
    let Some(after) = lead.after(after) else { return Ok(Page { rows: Vec::new(), next: None }) };
    let mut statement = db.prepare_cached(lead.list())?;
    let by_email = lead == Lead::Email;
    let mut rows =
        statement.query(params![given.key, given.end, after, given.state, given.role, by_email])?;
    page(&mut rows, limit, |row| {
        let place = match lead.is_by_key() {
            true => UserPlace::Key(row.get("place")?),
            false => UserPlace::Id(UserId::from_bytes(row.get("place")?)),
        };
        Ok((place, fitting(row)?))
    })
}

fn fitting(row: &Row<'_>) -> Result<Option<User>> {
    match row.get("fits")? {
        true => rows::user(&mut Columns::of(row)).map(Some),
        false => Ok(None),
    }
}

/// How many there are, up to one more than [`COUNTS_TO`]. Of two long lists that have little in common the shorter is walked
/// to its end: there is no other way to know.
pub(crate) fn count(db: &Connection, by: &UserSearch) -> Result<u64> {
    let given = Given::of(by);
    let lead = given.shortest(db)?;
    let most = rows::stored(COUNTS_TO.saturating_add(1));
    given.number(db, lead.count(), lead, most).map(i64::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_beginning_comes_all_that_does_not_begin_like_it() {
        assert_eq!(behind("ab"), Value::Text("ac".to_owned()));
        assert_eq!(behind("a\u{d7ff}"), Value::Text("a\u{e000}".to_owned()));
        assert_eq!(behind("a\u{10ffff}\u{10ffff}"), Value::Text("b".to_owned()));
        assert_eq!(behind("\u{10ffff}"), Value::Blob(Vec::new()));
        assert_eq!(behind(""), Value::Blob(Vec::new()));
    }
}
