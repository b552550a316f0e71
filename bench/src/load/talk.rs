//! What a client says, and what it makes of the reply.

use super::reply::Reply;
use super::request::Request;
use super::target::Place;

/// One side of a conversation over HTTP, one request at a time.
pub trait Talk {
    /// Writes the next request into the buffer, in place of what is there.
    fn ask(&mut self, request: &mut Vec<u8>);
    /// Takes from the reply what the next request needs; whether it was what was asked for.
    fn hear(&mut self, reply: &Reply<'_>) -> bool;
}

/// Rotates one session. A reply counts when it brings another token than the one that was shown.
pub struct Rotation {
    /// Whether the same token will do as well.
    pub(super) may_stay: bool,
    pub(super) request: Request,
    pub(super) take: Place,
    pub(super) token: String,
    pub(super) sent: u64,
}

impl Talk for Rotation {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.sent += 1;
        self.request.write(request, &self.token, self.sent);
    }

    fn hear(&mut self, reply: &Reply<'_>) -> bool {
        let next =
            self.take.find(reply).filter(|next| is_success(reply) && (self.may_stay || *next != self.token));
        let came = next.is_some();
        if let Some(next) = next {
            self.token = next;
        }
        came
    }
}

/// Says the same each time. A reply counts when it has this in it.
pub struct Repeated {
    pub(super) request: Request,
    pub(super) wants: Wants,
    pub(super) sent: u64,
}

/// What a reply of 2xx has to have.
pub enum Wants {
    /// A token, there.
    Token(Place),
    /// This text.
    Text(&'static str),
    /// Nothing more.
    Nothing,
}

impl Talk for Repeated {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.sent += 1;
        self.request.write(request, "", self.sent);
    }

    fn hear(&mut self, reply: &Reply<'_>) -> bool {
        is_success(reply)
            && match &self.wants {
                Wants::Token(place) => place.find(reply).is_some(),
                Wants::Text(text) => reply.body.windows(text.len()).any(|window| window == text.as_bytes()),
                Wants::Nothing => true,
            }
    }
}

fn is_success(reply: &Reply<'_>) -> bool {
    (200..300).contains(&reply.status)
}
