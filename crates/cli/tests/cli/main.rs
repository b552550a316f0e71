//! The real binary, from outside: processes, sockets, files.

mod bad_input;
mod commands;
mod house;
mod race;
mod restart;
mod secrets;
mod strict;
mod support;
mod verify;
mod walk;
