//! The picture of a lineage: where each of its parts stands.
//!
//! 1. Along one axis goes time, along the other each place has a lane. Time runs to the right where there is room, and down
//!    where there is not.
//! 2. A quiet month would leave nothing to see of a busy minute: each moment gets some room, and a gap grows with the logarithm
//!    of its length. The moments say their times.
//! 3. The line of generations runs on the lane from which it was refreshed, and crosses over where the network changed.
//! 4. A token that came back leaves the line where its generation was replaced, and is drawn beside it.
//! 5. Marks bear the numbers of the list of words below.

use rotunda_core::model::{Ending, UnixMillis};

use super::drawing::{Drawing, Path, Point, Shape};
use super::lineage::{Lineage, Moment, What};
use super::moments;

/// How the picture lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lies {
    /// Time runs to the right.
    Across,
    /// Time runs down.
    Down,
}

/// How large a mark is.
const MARK: f64 = 11.0;
/// How much of the way to a moment on another lane is on the lane before it.
const STAYS: f64 = 0.6;
/// How far from a lane a line runs that would lie on another.
const ASIDE: f64 = 26.0;

/// Draws it.
pub(super) fn draw(lineage: &Lineage, lies: Lies, label: String) -> Drawing {
    let sheet = Sheet::of(lineage, lies);
    let mut shapes = sheet.lanes();
    shapes.extend(sheet.times());
    shapes.extend(sheet.end());
    shapes.extend(sheet.strand());
    shapes.extend(sheet.fork());
    shapes.extend(sheet.marks());
    let size = sheet.at(sheet.length, sheet.depth());
    let (class, width, height) = match lies {
        Lies::Across => ("lineage across", size.x + 50.0, size.y),
        Lies::Down => ("lineage down", size.x + 110.0, size.y + 24.0),
    };
    Drawing { class, width, height, label, shapes }
}

/// Where things stand on the sheet: *along* the time, and *beside* it, from lane to lane.
struct Sheet<'a> {
    lineage: &'a Lineage,
    lies: Lies,
    /// Where each moment stands along the time.
    along: Vec<f64>,
    /// Where the line ends.
    length: f64,
    /// The lane that the line is on at each moment.
    lanes: Vec<usize>,
}

impl<'a> Sheet<'a> {
    fn of(lineage: &'a Lineage, lies: Lies) -> Self {
        let moments = &lineage.moments;
        let mut along = vec![0.0];
        for (one, next) in moments.iter().zip(moments.iter().skip(1)) {
            along.push(along.last().copied().unwrap_or(0.0) + room(one.at, next.at));
        }
        let last = along.last().copied().unwrap_or(0.0);
        let rest = moments.last().map_or(0.0, |last| room(last.at, lineage.until));
        let whole = if lineage.ended { last } else { last + rest };
        // Across there is as much room as there is; down, as much as is needed.
        let unit = match lies {
            Lies::Across => 640.0 / whole.max(1.0),
            Lies::Down => 50.0,
        };
        along.iter_mut().for_each(|at| *at *= unit);
        let mut lane = 0;
        let lanes = moments
            .iter()
            .map(|moment| {
                if let Some(place) = moment.place.filter(|_| moment.what.is_on_the_line()) {
                    lane = place;
                }
                lane
            })
            .collect();
        Self { lineage, lies, along, length: whole * unit, lanes }
    }

    fn at(&self, along: f64, beside: f64) -> Point {
        match self.lies {
            Lies::Across => Point::at(250.0 + along, 64.0 + beside),
            Lies::Down => Point::at(20.0 + beside, 56.0 + along),
        }
    }

    fn lane(&self, index: usize) -> f64 {
        let step = match (self.lies, self.lineage.places.len()) {
            (Lies::Across, _) => 66.0,
            (Lies::Down, 0..=3) => 44.0,
            (Lies::Down, _) => 30.0,
        };
        count(index) * step
    }

    fn depth(&self) -> f64 {
        self.lane(self.lineage.places.len().max(1) - 1) + if self.lies == Lies::Across { 44.0 } else { 0.0 }
    }

