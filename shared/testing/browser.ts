/** A browser for a test file: Chromium as it is on the machine, driven by playwright-core. */

import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

/** Where Debian, Ubuntu, macOS and Windows have it; CHROMIUM says another place. */
const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Nothing of its own goes out to the network; root, as in a container, has no sandbox. */
const quiet = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

export interface TestBrowser {
  /** A page in a window of its own, closed after the test. What it reports as an error fails the test. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  /** Errors that this test expects: what the console says when a server is away, or says no. */
  expectErrors(pattern: RegExp): void;
}

export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let expected: RegExp | undefined;
  const errors: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath(), args: quiet });
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    const unexpected = errors.splice(0).filter((error) => !expected?.test(error));
    expected = undefined;
    expect(unexpected, "what the page reported").toEqual([]);
  });
  afterAll(() => browser?.close());

  return {
    async open(url, options = {}) {
      if (!browser) throw new TypeError("useBrowser has a browser inside tests only.");
      const context = await browser.newContext(options);
      // For a machine that has much else to do; what never comes costs that much only where a test fails.
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      // Whoever asks a question, as alert() does, would be a script that must not run.
      page.on("dialog", (dialog) => errors.push(`dialog: ${dialog.message()}`));
      await page.goto(url);
      return page;
    },
    expectErrors(pattern) {
      expected = pattern;
    },
  };
}

function chromiumPath(): string {
  const found = places.find((place) => place !== undefined && existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    "These tests need Chromium: `apt-get install chromium`, or set CHROMIUM to where a Chrome or Chromium is.",
  );
}
