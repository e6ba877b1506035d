"""web3.py against Headway. Usage: python web3_py.py URL

Put through the same checks as the clients in JavaScript; each is printed as one line.
"""

import sys
import time

from web3 import Web3
from web3.exceptions import ContractLogicError

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
RECEIVER = Web3.to_checksum_address("0x00000000000000000000000000000000000000aa")
ETHER = 10**18
REVERT_DATA = "0x08c379a0" + "20".zfill(64) + "2".zfill(64) + "6e6f".ljust(64, "0")
REVERTING = "0x6064600c60003960646000fd" + REVERT_DATA[2:]

w3 = Web3(Web3.HTTPProvider(sys.argv[1]))
account = w3.eth.account.from_key(KEY)


def same(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r} is not {expected!r}")


def send_and_receipt():
    fees = w3.eth.gas_price
    transaction = {
        "to": RECEIVER,
        "value": ETHER,
        "nonce": w3.eth.get_transaction_count(account.address),
        "chainId": w3.eth.chain_id,
        "gas": 21000,
        "maxFeePerGas": 2 * fees,
        "maxPriorityFeePerGas": w3.eth.max_priority_fee,
    }
    sent = w3.eth.send_raw_transaction(account.sign_transaction(transaction).raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.1)
    same((receipt.status, receipt.transactionHash), (1, sent))
    same(w3.eth.get_balance(RECEIVER), ETHER)


def revert():
    try:
        w3.eth.call({"data": REVERTING})
    except ContractLogicError as error:
        same(error.data, REVERT_DATA)
    else:
        raise AssertionError("it did not fail")


def unknown_method():
    answer = w3.provider.make_request("eth_noSuchMethod", [])
    same(answer["error"]["code"], -32601)


def batch(count):
    with w3.batch_requests() as requests:
        for place in range(count):
            requests.add(w3.eth.get_block(0) if place % 2 else w3.eth.get_balance(account.address))
        answers = requests.execute()
    same(len(answers), count)
    same({answer["number"] for answer in answers[1::2]}, {0})


def one_bad_call():
    calls = [("eth_noSuchMethod" if place == 7 else "eth_chainId", []) for place in range(25)]
    answers = w3.provider.make_batch_request(calls)
    same([answer.get("result") for answer in answers[:7] + answers[8:]], ["0x7a69"] * 24)
    same(answers[7]["error"]["code"], -32601)


def polling():
    blocks = w3.eth.filter("latest")
    heard = []
    while len(heard) < 3:
        heard.extend(blocks.get_new_entries())
        time.sleep(0.1)
    first = w3.eth.get_block(heard[0]).number
    same([w3.eth.get_block(block).number for block in heard[:3]], [first, first + 1, first + 2])


CHECKS = {
    "chain id": lambda: same(w3.eth.chain_id, 31337),
    "block number": lambda: same(w3.eth.block_number >= 0, True),
    "balance": lambda: same(w3.eth.get_balance(RECEIVER), 0),
    "send and receipt": send_and_receipt,
    "revert": revert,
    "unknown method": unknown_method,
    "batch of 25": lambda: batch(25),
    "batch of 100": lambda: batch(100),
    "one bad call in a batch": one_bad_call,
    "polling": polling,
}

failed = 0
for name, check in CHECKS.items():
    try:
        check()
        print(f"ok {name}")
    except Exception as error:  # a check fails by raising whatever it likes
        failed += 1
        print(f"failed {name}: {error!r}".replace("\n", " | "))
sys.exit(failed)