    /// The lanes with their names.
    fn lanes(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for (index, place) in self.lineage.places.iter().enumerate() {
            let beside = self.lane(index);
            let (from, to) = (self.at(-16.0, beside), self.at(self.length + 16.0, beside));
            shapes.push(Shape::Line { class: "lane", from, to });
            let letter = place.letter.to_string();
            let text = |class, x, y, text| Shape::Text { class, at: Point::at(x, y), anchor: "start", text };
            match self.lies {
                Lies::Across => {
                    shapes.push(text("letter", 0.0, from.y + 6.0, letter));
                    shapes.push(text("device", 26.0, from.y - 4.0, shortened(&place.device)));
                    shapes.push(text("address", 26.0, from.y + 14.0, shortened(&place.address)));
                }
                Lies::Down => shapes.push(Shape::Text {
                    class: "letter",
                    at: Point::at(from.x, 22.0),
                    anchor: "middle",
                    text: letter,
                }),
            }
        }
        shapes
    }

    /// The line of generations, and how it goes on.
    fn strand(&self) -> Vec<Shape> {
        let on_the_line = || self.marks_of(|moment| moment.what.is_on_the_line());
        let Some((first, _)) = on_the_line().next() else { return Vec::new() };
        let place = |index: usize| (self.along(index), self.lane(self.lane_at(index)));
        let mut here = place(first);
        let mut path = Path::from(self.at(here.0, here.1));
        for (index, _) in on_the_line().skip(1) {
            let next = place(index);
            path = self.step(path, here, next);
            here = next;
        }
        let end = (self.length, here.1);
        match self.lineage.ended {
            true => vec![Shape::Path { class: "strand", path: path.to(self.at(end.0, end.1)) }],
            false => vec![
                Shape::Path { class: "strand", path },
                Shape::Line {
                    class: "strand open",
                    from: self.at(here.0, here.1),
                    to: self.at(end.0, end.1),
                },
            ],
        }
    }

    /// Straight on, and over to another lane at the last moment.
    fn step(&self, path: Path, here: (f64, f64), next: (f64, f64)) -> Path {
        if (here.1 - next.1).abs() < 0.1 {
            return path.to(self.at(next.0, next.1));
        }
        // So long as this it stays on its lane: whatever left the line meanwhile left it there.
        let bend = ((next.0 - here.0) * (1.0 - STAYS)).min(60.0);
        let (from, middle) = (next.0 - bend, next.0 - bend / 2.0);
        path.to(self.at(from, here.1))
            .bend([self.at(middle, here.1), self.at(middle, next.1)], self.at(next.0, next.1))
    }

    /// The token that came back: from where it left the line to where it was shown again.
    fn fork(&self) -> Vec<Shape> {
        let Some(fork) = self.lineage.fork else { return Vec::new() };
        let Some((index, _)) = self.marks_of(|moment| moment.what == What::CameBack).next() else {
            return Vec::new();
        };
        let (along, lane) = self.when(fork.at);
        let (from, to) = ((along, self.lane(lane)), (self.along(index), self.beside(index)));
        // Down, there is little room between the marks that it passes.
        let most = if self.lies == Lies::Across { 50.0 } else { 16.0 };
        let bend = ((to.0 - from.0) / 2.0).clamp(0.0, most);
        let path = Path::from(self.at(from.0, from.1))
            .bend([self.at(from.0 + bend, from.1), self.at(from.0, to.1)], self.at(from.0 + bend, to.1));
        let radius = 5.0;
        vec![
            Shape::Path { class: "copy", path: path.to(self.at(to.0, to.1)) },
            Shape::Disc { class: "forked", at: self.at(from.0, from.1), radius },
        ]
    }

    /// The bar at which everything stops.
    fn end(&self) -> Option<Shape> {
        let last = self.lineage.moments.last().filter(|_| self.lineage.ended)?;
        let class = if last.what == What::Ended(Ending::Reused) { "end theft" } else { "end" };
        let depth = self.lane(self.lineage.places.len().max(1) - 1);
        let (from, to) = (self.at(self.length, -ASIDE), self.at(self.length, depth + ASIDE));
        let (from, to) = match self.lies {
            Lies::Across => (from, to),
            Lies::Down => (Point::at(4.0, from.y), Point::at(to.x - ASIDE + 16.0, to.y)),
        };
        Some(Shape::Line { class, from, to })
    }

    /// The marks and their numbers.
    fn marks(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for (index, moment) in self.marks_of(|_| true) {
            let at = self.at(self.along(index), self.beside(index));
            shapes.push(Shape::Disc { class: class_of(moment.what), at, radius: MARK });
            shapes.push(Shape::Text {
                class: number_of(moment.what),
                at: Point::at(at.x, at.y + 4.5),
                anchor: "middle",
                text: (index + 1).to_string(),
            });
        }
        shapes
    }

