//! Colours, and whether one can be read on another (WCAG 2.2, *contrast ratio* and *relative luminance*).

use std::fmt;

use super::BrandError;

/// The least contrast between text and what it stands on (WCAG 2.2, 1.4.3, level AA).
const LEAST: f64 = 4.5;

/// A colour: red, green and blue of sRGB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    const BLACK: Self = Self([0; 3]);
    const WHITE: Self = Self([255; 3]);

    /// From `#rrggbb`.
    ///
    /// # Errors
    /// [`BrandError::Colour`]
    pub fn parse(text: &str) -> Result<Self, BrandError> {
        let wrong = || BrandError::Colour(text.to_owned());
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        let mut bytes = [0; 3];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = pair.iter().all(u8::is_ascii_hexdigit).then(|| String::from_utf8_lossy(pair));
            *byte = pair.and_then(|pair| u8::from_str_radix(&pair, 16).ok()).ok_or_else(wrong)?;
        }
        Ok(Self(bytes))
    }

    /// `rrggbb`
    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    /// From 1 (the same) to 21 (black and white).
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |byte: u8| match f64::from(byte) / 255.0 {
            value if value <= 0.04045 => value / 12.92,
            value => ((value + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Part of the way to another, in 255ths.
    fn towards(self, other: Self, part: u8) -> Self {
        let mix = |(from, to): (u8, u8)| {
            let sum = u16::from(from) * u16::from(u8::MAX - part) + u16::from(to) * u16::from(part);
            u8::try_from(sum / u16::from(u8::MAX)).unwrap_or(u8::MAX)
        };
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([mix((a, x)), mix((b, y)), mix((c, z))])
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.hex())
    }
}

impl fmt::Debug for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which pages a colour is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// For whoever wants them light.
    Light,
    /// For whoever wants them dark.
    Dark,
}

impl Scheme {
    /// `--ground`, `--sheet` and `--field` of the style sheet: all that an accent can stand on.
    const fn grounds(self) -> [Colour; 3] {
        match self {
            Self::Light => [Colour([0xf3, 0xf2, 0xee]), Colour::WHITE, Colour::WHITE],
            Self::Dark => {
                [Colour([0x15, 0x15, 0x13]), Colour([0x21, 0x1f, 0x1d]), Colour([0x18, 0x17, 0x15])]
            }
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Light => "light",
            Self::Dark => "dark",
        })
    }
}

/// A colour that can be read on all grounds of its scheme.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accent(Colour);

impl Accent {
    /// Ours, on light pages.
    pub(super) const LIGHT: Self = Self(Colour([0x1f, 0x4f, 0x8f]));
    /// Ours, on dark pages.
    pub(super) const DARK: Self = Self(Colour([0x9c, 0xc3, 0xf5]));

    /// The colour, if it can be read there.
    ///
    /// # Errors
    /// [`BrandError::Contrast`] with the nearest that can.
    pub fn on(scheme: Scheme, colour: Colour) -> Result<Self, BrandError> {
        let (ground, ratio) = hardest(scheme, colour);
        if ratio >= LEAST {
            return Ok(Self(colour));
        }
        // Rounded down: 4.499 is not 4.50.
        let ratio = format!("{:.2}", (ratio * 100.0).floor() / 100.0);
        Err(BrandError::Contrast { colour, scheme, ground, ratio, nearest: Self::nearest(colour, scheme).0 })
    }

    /// The first that can be read, on the way from the colour to black on light pages, to white on dark ones.
    pub(super) fn nearest(colour: Colour, scheme: Scheme) -> Self {
        let end = match scheme {
            Scheme::Light => Colour::BLACK,
            Scheme::Dark => Colour::WHITE,
        };
        let readable = |colour: &Colour| hardest(scheme, *colour).1 >= LEAST;
        Self((0..=u8::MAX).map(|part| colour.towards(end, part)).find(readable).unwrap_or(end))
    }

    /// The colour itself.
    #[must_use]
    pub fn colour(self) -> Colour {
        self.0
    }

