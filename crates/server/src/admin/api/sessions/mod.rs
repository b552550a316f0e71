//! Sessions: looking for them, and ending them.

pub(in crate::admin::api) mod end;
pub(in crate::admin::api) mod search;