    /// When each moment was, as far as there is room to say so.
    fn times(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        let mut free = f64::MIN;
        let first = self.lineage.moments.first().map_or(self.lineage.until, |moment| moment.at);
        // Within a day the seconds matter more than the date.
        let is_short = self.lineage.until.0.saturating_sub(first.0) < 12 * 3_600_000;
        for (index, moment) in self.marks_of(|_| true) {
            let (along, beside) = (self.along(index), self.beside(index));
            let at = self.at(along, beside);
            let text = if is_short { moments::clock(moment.at) } else { moments::short(moment.at) };
            match self.lies {
                Lies::Across if along >= free => {
                    free = along + 84.0;
                    let (from, place) = (Point::at(at.x, 22.0), Point::at(at.x, 16.0));
                    shapes.push(Shape::Line { class: "tick", from, to: at_edge(at) });
                    shapes.push(Shape::Text { class: "when", at: place, anchor: "middle", text });
                }
                Lies::Across => {}
                Lies::Down => shapes.push(Shape::Text {
                    class: "when",
                    at: Point::at(self.at(0.0, self.depth()).x + 24.0, at.y + 4.5),
                    anchor: "start",
                    text,
                }),
            }
        }
        shapes
    }

    fn marks_of<'b>(
        &'b self,
        wanted: impl Fn(&Moment) -> bool + 'b,
    ) -> impl Iterator<Item = (usize, &'b Moment)> {
        self.lineage.moments.iter().enumerate().filter(move |(_, moment)| wanted(moment))
    }

    fn along(&self, index: usize) -> f64 {
        self.along.get(index).copied().unwrap_or(self.length)
    }

    fn lane_at(&self, index: usize) -> usize {
        self.lanes.get(index).copied().unwrap_or(0)
    }

    /// Where a mark stands: what came back stands beside the line where it came from the line's own place.
    fn beside(&self, index: usize) -> f64 {
        let line = self.lane_at(index);
        let moment = self.lineage.moments.get(index);
        let place = moment.and_then(|moment| moment.place).unwrap_or(line);
        let is_back = moment.is_some_and(|moment| moment.what == What::CameBack);
        let aside = if is_back && place == line { ASIDE } else { 0.0 };
        self.lane(place) + aside
    }

    /// Where a time stands along the time, and the lane that the line was on then.
    fn when(&self, at: UnixMillis) -> (f64, usize) {
        let moments = &self.lineage.moments;
        let next = moments.iter().position(|moment| moment.at >= at).unwrap_or(moments.len());
        let Some(before) = next.checked_sub(1) else { return (self.along(0), self.lane_at(0)) };
        let (from, until) = (self.along(before), self.along(next));
        let start = moments.get(before).map_or(at, |moment| moment.at);
        let end = moments.get(next).map_or(self.lineage.until, |moment| moment.at);
        let part = if end > start { millis(at, start) / millis(end, start) } else { 1.0 };
        // A moment that is known exactly stands on its mark, and the line is where that mark is.
        if end == at && next < moments.len() {
            return (until, self.lane_at(next));
        }
        let crosses = self.lane_at(before) != self.lane_at(next);
        let part = if crosses { part.min(STAYS) } else { part };
        (from + (until - from) * part, self.lane_at(before))
    }
}

/// How much room the time between two moments gets: 1 at least.
fn room(from: UnixMillis, until: UnixMillis) -> f64 {
    1.6 + (1.0 + millis(until, from) / 1000.0).log10() / 2.0
}

/// A sheet has no room for a difference that is lost here.
fn millis(later: UnixMillis, from: UnixMillis) -> f64 {
    later.0.saturating_sub(from.0).max(0) as f64
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

/// As much as stands before a lane.
fn shortened(text: &str) -> String {
    const MOST: usize = 27;
    match text.chars().count() {
        0..=MOST => text.to_owned(),
        _ => text.chars().take(MOST - 1).chain(['…']).collect(),
    }
}

fn at_edge(at: Point) -> Point {
    Point::at(at.x, at.y - MARK)
}

fn class_of(what: What) -> &'static str {
    match what {
        What::Began | What::Moved => "mark step",
        What::Refreshed | What::LateRetry | What::Noted(_) => "mark",
        What::CameBack | What::Ended(Ending::Reused) => "mark theft",
        What::Ended(_) => "mark over",
    }
}

fn number_of(what: What) -> &'static str {
    match what {
        What::Refreshed | What::LateRetry | What::Noted(_) => "number",
        _ => "number on",
    }
}

#[cfg(test)]
mod tests;
