// ethers, viem and web3.js over WebSockets against Headway. Usage: node sockets.mjs URL
import { Network, Wallet, WebSocketProvider } from "ethers";
import { createPublicClient, createWalletClient, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { Web3 } from "web3";
import { ACCOUNT, CHAIN_ID, ETHER, KEY, RECEIVER, REVERTING, REVERT_DATA, failure, holds, run, same } from "./checks.mjs";

const url = process.argv[2].replace("http", "ws");
const ethers = new WebSocketProvider(url, Network.from(CHAIN_ID));
// Its sign of life is a call without an id, which must not be answered.
const transport = webSocket(url, { keepAlive: { interval: 50 }, reconnect: false });
const viem = createPublicClient({ chain: foundry, transport, pollingInterval: 100, cacheTime: 0 });
const wallet = createWalletClient({ account: privateKeyToAccount(KEY), chain: foundry, transport });
const web3 = new Web3(url);

await run({
  "ethers calls": async () => {
    same(BigInt(await ethers.send("eth_chainId", [])), BigInt(CHAIN_ID));
    same(typeof (await ethers.getBlockNumber()), "number");
    const error = await failure(ethers.call({ data: REVERTING }));
    same([error.code, error.data, error.reason], ["CALL_EXCEPTION", REVERT_DATA, "no"]);
    same((await failure(ethers.send("eth_noSuchMethod", []))).error?.code, -32601);
  },
  "ethers sends": async () => {
    const signer = new Wallet(KEY, ethers);
    const wanted = await signer.populateTransaction({ to: RECEIVER, value: ETHER });
    const hash = await ethers.send("eth_sendRawTransaction", [await signer.signTransaction(wanted)]);
    let receipt = null;
    // What it remembers for a moment would be all there is.
    while (receipt === null) receipt = await ethers.send("eth_getTransactionReceipt", [hash]);
    same([receipt.status, receipt.transactionHash], ["0x1", hash]);
  },
  "ethers calls a hundred times at once": async () => {
    const calls = Array.from({ length: 100 }, (_, place) => ethers.getBalance(ACCOUNT, place % 2 ? "latest" : 0));
    same((await Promise.all(calls)).length, 100);
  },
  "viem calls": async () => {
    same(await viem.getChainId(), CHAIN_ID);
    same(holds(await failure(viem.call({ data: REVERTING })), REVERT_DATA), true, "the data of the revert");
    same((await failure(viem.request({ method: "eth_noSuchMethod", params: [] }))).code, -32601);
  },
  "viem sends": async () => {
    const hash = await wallet.sendTransaction({ to: RECEIVER, value: ETHER });
    let receipt = null;
    while (receipt === null) receipt = await viem.request({ method: "eth_getTransactionReceipt", params: [hash] });
    same([receipt.status, receipt.transactionHash], ["0x1", hash]);
  },
  "viem keeps its socket alive": async () => {
    const first = await viem.getBlockNumber();
    let last = first;
    while (last < first + 2n) last = await viem.getBlockNumber();
    same((await viem.transport.getSocket()).readyState, 1);
  },
  "web3.js calls": async () => {
    same(await web3.eth.getChainId(), BigInt(CHAIN_ID));
    same(typeof (await web3.eth.getBlockNumber()), "bigint");
    same(await web3.eth.getBalance(ACCOUNT, 0), 10000n * ETHER);
  },
});
