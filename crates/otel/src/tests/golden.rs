//! The bytes of one span. They were not made by what is tested here: protobuf's own library for Python wrote them, by the descriptors
//! that `opentelemetry-proto` 0.33 carries. Whatever changes here changes for collectors.

use std::time::Duration;

use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_server::{Refreshed, RequestId, Span, Spans as _};
use rotunda_testkit::FixedClock;

use super::hex;
use crate::encode::Sender;
use crate::queue::{Counts, queue};

/// A refresh that took 250 ms and met an outage.
fn span() -> Span {
    Span {
        trace_id: [0x4b; 16],
        span_id: [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7],
        parent_id: Some([0x17; 8]),
        request_id: RequestId::parse(b"7b3a9c10-ab").unwrap(),
        method: "POST",
        route: Some("/auth/refresh".into()),
        scheme: "https",
        status: Some(503),
        refresh: Some(Refreshed { decision: Some("rotate"), outcome: "failed" }),
        begun: Duration::from_millis(500),
        ended: Duration::from_millis(750),
    }
}

/// A clock that began a second ago.
struct Young(FixedClock);

impl Clock for Young {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }
}

const BYTES: &str = "0ac3030a550a190a0c736572766963652e6e616d6512090a07726f74756e64610a1a0a0f736572766963652e76657273\
                     696f6e12070a05312e322e330a1c0a13736572766963652e696e7374616e63652e696412050a036f6e6512e9020a100a\
                     07726f74756e64611205312e322e3312d4020a104b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b120800f067aa0ba902b72208\
                     17171717171717172a12504f5354202f617574682f72656672657368300239009b5c18fe9c971741804d4327fe9c9717\
                     4a1d0a13687474702e726571756573742e6d6574686f6412060a04504f53544a150a0a75726c2e736368656d6512070a\
                     0568747470734a230a12726f74756e64612e726571756573745f6964120d0a0b37623361396331302d61624a1d0a0a68\
                     7474702e726f757465120f0a0d2f617574682f726566726573684a200a19687474702e726573706f6e73652e73746174\
                     75735f636f6465120318f7034a130a0a6572726f722e7479706512050a033530334a240a18726f74756e64612e726566\
                     726573682e6465636973696f6e12080a06726f746174654a230a17726f74756e64612e726566726573682e6f7574636f\
                     6d6512080a066661696c65647a021802850101030000";

#[test]
fn a_span_has_these_bytes() {
    let sender = Sender { version: "1.2.3", instance: "one".to_owned() };
    let bytes = sender.encode(&[span()], &Young(FixedClock::at(1_700_000_000_000)));
    assert_eq!(hex(&bytes), BYTES);
}

#[test]
fn what_finds_no_place_is_dropped_and_counted() {
    let counts = Counts::default();
    let (queue, waiting) = queue(1.0, counts.clone());
    for _ in 0..5_000 {
        queue.ended(span());
    }
    assert_eq!((waiting.len(), counts.read()[1]), (4_096, ("dropped", 904)));
    drop(waiting);
    queue.ended(span());
    assert_eq!(counts.read()[1], ("dropped", 905));
}
