//! What Headway promises whoever stands at its door, and the test that holds each of it to that.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

/// The promise, the file of its test, the test.
type Promise = (&'static str, &'static str, &'static str);

/// What is said instead of an answer.
const REFUSALS: [Promise; 15] = [
    (
        "what is not JSON is -32700, HTTP 400",
        "crates/proxy/src/exchange/tests/refusals.rs",
        "what_is_no_json_is_a_parse_error",
    ),
    (
        "what is no request is -32600, HTTP 400 in the drop-in, else 200",
        "crates/proxy/src/exchange/tests/refusals.rs",
        "what_is_no_call_is_an_invalid_request",
    ),
    (
        "method, send in a batch, size, nesting, memory, bulkheads, log range, busy, nobody, broken, late, \
         unclear: code and status in both styles",
        "crates/proxy/src/exchange/tests/refusals.rs",
        "every_row_of_the_table_is_said_in_both_styles",
    ),
    (
        "a batch of too many calls is HTTP 200 and an error for each id",
        "crates/proxy/src/exchange/tests.rs",
        "an_overfull_batch_hears_so_for_every_id",
    ),
    (
        "who asks too often is told 429, -32005 and when to come back",
        "crates/proxy/src/admit/tests.rs",
        "a_call_too_many_hears_when_to_come_back",
    ),
    (
        "in a batch only those calls that are too many are refused",
        "crates/proxy/src/admit/tests.rs",
        "each_call_of_a_batch_counts_and_the_refused_ones_hear_it_in_their_place",
    ),
    (
        "429 and 503 come with Retry-After, and nothing else does",
        "crates/proxy/src/reply/tests.rs",
        "who_may_come_again_is_told_when",
    ),
    (
        "Retry-After differs from client to client",
        "crates/proxy/src/reply/tests.rs",
        "a_crowd_that_is_refused_comes_back_spread_out",
    ),
    (
        "a head or a body that does not come in time is 408, and the connection closes",
        "crates/proxy/src/patience/tests.rs",
        "who_is_too_slow_is_told_so_in_json_and_not_heard_any_more",
    ),
    (
        "413, 417 and 431 are heard by who still sends",
        "crates/proxy/src/patience/tests.rs",
        "who_still_sends_reads_why_it_was_refused",
    ),
    (
        "400, 405, 413, 414, 417, 431 and 501 for requests as bytes",
        "tests/tests/raw_http.rs",
        "every_raw_request_has_the_end_it_should_and_none_reaches_a_backend_as_it_was_framed",
    ),
    (
        "a body in a coding that is not understood is 415",
        "crates/proxy/src/unpack/tests.rs",
        "a_packed_call_reaches_its_node_as_it_was",
    ),
    (
        "other HTTP methods are 405 with Allow",
        "crates/proxy/src/serve/tests.rs",
        "other_methods_are_not_allowed",
    ),
    (
        "errors of nodes pass as they are, their status in the drop-in only",
        "crates/proxy/src/exchange/tests.rs",
        "errors_of_nodes_pass_with_their_status_only_in_the_drop_in",
    ),
    (
        "no key of a URL is ever said",
        "tests/tests/secure.rs",
        "keys_in_urls_are_seen_nowhere",
    ),
];

/// What may be asked to become something else than HTTP.
const UPGRADES: [Promise; 3] = [
    (
        "only a GET by HTTP/1.1 for websocket is an upgrade, however it is written; h2c is not",
        "crates/proxy/src/entry/tests.rs",
        "only_a_whole_request_for_a_web_socket_is_one",
    ),
    (
        "of a handshake a node gets what belongs to it and nothing else",
        "crates/proxy/src/tunnel/tests.rs",
        "a_node_gets_the_handshake_and_nothing_else_of_the_clients",
    ),
    (
        "a handshake without an answer is 504, one that breaks 502",
        "crates/proxy/src/tunnel/tests.rs",
        "a_handshake_that_is_not_answered_is_known_as_what_it_is",
    ),
];

/// How large things may be.
const SIZES: [Promise; 8] = [
    (
        "a declared length that is too large is refused before the body is asked for",
        "crates/proxy/src/serve/tests.rs",
        "a_body_that_is_too_large_is_refused_as_soon_as_that_is_known",
    ),
    (
        "a head has a size",
        "crates/proxy/src/serve/tests.rs",
        "a_head_that_is_too_large_is_refused",
    ),
    (
        "so has a field of it",
        "crates/proxy/src/strict/tests.rs",
        "a_field_has_a_size",
    ),
    (
        "a packed body has two, before and after",
        "crates/proxy/src/unpack/tests.rs",
        "bombs_are_refused_before_memory_grows",
    ),
    (
        "bodies of all clients share one allowance",
        "crates/proxy/src/serve/tests.rs",
        "bodies_of_all_clients_share_one_allowance",
    ),
    (
        "held answers share it",
        "crates/proxy/src/held/tests.rs",
        "what_waits_for_its_client_takes_room_until_the_client_has_it",
    ),
    (
        "the head of a node's answer has a size, too",
        "crates/proxy/src/wire/tests.rs",
        "a_backends_head_has_a_size_and_its_client_hears_of_one_too_large",
    ),
    (
        "a long answer passes through in little memory",
        "tests/tests/door.rs",
        "a_long_answer_passes_through_in_little_memory",
    ),
];

/// How many there may be at once, and how long they may take.
const LIMITS: [Promise; 12] = [
    (
        "one connection too many is told 503 and closed",
        "tests/tests/door.rs",
        "one_connection_too_many_is_told_so_and_closed",
    ),
    (
        "there are no more of them than fit into the files the process may open",
        "crates/proxy/src/listen/tests.rs",
        "the_smaller_of_what_is_wanted_and_what_the_system_allows_counts",
    ),
    (
        "a limit that does not fit is lowered, and the log says so",
        "tests/tests/door.rs",
        "more_connections_than_there_can_be_files_are_lowered_and_told",
    ),
    (
        "without files the door rests and does not spin",
        "tests/tests/door.rs",
        "without_file_descriptors_it_waits_and_goes_on",
    ),
    (
        "who waits then is told so",
        "crates/proxy/src/listen/tests.rs",
        "whoever_waits_when_no_file_is_left_is_told_so_by_means_of_the_spare_one",
    ),
    (
        "one client has so many connections, load balancers as many as they like",
        "crates/proxy/src/listen/tests.rs",
        "a_client_with_too_many_connections_is_told_so_and_trusted_proxies_are_not",
    ),
    (
        "one request too many is told 503 at once, and health is told all the same",
        "crates/proxy/src/serve/tests/crowd.rs",
        "one_request_too_many_is_turned_away_but_health_is_told",
    ),
    (
        "clients are told apart by their verified address",
        "crates/proxy/src/admit/tests.rs",
        "clients_are_counted_by_their_verified_address",
    ),
    (
        "first byte, head, body and rest have a time each",
        "crates/proxy/src/patience/tests.rs",
        "each_part_of_a_request_has_its_time",
    ),
    (
        "so has the taking of an answer",
        "crates/proxy/src/patience/tests.rs",
        "a_client_that_takes_nothing_is_cut_off_and_its_backend_let_go",
    ),
    (
        "the admin and health ports have times of their own",
        "crates/control/src/admin/tests.rs",
        "slow_askers_are_waited_for_only_so_long",
    ),
    (
        "and a number of connections",
        "crates/control/src/admin/tests.rs",
        "one_connection_too_many_is_turned_away_until_another_ends",
    ),
];

#[test]
fn every_promise_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let promises = REFUSALS.iter().chain(&UPGRADES).chain(&SIZES);
    for (promise, file, test) in promises.chain(&LIMITS) {
        let path = root.join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        // An attribute stands before it: a function that only looks like a test proves nothing.
        let held = text.split("\n#[").any(|piece| {
            let attribute = piece.starts_with("test]") || piece.starts_with("tokio::test");
            attribute && piece.contains(&format!("fn {test}("))
        });
        assert!(held, "{promise}: there is no test {test} in {file}");
    }
}
