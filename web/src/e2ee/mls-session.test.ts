/** The compiled module itself, in Node: three people in a room, and that what must be refused is. */

import { encode } from "cborg";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, same, toBase64Url, uint, utf8 } from "./bytes";
import wasm from "./huisclos_mls.wasm?url&inline";
import { MlsError } from "./mls";
import { type MlsSession, openMlsSession } from "./mls-session";

const ROOM = "abcdefghijklmnopqrstuvwxyz";
const SECRET = new Uint8Array(16).fill(7);
const NOT_AFTER = Math.floor(Date.now() / 1000) + 3600;

interface Key {
  readonly publicKey: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}

async function ed25519(): Promise<Key> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message)),
  };
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const cbor = (value: unknown): Bytes => new Uint8Array(encode(value));
const numbered = (...values: unknown[]) => new Map(values.map((value, at) => [at + 1, value]));

let compiled: WebAssembly.Module;
let host: Key;
let fingerprint: Bytes;

beforeAll(async () => {
  compiled = await WebAssembly.compileStreaming(fetch(wasm));
  host = await ed25519();
  fingerprint = (await sha256(host.publicKey)).slice(0, 16);
});

/** A policy as the protocol's page writes it, signed in this language. */
async function policy(admission: "lobby" | "open", seq = 1): Promise<Bytes> {
  const body = cbor(numbered(1, ROOM, "e2ee", 1, admission, 300, host.publicKey, 1, seq, 0, 0, [], []));
  return cbor([body, await host.sign(concat(utf8("hc1 policy\0"), body))]);
}

async function certificate(role: 1 | 2, seat: Bytes): Promise<Bytes> {
  const signed = concat(utf8("hc1 cert\0"), utf8(ROOM), uint(role, 1), seat, uint(NOT_AFTER, 8));
  return cbor(numbered(role, seat, NOT_AFTER, await host.sign(signed)));
}

interface Person {
  readonly session: MlsSession;
  readonly identity: string;
}

async function person(name: string, role: 1 | 2 | null, admission: "lobby" | "open" = "lobby"): Promise<Person> {
  const session = await openMlsSession(compiled);
  session.open(ROOM, SECRET, fingerprint, await policy(admission));
  const seat = await ed25519();
  const leaf = session.newLeaf(seat.publicKey, name);
  expect(same(leaf.toSign, concat(utf8("hc1 leaf\0"), utf8(ROOM), leaf.leafPublicKey))).toBe(true);
  session.sealLeaf(await seat.sign(leaf.toSign), role === null ? null : await certificate(role, seat.publicKey));
  return { session, identity: `p_${toBase64Url((await sha256(seat.publicKey)).slice(0, 15))}` };
}

function refusal(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof MlsError ? error.code : String(error);
  }
}

