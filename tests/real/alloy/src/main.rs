//! alloy against Headway: `alloy-client URL`, put through the same checks as the other clients; each
//! is printed as one line.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use alloy::network::TransactionBuilder;
use alloy::primitives::Address;
use alloy::primitives::Bytes;
use alloy::primitives::U256;
use alloy::providers::DynProvider;
use alloy::providers::Provider;
use alloy::providers::ProviderBuilder;
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;
type Checked = Result<(), Failure>;

const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ETHER: u64 = 1_000_000_000_000_000_000;
/// What Solidity reverts with for `revert("no")`.
const REVERT_DATA: &str = "08c379a0\
    0000000000000000000000000000000000000000000000000000000000000020\
    0000000000000000000000000000000000000000000000000000000000000002\
    6e6f000000000000000000000000000000000000000000000000000000000000";
/// Code that copies what follows it into memory and reverts with that.
const REVERTING: &str = "0x6064600c60003960646000fd";

fn receiver() -> Address {
    Address::with_last_byte(0xaa)
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Checked {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{found:?} is not {expected:?}").into()),
    }
}

async fn send_and_receipt(provider: &DynProvider) -> Checked {
    let transaction = TransactionRequest::default()
        .with_to(receiver())
        .with_value(U256::from(ETHER));
    let sent = provider.send_transaction(transaction).await?;
    let hash = *sent.tx_hash();
    let receipt = sent.get_receipt().await?;
    same((receipt.status(), receipt.transaction_hash), (true, hash))?;
    same(provider.get_balance(receiver()).await?, U256::from(ETHER))
}

async fn revert(provider: &DynProvider) -> Checked {
    let code: Bytes = format!("{REVERTING}{REVERT_DATA}").parse()?;
    let transaction = TransactionRequest::default().with_deploy_code(code);
    let error = provider.call(transaction).await.err().ok_or("no error")?;
    let said = error.as_error_resp().ok_or("no answer")?;
    same(said.as_revert_data(), Some(REVERT_DATA.parse()?))
}

async fn unknown_method(provider: &DynProvider) -> Checked {
    let asked = provider.raw_request::<_, Value>("eth_noSuchMethod".into(), ());
    let error = asked.await.err().ok_or("no error")?;
    same(error.as_error_resp().map(|said| said.code), Some(-32601))
}

/// A batch in one request; at a place that is bad the method is unknown.
async fn batch(provider: &DynProvider, count: usize, bad: Option<usize>) -> Checked {
    let mut batch = BatchRequest::new(provider.client());
    let mut waiting = Vec::new();
    for place in 0..count {
        let method = if Some(place) == bad { "eth_noSuchMethod" } else { "eth_chainId" };
        waiting.push(batch.add_call::<_, String>(method, &())?);
    }
    batch.send().await?;
    for (place, answer) in join_all(waiting).await.into_iter().enumerate() {
        match answer {
            Ok(chain) if Some(place) != bad => same(&*chain, "0x7a69")?,
            Err(error) if Some(place) == bad => {
                same(error.as_error_resp().map(|said| said.code), Some(-32601))?;
            }
            other => return Err(format!("call {place}: {other:?}").into()),
        }
    }
    Ok(())
}

/// By a filter of blocks, as alloy does over HTTP.
async fn polling(provider: &DynProvider) -> Checked {
    let mut blocks = provider.watch_blocks().await?.into_stream();
    let mut heard = Vec::new();
    while heard.len() < 3 {
        for hash in blocks.next().await.ok_or("the stream ended")? {
            let block = provider.get_block_by_hash(hash).await?.ok_or("no such block")?;
            heard.push(block.header.number);
        }
    }
    heard.truncate(3);
    same(heard.clone(), vec![heard[0], heard[0] + 1, heard[0] + 2])
}

#[derive(Default)]
struct Checks {
    failed: u32,
}

impl Checks {
    async fn check(&mut self, name: &str, check: impl Future<Output = Checked>) {
        match check.await {
            Ok(()) => println!("ok {name}"),
            Err(error) => {
                self.failed += 1;
                println!("failed {name}: {error}");
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let url = std::env::args().nth(1).ok_or("usage: alloy-client URL")?;
    let signer: PrivateKeySigner = KEY.parse()?;
    let provider = ProviderBuilder::new().wallet(signer).connect_http(url.parse()?);
    provider.client().set_poll_interval(Duration::from_millis(100));
    let provider = &provider.erased();
    let mut checks = Checks::default();
    let chain = async { same(provider.get_chain_id().await?, 31_337) };
    checks.check("chain id", chain).await;
    let block = async { provider.get_block_number().await.map(|_| ()).map_err(Into::into) };
    checks.check("block number", block).await;
    let balance = async { same(provider.get_balance(receiver()).await?, U256::ZERO) };
    checks.check("balance", balance).await;
    checks.check("send and receipt", send_and_receipt(provider)).await;
    checks.check("revert", revert(provider)).await;
    checks.check("unknown method", unknown_method(provider)).await;
    checks.check("batch of 25", batch(provider, 25, None)).await;
    checks.check("batch of 100", batch(provider, 100, None)).await;
    checks.check("one bad call in a batch", batch(provider, 25, Some(7))).await;
    checks.check("polling", polling(provider)).await;
    Ok(ExitCode::from(u8::from(checks.failed > 0)))
}
