/** Which data packets livekit-client may see. */

import { DataPacket, EncryptedPacket, MetricsBatch, Transcription, UserPacket } from "@livekit/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isEncryptedPacket } from "./clear-packets";

const ADDRESS = {
  participantIdentity: "bob",
  destinationIdentities: ["alice", "carol"],
  participantSid: "PA_1",
  sequence: 7,
};
const sealed = new EncryptedPacket({ encryptedValue: new Uint8Array(300), iv: new Uint8Array(12), keyIndex: 1 });
const clear = new UserPacket({ payload: new Uint8Array([1, 2, 3]), topic: "chat" });

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe("a data packet", () => {
  test("with encrypted content and every field of its way is let through", () => {
    const packet = new DataPacket({ ...ADDRESS, value: { case: "encryptedPacket", value: sealed } });
    expect(isEncryptedPacket(packet.toBinary())).toBe(true);
  });

  test("of the server's own measurements is let through", () => {
    const packet = new DataPacket({ value: { case: "metrics", value: new MetricsBatch() } });
    expect(isEncryptedPacket(packet.toBinary())).toBe(true);
  });

  test("with clear content is refused, also behind or before an encrypted one", () => {
    const packet = new DataPacket({ ...ADDRESS, value: { case: "user", value: clear } }).toBinary();
    const encrypted = new DataPacket({ value: { case: "encryptedPacket", value: sealed } }).toBinary();

    expect(isEncryptedPacket(packet)).toBe(false);
    expect(isEncryptedPacket(joined(encrypted, packet))).toBe(false);
    expect(isEncryptedPacket(joined(packet, encrypted))).toBe(false);
  });

  test("with a transcription is refused", () => {
    const packet = new DataPacket({ value: { case: "transcription", value: new Transcription() } });
    expect(isEncryptedPacket(packet.toBinary())).toBe(false);
  });

  test("that livekit-client could read as anything a person said is refused, however it is spelt", () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), spelt());
    fc.assert(
      fc.property(bytes, (packet) => {
        if (!isEncryptedPacket(packet)) return;
        const read = reading(packet);
        expect([undefined, "encryptedPacket", "speaker", "metrics"]).toContain(read);
      }),
      // The examples are fields with the wire type of another: the parser reads on by the field.
      { numRuns: 20_000, examples: [[Uint8Array.of(10, 2, 16, 0)], [Uint8Array.of(13, 128, 0, 50, 0)]] },
    );
  });
});

/** What livekit-client's own parser makes of the bytes; undefined also when it refuses them. */
function reading(packet: Uint8Array): string | undefined {
  try {
    return DataPacket.fromBinary(packet).value.case;
  } catch {
    return undefined;
  }
}

/** Field after field, with known and unknown numbers, right and wrong wire types. */
function spelt(): fc.Arbitrary<Uint8Array> {
  const field = fc
    .record({ number: fc.integer({ min: 1, max: 20 }), wire: fc.nat(7), body: fc.uint8Array({ maxLength: 6 }) })
    .map(({ number, wire, body }) => {
      const tag = (number << 3) | wire;
      const head = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
      return [...head, ...(wire === 2 ? [body.length] : []), ...body];
    });
  return fc.array(field, { maxLength: 5 }).map((fields) => Uint8Array.from(fields.flat()));
}
