/** A member of a room in Node, by the built module, for measurements and for checks against other implementations of MLS. */

import { readFile } from "node:fs/promises";
import { webcrypto as crypto } from "node:crypto";
import { decode, encode } from "cborg";

export const ROOM = "abcdefghijklmnopqrstuvwxyz";
const SECRET = new Uint8Array(16).fill(7);
const compiled = await WebAssembly.compile(await readFile(new URL("../web/src/e2ee/huisclos_mls.wasm", import.meta.url)));
const text = new TextEncoder();
const concat = (...parts) => new Uint8Array(Buffer.concat(parts));
const numbered = (...values) => new Map(values.map((value, at) => [at + 1, value]));
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export async function ed25519() {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { publicKey, sign: async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytes)) };
}

const host = await ed25519();
const body = encode(numbered(1, ROOM, "e2ee", 1, "lobby", 1000, host.publicKey, 1, 1, 0, 0, [], []));
const policy = encode([body, await host.sign(concat(text.encode("hc1 policy\0"), body))]);
const fingerprint = (await sha256(host.publicKey)).slice(0, 16);
const notAfter = Math.floor(Date.now() / 1000) + 3600;

export async function member(role) {
  const seat = await ed25519();
  let exports;
  const bytes = (at, length) => new Uint8Array(exports.memory.buffer, at, length);
  const env = {
    hc_random: (at, length) => crypto.getRandomValues(bytes(at, length)),
    hc_now: () => Date.now(),
    hc_panic: (at, length) => {
      throw new Error(Buffer.from(bytes(at, length)).toString());
    },
  };
  ({ exports } = await WebAssembly.instantiate(compiled, { env }));
  const ask = (op, args = {}) => {
    const request = encode([op, args]);
    const at = exports.hc_alloc(request.length);
    bytes(at, request.length).set(request);
    const packed = BigInt.asUintN(64, exports.hc_call(at, request.length));
    exports.hc_free(at, request.length);
    const [answerAt, length] = [Number(packed >> 32n), Number(packed & 0xffff_ffffn)];
    const answer = decode(bytes(answerAt, length).slice());
    exports.hc_free(answerAt, length);
    if (answer.error) throw new Error(`${op}: ${answer.error} ${answer.detail}`);
    return answer.ok;
  };
  ask("open", { room: ROOM, secret: SECRET, f: fingerprint, policy });
  const leaf = ask("new_leaf", { seat_pk: seat.publicKey, name: "Somebody" });
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(notAfter));
  const signed = concat(text.encode("hc1 cert\0"), text.encode(ROOM), Uint8Array.of(role), seat.publicKey, time);
  const certificate = encode(numbered(role, seat.publicKey, notAfter, await host.sign(signed)));
  ask("seal_leaf", { seat_sig: await seat.sign(leaf.to_sign), certificate });
  return ask;
}
