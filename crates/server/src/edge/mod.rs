//! The edge: raw input becomes a refined type once, here, or is refused with a clear 4xx.

pub(crate) mod bearer;
pub(crate) mod beat;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod cookies;
pub(crate) mod etag;
pub(crate) mod form;
pub(crate) mod former;
pub(crate) mod host;
pub(crate) mod origin;
mod unique_keys;

pub use caller::Peer;
