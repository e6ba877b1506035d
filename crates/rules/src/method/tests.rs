//! Which methods go where, and which are sends.

use super::*;

fn to(pattern: &str, pool: Pool) -> Rule {
    let heavy = pool == Pool::Heavy;
    Rule {
        pattern: pattern.to_owned(),
        verdict: Verdict::To { pool, heavy },
    }
}

fn forbid(pattern: &str) -> Rule {
    Rule {
        pattern: pattern.to_owned(),
        verdict: Verdict::Forbid,
    }
}

const TO_READ: Verdict = Verdict::To {
    pool: Pool::Read,
    heavy: false,
};

fn check(rules: &[Rule], unknown: Verdict, told: &[(&str, Option<Pool>)]) {
    let methods = Methods::new(rules, unknown);
    for (name, pool) in told {
        assert_eq!(
            methods.classify(name).map(|class| class.pool),
            *pool,
            "{name:?}"
        );
    }
}

#[test]
fn an_allow_list_lets_through_what_it_names() {
    let rules = [to("eth_call", Pool::Read), to("eth_getLogs", Pool::Heavy)];
    check(
        &rules,
        Verdict::Forbid,
        &[
            ("eth_call", Some(Pool::Read)),
            ("eth_getLogs", Some(Pool::Heavy)),
            ("eth_Call", None),
            ("eth_call ", None),
            ("", None),
        ],
    );
}

#[test]
fn the_longest_prefix_decides_and_an_exact_name_beats_it() {
    let rules = [
        to("*", Pool::Read),
        to("trace_*", Pool::Heavy),
        forbid("trace_call*"),
        to("trace_callMany", Pool::Heavy),
        forbid("eth_sign"),
    ];
    check(
        &rules,
        Verdict::Forbid,
        &[
            ("anything", Some(Pool::Read)),
            ("trace_block", Some(Pool::Heavy)),
            ("trace_call", None),
            ("trace_callMany", Some(Pool::Heavy)),
            ("eth_sign", None),
            ("eth_signTransaction", Some(Pool::Read)),
        ],
    );
}

#[test]
fn refusals_are_not_got_round_by_case() {
    let rules = [forbid("debug_*"), forbid("eth_sign")];
    check(
        &rules,
        TO_READ,
        &[
            ("DEBUG_traceCall", None),
            ("Eth_Sign", None),
            ("débug_x", Some(Pool::Read)),
            ("debug", Some(Pool::Read)),
        ],
    );
}

#[test]
fn later_rules_replace_earlier_ones() {
    let rules = [
        to("eth_call", Pool::Read),
        forbid("eth_call"),
        forbid("a_*"),
        to("a_*", Pool::Heavy),
        forbid("eth_gasPrice"),
        to("eth_gasPrice", Pool::Write),
    ];
    check(
        &rules,
        TO_READ,
        &[
            ("eth_call", None),
            ("a_b", Some(Pool::Heavy)),
            ("eth_gasPrice", Some(Pool::Write)),
        ],
    );
}

#[test]
fn duties_follow_the_method_and_not_only_its_pool() {
    let rules = [
        to("eth_sendRawTransaction", Pool::Write),
        to("eth_gasPrice", Pool::Write),
        to("eth_getLogs", Pool::Heavy),
        to("eth_submitWork", Pool::Heavy),
    ];
    let methods = Methods::new(&rules, TO_READ);
    let duty = |name| methods.classify(name).map(|class| class.duty);
    assert_eq!(duty("eth_sendRawTransaction"), Some(Duty::Send));
    assert_eq!(duty("eth_gasPrice"), Some(Duty::Read));
    assert_eq!(duty("eth_getLogs"), Some(Duty::Heavy));
    assert_eq!(duty("eth_submitWork"), Some(Duty::Send));
    assert_eq!(duty("eth_sendBundle"), Some(Duty::Send));
    assert_eq!(duty("eth_sendPrivateTransaction"), Some(Duty::Send));
    assert_eq!(
        duty("eth_sendRawTransactionSync"),
        Some(Duty::Send),
        "listed or not"
    );
    let head = |name| methods.classify(name).map(|class| class.head);
    assert_eq!(head("eth_chainId"), Some(HeadNeed::Free));
    assert_eq!(head("eth_getLogs"), Some(HeadNeed::Bound));
}

#[test]
fn labels_are_a_closed_set() {
    let rules = [
        to("eth_call", Pool::Read),
        to("trace_*", Pool::Heavy),
        to("eth_call", Pool::Heavy),
    ];
    let methods = Methods::new(&rules, TO_READ);
    let labels: Vec<&str> = methods.labels().iter().map(|label| &**label).collect();
    assert_eq!(labels, ["other", "eth_call"]);
    let label = |name| methods.classify(name).map(|class| class.label.index());
    assert_eq!(label("eth_call"), Some(1));
    assert_eq!(label("trace_block"), Some(0));
    assert_eq!(label("made_up"), Some(0));
}

#[test]
fn lists_that_come_later_count_under_the_labels_that_were_there_first() {
    let rule = |pattern: &str| Rule {
        pattern: pattern.to_owned(),
        verdict: Verdict::To {
            pool: Pool::Read,
            heavy: false,
        },
    };
    let unknown = Verdict::Forbid;
    let first = Methods::new(&[rule("a"), rule("b"), rule("c")], unknown);
    let later = Methods::new(&[rule("new"), rule("c"), rule("a")], unknown);
    let later = later.labelled_as(&first);
    assert_eq!(later.labels(), first.labels());
    let label = |methods: &Methods, name| methods.classify(name).map(|class| class.label);
    assert_eq!(label(&later, "a"), label(&first, "a"));
    assert_eq!(label(&later, "c"), label(&first, "c"));
    assert_eq!(label(&later, "new").unwrap().index(), Label::OTHER.index());
    assert_eq!(
        label(&later, "b"),
        None,
        "the verdicts are those of the later lists"
    );
}
