// What every client is put through: named checks, each printed as one line, `ok NAME` or `failed NAME: why`.

/** The first of the well-known development accounts that every Anvil starts with. */
export const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
export const RECEIVER = "0x00000000000000000000000000000000000000aa";
export const ETHER = 10n ** 18n;
export const CHAIN_ID = 31337;

/** What Solidity reverts with for `revert("no")`. */
export const REVERT_DATA =
  "0x08c379a0" + "20".padStart(64, "0") + "2".padStart(64, "0") + "6e6f".padEnd(64, "0");
/** Code that copies what follows it into memory and reverts with that. */
export const REVERTING = "0x6064600c60003960646000fd" + REVERT_DATA.slice(2);

/** Runs the checks one after another; a check fails by throwing. */
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`failed ${name}: ${error?.stack ?? error}`.replaceAll("\n", " | "));
    }
  }
  process.exit(failed === 0 ? 0 : 1);
}

export function same(found, expected, what = "") {
  const text = (value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one));
  if (text(found) !== text(expected)) throw new Error(`${what} ${text(found)} is not ${text(expected)}`);
}

/** The error that a promise is rejected with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** Whether a value, or anything inside it, equals `wanted`. */
export function holds(value, wanted, seen = new Set()) {
  if (value === wanted) return true;
  if (value === null || typeof value !== "object" || seen.has(value)) return false;
  seen.add(value);
  const inside = [...Object.getOwnPropertyNames(value)].map((name) => value[name]);
  return inside.some((one) => holds(one, wanted, seen));
}
