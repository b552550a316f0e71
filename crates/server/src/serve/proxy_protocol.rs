//! The PROXY protocol, versions 1 and 2: the line, or the block, in which a proxy that passes on bytes says whose they are
//! (haproxy.org, "The PROXY protocol", 2020/03/05).
//!
//! 1. Twelve bytes tell the versions apart (§2): version 2 begins with a signature that is no line of text, version 1 with `PROXY `.
//!    Whatever else comes first is refused: a connection that lacks the header is not from the proxy.
//! 2. Version 1 is one line of at most 107 bytes (§2.1). `UNKNOWN` says nothing of anybody: the socket's own address holds.
//! 3. Version 2 says how long it is (§2.2); a block of more than [`MOST_BYTES`] is refused before it is read. `LOCAL` is the proxy's
//!    own connection, to see whether the server lives. What it adds to the addresses (TLVs) is passed over.
//! 4. Not a byte of what follows is taken away from the reader.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, with its end.
const LONGEST_LINE: usize = 107;
/// The most bytes of version 2 behind its first sixteen. Addresses take 36; the rest is for what a proxy adds.
const MOST_BYTES: u16 = 4096;

/// Reads the header. `None` says that it names nobody.
///
/// `reader` is read byte by byte, so it should have a buffer.
pub(super) async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>> {
    let mut first = [0; 12];
    reader.read_exact(&mut first).await?;
    if first == SIGNATURE {
        let [kind, family, high, low] = {
            let mut rest = [0; 4];
            reader.read_exact(&mut rest).await?;
            rest
        };
        let length = u16::from_be_bytes([high, low]);
        if length > MOST_BYTES {
            return Err(wrong("a header of version 2 that is too long"));
        }
        let mut block = vec![0; usize::from(length)];
        reader.read_exact(&mut block).await?;
        return block_of_version_2(kind, family, &block);
    }
    if !first.starts_with(b"PROXY ") {
        return Err(wrong("it does not begin with a PROXY header"));
    }
    let mut line = first.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST_LINE {
            return Err(wrong("a header of version 1 that is too long"));
        }
        line.push(reader.read_u8().await?);
    }
    line_of_version_1(&line)
}

/// `PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n`.
fn line_of_version_1(line: &[u8]) -> Result<Option<SocketAddr>> {
    let wrong = || wrong("a header of version 1 that is not understood");
    let line =
        line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok()).ok_or_else(wrong)?;
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Ok(None),
        ["PROXY", family @ ("TCP4" | "TCP6"), from, to, from_port, to_port] => {
            let [from, to] = [from, to].map(|address| address.parse::<IpAddr>());
            let (from, to) = (from.map_err(|_| wrong())?, to.map_err(|_| wrong())?);
            let port = from_port.parse::<u16>().map_err(|_| wrong())?;
            to_port.parse::<u16>().map_err(|_| wrong())?;
            let as_said = from.is_ipv4() == (*family == "TCP4") && to.is_ipv4() == from.is_ipv4();
            if as_said { Ok(Some(SocketAddr::new(from, port))) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

/// The version and the command, the family and the transport, and what belongs to them.
fn block_of_version_2(kind: u8, family: u8, block: &[u8]) -> Result<Option<SocketAddr>> {
    let wrong = || wrong("a header of version 2 that is not understood");
    match (kind, family) {
        (0x20, _) => Ok(None),
        (0x21, 0x11) => {
            let (addresses, _) = block.split_first_chunk::<12>().ok_or_else(wrong)?;
            let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
            Ok(Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))))
        }
        (0x21, 0x21) => {
            let (addresses, _) = block.split_first_chunk::<36>().ok_or_else(wrong)?;
            let (from, rest) = addresses.split_first_chunk::<16>().ok_or_else(wrong)?;
            let (_, ports) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
            let (port, _) = ports.split_first_chunk::<2>().ok_or_else(wrong)?;
            Ok(Some(SocketAddr::new(Ipv6Addr::from(*from).into(), u16::from_be_bytes(*port))))
        }
        // A family that is not of the Internet, or one that the proxy does not know: a receiver goes by the socket (§2.2).
        (0x21, 0x00 | 0x31 | 0x32) => Ok(None),
        _ => Err(wrong()),
    }
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes of these bytes, and what is left of them.
    async fn of(mut bytes: &[u8]) -> (Result<Option<SocketAddr>>, Vec<u8>) {
        let read = read(&mut bytes).await;
        (read, bytes.to_vec())
    }

    fn block(kind: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[kind, family], &length, rest].concat()
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_leave_the_request_alone() {
        let request = b"GET / HTTP/1.1\r\n";
        let v4 = [203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 0xbb];
        let v6 = [[0x20; 16], [9; 16]].concat();
        let v6 = [&v6[..], &[0x12, 0x67, 1, 0xbb, 0xee, 0, 1, 7]].concat();
        for (header, named) in [
            (b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n".to_vec(), Some("203.0.113.7:4711")),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".to_vec(), Some("[2001:db8::7]:4711")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN whatever it says\r\n".to_vec(), None),
            (block(0x21, 0x11, &v4), Some("203.0.113.7:4711")),
            (block(0x21, 0x21, &v6), Some("[2020:2020:2020:2020:2020:2020:2020:2020]:4711")),
            (block(0x20, 0x00, b""), None),
            (block(0x20, 0x11, &v4), None),
            (block(0x21, 0x31, &[0; 216]), None),
        ] {
            let (read, left) = of(&[&header[..], request].concat()).await;
            let named = named.map(|address| address.parse().unwrap());
            assert_eq!((read.unwrap(), &left[..]), (named, &request[..]), "{header:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443 1\r\n",
            b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 66000 443\r\n",
            b"PROXY TCP4  203.0.113.7 192.0.2.1 4711 443\r\n",
            b"PROXY UDP4 203.0.113.7 192.0.2.1 4711 443\r\n",
            b"PROXY TCP4 203.0.113.7",
            b"proxy unknown\r\n",
            long.as_bytes(),
            &block(0x11, 0x11, &[0; 12]),
            &block(0x22, 0x11, &[0; 12]),
            &block(0x21, 0x11, &[0; 11]),
            &block(0x21, 0x21, &[0; 35]),
            &block(0x21, 0x12, &[0; 12]),
            &block(0x21, 0x11, &[0; 5000]),
            &SIGNATURE,
        ] {
            assert!(of(bytes).await.0.is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        /// Whatever comes, there is an end to what it takes.
        #[test]
        fn any_bytes_are_judged(
            start in prop_oneof![Just(&SIGNATURE[..]), Just(&b"PROXY "[..]), Just(&b"PROXY TCP4 "[..]), Just(&b""[..])],
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [start, &rest[..]].concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (_, left) = runtime.block_on(of(&bytes));
            let taken = bytes.len() - left.len();
            prop_assert!(taken <= if start == SIGNATURE { bytes.len() } else { LONGEST_LINE }, "{taken}");
        }
    }
}
