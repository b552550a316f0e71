//! What makes the pages an operator's own: a name, a logo, an accent colour for light and one for dark.
//!
//! An accent is text as well as ground (links, buttons, the ring around what has the focus), so it must be readable on
//! every ground that the style sheet has: WCAG 2.2, 1.4.3, 4.5 to 1. One that is not is refused at the start, with the
//! nearest one that is.

mod colour;
mod logo;

use std::fmt::Write;
use std::sync::Arc;

pub use colour::{Accent, Colour, Scheme};
pub use logo::Logo;

/// The part of the style sheet that is the same for everybody.
const STYLE: &str = concat!(
    include_str!("../../templates/pages.css"),
    "\n",
    include_str!("../../templates/account/account.css")
);

/// Why a brand cannot be; says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BrandError {
    /// No name that fits into a heading.
    #[error("a name has 1 to {} characters and no control characters", Brand::NAME_CHARS)]
    Name,
    /// Not a colour.
    #[error("{0:?} is not a colour, such as \"#1f4f8f\"")]
    Colour(String),
    /// A colour that cannot be read on our ground.
    #[error(
        "{colour} cannot be read on the {scheme} pages: its contrast with {ground} is {ratio} to 1, and takes 4.5 to 1 \
         (WCAG 2.2); the nearest that can is \"{nearest}\""
    )]
    Contrast {
        /// The colour.
        colour: Colour,
        /// The pages that it is for.
        scheme: Scheme,
        /// What it stands on there.
        ground: Colour,
        /// The contrast, with two digits, rounded down.
        ratio: String,
        /// What to take in its place.
        nearest: Colour,
    },
    /// A logo that would make each page slow.
    #[error("it has {0} bytes; a logo has {most} at most", most = Logo::MOST_BYTES)]
    LogoSize(usize),
    /// Neither of the three formats.
    #[error("it is neither SVG, PNG nor WebP")]
    LogoFormat,
}

/// What the pages are called, and how they look.
#[derive(Clone, Debug)]
pub struct Brand {
    name: String,
    logo: Option<Arc<Logo>>,
    light: Accent,
    dark: Accent,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Rotunda".to_owned(), logo: None, light: Accent::LIGHT, dark: Accent::DARK }
    }
}

impl Brand {
    /// The most characters of a name.
    pub const NAME_CHARS: usize = 64;

    /// With this name.
    ///
    /// # Errors
    /// [`BrandError::Name`]
    pub fn named(self, name: &str) -> Result<Self, BrandError> {
        let name = name.trim();
        let fits =
            (1..=Self::NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if fits { Ok(Self { name: name.to_owned(), ..self }) } else { Err(BrandError::Name) }
    }

    /// With this logo above each page.
    #[must_use]
    pub fn with_logo(self, logo: Logo) -> Self {
        Self { logo: Some(Arc::new(logo)), ..self }
    }

    /// With these accents. Without one for dark it is the light one, made as much lighter as it must be.
    #[must_use]
    pub fn with_accents(self, light: Accent, dark: Option<Accent>) -> Self {
        Self { dark: dark.unwrap_or_else(|| Accent::nearest(light.colour(), Scheme::Dark)), light, ..self }
    }

    /// With another accent on dark pages only.
    #[must_use]
    pub fn with_dark_accent(self, dark: Accent) -> Self {
        Self { dark, ..self }
    }

    /// What the pages are called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The logo.
    #[must_use]
    pub fn logo(&self) -> Option<&Logo> {
        self.logo.as_deref()
    }

    /// Another release or another colour is another style, under another address: browsers may keep each for long.
    pub(crate) fn style_version(&self) -> String {
        let [light, dark] = [self.light, self.dark].map(|accent| accent.colour().hex().to_owned());
        format!("{}-{light}-{dark}", env!("CARGO_PKG_VERSION"))
    }

    /// The style sheet: what is the same for everybody, and the accents over it.
    pub(crate) fn style(&self) -> String {
        let mut style = STYLE.to_owned();
        // To write into a text does not fail.
        let _ = write!(
            style,
            "\n:root {{ {} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n",
            self.light.properties(),
            self.dark.properties()
        );
        style
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_heading() {
        for good in ["Acme", " Acme & Söhne ", "🏛", &"x".repeat(64)] {
            assert_eq!(Brand::default().named(good).unwrap().name(), good.trim());
        }
        for bad in ["", "  ", "a\nb", "a\u{0}", &"x".repeat(65)] {
            assert_eq!(Brand::default().named(bad).unwrap_err(), BrandError::Name);
        }
    }

    #[test]
    fn the_style_has_the_accents_behind_everything_else() {
        let blue = Colour::parse("#0000cc").unwrap();
        let brand = Brand::default().with_accents(Accent::on(Scheme::Light, blue).unwrap(), None);
        let style = brand.style();
        assert!(style.starts_with(STYLE), "{style}");
        let tail = &style[STYLE.len()..];
        assert!(tail.contains(":root { --accent: #0000cc; --on-accent: #ffffff; }"), "{tail}");
        assert!(brand.style_version().ends_with("-0000cc-7b7be4"), "{}", brand.style_version());
    }
}
