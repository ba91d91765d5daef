/**
 * What the page says of the encryption, in both languages: to eyes, to screen readers, and to who compares two pages.
 *
 * @vitest-environment jsdom
 */

import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { dictionaries } from "../../i18n/words";
import { type EncryptionState, encryptionAfter, encryptionBegins, inTransit } from "../../model/encryption";
import { person } from "../../model/people.fixture";
import type { Ports } from "../../model/ports";
import { type Language, openPreferences } from "../../model/preferences";
import { HouseContext } from "../context";
import { Alarms } from "./Alarms";
import { BrokenCall } from "./BrokenCall";
import { CipherWindow } from "./CipherWindow";
import { SecurityPanel } from "./SecurityPanel";
import { SecuritySummary } from "./SecuritySummary";
import { Tile } from "./Tile";
import { TransitBanner } from "./TransitBanner";

const nothing = () => undefined;
const code = { symbols: [0, 63, 12, 18, 29, 5, 44, 7, 31, 1], digits: ["0123", "4567", "8901", "2345", "6789"] };

/** A group of two in epoch 7, with its code known. */
function sealed(): EncryptionState {
  const members = [
    { identity: "me", name: "Anna", isSelf: true, badge: "host" as const },
    { identity: "p_ben", name: "Ben", isSelf: false, badge: "admitted" as const },
  ];
  const entered = encryptionAfter(encryptionBegins, { type: "epoch", epoch: 7, members });
  return encryptionAfter(entered, { type: "code", epoch: 7, code });
}

let page: HTMLElement;
let take: () => void;

function show(what: ReactNode, language: Language = "en"): void {
  const book = openPreferences({ read: () => null, write: nothing }, [language]);
  const root = createRoot(page);
  take = () => act(() => root.unmount());
  // None of these parts asks the world for anything but what it is given.
  act(() => root.render(<HouseContext value={{ ports: {} as Ports, book }}>{what}</HouseContext>));
}

function buttons(): string[] {
  return [...page.querySelectorAll("button")].map((button) => button.textContent || button.ariaLabel || "");
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  page = document.body.appendChild(document.createElement("div"));
});

afterEach(() => {
  take();
  page.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a sealed call", () => {
  test.each(["en", "fr"] as const)("has state, epoch and safety code as plain text in the page (%s)", (language) => {
    show(<SecuritySummary encryption={sealed()} />, language);

    const { security, safety } = dictionaries[language];
    const facts = [...page.querySelectorAll("dd")].map((fact) => fact.textContent);
    const words = code.symbols.map((symbol) => safety.symbols[symbol]).join(", ");
    expect(facts).toEqual([security.short.closed, "7", words, "0123 4567 8901 2345 6789", "2", "0"]);
  });

  test("shows every symbol with its name, the members with who vouches for them, and one's own ciphertext", async () => {
    const lastSealed = async () => new Uint8Array([0xde, 0xad, 0xbe, 0xef]);
    show(
      <SecurityPanel
        encryption={sealed()}
        lastSealed={lastSealed}
        comparison={null}
        onComparison={nothing}
        onClose={nothing}
      />,
    );
    await act(async () => undefined);

    const { safety, server } = { ...dictionaries.en, ...dictionaries.en.security };
    for (const symbol of code.symbols) expect(page.textContent).toContain(safety.symbols[symbol]);
    expect(page.textContent).toContain("Anna (you)host");
    expect(page.textContent).toContain("Benadmitted by a host");
    for (const fact of [...server.seen, ...server.unseen, ...server.limitsList])
      expect(page.textContent).toContain(fact);
    expect(page.textContent).toContain("de ad be ef");
  });

  test("says of a comparison that it is outdated as soon as the code is another", () => {
    const comparison = { digits: "1111 1111 1111 1111 1111", same: true };
    show(
      <SecurityPanel
        encryption={sealed()}
        lastSealed={async () => null}
        comparison={comparison}
        onComparison={nothing}
        onClose={nothing}
      />,
    );

    expect(page.textContent).toContain(dictionaries.en.safety.outdated);
    expect(page.textContent).not.toContain(dictionaries.en.safety.compared);
  });
});

describe("one's own ciphertext", () => {
  test("stands still when paused", async () => {
    vi.useFakeTimers();
    const lastSealed = vi.fn(async () => new Uint8Array([1]));
    show(<CipherWindow lastSealed={lastSealed} />);
    await act(() => vi.advanceTimersByTimeAsync(1_200));
    expect(lastSealed.mock.calls.length).toBeGreaterThan(1);

    act(() => page.querySelector("button")?.click());
    const asked = lastSealed.mock.calls.length;
    await act(() => vi.advanceTimersByTimeAsync(2_000));

    expect(lastSealed.mock.calls.length).toBe(asked);
  });
});

