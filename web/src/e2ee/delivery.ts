/**
 * The WebSocket to the delivery service: says who we are, sends, reads, and opens itself again. What the messages mean is
 * `group`'s business; that the server may lie, too.
 */

import { encode } from "cborg";
import { type FromServer, readFrame, type ToServer } from "./delivery-frames";

const PROTOCOL = 1;
const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 4_000;

export interface DeliveryEars {
  onMessage(message: FromServer): void;
  /** The connection fell; it will be tried again. */
  onLost(): void;
}

export class Delivery {
  #socket: WebSocket | null = null;
  #retry = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `token` is asked before every attempt: a join token lives for a short time. */
  constructor(
    private readonly url: string,
    private readonly token: () => Promise<string>,
    private readonly ears: DeliveryEars,
  ) {}

  open(): void {
    void this.#connect();
  }

  /** Sends, or forgets: what must arrive is said again when the connection is back. */
  send(message: ToServer): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encode(message) as Uint8Array<ArrayBuffer>);
  }

  /** Gives up a connection that does not answer. */
  reopen(): void {
    this.#socket?.close();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    let token: string;
    try {
      token = await this.token();
    } catch {
      this.#again();
      return;
    }
    if (this.#closed) return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(encode({ t: "hello", v: PROTOCOL, token }) as Uint8Array<ArrayBuffer>);
    socket.onmessage = ({ data }) => {
      const message = data instanceof ArrayBuffer ? readFrame(data) : null;
      if (message === null || this.#closed || this.#socket !== socket) return;
      if (message.t === "state") this.#retry = FIRST_RETRY_MS;
      this.ears.onMessage(message);
    };
    socket.onclose = () => {
      if (this.#closed || this.#socket !== socket) return;
      this.#socket = null;
      this.ears.onLost();
      this.#again();
    };
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#connect(), this.#retry * (0.75 + Math.random() / 2));
    this.#retry = Math.min(this.#retry * 2, LAST_RETRY_MS);
  }
}
