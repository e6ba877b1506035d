//! Gives `address` of `tests/src/survive.rs` whatever the fuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| headway_tests::survive::run("address", bytes));
