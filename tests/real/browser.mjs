// Headless Chromium calls Headway from a page of another origin. Usage: node browser.mjs URL CHROMIUM FOLDER
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";
import { run, same } from "./checks.mjs";

const [url, executablePath, userDataDir] = process.argv.slice(2);

const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><title>A page</title>"));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await puppeteer.launch({
  executablePath,
  userDataDir,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);

/** The preflights that were answered, as the network stack saw them. */
const preflights = [];
const network = await page.createCDPSession();
await network.send("Network.enable");
network.on("Network.responseReceived", ({ type, response }) => {
  if (type === "Preflight") preflights.push(response);
});

/** What the page's own script can read of an answer. */
const call = (method, headers) =>
  page.evaluate(
    async (url, method, headers) => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params: [] }),
      });
      return { status: answer.status, type: answer.headers.get("content-type"), ...(await answer.json()) };
    },
    url,
    method,
    headers,
  );

const custom = { "x-wallet": "ours", "x-request-id": "1" };

await run({
  "an answer is read": async () => {
    const { status, type, id, result } = await call("eth_chainId", custom);
    same([status, type, id, result], [200, "application/json", 7, "0x7a69"]);
  },
  "the preflight was answered": async () => {
    same(preflights.map(({ status }) => status), [204]);
    const { headers } = preflights[0];
    same(headers["access-control-max-age"], "7200");
    same(headers["access-control-allow-headers"], "*");
  },
  "the preflight is remembered": async () => {
    await call("eth_chainId", custom);
    same(preflights.length, 1);
  },
  "an error is read": async () => {
    const { status, id, error } = await call("eth_noSuchMethod", custom);
    same([status, id, error?.code], [200, 7, -32601]);
  },
  "a refusal is read": async () => {
    const { status, id, error } = await call("debug_traceTransaction", custom);
    same([status, id, error?.code, error?.data?.reason], [200, 7, -32601, "method_not_allowed"]);
  },
  "bytes that are no JSON are refused readably": async () => {
    const answer = await page.evaluate(async (url) => {
      const answer = await fetch(url, { method: "POST", body: "not json" });
      return { status: answer.status, ...(await answer.json()) };
    }, url);
    same([answer.status, answer.error.code], [400, -32700]);
  },
  "the end": async () => {
    await browser.close();
    server.close();
  },
});
