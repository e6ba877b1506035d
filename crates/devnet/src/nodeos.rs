//! What a nodeos answers: `/v1/chain/get_info`, and an error in its own words for all else.

use serde_json::Value;
use serde_json::json;

use crate::hash::Hash;
use crate::hash::keccak;
use crate::hex;
use crate::view::View;

/// How far the last irreversible block is below the head, in blocks.
const IRREVERSIBLE_DEPTH: u64 = 2;

/// HTTP status and body for a path.
pub(crate) fn answer(view: &View, path: &str) -> (u16, Value) {
    match path {
        "/v1/chain/get_info" => (200, get_info(view)),
        _ => (404, unknown_endpoint()),
    }
}

fn get_info(view: &View) -> Value {
    let head = view.head();
    let irreversible = head.saturating_sub(IRREVERSIBLE_DEPTH);
    let chain = keccak(&[b"antelope", &view.origin().chain_id.to_be_bytes()]);
    json!({
        "server_version": "d133c641",
        "server_version_string": "v5.0.3",
        "server_full_version_string": "v5.0.3-headway-devnet",
        "chain_id": plain(&chain),
        "head_block_num": head,
        "head_block_id": plain(&view.hash(head)),
        "head_block_time": time(view.timestamp(head)),
        "head_block_producer": "eosio",
        "last_irreversible_block_num": irreversible,
        "last_irreversible_block_id": plain(&view.hash(irreversible)),
        "last_irreversible_block_time": time(view.timestamp(irreversible)),
        "fork_db_head_block_num": head,
        "fork_db_head_block_id": plain(&view.hash(head)),
        "earliest_available_block_num": 1,
        "virtual_block_cpu_limit": 200_000_000,
        "virtual_block_net_limit": 1_048_576_000,
        "block_cpu_limit": 200_000,
        "block_net_limit": 1_048_576,
        "total_cpu_weight": 0,
        "total_net_weight": 0,
    })
}

fn unknown_endpoint() -> Value {
    json!({
        "code": 404,
        "message": "Not Found",
        "error": { "code": 0, "name": "exception", "what": "unspecified", "details": [
            { "message": "Unknown Endpoint", "file": "http_plugin.cpp", "line_number": 0, "method": "handle" },
        ] },
    })
}

/// Nodeos writes hashes without `0x`.
fn plain(hash: &Hash) -> String {
    let text = hex::data(hash);
    text.strip_prefix("0x").unwrap_or(&text).to_owned()
}

/// Nodeos writes UTC to the millisecond, without a zone.
fn time(unix_seconds: u64) -> String {
    let second = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    let stamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
    stamp.strftime("%Y-%m-%dT%H:%M:%S.000").to_string()
}
