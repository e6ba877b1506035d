//! What is remembered of whom, and for how long.

use super::*;
use crate::ids::Pool;
use crate::method::Methods;
use crate::method::Rule;
use crate::method::Verdict;

/// Labels of so many known methods.
fn labels(count: usize) -> Vec<Label> {
    let to = Verdict::To {
        pool: Pool::Read,
        heavy: false,
    };
    let names: Vec<String> = (0..count).map(|number| format!("eth_{number}")).collect();
    let rules: Vec<Rule> = names
        .iter()
        .map(|name| Rule {
            pattern: name.clone(),
            verdict: to,
        })
        .collect();
    let methods = Methods::new(&rules, to);
    let label = |name: &String| methods.classify(name).unwrap().label;
    names.iter().map(label).collect()
}

fn at(second: u64) -> Moment {
    Moment::from_micros(second * 1_000_000)
}

#[test]
fn a_method_is_remembered_for_ten_minutes() {
    let lacks = Lacks::default();
    let [one, two] = labels(2)[..] else {
        panic!("two labels")
    };
    assert!(!lacks.has(one, at(0)));
    lacks.note(one, at(5));
    assert!(lacks.has(one, at(604)) && !lacks.has(one, at(605)));
    assert!(!lacks.has(two, at(5)));
    lacks.note(one, at(600));
    assert!(lacks.has(one, at(1199)), "said again");
    lacks.forget();
    assert!(!lacks.has(one, at(600)));
}

#[test]
fn names_that_clients_make_up_are_not_remembered() {
    let lacks = Lacks::default();
    lacks.note(Label::OTHER, at(0));
    assert!(!lacks.has(Label::OTHER, at(1)));
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let lacks = Lacks::default();
    let labels = labels(METHODS_MAX + 1);
    for (second, label) in labels.iter().enumerate() {
        lacks.note(*label, at(second as u64));
    }
    let now = at(METHODS_MAX as u64);
    let held: Vec<bool> = labels.iter().map(|label| lacks.has(*label, now)).collect();
    assert!(!held[0] && held[1..].iter().all(|held| *held), "{held:?}");
}
