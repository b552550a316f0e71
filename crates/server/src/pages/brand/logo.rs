//! The logo, told by what is in it and not by its name.

use std::fmt;

use super::BrandError;

/// A picture that stands above each page.
pub struct Logo {
    bytes: Vec<u8>,
    media_type: &'static str,
}

impl Logo {
    /// The most bytes that it may have.
    pub const MOST_BYTES: usize = 64 * 1024;

    /// From the bytes of a file: SVG, PNG or WebP.
    ///
    /// # Errors
    /// [`BrandError::LogoSize`], [`BrandError::LogoFormat`]
    pub fn new(bytes: Vec<u8>) -> Result<Self, BrandError> {
        if bytes.len() > Self::MOST_BYTES {
            return Err(BrandError::LogoSize(bytes.len()));
        }
        let media_type = media_type(&bytes).ok_or(BrandError::LogoFormat)?;
        Ok(Self { bytes, media_type })
    }

    /// The picture.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it is, for `Content-Type`.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_ascii_start();
    // Before its root it may have a declaration, comments and a document type; HTML has no such root.
    let is_xml = ["<svg", "<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|start| text.starts_with(start));
    (is_xml && text.contains("<svg") && !text.contains("<html")).then_some("image/svg+xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_what_is_in_it() {
        let kind = |bytes: &[u8]| Logo::new(bytes.to_vec()).map(|logo| logo.media_type());
        for svg in [
            "<svg/>",
            "\u{feff} <?xml version='1.0'?><svg/>",
            "<!-- x --><svg></svg>",
            "<!DOCTYPE svg><svg/>",
        ] {
            assert_eq!(kind(svg.as_bytes()), Ok("image/svg+xml"), "{svg}");
        }
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Ok("image/png"));
        assert_eq!(kind(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Ok("image/webp"));
        for bad in [
            &b""[..],
            b"GIF89a",
            b"RIFF....WAVE",
            b"<!-- --><html><svg/></html>",
            b"<script>",
            b"x<svg/>",
            b"<svg\xff",
        ] {
            assert_eq!(kind(bad), Err(BrandError::LogoFormat), "{bad:?}");
        }
        let large = [b"<svg/>".as_slice(), &vec![b' '; Logo::MOST_BYTES]].concat();
        assert_eq!(kind(&large), Err(BrandError::LogoSize(65_542)));
        assert_eq!(kind(&large[..Logo::MOST_BYTES]), Ok("image/svg+xml"));
    }
}
