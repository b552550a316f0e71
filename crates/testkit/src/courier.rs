//! Somebody else's servers, in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use rotunda_core::outside::{Courier, NotDelivered, Parcel};

/// Takes every message, and keeps it; or answers what it was told to, one after the other.
#[derive(Default)]
pub struct Receivers {
    taken: Mutex<Vec<Parcel>>,
    answers: Mutex<VecDeque<NotDelivered>>,
}

impl Receivers {
    /// What has arrived so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Parcel> {
        self.taken.lock().unwrap().clone()
    }

    /// Refuses the next message like this.
    pub fn refuse(&self, failure: NotDelivered) {
        self.answers.lock().unwrap().push_back(failure);
    }
}

#[async_trait]
impl Courier for Receivers {
    fn check(&self, url: &str) -> Result<(), String> {
        if url.starts_with("https://") {
            Ok(())
        } else {
            Err("The address has to begin with https://.".to_owned())
        }
    }

    async fn deliver(&self, parcel: Parcel) -> Result<(), NotDelivered> {
        match self.answers.lock().unwrap().pop_front() {
            Some(failure) => Err(failure),
            None => {
                self.taken.lock().unwrap().push(parcel);
                Ok(())
            }
        }
    }
}
