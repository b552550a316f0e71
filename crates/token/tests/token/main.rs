//! What an access token must survive, by theme.

#[cfg(test)]
mod algorithm;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod encoding;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod header;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod shared_secret;
#[cfg(test)]
mod signature;
#[cfg(test)]
mod time;
#[cfg(test)]
mod vectors;
