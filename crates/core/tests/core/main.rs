//! Rotunda's rules as users meet them: days at the memory store, with time and randomness held in the hand.

#[cfg(test)]
mod acceptable;
#[cfg(test)]
mod address;
#[cfg(test)]
mod allowances;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod caps;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod day;
#[cfg(test)]
mod decide_properties;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod denied;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod device;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod farewell;
#[cfg(test)]
mod first_admin;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod gcra;
#[cfg(test)]
mod import;
#[cfg(test)]
mod janitor;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod links;
#[cfg(test)]
mod login;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod meddler;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod operate;
#[cfg(test)]
mod others;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod password;
#[cfg(test)]
mod races;
#[cfg(test)]
mod reauthenticate;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod refined;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod retry;
#[cfg(test)]
mod revocations;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod roles_in_tokens;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod shelf;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod theft;
#[cfg(test)]
mod token;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod window;
