//! What services, proxies and tools call.

pub(crate) mod health;
pub(crate) mod openapi;
pub(crate) mod verify;
pub(crate) mod well_known;
