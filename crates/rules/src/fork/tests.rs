//! Comparisons of hashes: who is found on a fork and who is not.

use super::*;

/// What somebody shows: backend, branch; upper case letters move, `*` marks the leader.
fn compare(forks: &mut Forks, shown: &[&str], height: u64) {
    let asked: Vec<usize> = (0..shown.len()).collect();
    for question in forks.open(height, &asked, Moment::ZERO) {
        let branch = shown[question.at].to_ascii_lowercase().as_bytes()[0];
        let hash = (branch != b'-').then_some(BlockHash([branch; 32]));
        forks.answered(question, hash);
    }
    let witness = |(at, word): (usize, &&str)| Witness {
        at,
        moved: word.starts_with(|first: char| first.is_ascii_uppercase()),
        leader: word.ends_with('*'),
    };
    let witnesses: Vec<Witness> = shown.iter().enumerate().map(witness).collect();
    forks.settle(&witnesses, Moment::ZERO);
}

fn found(forks: &Forks, count: usize) -> Vec<usize> {
    (0..count)
        .filter(|at| forks.forked(*at).is_some())
        .collect()
}

/// The same answers twice, which is what it takes.
fn check(shown: &[&str], expected: &[usize], tied: bool) {
    let mut forks = Forks::new(shown.len());
    compare(&mut forks, shown, 100);
    assert!(found(&forks, shown.len()).is_empty(), "{shown:?} once");
    compare(&mut forks, shown, 102);
    assert_eq!(found(&forks, shown.len()), expected, "{shown:?}");
    assert_eq!(forks.tied().is_some(), tied, "{shown:?}");
}

#[test]
fn a_minority_is_found() {
    check(&["A", "A", "A"], &[], false);
    check(&["A", "A", "B"], &[2], false);
    check(&["A", "A", "B", "C"], &[2, 3], false);
    check(&["A", "A", "-"], &[], false);
}

#[test]
fn nobody_is_condemned_by_one_voice_or_a_tie() {
    check(&["A", "B"], &[], true);
    check(&["A", "A", "B", "B"], &[], true);
    check(&["A", "B", "C"], &[], true);
    check(&["A"], &[], false);
}

#[test]
fn the_leader_breaks_a_tie_but_is_not_more_than_one_voice() {
    check(&["A", "A*", "B", "B"], &[2, 3], false);
    check(&["A*", "B"], &[], true);
    check(&["A", "A", "B*"], &[2], false);
}

#[test]
fn frozen_ones_do_not_testify_while_others_move() {
    check(&["a", "a", "B", "B"], &[0, 1], false);
    check(&["a", "a", "B"], &[], true);
    check(&["a", "a", "b"], &[2], false);
}

#[test]
fn found_ones_go_free_when_they_agree_above_the_fork() {
    let mut forks = Forks::new(3);
    compare(&mut forks, &["A", "A", "B"], 100);
    compare(&mut forks, &["A", "A", "B"], 110);
    compare(&mut forks, &["A", "A", "A"], 105);
    assert_eq!(found(&forks, 3), [2], "below the fork all branches are one");
    compare(&mut forks, &["A", "A", "A"], 110);
    assert!(found(&forks, 3).is_empty());
}

#[test]
fn found_ones_go_free_when_nobody_contradicts_them_any_more() {
    let mut forks = Forks::new(3);
    compare(&mut forks, &["A", "A", "B"], 100);
    compare(&mut forks, &["A", "A", "B"], 100);
    compare(&mut forks, &["A", "-", "B"], 110);
    assert_eq!(found(&forks, 3), [2]);
    compare(&mut forks, &["-", "-", "B"], 120);
    assert!(found(&forks, 3).is_empty());
}

#[test]
fn comparisons_are_rare_while_all_agree() {
    let at = |second| Moment::ZERO.after(Duration::from_secs(second));
    let pace = Duration::from_secs(2);
    let mut forks = Forks::new(2);
    assert!(forks.is_due(&[0, 1], pace, at(0)) && forks.asks_external());
    compare(&mut forks, &["A", "A"], 100);
    assert!(!forks.is_due(&[0, 1], pace, at(9)) && forks.is_due(&[0, 1], pace, at(10)));
    assert!(!forks.asks_external());
    compare(&mut forks, &["A", "B"], 100);
    assert!(forks.is_due(&[0, 1], pace, at(2)) && forks.asks_external());
}
