//! From a judgement to a table.

use super::*;
use crate::health::Link;
use crate::ids::BackendId;
use crate::moment::Moment;
use crate::table::Standing;
use crate::verdict::Reference;
use crate::verdict::Source;
use crate::verdict::Verdict;

fn judgement(standings: &[Standing], leader_usable: bool) -> Judgement {
    let verdict = |standing: &Standing| Verdict {
        standing: *standing,
        link: Link::Up,
        head: None,
        lag_blocks: Some(1),
        lag_seconds: Some(1),
        returned: Some(Moment::ZERO),
    };
    Judgement {
        verdicts: standings.iter().map(verdict).collect(),
        reference: Some(Reference {
            number: 77,
            timestamp: 1,
            source: Source::Vote(0),
        }),
        leader_usable,
        leader_first: leader_usable,
        head_too_old: false,
        halted: false,
        doubts: Vec::new(),
        changes: Vec::new(),
    }
}

#[test]
fn seats_are_indices_of_specs_and_the_leader_sits_only_while_usable() {
    let spec = |id: &str, pool, leader| Spec {
        id: BackendId::new(id),
        pool,
        leader,
        external: leader,
        weight: 1,
    };
    let specs = [
        spec("a", Some(Pool::Read), false),
        spec("leader", None, true),
    ];
    let vitals: Vec<Arc<Vitals>> = vec![Arc::default(), Arc::default()];
    let rungs = Rungs {
        leader_serves: vec![Pool::Read],
        leader_calls_max: 9,
        stale: Stale::HeadFree,
    };
    for usable in [true, false] {
        let judgement = judgement(&[Standing::Lagging, Standing::Eligible], usable);
        let table = table(&specs, &judgement, &vitals, &rungs);
        assert_eq!(table.head(), Some(77));
        let place = table.place(Seat::new(0)).unwrap();
        assert_eq!((place.standing, place.lag), (Standing::Lagging, Some(1)));
        assert_eq!(place.returned, Some(Moment::ZERO));
        assert!(Arc::ptr_eq(&place.vitals, &vitals[0]));
        let ladder = table.ladder();
        assert_eq!(ladder.leader, usable.then(|| Seat::new(1)));
        assert_eq!((ladder.leader_first, ladder.leader_calls_max), (usable, 9));
        assert_eq!(ladder.stale, Stale::HeadFree);
        assert_eq!(table.line(Pool::Read).rest, [Seat::new(0)]);
    }
}
