//! What operators do over HTTP: programs by the API, people by the console. What each may do, and what it takes, is the
//! core's to say (`rotunda_core::desk`).

pub(crate) mod api;
pub(crate) mod console;
