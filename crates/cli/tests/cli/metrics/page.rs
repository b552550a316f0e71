//! A strict reader of Prometheus' text format 0.0.4: whatever it does not expect is an error.

use std::collections::BTreeMap;

/// A page that was read.
pub(super) struct Scraped {
    /// By name.
    kinds: BTreeMap<String, String>,
    /// By name and labels, as they stand on the page.
    samples: BTreeMap<String, f64>,
}

impl Scraped {
    pub(super) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut scraped = Self { kinds: BTreeMap::new(), samples: BTreeMap::new() };
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let (name, help) = line.strip_prefix("# HELP ").and_then(|it| it.split_once(' ')).unwrap();
            assert!(is_name(name) && help.ends_with('.'), "{line}");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap().to_owned();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
            assert!(["counter", "gauge", "histogram"].contains(&&*kind), "{name} is a {kind}");
            let before = scraped.samples.len();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                scraped.sample(line, name, &kind);
            }
            assert!(scraped.samples.len() > before, "{name} has no numbers");
            assert!(scraped.kinds.insert(name.to_owned(), kind).is_none(), "{name} comes twice");
        }
        scraped.check_histograms();
        scraped
    }

    fn sample(&mut self, line: &str, family: &str, kind: &str) {
        let (sample, number) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match sample.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap())),
            None => (sample, Vec::new()),
        };
        let ending = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} stands below {family}"));
        match kind {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&ending), "{line}"),
            _ => assert_eq!(ending, "", "{line}"),
        }
        assert_eq!(labels.iter().any(|(label, _)| label == "le"), ending == "_bucket", "{line}");
        let number: f64 = number.parse().unwrap();
        assert!(number.is_finite() && number >= 0.0, "{line}");
        assert!(self.samples.insert(sample.to_owned(), number).is_none(), "{sample} comes twice");
    }

    /// Buckets hold all that is in the ones before, the last holds everything.
    fn check_histograms(&self) {
        let histograms = self.kinds.iter().filter(|(_, kind)| *kind == "histogram");
        for name in histograms.map(|(name, _)| name) {
            let counts = self.samples.iter().filter_map(|(sample, number)| {
                sample.strip_prefix(&format!("{name}_count")).map(|labels| (labels.to_owned(), *number))
            });
            for (series, count) in counts {
                let open = series.trim_matches(['{', '}']).to_owned();
                let mut buckets: Vec<(f64, f64)> = self
                    .samples
                    .iter()
                    .filter_map(|(sample, number)| {
                        let labels = sample.strip_prefix(&format!("{name}_bucket{{"))?.strip_suffix("\"}")?;
                        let (others, bound) = labels.rsplit_once("le=\"")?;
                        (others.trim_end_matches(',') == open).then(|| (bound.parse().unwrap(), *number))
                    })
                    .collect();
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}{series}: {buckets:?}");
                assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name}{series}");
            }
        }
    }

    /// A number, by name and labels.
    pub(super) fn of(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }

    /// All numbers of that name.
    pub(super) fn sum(&self, name: &str) -> f64 {
        let is_of = |sample: &&String| sample.split('{').next() == Some(name);
        self.samples.iter().filter(|(sample, _)| is_of(sample)).map(|(_, number)| number).sum()
    }

    pub(super) fn families(&self) -> usize {
        self.kinds.len()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `a="b",c="d"`, with what is escaped in the values.
fn labels(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    loop {
        let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{text}"));
        assert!(is_name(label), "{text}");
        let mut end = None;
        let mut escaped = false;
        for (place, c) in value.char_indices() {
            match c {
                _ if escaped => {
                    assert!(['\\', '"', 'n'].contains(&c), "{text}");
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    end = Some(place);
                    break;
                }
                _ => {}
            }
        }
        let end = end.unwrap_or_else(|| panic!("{text}"));
        assert!(found.iter().all(|(it, _)| it != label), "{label} comes twice: {text}");
        found.push((label.to_owned(), value[..end].to_owned()));
        match value[end + 1..].strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                assert_eq!(&value[end + 1..], "", "{text}");
                return found;
            }
        }
    }
}

#[test]
fn a_page_that_is_not_right_is_refused() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\\\"2\"} 1\na_total{x=\"2\"} 2\n";
    let read = Scraped::parse(good);
    assert_eq!((read.of("a_total{x=\"2\"}"), read.sum("a_total"), read.families()), (Some(2.0), 3.0, 1));
    for bad in [
        "a_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\n",
        "# HELP a A.\n# TYPE a counter\na 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\nb_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total 2\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1} 2\n",
        "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 3\n",
    ] {
        assert!(std::panic::catch_unwind(|| Scraped::parse(bad)).is_err(), "{bad}");
    }
}
