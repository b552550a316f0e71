//! One page for one kind of reader, on a listener of its own: `GET /metrics`.
//!
//! 1. It is not a route of the router: what is counted is nobody's business but the operator's.
//! 2. A handful of connections, one request each, ten seconds for all of it.
//! 3. Where it listens on this machine alone, the `Host` has to be this machine's: a page in the operator's browser that has its own
//!    name lead here (DNS rebinding) reads nothing.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The form of the page (Prometheus, text format 0.0.4).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How many readers at once.
const READERS: usize = 8;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes that the headers of a request may have.
const HEADER_BYTES: usize = 16 * 1024;

/// What the page says.
pub type Page = Arc<dyn Fn() -> String + Send + Sync>;

/// Serves the page to whoever connects; never ends.
pub async fn serve_metrics(listener: TcpListener, page: Page) {
    let places = Arc::new(Semaphore::new(READERS));
    let is_local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            // A reader that breaks off comes again.
            let _ = timeout(PATIENCE, one(stream, is_local, &page)).await;
            drop(place);
        });
    }
}

async fn one(stream: TcpStream, is_local: bool, page: &Page) {
    let service = service_fn(move |request| {
        let response = answer(&request, is_local, page);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

fn answer<B>(request: &Request<B>, is_local: bool, page: &Page) -> Response<Full<Bytes>> {
    let is_here = !is_local || request.headers().get(HOST).is_some_and(names_this_machine);
    let (status, text) = match (request.uri().path(), request.method()) {
        _ if !is_here => (StatusCode::MISDIRECTED_REQUEST, "Metrics are for this machine.\n".to_owned()),
        ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, page()),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, "GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "There is only /metrics.\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// An address, or `localhost`: names that somebody else may point here are not believed.
fn names_this_machine(host: &HeaderValue) -> bool {
    let Some(authority) = host.to_str().ok().and_then(|text| text.parse::<http::uri::Authority>().ok())
    else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, path: &str, host: &str) -> Response<Full<Bytes>> {
        let request = Request::builder().method(method).uri(path).header(HOST, host).body(()).unwrap();
        answer(&request, true, &(Arc::new(|| "x 1\n".to_owned()) as Page))
    }

    #[test]
    fn there_is_one_page_and_it_is_for_this_machine() {
        for host in ["localhost:9464", "127.0.0.1:9464", "[::1]:9464", "localhost"] {
            assert_eq!(ask("GET", "/metrics", host).status(), 200, "{host}");
        }
        for host in ["evil.example:9464", "localhost.evil.example", "", "metrics"] {
            assert_eq!(ask("GET", "/metrics", host).status(), 421, "{host}");
        }
        assert_eq!(ask("GET", "/metrics", "localhost").headers()[CONTENT_TYPE], TEXT);
        assert_eq!(ask("GET", "/", "localhost").status(), 404);
        let refused = ask("POST", "/metrics", "localhost");
        assert_eq!(
            (refused.status().as_u16(), refused.headers()[ALLOW].to_str().unwrap()),
            (405, "GET, HEAD")
        );
    }
}
