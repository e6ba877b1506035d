// viem against Headway. Usage: node viem.mjs URL
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { CHAIN_ID, ETHER, KEY, RECEIVER, REVERTING, REVERT_DATA, failure, holds, run, same } from "./checks.mjs";

const url = process.argv[2];
const plain = createPublicClient({ chain: foundry, transport: http(url), pollingInterval: 100, cacheTime: 0 });
const wallet = createWalletClient({ account: privateKeyToAccount(KEY), chain: foundry, transport: http(url) });

/** Sends so many calls in one request; gives what each came to, and the sizes of the requests. */
async function batch(count, call) {
  const sizes = [];
  const transport = http(url, {
    batch: { batchSize: count, wait: 20 },
    retryCount: 0,
    onFetchRequest: async (_, init) => void sizes.push([JSON.parse(init.body)].flat().length),
  });
  const batching = createPublicClient({ chain: foundry, transport });
  const settled = await Promise.allSettled(Array.from({ length: count }, (_, place) => call(batching, place)));
  return { settled, sizes };
}

async function whole(count) {
  const { settled, sizes } = await batch(count, (batching, place) =>
    batching.getBalance({ address: `0x${(place + 1000).toString(16).padStart(40, "0")}` }));
  same(sizes, [count], "sizes of requests");
  settled.forEach((one) => same([one.status, one.value], ["fulfilled", 0n], one.reason));
}

await run({
  "chain id": async () => same(await plain.getChainId(), CHAIN_ID),
  "block number": async () => same(typeof (await plain.getBlockNumber()), "bigint"),
  "balance": async () => same(await plain.getBalance({ address: RECEIVER }), 0n),
  "send and receipt": async () => {
    const hash = await wallet.sendTransaction({ to: RECEIVER, value: ETHER });
    const receipt = await plain.waitForTransactionReceipt({ hash });
    same([receipt.status, receipt.transactionHash], ["success", hash]);
    same(await plain.getBalance({ address: RECEIVER }), ETHER);
  },
  "revert": async () => {
    const error = await failure(plain.call({ data: REVERTING }));
    same(holds(error, REVERT_DATA), true, "the data of the revert");
  },
  "unknown method": async () =>
    same((await failure(plain.request({ method: "eth_noSuchMethod", params: [] }))).code, -32601),
  "batch of 25": () => whole(25),
  "batch of 100": () => whole(100),
  "one bad call in a batch": async () => {
    const { settled, sizes } = await batch(25, (batching, place) =>
      place === 7
        ? batching.request({ method: "eth_noSuchMethod", params: [] })
        // Equal calls would be sent once only.
        : batching.getBalance({ address: `0x${(place + 1000).toString(16).padStart(40, "0")}` }));
    same(sizes, [25], "sizes of requests");
    settled.forEach((one, place) => same(one.value ?? one.reason.code, place === 7 ? -32601 : 0n));
  },
  "polling": async () => {
    const heard = [];
    await new Promise((done) => {
      const stop = plain.watchBlockNumber({
        poll: true,
        emitMissed: true,
        onBlockNumber: (number) => heard.push(number) === 3 && (stop(), done()),
      });
    });
    same(heard, [heard[0], heard[0] + 1n, heard[0] + 2n]);
  },
});
