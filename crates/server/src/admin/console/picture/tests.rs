//! What stands where in a picture.

use super::super::lineage::{Fork, Place};
use super::*;

const HOUR: i64 = 3_600_000;

/// Begun at A, moved to B, and a token of before that came back from C.
fn stolen() -> Lineage {
    let place = |letter: char| Place {
        letter,
        device: format!("A device with a name that is far too long for its lane, {letter}"),
        address: "203.0.113.7".to_owned(),
    };
    let moment = |hours: i64, what, place, generation| Moment {
        at: UnixMillis(hours * HOUR),
        what,
        place,
        generation,
    };
    Lineage {
        places: ['A', 'B', 'C'].map(place).into(),
        moments: vec![
            moment(0, What::Began, Some(0), Some(0)),
            moment(10, What::Moved, Some(1), Some(40)),
            moment(20, What::Refreshed, Some(1), Some(80)),
            moment(21, What::CameBack, Some(2), Some(19)),
            moment(21, What::Ended(Ending::Reused), None, None),
        ],
        left_out: 0,
        fork: Some(Fork { generation: 19, at: UnixMillis(5 * HOUR), is_exact: false }),
        until: UnixMillis(21 * HOUR),
        ended: true,
    }
}

fn of_class<'a>(drawing: &'a Drawing, wanted: &str) -> Vec<&'a Shape> {
    let class = |shape: &Shape| match shape {
        Shape::Line { class, .. }
        | Shape::Path { class, .. }
        | Shape::Disc { class, .. }
        | Shape::Text { class, .. } => *class,
    };
    drawing.shapes.iter().filter(|shape| class(shape) == wanted).collect()
}

#[test]
fn the_picture_has_each_place_moment_and_the_fork() {
    for lies in [Lies::Across, Lies::Down] {
        let drawing = draw(&stolen(), lies, "label".to_owned());
        let count = |class: &str| of_class(&drawing, class).len();
        assert_eq!((count("lane"), count("letter")), (3, 3), "{lies:?}");
        assert_eq!((count("strand"), count("copy"), count("forked"), count("end theft")), (1, 1, 1, 1));
        assert_eq!((count("mark step"), count("mark"), count("mark theft")), (2, 1, 2));
        assert_eq!(count("strand open"), 0);
    }
}

/// The token left the line while it was at A: the circle of the fork stands on the first lane, between the first two marks.
#[test]
fn the_fork_stands_on_the_line() {
    let across = draw(&stolen(), Lies::Across, String::new());
    let at = |class: &str| match of_class(&across, class)[0] {
        Shape::Disc { at, .. } => *at,
        other => panic!("{other:?}"),
    };
    let marks: Vec<_> = of_class(&across, "mark step");
    let (Shape::Disc { at: first, .. }, Shape::Disc { at: second, .. }) = (marks[0], marks[1]) else {
        panic!()
    };
    let fork = at("forked");
    assert!((fork.y - first.y).abs() < 0.1, "{fork:?} {first:?}");
    assert!(fork.x > first.x && fork.x < second.x, "{first:?} {fork:?} {second:?}");
}

#[test]
fn everything_stands_on_the_sheet_and_no_mark_on_another() {
    let mut cases = vec![stolen()];
    // All in one moment, at one place, and nothing ended.
    let mut at_once = stolen();
    at_once.moments.iter_mut().for_each(|moment| moment.at = UnixMillis(0));
    at_once.fork = Some(Fork { generation: 19, at: UnixMillis(0), is_exact: true });
    cases.push(at_once);
    let mut alone = stolen();
    alone.moments.truncate(1);
    (alone.fork, alone.ended) = (None, false);
    cases.push(alone);
    let mut nowhere = stolen();
    nowhere.moments.iter_mut().for_each(|moment| moment.place = None);
    nowhere.places.clear();
    cases.push(nowhere);
    for lineage in cases {
        for lies in [Lies::Across, Lies::Down] {
            let drawing = draw(&lineage, lies, String::new());
            let mut marks: Vec<Point> = Vec::new();
            for shape in &drawing.shapes {
                let points = match shape {
                    Shape::Line { from, to, .. } => vec![*from, *to],
                    Shape::Disc { at, .. } | Shape::Text { at, .. } => vec![*at],
                    Shape::Path { path, .. } => {
                        assert!(!path.d().contains("NaN") && !path.d().contains("inf"), "{path:?}");
                        Vec::new()
                    }
                };
                let is_on = |at: &Point| {
                    (0.0..=drawing.width).contains(&at.x) && (0.0..=drawing.height).contains(&at.y)
                };
                assert!(
                    points.iter().all(is_on),
                    "{lies:?} {shape:?} of {} x {}",
                    drawing.width,
                    drawing.height
                );
                if let Shape::Disc { at, radius, .. } = shape
                    && *radius > 10.0
                {
                    let is_apart = |other: &Point| (other.x - at.x).hypot(other.y - at.y) > 2.0 * MARK;
                    assert!(marks.iter().all(is_apart), "{lies:?} {shape:?}");
                    marks.push(*at);
                }
            }
        }
    }
}
