//! Sessions, the newest first.
//!
//! 1. An id tells when its session began (UUID, version 7), so a span of time is a range of ids, whatever else is asked.
//! 2. By an address: no index of events is in the order of sessions. So the sessions of the newest events from there are gathered, as many
//!    events as one search looks at, and put in the order of their ids; each page gathers them anew. Older ones are not found like this,
//!    but through the user or the device.

use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::{Page, SessionSearch};
use uuid::Uuid;

use super::{LOOKS, and_one_more, found, looks, page};
use crate::db::{Db, Param, Result};
use crate::everyone::below;
use crate::refresh::of_all;
use crate::rows::{self, session_columns, user_columns};

/// Of the rows that are looked at: whether they live at `$5` is `$6`; of the client `$7`, the user `$8`, the device `$9`, and seen at the
/// address `$10`, where any of these is asked.
macro_rules! fitting {
    ($looked:expr, $order:expr, $backwards:expr) => {
        concat!(
            found!(
                $looked,
                concat!(
                    "($6::boolean IS NULL OR $6 = (looked.ended IS NULL AND looked.idle_expires_at > $5 \
                        AND looked.absolute_expires_at > $5 AND looked.revision >= ",
                    below!(),
                    ")) AND ($7::text IS NULL OR looked.client_id = $7) AND ($8::uuid IS NULL OR looked.user_id = $8) \
                     AND ($9::uuid IS NULL OR looked.device_id = $9) AND ($10::text IS NULL OR EXISTS \
                        (SELECT 1 FROM outbox WHERE outbox.session_id = looked.id AND outbox.address = $10))"
                ),
                $order,
                $backwards
            ),
            "SELECT ",
            session_columns!(),
            ", ",
            user_columns!(),
            ", ",
            of_all!(),
            ", session.fits, session.many FROM found AS session \
             CROSS JOIN LATERAL (SELECT * FROM users WHERE users.id = session.user_id LIMIT 1) AS users \
             ORDER BY session.id DESC"
        )
    };
}

/// Along the index that has this before the id. Compared as a row, so that no statistics make it look better to go through all ids.
macro_rules! along {
    ($column:literal, $asked:literal, $and:literal) => {
        fitting!(
            concat!(
                "SELECT * FROM session WHERE (",
                $column,
                ", id) < (",
                $asked,
                ", $1) AND (",
                $column,
                ", id) >= (",
                $asked,
                ", $2)",
                $and
            ),
            concat!($column, " DESC, id DESC"),
            concat!($column, ", id")
        )
    };
}

pub(crate) const OF_USER: &str = along!("user_id", "$8", " AND revision >= 0");
pub(crate) const OF_DEVICE: &str = along!("device_id", "$9", "");
/// Of the newest `$11` events.
pub(crate) const AT_ADDRESS: &str = fitting!(
    "SELECT session.* FROM (SELECT DISTINCT session_id FROM (\
         SELECT session_id FROM outbox WHERE (address, seq) > ($10, 0) AND (address, seq) <= ($10, 9223372036854775807) \
             AND address IS NOT NULL AND seq > 0 ORDER BY address DESC, seq DESC LIMIT $11) AS newest \
         WHERE session_id < $1 AND session_id >= $2 ORDER BY session_id DESC) AS there \
     JOIN session ON session.id = there.session_id",
    "id DESC",
    "id"
);
pub(crate) const ALL: &str = fitting!("SELECT * FROM session WHERE id < $1 AND id >= $2", "id DESC", "id");

pub(crate) async fn search(
    db: &Db<'_>,
    by: &SessionSearch,
    now: UnixMillis,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Page<Facts, SessionId>> {
    let (sql, is_driver_all) = match by {
        SessionSearch { user: Some(_), device, address, .. } => {
            (OF_USER, device.is_none() && address.is_none())
        }
        SessionSearch { device: Some(_), address, .. } => (OF_DEVICE, address.is_none()),
        SessionSearch { address: Some(_), .. } => (AT_ADDRESS, true),
        _ => (ALL, true),
    };
    let is_served = is_driver_all && by.client.is_none() && by.live.is_none();
    let until = by.until.map_or(Uuid::max(), first_of);
    let asked: [Param<'_>; 10] = [
        &after.map_or(until, |after| rows::uuid(after.as_bytes()).min(until)),
        &by.from.map_or(Uuid::nil(), first_of),
        &looks(limit, is_served),
        &and_one_more(limit),
        &now.0,
        &by.live,
        &by.client.as_ref().map(|client| client.0.as_str()),
        &by.user.map(|user| rows::uuid(user.as_bytes())),
        &by.device.map(|device| rows::uuid(device.as_bytes())),
        &by.address.map(|address| address.to_string()),
    ];
    let asked = match sql {
        AT_ADDRESS => asked.iter().copied().chain([&LOOKS as Param<'_>]).collect(),
        _ => asked.to_vec(),
    };
    page(&db.rows(sql, &asked).await?, limit, rows::facts, |facts| facts.session.id)
}

/// No id of this moment comes before it.
fn first_of(at: UnixMillis) -> Uuid {
    const LAST: u64 = (1 << 48) - 1;
    let millis = u64::try_from(at.0).unwrap_or(0).min(LAST);
    Uuid::from_u128(u128::from(millis) << 80)
}
