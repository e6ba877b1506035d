//! Stories about `memory`: an allowance is never passed and always given back.

use super::*;

#[test]
fn rooms_share_one_allowance_and_give_it_back() {
    let memory = Memory::new(100);
    let (mut one, mut two) = (memory.room(), memory.room());
    assert!(one.grow(60));
    assert!(!two.grow(41), "over the limit nothing is taken");
    assert_eq!(memory.used(), 60);
    assert!(two.grow(40), "up to the limit everything is");
    assert!(one.grow(0));
    assert!(!one.grow(1));
    drop(one);
    assert_eq!(memory.used(), 40);
    assert!(two.grow(60));
    drop(two);
    assert_eq!(memory.used(), 0);
}

#[test]
fn rooms_on_many_threads_never_pass_the_limit() {
    let memory = Memory::new(1_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for bytes in 0..5_000 {
                    let mut room = memory.room();
                    let _full = room.grow(bytes % 700);
                    assert!(room.bytes <= 1_000);
                }
            });
        }
    });
    assert_eq!(memory.used(), 0);
}
