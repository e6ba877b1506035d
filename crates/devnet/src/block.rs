//! Makes the block of a given number and branch: always the same one, so that none need be kept.

use crate::hash::Address;
use crate::hash::Hash;
use crate::hash::address;
use crate::hash::dice;
use crate::hash::keccak;
use crate::hash::seal;
use crate::lineage::Branch;

/// What all blocks of a chain are derived from. Chains that differ in either share no hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    pub(crate) chain_id: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) branch: Branch,
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: Hash,
    pub(crate) transactions: Vec<Transaction>,
}

#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) hash: Hash,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) nonce: u64,
    /// In wei.
    pub(crate) value: u64,
    pub(crate) input: Vec<u8>,
    pub(crate) logs: Vec<Log>,
}

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) address: Address,
    pub(crate) topics: Vec<Hash>,
    pub(crate) data: Hash,
}

/// Gas each transaction uses, in gas units.
pub(crate) const TRANSACTION_GAS: u64 = 52_000;

const CONTRACTS: u64 = 4;
const ACCOUNTS: u64 = 8;
const EVENTS: [&[u8]; 3] = [
    b"Transfer(address,address,uint256)",
    b"Approval(address,address,uint256)",
    b"Deposit(address,uint256)",
];

/// The hash of the block at a place, without making the block.
pub(crate) fn hash_at(origin: Origin, place: Place) -> Hash {
    seal(digest(b"block", origin, place, 0), place.number)
}

/// The block at a place, holding its own transactions and then those that were sent to miners.
pub(crate) fn make(origin: Origin, place: Place, sent: &[Hash]) -> Block {
    // Block 0 and about every fourth block hold no transactions of their own.
    let count = match place.number {
        0 => 0,
        _ => dice(&hash_at(origin, place)) % 4,
    };
    let own = (0..count).map(|index| own_transaction(origin, place, index));
    let sent = sent
        .iter()
        .map(|hash| sent_transaction(origin, place, *hash));
    Block {
        number: place.number,
        hash: hash_at(origin, place),
        transactions: own.chain(sent).collect(),
    }
}

/// The contracts that emit logs; every other address is an account without code.
pub(crate) fn contracts(origin: Origin) -> impl Iterator<Item = Address> {
    (0..CONTRACTS).map(move |index| contract(origin, index))
}

fn own_transaction(origin: Origin, place: Place, index: u64) -> Transaction {
    let digest = digest(b"transaction", origin, place, index);
    let roll = dice(&digest);
    let from = account(origin, roll % ACCOUNTS);
    Transaction {
        hash: seal(digest, place.number << 8 | index),
        from,
        to: contract(origin, (roll >> 8) % CONTRACTS),
        nonce: place.number,
        value: (roll >> 16) % 1_000_000_000,
        input: digest.iter().take(4).copied().collect(),
        logs: (0..=(roll >> 24) % 3)
            .map(|log| made_log(origin, &digest, log))
            .collect(),
    }
}

/// Nothing is recovered from the signature: sender and receiver come from the hash.
fn sent_transaction(origin: Origin, place: Place, hash: Hash) -> Transaction {
    Transaction {
        hash,
        from: address(&keccak(&[b"sender", &hash])),
        to: contract(origin, dice(&hash) % CONTRACTS),
        nonce: place.number,
        value: 0,
        input: Vec::new(),
        logs: vec![made_log(origin, &hash, 0)],
    }
}

fn made_log(origin: Origin, transaction: &Hash, index: u64) -> Log {
    let data = keccak(&[b"log", transaction, &index.to_be_bytes()]);
    let roll = dice(&data);
    let event = EVENTS.iter().cycle().nth((roll % 3) as usize);
    let mut topics = vec![keccak(&[event.copied().unwrap_or_default()])];
    for shift in [16, 24].iter().take(1 + (roll >> 8) as usize % 2) {
        topics.push(word(&account(origin, (roll >> shift) % ACCOUNTS)));
    }
    Log {
        address: contract(origin, (roll >> 32) % CONTRACTS),
        topics,
        data,
    }
}

/// An address as a topic: padded on the left to 32 bytes.
fn word(address: &Address) -> Hash {
    let mut word = [0; 32];
    if let Some((_, last)) = word.split_last_chunk_mut::<20>() {
        *last = *address;
    }
    word
}

fn account(origin: Origin, index: u64) -> Address {
    named(b"account", origin, index)
}

fn contract(origin: Origin, index: u64) -> Address {
    named(b"contract", origin, index)
}

fn named(kind: &[u8], origin: Origin, index: u64) -> Address {
    let seed = origin.seed.to_be_bytes();
    address(&keccak(&[kind, &seed, &index.to_be_bytes()]))
}

fn digest(kind: &[u8], origin: Origin, place: Place, index: u64) -> Hash {
    keccak(&[
        kind,
        &origin.seed.to_be_bytes(),
        &origin.chain_id.to_be_bytes(),
        &place.number.to_be_bytes(),
        &place.branch.to_be_bytes(),
        &index.to_be_bytes(),
    ])
}
