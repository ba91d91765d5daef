/** Answers of well and badly meaning servers about our sound. */

import { describe, expect, test } from "vitest";
import { hasConstantBitrate } from "./constant-bitrate";

const GOOD = "minptime=10;useinbandfec=1;cbr=1;usedtx=0";

function answer(fmtp: string, { first = "111", port = "9", direction = "recvonly" } = {}): string {
  return [
    "v=0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    `m=audio ${port} UDP/TLS/RTP/SAVPF ${first} 111 63`,
    `a=${direction}`,
    "a=rtpmap:111 opus/48000/2",
    `a=fmtp:111 ${fmtp}`,
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=rtpmap:96 VP8/90000",
    "",
  ].join("\r\n");
}

describe("an answer", () => {
  test("with constant bitrate and without silence suppression lets sound out", () => {
    expect(hasConstantBitrate(answer(GOOD))).toBe(true);
  });

  test.each([
    ["nothing is said", "minptime=10"],
    ["the bitrate may vary", "cbr=0;usedtx=0"],
    ["silence is left out", "cbr=1;usedtx=1"],
    ["silence is not spoken of", "cbr=1"],
    ["both is said", "cbr=1;usedtx=0;cbr=0"],
    ["the name is only part of another", "xcbr=1;usedtx=0"],
  ])("keeps sound in when %s", (_, fmtp) => {
    expect(hasConstantBitrate(answer(fmtp))).toBe(false);
  });

  test("keeps sound in when another format comes first", () => {
    expect(hasConstantBitrate(answer(GOOD, { first: "63" }))).toBe(false);
  });

  test("does not mind sections that take no sound of ours", () => {
    expect(hasConstantBitrate(answer("cbr=0", { port: "0" }))).toBe(true);
    expect(hasConstantBitrate(answer("cbr=0", { direction: "sendonly" }))).toBe(true);
    expect(hasConstantBitrate(answer("cbr=0", { direction: "inactive" }))).toBe(true);
    expect(hasConstantBitrate(answer("cbr=0", { direction: "sendrecv" }))).toBe(false);
  });

  test("keeps sound in when one of two sections is bad", () => {
    expect(hasConstantBitrate(answer(GOOD) + answer("cbr=0;usedtx=0"))).toBe(false);
    expect(hasConstantBitrate(answer(GOOD) + answer(GOOD))).toBe(true);
  });
});
