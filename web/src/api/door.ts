/** The WebSocket at which a guest waits and a host hears who knocks. Opens itself again; what the words mean is not its business. */

import type { DoorPort } from "../model/ports";
import type { DoorMessage, Knock } from "../types/room";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 4_000;
// The server keeps a knock for ten seconds without its door; past three times that the knock is surely gone.
const GIVE_UP_MS = 30_000;

export const door: DoorPort = {
  listen(room, seat, onMessage, onLost) {
    let socket: WebSocket | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retry = FIRST_RETRY_MS;
    let lostAt: number | null = null;
    let told = false;
    let stopped = false;

    const open = () => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      socket = new WebSocket(`${scheme}://${location.host}/api/v1/rooms/${room}/door`);
      socket.onopen = () => socket?.send(JSON.stringify({ seat_key: seat }));
      socket.onmessage = ({ data }) => {
        retry = FIRST_RETRY_MS;
        lostAt = null;
        const message = readMessage(data);
        if (message !== null && !stopped) onMessage(message);
      };
      socket.onclose = () => {
        if (stopped) return;
        lostAt ??= performance.now();
        if (!told && performance.now() - lostAt > GIVE_UP_MS) {
          told = true;
          onLost();
        }
        timer = setTimeout(open, retry);
        retry = Math.min(retry * 2, LAST_RETRY_MS);
      };
    };

    open();
    return () => {
      stopped = true;
      clearTimeout(timer);
      socket?.close();
    };
  },
};

/** What the server said, or null for words this client does not know: a newer server may say more. */
export function readMessage(data: unknown): DoorMessage | null {
  if (typeof data !== "string") return null;
  let message: { type?: unknown; knocks?: unknown } | null;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  switch (message?.type) {
    case "waiting":
    case "admitted":
    case "denied":
    case "expired":
      return { type: message.type };
    case "knocks":
      return { type: "knocks", knocks: Array.isArray(message.knocks) ? message.knocks.flatMap(knock) : [] };
    default:
      return null;
  }
}

function knock(value: unknown): Knock[] {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const { id, name, identity, card, waiting_s } = fields;
  if (typeof id !== "string") return [];
  const waitingSeconds = typeof waiting_s === "number" ? waiting_s : 0;
  if (typeof identity === "string" && typeof card === "string") return [{ id, identity, card, waitingSeconds }];
  return typeof name === "string" ? [{ id, name, waitingSeconds }] : [];
}
