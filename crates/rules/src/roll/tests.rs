//! A roll call from its questions to its end.

use super::*;

const HASH: BlockHash = BlockHash([7; 32]);

fn roll() -> Roll {
    let questions = [0, 1].map(|at| Question { at, height: 90 });
    Roll::open(questions.into_iter(), Moment::ZERO)
}

#[test]
fn it_is_settled_when_all_have_answered_or_the_time_is_up() {
    let mut roll = roll();
    let [one, two] = [0, 1].map(|at| Question { at, height: 90 });
    assert_eq!(roll.questions().collect::<Vec<_>>(), [one, two]);
    roll.answered(one, Some(HASH));
    assert!(!roll.is_settled(Moment::ZERO));
    assert!(roll.is_settled(Moment::ZERO.after(WAIT)));
    roll.answered(two, None);
    assert!(roll.is_settled(Moment::ZERO));
    assert_eq!(roll.hashes().collect::<Vec<_>>(), [(0, HASH)]);
    assert_eq!(
        (roll.hash(0, 90), roll.hash(1, 90), roll.hash(0, 91)),
        (Some(HASH), None, None)
    );
}

#[test]
fn answers_to_other_questions_change_nothing() {
    let mut roll = roll();
    roll.answered(Question { at: 0, height: 91 }, Some(HASH));
    roll.answered(Question { at: 5, height: 90 }, Some(HASH));
    assert_eq!(roll.hashes().count(), 0);
}
