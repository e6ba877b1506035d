// cast against Headway. Usage: node cast.mjs URL. It sends no batches.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CHAIN_ID, ETHER, KEY, RECEIVER, REVERTING, REVERT_DATA, failure, run, same } from "./checks.mjs";

const program = new URL("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", import.meta.url).pathname;
const environment = { ETH_RPC_URL: process.argv[2], HOME: "/nonexistent", NO_COLOR: "1", FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" };

async function cast(...words) {
  const { stdout } = await promisify(execFile)(program, words, { env: environment });
  return stdout.trim();
}

await run({
  "chain id": async () => same(await cast("chain-id"), String(CHAIN_ID)),
  "block number": async () => same(/^\d+$/.test(await cast("block-number")), true),
  "balance": async () => same(await cast("balance", RECEIVER), "0"),
  "send and receipt": async () => {
    const receipt = JSON.parse(await cast("send", "--json", "--private-key", KEY, RECEIVER, "--value", String(ETHER)));
    same(receipt.status, "0x1");
    same(await cast("balance", RECEIVER), String(ETHER));
  },
  "revert": async () => {
    const { stderr } = await failure(cast("call", "--create", REVERTING));
    same([stderr.includes("execution reverted"), stderr.includes(REVERT_DATA.slice(2))], [true, true], stderr);
  },
  "unknown method": async () => {
    const { stderr } = await failure(cast("rpc", "eth_noSuchMethod"));
    same(stderr.includes("-32601"), true, stderr);
  },
  "polling": async () => {
    const heard = new Set();
    while (heard.size < 3) heard.add(Number(await cast("block-number")));
    const [first, ...more] = heard;
    same(more, [first + 1, first + 2]);
  },
});
