import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it, vi } from "vitest";
import { useBrowser } from "../../testing/browser.ts";
import { useTimeMachine } from "../../testing/time-machine.ts";
import { createReservation, press, ready } from "./on-the-page.ts";

/** For a machine that has much else to do. */
const patience = { timeout: 30_000 };

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const machine = useTimeMachine();
const browser = useBrowser();
/** SCREENSHOTS=folder keeps what the tests have seen. */
const folder = process.env.SCREENSHOTS;

const looks = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "phone", colorScheme: "light", viewport: { width: 360, height: 740 } },
  { name: "phone-dark", colorScheme: "dark", viewport: { width: 360, height: 740 } },
] as const;

describe.each(looks)("the page, $name", ({ name, ...options }) => {
  it("has nothing that axe finds, and nothing that is wider than it", async () => {
    const page = await browser.open(machine.url, options);
    await ready(page);
    await createReservation(page);
    await press(page, "#change", "Confirm", /ReservationConfirmed stored/);
    await page.locator("#moment", { hasText: "version 2 of 2" }).waitFor();
    await press(page, "#say-no", "Ask for no nights", /✔ read model/);
    await page.locator(".dot").first().waitFor({ state: "detached" });
    await keep(page, name);
    // An old event has the most to show.
    await press(page, "#old-events", "Open one", /✔ read model/);
    await page.locator("#events button", { hasText: "ReservationBooked" }).click();
    await page.locator("#events summary", { hasText: "in the store" }).click();

    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      options.viewport.width,
    );
  });
});

describe("the place that a README leads to", () => {
  it("is in sight and marked, when the page has filled itself", async () => {
    const page = await browser.open(`${machine.url}/#drop-snapshots`);
    await ready(page);
    await page.locator("#chosen", { hasText: "reservation-" }).waitFor();
    const card = page.locator("#drop-snapshots");
    const topOf = async (): Promise<number> => (await card.boundingBox())?.y ?? -1;
    await expect.poll(topOf, patience).toBeGreaterThan(60);

    await expect.poll(topOf, patience).toBeLessThan(500);
    expect(await card.evaluate((element) => element.matches(":target"))).toBe(true);
  });
});

describe("the page for whoever has only a keyboard", () => {
  it("creates, confirms and goes back in time", async () => {
    const page = await browser.open(machine.url);
    await ready(page);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the timeline");
    await tabTo(page, "Create");
    await page.keyboard.press("Enter");
    await page.locator("#create output", { hasText: "stored" }).waitFor();
    await tabTo(page, "Confirm");
    await page.keyboard.press("Space");
    await page.locator("#change output", { hasText: "ReservationConfirmed stored" }).waitFor();
    await page.locator("#moment", { hasText: "version 2 of 2" }).waitFor();
    await tabTo(page, "slider", true);
    await page.keyboard.press("ArrowLeft");

    expect(await page.locator("#moment").textContent()).toBe("version 1 of 2, ReservationCreated");
    const outline = await page.evaluate(() => {
      const at = document.activeElement;
      return at ? getComputedStyle(at).outlineStyle : "";
    });
    expect(outline).toBe("solid");
  });
});

describe("the page for whoever wants less motion", () => {
  it("moves no dots", async () => {
    const page = await browser.open(machine.url, { reducedMotion: "reduce" });
    await ready(page);
    await press(page, "#pause-projection", "Pause", /Paused/);
    await page.locator("#create").getByRole("button").click();
    await page.locator(".dot").waitFor();
    const moving = await page.evaluate(() => {
      const animations = document.getAnimations();
      return animations.filter(
        ({ effect }) =>
          effect instanceof KeyframeEffect && "transform" in (effect.getKeyframes()[0] ?? {}),
      );
    });
    await press(page, "#pause-projection", "Resume", /✔ read model/);

    expect(moving).toEqual([]);
  });
});

describe("markup in a name", () => {
  const markup = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;

  it("is text in every field, and nothing of it runs", async () => {
    const page = await browser.open(machine.url);
    await ready(page);
    await createReservation(page, { guest: markup, hotel: `${markup}{{7*7}}` });
    await page.locator("#change").getByLabel("Reason").fill(markup);
    await press(page, "#change", "Cancel it", /ReservationCancelled stored/);
    await page.locator("#moment", { hasText: "version 2 of 2" }).waitFor();
    await page.locator("#agreement", { hasText: "up to version 2" }).waitFor();
    await page.getByLabel("Stream", { exact: true }).fill(`reservation-${markup}`);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.locator("#timeline-problem", { hasText: markup }).waitFor();

    const cells = await page.locator("#fields td").allTextContents();
    expect(cells.filter((cell) => cell.includes(markup)).length).toBe(6);
    expect(await page.locator("img, main script").count()).toBe(0);
  });

  it("could not run if it were there: the policy forbids it", async () => {
    browser.expectErrors(/Content Security Policy/);
    const page = await browser.open(machine.url);
    await ready(page);
    const ran = await page.evaluate(async () => {
      document.body.insertAdjacentHTML(
        "beforeend",
        '<img src="/icon.svg" onload="window.ran = true">',
      );
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      const blocked = new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", resolve, { once: true });
      });
      document.body.append(script);
      await blocked;
      return "ran" in window;
    });

    expect(ran).toBe(false);
  });
});

async function violations(page: Page): Promise<readonly string[]> {
  // Not as a script of the page, which its policy would refuse.
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')))",
  );
  return Array.isArray(found) ? found.map(String) : ["axe has said nothing"];
}

/** What the focus is on, by its text or its id. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
}

/** Goes on by the tab key, round the page if need be. */
async function tabTo(page: Page, wanted: string, isId = false): Promise<void> {
  for (let pressed = 0; pressed < 200; pressed++) {
    await page.keyboard.press("Tab");
    const at = isId ? await page.evaluate(() => document.activeElement?.id) : await focused(page);
    if (at === wanted) return;
  }
  expect.fail(`No tab leads to ${wanted}.`);
}

async function keep(page: Page, name: string): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.screenshot({ path: join(folder, `${name}-whole.png`), fullPage: true });
}
