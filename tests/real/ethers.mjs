// ethers against Headway. Usage: node ethers.mjs URL
import { JsonRpcProvider, Network, Wallet } from "ethers";
import { CHAIN_ID, ETHER, KEY, RECEIVER, REVERTING, REVERT_DATA, failure, run, same } from "./checks.mjs";

const url = process.argv[2];
const plain = new JsonRpcProvider(url, undefined, { batchMaxCount: 1, cacheTimeout: -1 });

/** Sends so many calls in one request; gives what each came to, and the sizes of the requests. */
async function batch(count, call) {
  // Without a known network a question for the chain id of its own would go between.
  const network = Network.from(CHAIN_ID);
  const options = { batchMaxCount: count, batchStallTime: 20, staticNetwork: network };
  const batching = new JsonRpcProvider(url, network, options);
  const sizes = [];
  await batching.on("debug", (event) => {
    if (event.action === "sendRpcPayload") sizes.push([event.payload].flat().length);
  });
  const settled = await Promise.allSettled(Array.from({ length: count }, (_, place) => call(batching, place)));
  batching.destroy();
  return { settled, sizes };
}

async function whole(count) {
  const { settled, sizes } = await batch(count, (batching, place) =>
    batching.send("eth_getBalance", [`0x${place.toString(16).padStart(40, "0")}`, "latest"]));
  same(sizes, [count], "sizes of requests");
  settled.forEach((one) => same([one.status, typeof one.value], ["fulfilled", "string"], one.reason));
}

await run({
  "chain id": async () => same((await plain.getNetwork()).chainId, BigInt(CHAIN_ID)),
  "block number": async () => same(typeof (await plain.getBlockNumber()), "number"),
  "balance": async () => same(await plain.getBalance(RECEIVER), 0n),
  "send and receipt": async () => {
    const sent = await new Wallet(KEY, plain).sendTransaction({ to: RECEIVER, value: ETHER });
    const receipt = await sent.wait();
    same([receipt.status, receipt.hash], [1, sent.hash]);
    same(await plain.getBalance(RECEIVER), ETHER);
  },
  "revert": async () => {
    const error = await failure(plain.call({ data: REVERTING }));
    same([error.code, error.data, error.reason], ["CALL_EXCEPTION", REVERT_DATA, "no"]);
  },
  "unknown method": async () => same((await failure(plain.send("eth_noSuchMethod", []))).error?.code, -32601),
  "batch of 25": () => whole(25),
  "batch of 100": () => whole(100),
  "one bad call in a batch": async () => {
    const { settled, sizes } = await batch(25, (batching, place) =>
      place === 7 ? batching.send("eth_noSuchMethod", []) : batching.send("eth_chainId", []));
    same(sizes, [25], "sizes of requests");
    settled.forEach((one, place) =>
      same(one.value ?? one.reason.error?.code, place === 7 ? -32601 : "0x7a69"));
  },
  "polling": async () => {
    plain.pollingInterval = 100;
    const heard = [];
    await new Promise((done) => plain.on("block", (number) => heard.push(number) === 3 && done()));
    plain.off("block");
    same(heard, [heard[0], heard[0] + 1, heard[0] + 2]);
  },
});
