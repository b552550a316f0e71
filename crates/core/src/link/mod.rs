//! Links from letters.

pub mod token;

pub use token::LinkToken;
