/**
 * Tells data packets whose content was encrypted from all others, before livekit-client takes them apart: it would hand on a clear
 * packet like an encrypted one.
 */

const VARINT = 0;
const LENGTH = 2;

/**
 * The fields of livekit.DataPacket that may be there, with their wire type: the way of the packet (kind, sender, receivers,
 * sequence, session of the sender), the encrypted packet, and speaker and metrics, which the server makes and nobody says.
 */
const ALLOWED = new Map([
  [1, VARINT],
  [4, LENGTH],
  [5, LENGTH],
  [16, VARINT],
  [17, LENGTH],
  [18, LENGTH],
  [3, LENGTH],
  [8, LENGTH],
]);

/**
 * Whether livekit-client may see this packet. Every other field, another wire type than the field's own (its parser would read on
 * by the field and not by the wire type) and overlong numbers are refused, so that no second reading finds content in the bytes.
 */
export function isEncryptedPacket(packet: Uint8Array): boolean {
  let at = 0;
  const number = (longest: number): number | null => {
    let value = 0;
    for (let count = 0; count < longest; count += 1) {
      const byte = packet[at];
      if (byte === undefined) return null;
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < packet.length) {
    const tag = number(2);
    if (tag === null || ALLOWED.get(tag >> 3) !== (tag & 7)) return false;
    const value = number((tag & 7) === VARINT ? 5 : 4);
    if (value === null) return false;
    if ((tag & 7) === LENGTH) at += value;
  }
  return at === packet.length;
}
