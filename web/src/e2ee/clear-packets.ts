/**
 * Tells data packets whose content was encrypted from all others, before livekit-client takes them apart: it would hand on a clear
 * packet like an encrypted one.
 */

/** The fields of livekit.DataPacket that carry routing: kind, sender, receivers, sequence, sender's session. */
const ROUTING = new Set([1, 4, 5, 16, 17]);
/** encrypted_packet; speaker and metrics, which only the server makes and in which nobody says anything. */
const ENCRYPTED = 18;
const WITHOUT_CONTENT = new Set([3, 8]);

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/**
 * Whether livekit-client may see this packet: it holds nothing but routing and an encrypted packet, or nothing a person said.
 * Unknown fields, groups and overlong numbers are refused, so that no second reading of the bytes can find content in them.
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
    if (tag === null) return false;
    const field = tag >> 3;
    if (field !== ENCRYPTED && !ROUTING.has(field) && !WITHOUT_CONTENT.has(field)) return false;
    switch (tag & 7) {
      case VARINT:
        if (number(10) === null) return false;
        break;
      case FIXED64:
        at += 8;
        break;
      case LENGTH: {
        const length = number(4);
        if (length === null) return false;
        at += length;
        break;
      }
      case FIXED32:
        at += 4;
        break;
      default:
        return false;
    }
  }
  return at === packet.length;
}