    /// The custom properties of the style sheet. Black or white can be read on every colour: the worse of the two has at
    /// least 4.58 to 1 where both are alike.
    pub(super) fn properties(self) -> String {
        let on = [Colour::WHITE, Colour::BLACK];
        let on = if self.0.contrast(on[0]) >= self.0.contrast(on[1]) { on[0] } else { on[1] };
        format!("--accent: {}; --on-accent: {on};", self.0)
    }
}

/// The ground on which it is the hardest to read, and how hard.
fn hardest(scheme: Scheme, colour: Colour) -> (Colour, f64) {
    let mut hardest = (Colour::BLACK, f64::INFINITY);
    for ground in scheme.grounds() {
        let ratio = colour.contrast(ground);
        if ratio < hardest.1 {
            hardest = (ground, ratio);
        }
    }
    hardest
}

#[cfg(test)]
mod tests {
    use super::super::STYLE;
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    #[test]
    fn a_colour_has_six_digits() {
        assert_eq!(colour("#1F4f8f").to_string(), "#1f4f8f");
        for bad in ["", "#", "1f4f8f", "#1f4f8", "#1f4f8f0", "#1f4f8g", "#+f4f8f", "red", "#äöü", "#1f4f8f;}"]
        {
            assert_eq!(Colour::parse(bad), Err(BrandError::Colour(bad.to_owned())));
        }
    }

    /// Pairs whose ratio the working group's own documents and tools give.
    #[test]
    fn contrast_is_what_wcag_says_it_is() {
        for (one, other, ratio) in [
            ("#ffffff", "#000000", 21.0),
            ("#777777", "#ffffff", 4.478),
            ("#767676", "#ffffff", 4.542),
            ("#ff0000", "#ffffff", 3.998),
            ("#0000ff", "#ffffff", 8.592),
        ] {
            let found = colour(one).contrast(colour(other));
            assert!((found - ratio).abs() < 0.001, "{one} on {other}: {found}");
            assert!((found - colour(other).contrast(colour(one))).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_can() {
        let told = |scheme, text| Accent::on(scheme, colour(text)).unwrap_err().to_string();
        assert_eq!(
            told(Scheme::Light, "#ffcc00"),
            "#ffcc00 cannot be read on the light pages: its contrast with #f3f2ee is 1.34 to 1, and takes 4.5 to 1 \
             (WCAG 2.2); the nearest that can is \"#866b00\""
        );
        assert!(
            told(Scheme::Dark, "#0000ff").contains("on the dark pages"),
            "{}",
            told(Scheme::Dark, "#0000ff")
        );
    }

    /// Whatever the colour, the nearest is good, one step less is not, and black or white can be read on it.
    #[test]
    fn the_nearest_that_can_be_read_can_be_read() {
        for step in 0..512_u32 {
            let [red, green, blue] = [step >> 6, step >> 3, step].map(|n| u8::try_from(n & 7).unwrap() * 36);
            let colour = Colour([red, green, blue]);
            for scheme in [Scheme::Light, Scheme::Dark] {
                let nearest = Accent::nearest(colour, scheme);
                assert_eq!(Accent::on(scheme, nearest.0), Ok(nearest), "{colour} {scheme}");
                if Accent::on(scheme, colour).is_ok() {
                    assert_eq!(nearest.0, colour);
                }
            }
            let best = colour.contrast(Colour::WHITE).max(colour.contrast(Colour::BLACK));
            assert!(best >= LEAST, "{colour}: {best}");
        }
    }

    #[test]
    fn our_own_can_be_read_and_the_grounds_are_those_of_the_style_sheet() {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (scheme, accent, style) in
            [(Scheme::Light, Accent::LIGHT, light), (Scheme::Dark, Accent::DARK, dark)]
        {
            assert_eq!(Accent::on(scheme, accent.0), Ok(accent));
            for (name, ground) in ["--ground", "--sheet", "--field"].into_iter().zip(scheme.grounds()) {
                assert!(style.contains(&format!("{name}: {ground};")), "{name} {ground} {scheme}");
            }
        }
    }
}
