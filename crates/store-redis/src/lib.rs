//! Sessions on Redis.