describe("three people", () => {
  test("come in by founding, by a Welcome and by an external commit, and have one key", async () => {
    const [anna, basil, chloé] = await Promise.all([person("Anna", 2), person("Basil", 1), person("Chloé", 1)]);

    const founded = anna.session.create((await ed25519()).publicKey);
    const added = anna.session.commit({ adds: [basil.session.keyPackage()], removes: [], update: false });
    expect(anna.session.accepted().added).toEqual([basil.identity]);
    expect(added.to).toEqual([basil.identity]);
    basil.session.joinWelcome(added.welcome as Bytes);
    const entry = chloé.session.joinExternal(added.info);
    expect(entry.epoch).toBe(1);
    for (const { session } of [anna, basil]) {
      expect(session.process(entry.commit)).toMatchObject({
        kind: "commit",
        added: [chloé.identity],
        by: chloé.identity,
      });
    }
    chloé.session.accepted();

    expect(new TextDecoder().decode(founded.group.slice(0, 26))).toBe(ROOM);
    const keys = [anna, basil, chloé].map(({ session }) => session.keys());
    expect(keys.map(({ epoch, selfLeaf }) => [epoch, selfLeaf])).toEqual([2, 2, 2].map((epoch, leaf) => [epoch, leaf]));
    expect(new Set(keys.map(({ base }) => toBase64Url(base))).size).toBe(1);
    expect(new Set(keys.map(({ authenticator }) => toBase64Url(authenticator))).size).toBe(1);
    expect(chloé.session.roster().map(({ name, role }) => [name, role])).toEqual([
      ["Anna", "host"],
      ["Basil", "guest"],
      ["Chloé", "guest"],
    ]);

    const message = basil.session.sealApp(utf8("bonjour"));
    expect(chloé.session.process(message)).toEqual({
      kind: "app",
      from: basil.identity,
      role: "guest",
      payload: utf8("bonjour"),
    });

    const removal = anna.session.commit({ adds: [], removes: [chloé.identity], update: true });
    anna.session.accepted();
    expect(basil.session.process(removal.commit)).toMatchObject({ removed: [chloé.identity], selfRemoved: false });
    expect(chloé.session.process(removal.commit)).toMatchObject({ selfRemoved: true });
    expect(refusal(() => chloé.session.keys())).toBe("removed");
  });

  test("a leaf key that was kept lets a reloaded page take its leaf over", async () => {
    const anna = await person("Anna", 2, "open");
    anna.session.create((await ed25519()).publicKey);
    const seat = await ed25519();
    const enter = async (kept: Bytes | null) => {
      const session = await openMlsSession(compiled);
      session.open(ROOM, SECRET, fingerprint, await policy("open"));
      const leaf = session.newLeaf(seat.publicKey, "Basil", kept);
      session.sealLeaf(await seat.sign(leaf.toSign), null);
      const change = anna.session.process(session.joinExternal(anna.session.info()).commit);
      return { leafKey: leaf.leafKey, change };
    };

    const { leafKey } = await enter(null);
    const { change } = await enter(leafKey);

    expect(change).toMatchObject({ added: [], removed: [], returned: [expect.stringMatching(/^p_/)] });
    expect(anna.session.roster()).toHaveLength(2);
  });
});

describe("is refused", () => {
  test("a guest who adds, and the session goes on", async () => {
    const [anna, basil, chloé] = await Promise.all([person("Anna", 2), person("Basil", 1), person("Chloé", 1)]);
    anna.session.create((await ed25519()).publicKey);
    anna.session.process(basil.session.joinExternal(anna.session.info()).commit);
    basil.session.accepted();
    const adds = [chloé.session.keyPackage()];

    expect(refusal(() => basil.session.commit({ adds, removes: [], update: false }))).toBe("not_a_host");
    expect(refusal(() => basil.session.commit({ adds: [], removes: [], update: true }))).toBeNull();
  });

  test("a leaf without certificate where there is a lobby", async () => {
    const [anna, basil] = await Promise.all([person("Anna", 2), person("Basil", null)]);
    anna.session.create((await ed25519()).publicKey);

    expect(refusal(() => basil.session.joinExternal(anna.session.info()))).toBe("not_certified");
  });

  test("a link that names another host, and a policy older than one seen before", async () => {
    const session = await openMlsSession(compiled);
    const blob = await policy("open", 3);

    expect(refusal(() => session.open(ROOM, SECRET, new Uint8Array(16), blob))).toBe("wrong_host_key");
    expect(refusal(() => session.open(ROOM, SECRET, fingerprint, blob, 4))).toBe("policy_rollback");
    expect(refusal(() => session.open(ROOM, SECRET, fingerprint, blob, 3))).toBeNull();
  });

  test("every call before `open`, and bytes that are no message", async () => {
    const fresh = await openMlsSession(compiled);
    expect(refusal(() => fresh.keys())).toBe("wrong_state");

    const anna = await person("Anna", 2);
    anna.session.create((await ed25519()).publicKey);
    expect(refusal(() => anna.session.process(utf8("not MLS")))).toBe("malformed");
    expect(anna.session.keys().epoch).toBe(0);
  });
});

test("the module is at most 750 KB when it travels", async () => {
  const { body } = await fetch(wasm);
  const gzipped = new Response(body?.pipeThrough(new CompressionStream("gzip")));
  expect((await gzipped.arrayBuffer()).byteLength).toBeLessThanOrEqual(750_000);
});
