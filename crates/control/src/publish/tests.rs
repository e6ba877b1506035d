//! Stories about publishing: what a judgement makes of the table, of readiness, and of the log.

use chain::head::BlockHash;
use chain::head::Head;
use rules::moment::Moment;
use rules::verdict::Reference;
use rules::verdict::Verdict;
use rules::verdict::Why;

use super::*;
use crate::harness::Stage;

/// The wall clock of these stories, in seconds.
const WALL: u64 = 1_000;

fn head(number: u64) -> Head {
    Head {
        number,
        hash: BlockHash([1; 32]),
        parent: BlockHash([2; 32]),
        timestamp: WALL - 5,
    }
}

/// Everybody stands and answers alike, at block 300.
fn all(specs: &[Spec], standing: Standing, link: Link) -> Judgement {
    let shown = (link == Link::Up).then(|| head(300));
    let verdict = Verdict {
        standing,
        link,
        head: shown,
        lag_blocks: shown.map(|_| 3),
        lag_seconds: None,
        returned: None,
    };
    Judgement {
        verdicts: vec![verdict; specs.len()],
        reference: shown.map(|head| Reference {
            number: head.number,
            timestamp: head.timestamp,
            source: Source::Vote(0),
        }),
        leader_usable: false,
        leader_first: false,
        head_too_old: false,
        halted: false,
        doubts: Vec::new(),
        changes: Vec::new(),
    }
}

fn cast(stage: &Stage) -> (Publisher, Vec<Spec>) {
    let live = Arc::clone(&stage.worker.live);
    let specs = specs(&live.snapshot().settings);
    (Publisher::new(live, Arc::clone(&stage.gauges)), specs)
}

#[tokio::test]
async fn the_served_head_is_in_the_table_and_a_step_back_is_told() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let mut round = |number, hash| {
        let mut judgement = all(&specs, Standing::Eligible, Link::Up);
        for verdict in &mut judgement.verdicts {
            verdict.head = Some(Head {
                hash: BlockHash([hash; 32]),
                ..head(number)
            });
        }
        publisher.publish(&specs, &judgement, WALL);
        stage.worker.live.snapshot().table.served()
    };
    assert_eq!(round(300, 1), Some(300));
    assert_eq!(round(300, 1), Some(300));
    assert_eq!(round(301, 1), Some(301));
    assert_eq!(round(298, 2), Some(301));
    assert_eq!(round(298, 2), Some(301));
    assert_eq!(round(298, 2), Some(298));
    assert_eq!(stage.gauges.served.number.get(), 298);
    assert_eq!(stage.gauges.served.steps_back.get(), 1);
    let line = "the served head stepped back from=301 to=298";
    assert_eq!(stage.log.lines(&[line]).len(), 1);
}

#[tokio::test]
async fn what_is_configured_reaches_the_rules() {
    let stage = Stage::set(&[("health.fall", "7"), ("health.chain_id", "15557")]).await;
    let snapshot = stage.worker.live.snapshot();
    let limits = limits(&snapshot.settings);
    assert_eq!((limits.fall, limits.rise, limits.max_lag), (7, 2, 10));
    assert_eq!(
        (limits.max_lag_at_once, limits.chain_id),
        (30, Some(15_557))
    );
    let specs = specs(&snapshot.settings);
    let leaders: Vec<_> = specs.iter().filter(|spec| spec.leader).collect();
    assert_eq!(leaders.len(), 1);
    assert_eq!((leaders[0].pool, leaders[0].external), (None, true));
    for (spec, place) in specs.iter().zip(snapshot.table.places()) {
        assert_eq!((&spec.id, spec.pool), (&place.id, place.pool));
        assert_eq!(place.standing, Standing::Eligible, "unknown is eligible");
    }
}

#[tokio::test]
async fn ready_means_that_somebody_answered_and_may_serve_reads() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let only = |id: &str, link: Link| {
        let mut judgement = all(&specs, Standing::Down, Link::Down);
        let at = specs
            .iter()
            .position(|spec| spec.id.as_str() == id)
            .unwrap();
        judgement.verdicts[at].standing = Standing::Eligible;
        judgement.verdicts[at].link = link;
        judgement.leader_usable = id == "leader";
        judgement
    };
    let old = Judgement {
        head_too_old: true,
        ..all(&specs, Standing::Eligible, Link::Up)
    };
    let stories = [
        (
            "nobody was heard of",
            all(&specs, Standing::Eligible, Link::Unknown),
            false,
        ),
        ("a reader answers", only("read-2", Link::Up), true),
        (
            "everybody is down",
            all(&specs, Standing::Down, Link::Down),
            false,
        ),
        ("the leader answers", only("leader", Link::Up), true),
        (
            "a leader nobody has heard of",
            only("leader", Link::Unknown),
            false,
        ),
        ("a miner answers", only("write-1", Link::Up), false),
        (
            "everybody lags",
            all(&specs, Standing::Lagging, Link::Up),
            false,
        ),
        (
            "everybody is well",
            all(&specs, Standing::Eligible, Link::Up),
            true,
        ),
        ("but the head is old", old, false),
    ];
    for (story, judgement, serving) in stories {
        publisher.publish(&specs, &judgement, WALL);
        assert_eq!(stage.worker.live.readiness.is_serving(), serving, "{story}");
    }
    assert_eq!(stage.gauges.tables.get(), 9);
}

