/** Reads from an SDP answer whether our voice leaves in packets of one size: others tell the words (RFC 6562). */

/** True when each audio section that takes our sound has Opus first, with `cbr=1` and `usedtx=0`. */
export function hasConstantBitrate(answer: string): boolean {
  return sections(answer).every((lines) => !takesSound(lines) || isConstant(lines));
}

function sections(sdp: string): string[][] {
  return sdp
    .split(/\r?\n(?=m=)/)
    .filter((section) => section.startsWith("m=audio "))
    .map((section) => section.split(/\r?\n/));
}

function takesSound(lines: string[]): boolean {
  const refused = /^m=audio 0 /.test(lines[0] ?? "");
  // Without a direction a section is sendrecv (RFC 8866 §6.7).
  return !refused && !lines.includes("a=sendonly") && !lines.includes("a=inactive");
}

function isConstant(lines: string[]): boolean {
  // The first format of the answer is the one that is sent.
  const format = lines[0]?.split(" ")[3];
  if (!lines.some((line) => line.toLowerCase().startsWith(`a=rtpmap:${format} opus/`))) return false;
  const parameters = lines
    .filter((line) => line.startsWith(`a=fmtp:${format} `))
    .flatMap((line) => line.slice(line.indexOf(" ") + 1).split(";"))
    .map((parameter) => parameter.trim());
  const values = (name: string) => parameters.filter((one) => one.startsWith(`${name}=`));
  return only(values("cbr"), "cbr=1") && only(values("usedtx"), "usedtx=0");
}

function only(found: string[], wanted: string): boolean {
  return found.length > 0 && found.every((one) => one === wanted);
}
