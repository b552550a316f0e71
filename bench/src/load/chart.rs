//! Bars as SVG: one a row, the longer the more, with the spread as a line across its end. Readable by day and by night, and
//! without seeing it: `desc` has the figures.

use std::fmt::Write as _;

/// Of everything, in pixels.
const WIDTH: f64 = 880.0;
/// Where bars begin; names are left of it.
const LEFT: f64 = 330.0;
/// The length of the longest bar; figures are right of it.
const LONGEST: f64 = 440.0;
const TOP: f64 = 44.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;

const STYLE: &str = "text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",Arial,sans-serif;fill:#23282d}\
    .title{font-size:16px;font-weight:600}.end{text-anchor:end}.paper{fill:#fcfbf8}.bar{fill:#9fb4bc}.ours{fill:#1d7387}\
    .spread{stroke:#23282d;stroke-width:1.5}\
    @media (prefers-color-scheme:dark){text{fill:#e6e4df}.paper{fill:#16191d}.bar{fill:#5b6b73}.ours{fill:#4fb0c6}\
    .spread{stroke:#e6e4df}}";

/// One bar.
pub struct Bar {
    /// Left of it.
    pub name: String,
    /// Its length.
    pub value: f64,
    /// From the least to the most, where there is a spread.
    pub spread: Option<[f64; 2]>,
    /// Right of it, and what a reader who does not see it is told.
    pub text: String,
    /// Whether it is the one that the chart is about.
    pub ours: bool,
}

/// A chart of these, from the top.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a few bars")]
pub fn chart(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.spread.map_or(bar.value, |[_, most]| most.max(bar.value)));
    let most = most.fold(0.0, f64::max);
    let length = |value: f64| if most > 0.0 { (value.max(0.0) / most * LONGEST).max(1.0) } else { 1.0 };
    let height = TOP + ROW * bars.len() as f64 + 10.0;
    let title = escaped(title);
    let told: Vec<String> = bars.iter().map(|bar| format!("{}: {}", bar.name, bar.text)).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"27\">{title}</text>\n",
        escaped(&told.join("; "))
    );
    for (n, bar) in bars.iter().enumerate() {
        let y = TOP + ROW * n as f64;
        let (middle, text) = (y + BAR / 2.0, y + 14.0);
        let class = if bar.ours { "ours" } else { "bar" };
        let end = bar.spread.map_or(bar.value, |[_, most]| most.max(bar.value));
        // Into a text, which takes everything.
        let _ = write!(
            svg,
            "<text class=\"end\" x=\"{:.1}\" y=\"{text}\">{}</text>\n\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\"/>\n",
            LEFT - 10.0,
            escaped(&bar.name),
            length(bar.value)
        );
        if let Some([least, most]) = bar.spread {
            let (from, to) = (LEFT + length(least), LEFT + length(most));
            let _ = writeln!(
                svg,
                "<line class=\"spread\" x1=\"{from:.1}\" y1=\"{middle}\" x2=\"{to:.1}\" y2=\"{middle}\"/>"
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{text}\">{}</text>",
            LEFT + length(end) + 8.0,
            escaped(&bar.text)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
