/** The safety code: the same for the same keys, and spread evenly. */

import { describe, expect, test } from "vitest";
import { codeOf, safetyCode } from "./safety-code";

describe("the safety code", () => {
  test("is that of PBKDF2-SHA256 with 100,000 rounds, cut to 60 bits", async () => {
    // hashlib.pbkdf2_hmac("sha256", bytes(range(32)), b"hc1 sas", 100_000, 8)
    const code = await safetyCode(Uint8Array.from({ length: 32 }, (_, at) => at));

    expect(code).toEqual({
      symbols: [49, 59, 56, 38, 18, 58, 28, 29, 8, 12],
      digits: ["0089", "9561", "4728", "4317", "4412"],
    });
  });

  test("takes its symbols and digits from the same bits", () => {
    expect(codeOf(new Uint8Array(8))).toEqual({ symbols: Array(10).fill(0), digits: Array(5).fill("0000") });
    expect(codeOf(new Uint8Array(8).fill(0xff))).toEqual({
      symbols: Array(10).fill(63),
      digits: ["0115", "2921", "5046", "0684", "6975"],
    });
    expect(codeOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0xff)).symbols).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 15]);
  });

  test("spreads evenly over the 64 symbols at every place", () => {
    const codes = 20_000;
    const counts = Array.from({ length: 10 }, () => new Array<number>(64).fill(0));
    for (let draw = 0; draw < codes; draw += 1) {
      codeOf(crypto.getRandomValues(new Uint8Array(8))).symbols.forEach((symbol, place) => {
        const row = counts[place];
        if (row !== undefined) row[symbol] = (row[symbol] ?? 0) + 1;
      });
    }
    const expected = codes / 64;
    for (const row of counts) {
      const chiSquare = row.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 63 degrees of freedom: by chance once in a million runs.
      expect(chiSquare).toBeLessThan(130);
    }
  });
});
