//! The declared differences from tx_proxy, read from the list that stands beside the recorded cases.

/// One kind of difference.
#[derive(Debug, Default)]
pub struct Section {
    /// The stable word for it.
    pub word: String,
    /// What the original does, for people.
    pub tx_proxy: String,
    /// What Headway does instead, for people.
    pub headway: String,
    /// Where, and what is seen.
    pub differences: Vec<Difference>,
}

/// A difference in recorded cases.
#[derive(Debug, Default)]
pub struct Difference {
    /// Cases by id, `group/*` or `*`.
    pub cases: Vec<String>,
    /// What is seen instead, as (aspect, value); every value must be seen somewhere.
    pub instead: Vec<(String, String)>,
}

impl Difference {
    /// Whether this difference is about a case.
    #[must_use]
    pub fn is_about(&self, case: &str) -> bool {
        self.cases.iter().any(|pattern| matches(pattern, case))
    }

    /// Whether this difference names a case by its id.
    #[must_use]
    pub fn names(&self, case: &str) -> bool {
        self.cases.iter().any(|pattern| pattern == case)
    }
}

/// Whether a pattern is about a case.
#[must_use]
pub fn matches(pattern: &str, case: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => case.starts_with(start),
        None => pattern == case,
    }
}

/// All declared differences, in the order in which people should read them.
#[must_use]
pub fn all() -> Vec<Section> {
    let text = include_str!("../cases/differences.txt");
    text.split("\n# ").skip(1).map(section).collect()
}

fn section(text: &str) -> Section {
    let mut paragraphs = text.split("\n\n");
    let mut head = paragraphs.next().unwrap_or_default().lines();
    let mut line = |start: &str| {
        let line = head.next().and_then(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("a line “{start}” in {text}"))
            .to_owned()
    };
    Section {
        word: line(""),
        tx_proxy: line("tx_proxy: "),
        headway: line("Headway: "),
        differences: paragraphs.map(difference).collect(),
    }
}

fn difference(paragraph: &str) -> Difference {
    let (instead, cases): (Vec<_>, Vec<_>) =
        paragraph.lines().partition(|line| line.starts_with(' '));
    let cases = cases.join(" ");
    let pair = |line: &str| {
        let (aspect, value) = line.trim().split_once(':').expect("an aspect and a value");
        (aspect.to_owned(), value.trim().to_owned())
    };
    Difference {
        cases: cases.split(", ").map(str::to_owned).collect(),
        instead: instead.into_iter().map(pair).collect(),
    }
}