describe("an alarm", () => {
  test("says what happened, what it means and what to do, and can be put away", () => {
    const state = encryptionAfter(sealed(), { type: "alarm", kind: "plain_refused", identity: "p_ben", at: 0 });
    const seen = vi.fn();
    show(<Alarms alarms={state.alarms} members={state.members} onCompare={nothing} onSeen={seen} />);

    const { what, means, todo } = dictionaries.en.security.alarms.kinds.plain_refused;
    const alert = page.querySelector("[role=alert]")?.textContent ?? "";
    for (const words of [what, means, todo, "Ben"]) expect(alert).toContain(words);
    act(() => page.querySelector("button")?.click());
    expect(seen).toHaveBeenCalledOnce();
  });

  test("never calls an unknown connection by a name", () => {
    const { alarms } = encryptionAfter(sealed(), { type: "alarm", kind: "blocked", identity: "p_stranger", at: 0 });
    show(<Alarms alarms={alarms} members={sealed().members} onCompare={nothing} onSeen={nothing} />);

    expect(page.querySelector("[role=alert]")?.textContent).not.toContain("It is about");
  });

  test("of a split group leads to the safety code", () => {
    const { alarms } = encryptionAfter(sealed(), { type: "alarm", kind: "forked", identity: null, at: 0 });
    show(<Alarms alarms={alarms} members={[]} onCompare={nothing} onSeen={nothing} />);

    expect(buttons()).toEqual(["Compare now", "Understood"]);
  });
});

describe("a broken call", () => {
  test.each(["en", "fr"] as const)("offers to come back in or to leave, and nothing else (%s)", (language) => {
    const { alarms } = encryptionAfter(sealed(), { type: "broken", kind: "stopped", at: 0 });
    show(<BrokenCall alarms={alarms} onLeave={nothing} />, language);

    const { security, leave, language: other } = dictionaries[language];
    expect(buttons()).toEqual([other.other, security.broken.again, leave]);
    expect(page.querySelector("h1")?.textContent).toBe(security.broken.title);
  });
});

describe("a room in transit", () => {
  test("keeps a sentence on the screen that nothing can close", () => {
    show(<TransitBanner />);

    expect(page.textContent).toContain("The server could listen");
    expect(buttons()).toEqual([]);
  });

  test("has no safety code, no members and no ciphertext in its panel", () => {
    show(
      <SecurityPanel
        encryption={inTransit}
        lastSealed={async () => new Uint8Array([1])}
        comparison={null}
        onComparison={nothing}
        onClose={nothing}
      />,
    );

    const { safety, security } = dictionaries.en;
    expect(page.textContent).toContain(security.server.seesInTransit);
    for (const word of [safety.title, security.members.title, security.cipher.title, security.server.cannot])
      expect(page.textContent).not.toContain(word);
  });
});

describe("a tile", () => {
  const at = { left: 0, top: 0, width: 320, height: 180 };
  const ben = person("p_ben", { name: "Ben" });
  const tile = (seal: "sealed" | "waiting" | "failing") => (
    <Tile person={ben} shows="camera" part="tile" at={at} isSpeaking={false} seal={seal} isFrozen={false} />
  );
  const signs = () => [...page.querySelectorAll("[role=img]")].map((sign) => sign.getAttribute("aria-label"));

  test("says at once that somebody's media cannot be decrypted", () => {
    show(tile("failing"));
    expect(signs()).toContain("cannot be decrypted");
  });

  test("waits two seconds before it speaks of keys that have not come", () => {
    vi.useFakeTimers();
    show(tile("waiting"));
    act(() => void vi.advanceTimersByTime(1_900));
    expect(signs()).toEqual([]);
    act(() => void vi.advanceTimersByTime(200));
    expect(signs()).toEqual(["waiting for their keys"]);
  });

  test("waits for nothing of somebody who sends nothing", () => {
    vi.useFakeTimers();
    const quiet = { ...ben, microphone: "off", camera: "off" } as const;
    show(<Tile person={quiet} shows="camera" part="tile" at={at} isSpeaking={false} seal="waiting" isFrozen={false} />);
    act(() => void vi.advanceTimersByTime(5_000));
    expect(signs()).toEqual(["Muted"]);
  });

  test("of a sealed member bears no sign", () => {
    show(tile("sealed"));
    expect(signs()).toEqual([]);
  });
});
