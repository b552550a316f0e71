//! A drawing: shapes, and how they become SVG. The colours are the style sheet's; a shape only says what it stands for.

use std::fmt::Write;

use askama::Template;

/// Shapes on a sheet, in the order in which they are painted.
#[derive(Template, Clone, PartialEq, Debug)]
#[template(path = "console/drawing.html")]
pub(super) struct Drawing {
    /// `class` of the picture.
    pub class: &'static str,
    pub width: f64,
    pub height: f64,
    /// What it says, for those who do not see it.
    pub label: String,
    pub shapes: Vec<Shape>,
}

/// One shape; the class says what it stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    /// A straight line.
    Line { class: &'static str, from: Point, to: Point },
    /// A line that bends.
    Path { class: &'static str, path: Path },
    /// A disc.
    Disc { class: &'static str, at: Point, radius: f64 },
    /// A word or two. The anchor is `start`, `middle` or `end`.
    Text { class: &'static str, at: Point, anchor: &'static str, text: String },
}

/// A place on the sheet, from its upper left corner.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    /// This place.
    pub(super) const fn at(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// A line in steps, as SVG writes it in `d` (SVG 2, 9.3).
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Path(String);

impl Path {
    /// Begins here.
    pub(super) fn from(at: Point) -> Self {
        Self(format!("M{:.1} {:.1}", at.x, at.y))
    }

    /// Goes straight on.
    pub(super) fn to(mut self, at: Point) -> Self {
        // To write into a text does not fail.
        let _ = write!(self.0, " L{:.1} {:.1}", at.x, at.y);
        self
    }

    /// Goes on in a curve, drawn to two points on its way.
    pub(super) fn bend(mut self, by: [Point; 2], to: Point) -> Self {
        let [one, two] = by;
        let _ =
            write!(self.0, " C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", one.x, one.y, two.x, two.y, to.x, to.y);
        self
    }

    /// What stands in `d`.
    pub(super) fn d(&self) -> &str {
        &self.0
    }
}

/// A length, as short as it can be written with one digit.
pub(super) fn length(value: &f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_svg_without_styles_and_its_texts_are_escaped() {
        let drawing = Drawing {
            class: "wide",
            width: 100.0,
            height: 40.5,
            label: "A \"picture\"".to_owned(),
            shapes: vec![
                Shape::Line { class: "lane", from: Point::at(0.0, 1.0), to: Point::at(2.0, 3.04) },
                Shape::Path {
                    class: "strand",
                    path: Path::from(Point::at(0.0, 0.0))
                        .to(Point::at(1.0, 0.0))
                        .bend([Point::at(2.0, 0.0), Point::at(2.0, 5.0)], Point::at(3.0, 5.0)),
                },
                Shape::Disc { class: "mark", at: Point::at(3.0, 5.0), radius: 11.0 },
                Shape::Text {
                    class: "name",
                    at: Point::at(1.0, 2.0),
                    anchor: "start",
                    text: "<script>&".to_owned(),
                },
            ],
        };
        assert_eq!(
            drawing.render().unwrap(),
            "<svg class=\"wide\" viewBox=\"0 0 100.0 40.5\" role=\"img\" aria-label=\"A &#34;picture&#34;\">\n\
             <line class=\"lane\" x1=\"0.0\" y1=\"1.0\" x2=\"2.0\" y2=\"3.0\"/>\n\
             <path class=\"strand\" d=\"M0.0 0.0 L1.0 0.0 C2.0 0.0 2.0 5.0 3.0 5.0\"/>\n\
             <circle class=\"mark\" cx=\"3.0\" cy=\"5.0\" r=\"11.0\"/>\n\
             <text class=\"name\" x=\"1.0\" y=\"2.0\" text-anchor=\"start\">&#60;script&#62;&#38;</text>\n\
             </svg>"
        );
    }
}
