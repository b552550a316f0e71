//! The real binary, from outside: processes, sockets, files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it breaks")]

mod accounts;
mod asvs;
mod audit;
mod backup;
mod bad_input;
mod book;
mod browsers;
mod client;
mod clients;
mod commands;
mod configuration;
mod copying;
mod day;
mod doctor;
mod faults;
mod fleet;
mod fuzz;
mod gateways;
mod guide;
mod house;
mod import;
mod languages;
mod mailbox;
mod metrics;
mod outages;
mod packaging;
mod password_list;
mod pictures;
mod race;
mod restart;
mod roles;
mod rotate_master;
mod scaling;
mod secrets;
mod services;
mod serving;
mod sites;
mod spray;
mod strict;
mod support;
mod traces;
mod verify;
mod walk;
mod webhooks;