#[tokio::test]
async fn figures_are_shown_while_they_are_known() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let shown = |name: &str| {
        let families = stage.worker.metrics.registry().gather();
        let text = prometheus::TextEncoder::new().encode_to_string(&families);
        let wanted = format!("headway_backend_{name}{{backend=\"read-1\"}} ");
        let text = text.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&wanted));
        line.map(str::to_owned)
    };
    let names = ["up", "block_number", "lag_blocks", "head_age_seconds"];
    assert_eq!(names.map(shown), [Some("0".to_owned()), None, None, None]);
    publisher.publish(&specs, &all(&specs, Standing::Eligible, Link::Up), WALL);
    assert_eq!(
        names.map(shown),
        ["1", "300", "3", "5"].map(|text| Some(text.to_owned()))
    );
    publisher.publish(&specs, &all(&specs, Standing::Down, Link::Down), WALL);
    assert_eq!(
        names.map(shown),
        [Some("0".to_owned()), Some("300".to_owned()), None, None]
    );
    for state in gauges::STANDINGS {
        let cell = stage
            .gauges
            .backend_state
            .with_label_values(&["read-1", gauges::name(state)]);
        assert_eq!(cell.get(), i64::from(state == Standing::Down));
    }
}

#[tokio::test]
async fn a_change_is_one_line_with_its_numbers() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let at = specs
        .iter()
        .position(|spec| spec.id.as_str() == "read-1")
        .unwrap();
    let mut judgement = all(&specs, Standing::Eligible, Link::Up);
    judgement.verdicts[at].standing = Standing::Lagging;
    judgement.changes = vec![Change {
        at,
        from: Standing::Eligible,
        to: Standing::Lagging,
        why: Why::Behind {
            blocks: 12,
            seconds: 13,
        },
    }];
    publisher.publish(&specs, &judgement, WALL);
    judgement.changes.clear();
    publisher.publish(&specs, &judgement, WALL);
    let line = " WARN table backend=\"read-1\" pool=\"read\" from=\"eligible\" to=\"lagging\" \
        why=\"12 blocks behind, 13 s older\" head=300 reference=300 eligible=1";
    assert_eq!(stage.log.lines(&["table"]), [line]);
    let counted = stage
        .gauges
        .transitions
        .with_label_values(&["read-1", "lagging"]);
    assert_eq!(counted.get(), 1);
}

#[tokio::test]
async fn only_a_return_from_down_is_forgiven() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let vitals = Arc::clone(&stage.backend("read-1").vitals);
    let at = specs
        .iter()
        .position(|spec| spec.id.as_str() == "read-1")
        .unwrap();
    vitals.ejection.eject(Moment::ZERO);
    for (from, out) in [
        (Standing::Lagging, true),
        (Standing::Forked, true),
        (Standing::Down, false),
    ] {
        let mut judgement = all(&specs, Standing::Eligible, Link::Up);
        judgement.changes = vec![Change {
            at,
            from,
            to: Standing::Eligible,
            why: Why::Answered(2),
        }];
        publisher.publish(&specs, &judgement, WALL);
        assert_eq!(vitals.ejection.is_out(Moment::ZERO), out, "from {from:?}");
    }
}

#[tokio::test]
async fn what_lasts_is_said_once_and_when_it_ends() {
    let stage = Stage::set(&[]).await;
    let (mut publisher, specs) = cast(&stage);
    let well = all(&specs, Standing::Eligible, Link::Up);
    let trouble = |blocks| Judgement {
        halted: true,
        head_too_old: true,
        doubts: vec![Doubt::LeaderBehind(blocks)],
        ..well.clone()
    };
    for judgement in [&well, &trouble(11), &trouble(12), &well, &trouble(11)] {
        publisher.publish(&specs, judgement, WALL);
        let troubled = i64::from(judgement.halted);
        assert_eq!(
            (stage.gauges.halted.get(), stage.gauges.degraded.get()),
            (troubled, troubled)
        );
    }
    let said = |words: &str| stage.log.lines(&[words]).len();
    assert_eq!(said("WARN the leader is 11 blocks behind the others"), 2);
    assert_eq!(
        said("the leader is 12 blocks"),
        0,
        "a doubt that lasts is no news"
    );
    assert_eq!(
        (
            said("ERROR the chain has halted"),
            said("INFO the chain moves again")
        ),
        (2, 1)
    );
    assert_eq!(
        (
            said("older than health.max_head_age"),
            said("young enough again")
        ),
        (2, 1)
    );
    assert_eq!(said("reference whose=\"a vote of the heads\""), 1);
    assert_eq!(stage.gauges.reference.get(), 300);
}
