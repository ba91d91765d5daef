/** Turns an epoch's authenticator into a code that people can compare aloud: ten symbols, and the same as digits. */

import type { SafetyCode } from "../model/encryption";
import { type Bytes, utf8 } from "./bytes";

// Slow on purpose: who wants to meet a code by trial pays this for each of some 2^60 trials.
const ROUNDS = 100_000;
const SYMBOLS = 10;
const BITS_A_SYMBOL = 6;
const BITS = SYMBOLS * BITS_A_SYMBOL;
const DIGITS = 20;
const DIGITS_A_GROUP = 4;

export async function safetyCode(authenticator: Bytes): Promise<SafetyCode> {
  const key = await crypto.subtle.importKey("raw", authenticator, "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: utf8("hc1 sas"), iterations: ROUNDS };
  return codeOf(new Uint8Array(await crypto.subtle.deriveBits(derivation, key, 64)));
}

/** The first 60 bits of `bytes`, which are eight. */
export function codeOf(bytes: Uint8Array): SafetyCode {
  const number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) >> BigInt(bytes.length * 8 - BITS);
  const symbols = Array.from({ length: SYMBOLS }, (_, at) => {
    return Number((number >> BigInt(BITS - BITS_A_SYMBOL * (at + 1))) & 63n);
  });
  const written = number.toString().padStart(DIGITS, "0");
  const digits = Array.from({ length: DIGITS / DIGITS_A_GROUP }, (_, group) =>
    written.slice(group * DIGITS_A_GROUP, (group + 1) * DIGITS_A_GROUP),
  );
  return { symbols, digits };
}
