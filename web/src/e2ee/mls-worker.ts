/**
 * The worker that holds everything secret of one visit to a room: the MLS session in WebAssembly, the seat and host keys. The page
 * asks and is told; epoch keys leave for the frame worker only.
 */

import type { ChangedPolicy, PolicyChange } from "../model/ports";
import type { ErrorCode } from "../types/errors";
import { Failure } from "../types/room";
import { toBase64Url } from "./bytes";
import wasmUrl from "./huisclos_mls.wasm?url";
import { Membership } from "./membership";
import { type MlsSession, openMlsSession } from "./mls-session";
import { RoomKeys } from "./room-keys";
import type { EnterTerms, OpenTerms, PageMessage, Questions, WorkerMessage } from "./worker-messages";

// A host who is on the way in must have the time to begin.
const PATIENCE_MS = 20_000;

// Other hosts may change the policy at the same time; each round one of them is through.
const MOST_TRIES = 8;

let lastChange: Promise<unknown> = Promise.resolve();
let room = "";
let fresh: (() => Promise<MlsSession>) | null = null;
let keys: RoomKeys | null = null;
let membership: Membership | null = null;
let onToken: (token: string | null) => void = () => undefined;

const tell = (message: WorkerMessage) => postMessage(message);

addEventListener("message", ({ data }: MessageEvent<PageMessage>) => {
  switch (data.kind) {
    case "token":
      onToken(data.token);
      break;
    case "beat":
      membership?.heard(data.from, data.payload);
      break;
    case "split":
      membership?.fail("forked");
      break;
    case "leave":
      membership?.leave();
      break;
    default:
      void reply(data.request, () => answer(data));
  }
});

async function reply(request: number, find: () => Promise<unknown>): Promise<void> {
  try {
    tell({ kind: "answer", request, value: await find() });
  } catch (error) {
    const code: ErrorCode = error instanceof Failure ? error.code : "encryption_failed";
    tell({ kind: "refused", request, code });
  }
}

async function answer(
  question: Extract<PageMessage, { readonly request: number }>,
): Promise<Questions[keyof Questions]["answer"]> {
  switch (question.kind) {
    case "open":
      return open(question.terms);
    case "makeCard":
      return opened().makeCard(question.terms.name);
    case "openCard":
      return opened().openCard(question.terms.card);
    case "certify":
      return opened().certify(question.terms.card, Date.now());
    case "invitation":
      return opened().invitation(question.terms.id);
    case "enter":
      await enter(question.terms);
      return null;
    case "changePolicy":
      return changePolicy(question.terms);
  }
}

async function open(terms: OpenTerms) {
  const module = await WebAssembly.compileStreaming(fetch(wasmUrl)).catch(() => {
    throw new Failure("server_unreachable");
  });
  fresh = () => openMlsSession(module);
  room = terms.room;
  const found = await RoomKeys.open(terms, await fresh(), Date.now());
  keys = found.keys;
  return found.opened;
}

function opened(): RoomKeys {
  if (keys === null) throw new Failure("encryption_failed");
  return keys;
}

async function enter(terms: EnterTerms): Promise<void> {
  const mine = opened();
  if (fresh === null) throw new Failure("encryption_failed");
  const { certificate, mls } = await mine.receive(terms.certificate, fresh);
  await mine.takeLeaf(terms.name, terms.asHost, certificate, Date.now());
  let first: string | null = terms.token;
  let resolve: () => void = () => undefined;
  let reject: (failure: Failure) => void = () => undefined;
  const active = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  const url = `${location.origin.replace(/^http/, "ws")}/api/e2ee/${room}`;
  const { identity, secret } = mine;
  const group = { identity, secret, host: terms.asHost, returning: terms.returning };
  membership = new Membership(mls, group, url, terms.frames, {
    onEvent: (event) => tell({ kind: "encryption", event }),
    onActive: resolve,
    onRemoved: (elsewhere) => {
      reject(new Failure(elsewhere ? "joined_elsewhere" : "removed"));
      tell({ kind: "removed", elsewhere });
    },
    onBeat: (payload) => tell({ kind: "beat", payload }),
    onPolicy({ seq }, secret) {
      if (secret !== null) mine.linkIsNew(secret);
      tell({ kind: "policy", seq, secret: secret === null ? null : toBase64Url(secret) });
    },
    onFailed: () => reject(new Failure("encryption_failed")),
    async token() {
      const token = first ?? (await freshToken());
      first = null;
      return token;
    },
  });
  const timer = setTimeout(() => {
    reject(new Failure(terms.asHost ? "encryption_failed" : "host_awaited"));
    membership?.leave();
  }, PATIENCE_MS);
  membership.begin();
  await active.finally(() => clearTimeout(timer));
}

/** One after the other: each follows the policy that the one before has put in force. */
function changePolicy(change: PolicyChange): Promise<ChangedPolicy> {
  const changed = lastChange.then(() => govern(change));
  lastChange = changed.catch(() => undefined);
  return changed;
}

async function govern(change: PolicyChange): Promise<ChangedPolicy> {
  const mine = opened();
  for (let tries = 0; membership !== null && tries < MOST_TRIES; tries += 1) {
    const next = await mine.nextPolicy(change);
    const outcome = await membership.govern({ ...next, remove: change.ban ?? null });
    if (outcome === "done") return { policy: toBase64Url(next.policy), seq: next.follows + 1 };
    if (outcome === "refused") throw new Failure("encryption_failed");
  }
  throw new Failure("policy_stale");
}

/** Rejects when the page has none: one tries again later. */
function freshToken(): Promise<string> {
  return new Promise((found, none) => {
    onToken = (token) => (token === null ? none(new Failure("server_unreachable")) : found(token));
    tell({ kind: "token" });
  });
}
