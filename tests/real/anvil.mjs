// A real client against Headway: a transaction and its receipt, a batch, and a burst of reads.
// Usage: node anvil.mjs URL; prints one JSON line with what it saw.
import { JsonRpcProvider, Wallet, parseEther } from "ethers";

const url = process.argv[2];
// The first of the well-known development accounts that every Anvil starts with.
const key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const provider = new JsonRpcProvider(url, undefined, { batchMaxCount: 100, batchStallTime: 10 });
const wallet = new Wallet(key, provider);

const network = await provider.getNetwork();
const before = await provider.getBalance("0x00000000000000000000000000000000000000aa");
const sent = await wallet.sendTransaction({ to: "0x00000000000000000000000000000000000000aa", value: parseEther("1") });
const receipt = await sent.wait();
const after = await provider.getBalance("0x00000000000000000000000000000000000000aa");
const blocks = await Promise.all(Array.from({ length: 20 }, () => provider.getBlockNumber()));

const raw = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify([
    { jsonrpc: "2.0", id: "a", method: "eth_chainId", params: [] },
    { jsonrpc: "2.0", method: "eth_blockNumber", params: [] },
    { jsonrpc: "2.0", id: 2, method: "eth_getBalance", params: [wallet.address, "latest"] },
    { jsonrpc: "2.0", id: 3, method: "eth_noSuchMethod", params: [] },
  ]),
});
const batch = await raw.json();
provider.destroy();

console.log(JSON.stringify({
  chainId: Number(network.chainId),
  status: receipt.status,
  hashMatches: receipt.hash === sent.hash,
  received: (after - before).toString(),
  batched: blocks.length,
  http: raw.status,
  ids: batch.map((answer) => answer.id),
  chain: batch[0].result,
  unknown: batch[2].error?.code,
}));
