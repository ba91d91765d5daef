/** What stays clear is what is published, and no codec's packetizer finds a frame boundary in ciphertext. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import page from "../../../../docs/develop/frame-encryption.md?raw";
import { CLEAR_BYTES, type Codec, codecOf, split } from "./clear-prefix";
import { bytes, hex, vp8 } from "./fixture";
import { escaped, splitAtFirstSlice, unescaped } from "./h264";

const anything = fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data));
// Many zeros and small bytes: start codes and their look-alikes.
const zeros = fc
  .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 255), { maxLength: 300 })
  .map((data) => new Uint8Array(data));

describe("the clear bytes", () => {
  test("are those of the published list", () => {
    const rows = [...page.matchAll(/^\| (opus|vp8 key|vp8 delta|vp9|h264) \| (.+) \|$/gm)];

    expect(Object.fromEntries(rows.map(([, codec, clear]) => [codec, clear]))).toEqual(CLEAR_BYTES);
  });

  test.each<[string, Codec, ReturnType<typeof vp8>, number]>([
    ["one of Opus", "opus", bytes("78aabbcc"), 1],
    ["ten of a VP8 key frame", "vp8", vp8(true), 10],
    ["three of a VP8 delta frame", "vp8", vp8(false), 3],
    ["none of VP9", "vp9", bytes("8249834200"), 0],
    [
      "all up to the second byte of the first H.264 slice",
      "h264",
      bytes("00000001670102000000016803000000016588aabbcc"),
      19,
    ],
  ])("are %s", (_, codec, frame, clear) => {
    expect(split(codec, frame)?.clear.length).toBe(clear);
  });

  test("of a frame that is too short are not there", () => {
    expect(split("opus", bytes(""))).toBeNull();
    expect(split("vp9", bytes(""))).toBeNull();
    expect(split("vp8", vp8(true).slice(0, 9))).toBeNull();
    expect(split("vp8", vp8(false).slice(0, 2))).toBeNull();
    expect(split("h264", bytes("0000000167010203"))).toBeNull();
  });

  test("are never asked of a codec that is not encrypted", () => {
    for (const name of ["video/AV1", "video/H265", "audio/red", "audio/PCMU", "", "vp8"])
      expect(codecOf(name)).toBeNull();
    expect(codecOf("video/VP8")).toBe("vp8");
  });
});

describe("H.264", () => {
  test("comes back from escaping, and holds no start code in between", () => {
    fc.assert(
      fc.property(fc.oneof(anything, zeros), (data) => {
        const safe = escaped(data);
        expect(hex(unescaped(safe))).toBe(hex(data));
        expect(hex(safe)).not.toMatch(/^(..)*?00000[0-2]/);
      }),
    );
  });

  test("writes start codes of three and of four bytes alike, and loses no byte", () => {
    const short = bytes("000001670102 0000016803 0000016588aabb000001cc".replaceAll(" ", ""));
    const long = bytes("00000001670102 000000016803 000000016588aabb000001cc".replaceAll(" ", ""));

    const parts = splitAtFirstSlice(short);

    expect(parts).toEqual(splitAtFirstSlice(long));
    expect(hex(parts?.clear ?? bytes(""))).toBe("000000016701020000000168030000000165" + "88");
    expect(hex(parts?.body ?? bytes(""))).toBe("aabb000001cc");
  });
});
