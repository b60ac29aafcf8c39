/** The page's event stream, with what the page has of a browser put in its place. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** A stream that the page has opened. */
class Stream extends EventTarget {
  isOpen = true;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    opened.push(this);
  }

  close(): void {
    this.isOpen = false;
  }

  /** The server says something of this name, as the event with this id. */
  says(name: string, data: unknown, lastEventId = ""): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId }));
  }
}

class FakeElement {
  textContent = "";
  readonly dataset: Record<string, string> = {};
}

let opened: Stream[];
let sign: FakeElement;
let document: EventTarget & { hidden: boolean };
let window: EventTarget;

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  sign = new FakeElement();
  document = Object.assign(new EventTarget(), { hidden: false, querySelector: () => sign });
  window = new EventTarget();
  vi.stubGlobal("EventSource", Stream);
  vi.stubGlobal("HTMLElement", FakeElement);
  vi.stubGlobal("document", document);
  vi.stubGlobal("window", window);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a tab that nobody sees", () => {
  it("closes its stream, and says so", async () => {
    await openPage();
    turn("hidden");
    expect(openStreams()).toEqual([]);
    expect(sign).toMatchObject({
      dataset: { state: "waiting" },
      textContent: "resting, as nobody looks",
    });
  });

  it("opens none, however long that lasts, and when the network comes back", async () => {
    await openPage();
    turn("hidden");
    vi.advanceTimersByTime(600_000);
    window.dispatchEvent(new Event("online"));
    expect(openStreams()).toEqual([]);
  });

  it("opens none where it was never seen", async () => {
    document.hidden = true;
    await openPage();
    expect(opened).toHaveLength(0);
  });

  it("goes on where it was when somebody looks again", async () => {
    await openPage();
    opened[0]?.says("hello", { resumed: false, past: 0 }, "run-7");
    turn("hidden");
    turn("visible");
    expect(openStreams()).toEqual(["/lab/pipeline?after=run-7"]);
  });
});

describe("a tab that is seen", () => {
  it("keeps its stream while it hears of it", async () => {
    await openPage();
    for (let beat = 0; beat < 10; beat += 1) {
      vi.advanceTimersByTime(24_000);
      opened[0]?.says("beat", null);
    }
    expect(opened).toHaveLength(1);
  });

  it("opens another one when it has heard nothing for 25 seconds", async () => {
    await openPage();
    vi.advanceTimersByTime(25_000);
    expect(sign.textContent).toBe("connection lost, trying again now");
    vi.advanceTimersByTime(500);
    expect(opened).toHaveLength(2);
    expect(openStreams()).toHaveLength(1);
  });
});

async function openPage(): Promise<void> {
  // Not as an import: what runs in a browser is checked with a browser's types (page/tsconfig.json).
  const file = new URL("./page/live.js", import.meta.url).href;
  const page: { listen(listeners: object): void } = await import(file);
  page.listen({ onHello: () => undefined });
}

function turn(to: "hidden" | "visible"): void {
  document.hidden = to === "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
}

function openStreams(): readonly string[] {
  return opened.filter(({ isOpen }) => isOpen).map(({ url }) => url);
}
