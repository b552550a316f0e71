//! The same over HTTP/2, whose frames are written by hand: no client of good faith behaves like this.

use super::super::HEADER_COUNT;
use super::*;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// `GET /` (RFC 7541, Appendix A).
fn headers(stream: u32) -> Vec<u8> {
    frame(1, 5, stream, b"\x82\x86\x84\x41\x09localhost")
}

fn reset(stream: u32) -> Vec<u8> {
    frame(3, 0, stream, &8_u32.to_be_bytes())
}

#[tokio::test]
async fn requests_over_http2_that_are_taken_back_at_once_end_the_connection() {
    let (at, _stop, _) = start(hello(), Options::default()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let flood: Vec<u8> =
        (0..1_000).flat_map(|number| [headers(2 * number + 1), reset(2 * number + 1)].concat()).collect();
    stream.write_all(PREFACE).await.unwrap();
    // It may be closed in the midst of it.
    let _ = stream.write_all(&flood).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    // GOAWAY, ENHANCE_YOUR_CALM (RFC 9113 §7), unless the reset of the connection overtook it.
    let calm = answer.windows(4).any(|four| four == 11_u32.to_be_bytes());
    assert!(calm || answer.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn requests_that_are_taken_back_while_they_are_worked_on_end_the_connection() {
    let (entered, mut enter) = mpsc::channel::<()>(1);
    let entered = Arc::new(entered);
    let router = Router::new().route(
        "/",
        get(move || {
            let entered = Arc::clone(&entered);
            async move {
                let _ = entered.send(()).await;
                std::future::pending::<()>().await;
            }
        }),
    );
    let (at, _stop, _) = start(router, Options::default()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    for number in 0..101 {
        stream.write_all(&headers(2 * number + 1)).await.unwrap();
        enter.recv().await.unwrap();
        stream.write_all(&reset(2 * number + 1)).await.unwrap();
    }
    let mut answer = Vec::new();
    // Long before a PING that is not answered would end it.
    let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "it is still open");
}

/// The kind of the next frame, its flags and what is in it; nothing when the connection is closed.
async fn next_frame(stream: &mut TcpStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], payload))
}

/// Asks over HTTP/2, and opens no window for the body of the answer (RFC 9113 §6.9.2), whose head has come then.
async fn asked_without_a_window(at: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let no_window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let asked = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &no_window, &headers(1)].concat();
    stream.write_all(&asked).await.unwrap();
    while next_frame(&mut stream).await.unwrap().0 != 1 {}
    stream
}

/// Answers each PING until the connection is closed.
async fn ping_until_closed(mut stream: TcpStream) {
    while let Some((kind, flags, payload)) = next_frame(&mut stream).await {
        if kind == 6 && flags & 1 == 0 {
            let _ = stream.write_all(&frame(6, 1, 0, &payload)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http2_that_is_not_taken_holds_nothing() {
    let (at, _stop, _) = start(hello(), Options::default()).await;
    let stream = asked_without_a_window(at).await;
    let closed = timeout(Duration::from_secs(60), ping_until_closed(stream)).await;
    assert!(closed.is_ok(), "it holds its place for as long as it likes");

    let (at, _stop, _) = start(hello(), Options::default().with_connections(1)).await;
    let _unread = asked_without_a_window(at).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let answer = timeout(Duration::from_secs(10), said(&mut stream, REQUEST, "hello")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let (at, stop, served) = start(hello(), Options::default()).await;
    tokio::spawn(ping_until_closed(asked_without_a_window(at).await));
    stop.send(()).unwrap();
    let stopped = timeout(Duration::from_secs(12), served).await;
    assert!(stopped.is_ok(), "it delays the stop");
}

/// Takes so many bytes of the answer every second; answers how many it got until its end, or until the connection was closed.
async fn taken_slowly(mut stream: TcpStream, a_second: u32) -> usize {
    let (mut got, mut seconds) = (0, tokio::time::interval(Duration::from_secs(1)));
    let window = a_second.to_be_bytes();
    loop {
        let (kind, flags, payload) = tokio::select! {
            frame = next_frame(&mut stream) => match frame {
                Some(frame) => frame,
                None => return got,
            },
            _ = seconds.tick() => {
                let _ = stream.write_all(&[frame(8, 0, 0, &window), frame(8, 0, 1, &window)].concat()).await;
                continue;
            }
        };
        if kind == 6 && flags & 1 == 0 {
            let _ = stream.write_all(&frame(6, 1, 0, &payload)).await;
        }
        if kind == 0 {
            got += payload.len();
            if flags & 1 == 1 {
                return got;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_an_answer_slowly_over_http2_gets_all_of_it() {
    const LONG: usize = 6 * 16 * 1024;
    let router = Router::new().route("/", get(|| async { vec![b'x'; LONG] }));
    let (at, _stop, _) = start(router.clone(), Options::default()).await;
    assert_eq!(taken_slowly(asked_without_a_window(at).await, 1_000).await, LONG, "in a minute and a half");
    let (at, stop, served) = start(router, Options::default()).await;
    let taken = tokio::spawn(taken_slowly(asked_without_a_window(at).await, 6_000));
    stop.send(()).unwrap();
    assert_eq!(taken.await.unwrap(), LONG, "in sixteen seconds, while the server stops");
    served.await.unwrap();
}

#[tokio::test]
async fn more_headers_than_there_may_be_are_refused_over_http2_too() {
    let handler = |request: Request| async move {
        let _ = axum::body::to_bytes(request.into_body(), 1_000).await;
    };
    let (at, _stop, _) = start(Router::new().route("/", get(handler)), Options::default()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    // Literals without indexing (RFC 7541 §6.2.2), each with a name of its own and a value of 180 bytes, or of none.
    let block = |many: usize, has_value: bool| {
        let value = if has_value { format!("\x7f\x35{}", "x".repeat(180)) } else { "\0".to_owned() };
        let more = (0..many).map(|number| format!("\0\x03{number:03x}{value}"));
        [&b"\x82\x86\x84\x41\x09localhost"[..], more.collect::<String>().as_bytes()].concat()
    };
    // What is refused is not waited for: its body never ends. 0x88 is 200 (RFC 7541, Appendix A).
    for (stream_id, many, has_value, flags, is_ok) in [
        (1, HEADER_COUNT, false, 5, true),
        (3, HEADER_COUNT + 1, false, 4, false),
        (5, 400, false, 4, false),
        (7, 75, true, 5, true),
        (9, 80, true, 4, false),
    ] {
        stream.write_all(&frame(1, flags, stream_id, &block(many, has_value))).await.unwrap();
        let answer = timeout(Duration::from_secs(30), async {
            loop {
                let (kind, _, payload) = next_frame(&mut stream).await.unwrap();
                if kind == 1 {
                    return payload;
                }
            }
        });
        assert_eq!(answer.await.unwrap()[0] == 0x88, is_ok, "{many} headers");
    }
}
