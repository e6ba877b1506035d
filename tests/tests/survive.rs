//! Every target of the fuzzer, driven by its seeds and by seeds that are damaged at random.
//! `HEADWAY_SEED` repeats a run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use fastrand::Rng;
use headway_tests::parts::tell;
use headway_tests::survive;

/// Damaged inputs for a target that only computes, and for one that goes over sockets.
const INPUTS: usize = 4_000;
const INPUTS_OVER_SOCKETS: usize = 300;
/// Damages done to one input.
const DAMAGES_MAX: usize = 6;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Bytes flipped, taken out, put in, or followed by the end of another seed.
fn damage(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Rng) {
    let at = dice.usize(..=bytes.len());
    match dice.u8(..5) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.u8(..8),
        1 => _ = bytes.drain(at..(at + dice.usize(..8)).min(bytes.len())),
        2 => bytes.insert(at, dice.u8(..)),
        3 => bytes.insert(at, *dice.choice(b"{}[]\":,0\\\r\n \0").unwrap()),
        _ => {
            let other = dice.choice(seeds).unwrap();
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.usize(..=other.len())..]);
        }
    }
}

#[test]
fn any_bytes_are_survived_and_promises_hold() {
    let seed = std::env::var("HEADWAY_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    tell(&format!("survive: HEADWAY_SEED={seed}"));
    for (name, ..) in survive::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|bytes| survive::run(name, bytes));
        let mut dice = Rng::with_seed(seed);
        let inputs = if name == "batch" {
            INPUTS_OVER_SOCKETS
        } else {
            INPUTS
        };
        for _ in 0..inputs {
            let mut bytes = dice.choice(&seeds).unwrap().clone();
            for _ in 0..dice.usize(1..=DAMAGES_MAX) {
                damage(&mut bytes, &seeds, &mut dice);
            }
            survive::run(name, &bytes);
        }
    }
}
