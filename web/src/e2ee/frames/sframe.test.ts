/** Our SFrame against the vectors of RFC 9605. The suites of AES-CTR with HMAC are left out: we refuse them, which is tested. */

import { describe, expect, test } from "vitest";
import vectors from "../../../../contract/sframe-vectors.json";
import { baseKey, bytes, hex } from "./fixture";
import { decodeHeader, deriveSenderKey, encodeHeader, open, seal, suite } from "./sframe";

describe("the header", () => {
  test(`is written and read as in all ${vectors.header.length} vectors`, () => {
    for (const vector of vectors.header) {
      const header = { kid: BigInt(vector.kid), ctr: BigInt(vector.ctr) };

      expect(hex(encodeHeader(header))).toBe(vector.encoded);
      expect(decodeHeader(bytes(`${vector.encoded}00ff`))).toEqual({ ...header, length: vector.encoded.length / 2 });
    }
  });

  test("is not read when it is cut off anywhere", () => {
    const whole = encodeHeader({ kid: 0x1234n, ctr: 0x56789an });

    for (let length = 0; length < whole.length; length += 1) expect(decodeHeader(whole.subarray(0, length))).toBeNull();
    expect(decodeHeader(whole)).not.toBeNull();
  });
});

describe("the ciphertext", () => {
  const full = vectors.sframe.filter((vector) => vector.cipher_suite >= 4);
  const short = vectors.sframe.filter((vector) => vector.cipher_suite < 4);

  test.each(full)("of suite $cipher_suite is that of the RFC, and opens", async (vector) => {
    const keys = await deriveSenderKey(
      await baseKey(bytes(vector.base_key)),
      BigInt(vector.kid),
      suite(vector.cipher_suite),
    );
    const header = { kid: BigInt(vector.kid), ctr: BigInt(vector.ctr) };
    const metadata = bytes(vector.metadata);

    const sealed = await seal(keys, header, metadata, bytes(vector.pt));

    expect(hex(keys.salt)).toBe(vector.sframe_salt);
    expect(hex(sealed)).toBe(vector.ct);
    const read = decodeHeader(sealed);
    expect(read && hex((await open(keys, read, metadata, sealed)) ?? bytes(""))).toBe(vector.pt);
  });

  test("does not open with one bit changed anywhere, header and metadata included", async () => {
    const keys = await deriveSenderKey(await baseKey(new Uint8Array(16)), 257n);
    const metadata = bytes("01020304");
    const sealed = await seal(keys, { kid: 257n, ctr: 9n }, metadata, bytes("aabbccddeeff"));
    const opens = async (data: typeof sealed, meta = metadata) => {
      const header = decodeHeader(data);
      return header !== null && (await open(keys, header, meta, data)) !== null;
    };

    expect(await opens(sealed)).toBe(true);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const spoiled = sealed.slice();
      spoiled[bit >> 3] = (spoiled[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await opens(spoiled), `bit ${bit}`).toBe(false);
    }
    expect(await opens(sealed, bytes("01020305"))).toBe(false);
  });

  test.each(short)("of suite $cipher_suite, whose tag is short, is refused", ({ cipher_suite }) => {
    expect(() => suite(cipher_suite)).toThrow(RangeError);
  });

  test("exists for no other number of the registry", () => {
    for (let id = 0; id < 0x200; id += 1) {
      if (id !== 4 && id !== 5) expect(() => suite(id)).toThrow(RangeError);
    }
  });
});
