import { describe, expect, it, vi } from "vitest";
import { useBrowser } from "../../testing/browser.ts";
import { useProxies } from "../../testing/proxies.ts";
import { useTimeMachine } from "../../testing/time-machine.ts";
import { createReservation, openStream, press, ready } from "./on-the-page.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const machine = useTimeMachine();
const proxies = useProxies();
const browser = useBrowser();

describe("a page whose server goes away", () => {
  it("says so, comes back by itself, and knows what it has missed", async () => {
    browser.expectErrors(/Failed to load resource|ERR_/);
    const line = await proxies.before(machine.url);
    const page = await browser.open(line.url);
    await ready(page);
    const id = await createReservation(page);
    line.takeDown();
    await page.locator('#connection[data-state="lost"]').waitFor();
    expect(await page.locator("#connection").textContent()).toMatch(
      /^connection lost, trying again/,
    );
    const told = await press(page, "#change", "Confirm", /does not answer/);
    expect(told).toBe("The server does not answer. Is the demo still running?");

    const now = new Date().toISOString();
    const command = { type: "ConfirmReservation", data: { reservationId: id, now } } as const;
    await machine.system.handle({ id: crypto.randomUUID(), command });
    line.bringBack();
    await ready(page);
    await page.locator("#moment", { hasText: "version 2 of 2, ReservationConfirmed" }).waitFor();
    await page
      .locator("#passing li", { hasText: `ReservationConfirmed ${id}` })
      .first()
      .waitFor();
    // It was told once, and not missed, though the line was down.
    expect(
      await page.locator("#passing li", { hasText: `ReservationConfirmed ${id}` }).count(),
    ).toBe(1);
  });
});

describe("two tabs", () => {
  it("see what the other does, also what it holds up", async () => {
    const one = await browser.open(machine.url);
    const other = await browser.open(machine.url);
    await ready(one);
    await ready(other);
    const id = await createReservation(one);
    await openStream(other, id);
    await press(one, "#pause-projection", "Pause", /Paused/);
    await other.getByText("paused", { exact: true }).waitFor();
    await press(other, "#pause-projection", "Resume", /Resumed/);
    await one.getByText("paused", { exact: true }).waitFor({ state: "hidden" });
    await press(one, "#change", "Confirm", /ReservationConfirmed stored/);
    const moment = other.locator("#moment", { hasText: "version 2 of 2, ReservationConfirmed" });
    await moment.waitFor();

    expect(await moment.textContent()).toContain("ReservationConfirmed");
  });

  it("do not overwrite each other: who has seen less gets a conflict", async () => {
    const one = await browser.open(machine.url);
    await ready(one);
    await createReservation(one);
    const told = await Promise.all([
      press(one, "#conflict", "Send two at once", /✔ read model/),
      one.waitForResponse((response) => response.url().endsWith("/graphql")),
    ]);

    expect(told[0]).toContain("Nothing was written.");
  });
});
