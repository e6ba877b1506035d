// web3.js against Headway. Usage: node web3js.mjs URL
import { Web3 } from "web3";
import { ACCOUNT, CHAIN_ID, ETHER, KEY, RECEIVER, REVERTING, REVERT_DATA, failure, holds, run, same } from "./checks.mjs";

const web3 = new Web3(process.argv[2]);
web3.eth.accounts.wallet.add(KEY);
web3.eth.transactionPollingInterval = 100;

/** Sends so many calls in one request; gives what each came to. */
async function batch(count, method) {
  const request = new web3.BatchRequest();
  const calls = Array.from({ length: count }, (_, place) => request.add({ id: place + 1, method: method(place), params: [] }));
  calls.forEach((call) => call.catch(() => {}));
  await request.execute().catch(() => {});
  return Promise.allSettled(calls);
}

async function whole(count) {
  const settled = await batch(count, () => "eth_chainId");
  settled.forEach((one) => same([one.status, one.value], ["fulfilled", "0x7a69"], one.reason));
}

await run({
  "chain id": async () => same(await web3.eth.getChainId(), BigInt(CHAIN_ID)),
  "block number": async () => same(typeof (await web3.eth.getBlockNumber()), "bigint"),
  "balance": async () => same(await web3.eth.getBalance(RECEIVER), 0n),
  "send and receipt": async () => {
    const receipt = await web3.eth.sendTransaction({ from: ACCOUNT, to: RECEIVER, value: ETHER });
    same(receipt.status, 1n);
    same(await web3.eth.getBalance(RECEIVER), ETHER);
  },
  "revert": async () => {
    const error = await failure(web3.eth.call({ data: REVERTING }));
    same(holds(error, REVERT_DATA), true, "the data of the revert");
  },
  "unknown method": async () => {
    const error = await failure(web3.requestManager.send({ method: "eth_noSuchMethod", params: [] }));
    same(holds(error, -32601), true, "the code");
  },
  "batch of 25": () => whole(25),
  "batch of 100": () => whole(100),
  "one bad call in a batch": async () => {
    const settled = await batch(25, (place) => (place === 7 ? "eth_noSuchMethod" : "eth_chainId"));
    settled.forEach((one, place) => {
      if (place !== 7) return same([one.status, one.value], ["fulfilled", "0x7a69"], one.reason);
      same([one.status, holds(one.reason, -32601)], ["rejected", true], "the bad call");
    });
  },
  "polling": async () => {
    const heard = new Set();
    while (heard.size < 3) heard.add(await web3.eth.getBlockNumber());
    const [first, ...more] = heard;
    same(more, [first + 1n, first + 2n]);
  },
});
