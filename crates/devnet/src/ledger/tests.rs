//! What miners take: into the next block, out of a replaced one, and never twice.

use std::sync::Arc;

use super::*;

fn ledger() -> Ledger {
    let origin = Origin {
        seed: 1,
        chain_id: 1,
    };
    Ledger::new(Genesis {
        origin,
        bloom: Bloom::Full,
        block_time: Duration::from_millis(1500),
        history: 100,
    })
}

fn numbers(ledger: &Ledger, hash: &Hash) -> Vec<u64> {
    let lineage = Arc::clone(&ledger.tip().lineage);
    let places = ledger.places_of(hash).into_iter();
    let current = places.filter(|place| lineage.branch(place.number) == place.branch);
    current.map(|place| place.number).collect()
}

#[test]
fn a_transaction_is_in_the_next_block_and_survives_a_reorg() {
    let ledger = ledger();
    let hash = ledger.submit(b"one").unwrap();
    assert_eq!(ledger.submit(b"one"), Err(NotTaken::Known));
    assert_eq!(numbers(&ledger, &hash), [0; 0]);
    ledger.mine(2);
    assert_eq!(numbers(&ledger, &hash), [101]);
    ledger.reorg(1);
    assert_eq!(numbers(&ledger, &hash), [101]);
    ledger.reorg(2);
    assert_eq!(numbers(&ledger, &hash), [0; 0]);
    assert_eq!(ledger.submit(b"one"), Err(NotTaken::Known));
    ledger.reorg(3);
    ledger.mine(1);
    assert_eq!(numbers(&ledger, &hash), [103]);
    assert_eq!(ledger.tip().number, 103);
}

#[test]
fn a_reorg_never_reaches_the_first_block() {
    let ledger = ledger();
    ledger.reorg(0);
    assert_eq!(ledger.tip().lineage.branch(100), 0);
    ledger.reorg(u64::MAX);
    let lineage = ledger.tip().lineage;
    assert_eq!((lineage.branch(0), lineage.branch(1)), (0, 1));
}

#[test]
fn the_pool_and_the_memory_of_it_are_bounded() {
    let ledger = ledger();
    let first = ledger.submit(&0_usize.to_be_bytes()).unwrap();
    let mut last = first;
    for number in 1..=MINED_MAX {
        last = match ledger.submit(&number.to_be_bytes()) {
            Ok(hash) => hash,
            Err(full) => {
                assert_eq!((full, number % PENDING_MAX), (NotTaken::Full, 0));
                ledger.mine(1);
                ledger.submit(&number.to_be_bytes()).unwrap()
            }
        };
    }
    assert_eq!(numbers(&ledger, &first), [101]);
    ledger.mine(1);
    assert_eq!(numbers(&ledger, &first), [0; 0]);
    assert_eq!(numbers(&ledger, &last), [ledger.tip().number]);
}

#[test]
fn timestamps_are_a_block_time_apart_and_end_now() {
    let ledger = ledger();
    let now = unix_ms() / 1000;
    assert_eq!(ledger.timestamp(100) - ledger.timestamp(98), 3);
    assert!(now - ledger.timestamp(100) <= 60, "the head is from now");
    assert!(ledger.timestamp(100) <= now);
}
