import type { Page } from "playwright-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useBrowser } from "../../testing/browser.ts";
import { useTimeMachine } from "../../testing/time-machine.ts";
import { createReservation, field, openStream, press, ready } from "./on-the-page.ts";

/** For a machine that has much else to do. */
const patience = { timeout: 30_000 };

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const machine = useTimeMachine();
const browser = useBrowser();
let page: Page;

beforeEach(async () => {
  page = await browser.open(machine.url);
  await ready(page);
});

describe("the timeline of a reservation", () => {
  it("shows the state at each version, and what each event changed", async () => {
    await createReservation(page);
    await press(page, "#change", "Confirm", /ReservationConfirmed stored/);
    await press(page, "#change", "One night more", /StayChanged stored/);
    await page.locator("#moment", { hasText: "version 3 of 3, StayChanged" }).waitFor();

    const slider = page.getByRole("slider", { name: "Version" });
    await slider.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => field(page, "status"), patience).toEqual(["none", "confirmed"]);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => field(page, "status"), patience).toEqual(["pending", "confirmed"]);
    await page.keyboard.press("ArrowRight");
    await expect
      .poll(() => field(page, "status"), patience)
      .toEqual(["confirmed was pending", "confirmed"]);
    expect(await slider.getAttribute("aria-valuetext")).toBe(
      "version 2 of 3, ReservationConfirmed",
    );
    await page.keyboard.press("End");
    await expect
      .poll(async () => (await field(page, "total"))[0], patience)
      .toBe("360.00 EUR was 240.00 EUR");
    await expect
      .poll(() => page.locator("#agreement").textContent(), patience)
      .toBe("✔ row = replay, up to version 3");
  });

  it("shows the state at each point in time", async () => {
    await createReservation(page);
    await press(page, "#change", "Cancel it", /ReservationCancelled stored/);
    await page.locator("#moment", { hasText: "version 2 of 2" }).waitFor();

    await page.getByLabel("point in time").check();
    await page.getByRole("slider", { name: "Point in time" }).focus();
    await page.keyboard.press("End");
    await expect.poll(() => field(page, "status"), patience).toEqual(["cancelled", "cancelled"]);
    await page.keyboard.press("Home");
    await expect.poll(() => field(page, "status"), patience).toEqual(["none", "cancelled"]);
    expect(await page.locator("#moment").textContent()).toMatch(
      /^just before \d{4}-\d\d-\d\d .* UTC$/,
    );
  });

  it("is replayed before one's eyes, from before the first event to the last", async () => {
    await openStream(page, "reservation-1");
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      const moment = document.querySelector("#moment");
      if (!moment) return;
      new MutationObserver(() => seen.push(moment.textContent ?? "")).observe(moment, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.getByRole("button", { name: "Replay" }).click();
    await page.locator("#moment", { hasText: "version 3 of 3" }).waitFor();

    const seen: unknown = await page.evaluate("window.seen");
    expect(seen).toEqual([
      "version 0 of 3, before the first event",
      "version 1 of 3, ReservationBooked",
      "version 2 of 3, StayChanged",
      "version 3 of 3, ReservationCancelled",
    ]);
  });

  it("shows an old event as it lies in the store, and what it means today", async () => {
    await page.locator("#old-events").getByRole("button").click();
    await page.locator("#chosen", { hasText: "reservation-1" }).waitFor();
    await page.locator("#events button", { hasText: "ReservationBooked" }).click();

    expect(await page.locator(".meaning").textContent()).toBe(
      "Stored as ReservationBooked, shape 1, and never changed since. Today it says ReservationCreated and ReservationConfirmed.",
    );
    await page.locator("#events summary", { hasText: "in the store" }).click();
    expect(await page.locator("#events pre").first().textContent()).toContain(
      '"hotel": "grand-hotel"',
    );
  });

  it("goes on by itself when something happens, and stays where one has put it", async () => {
    const id = await createReservation(page);
    const now = new Date().toISOString();
    const confirm = { type: "ConfirmReservation", data: { reservationId: id, now } } as const;
    await machine.system.handle({ id: crypto.randomUUID(), command: confirm });
    await page.locator("#moment", { hasText: "version 2 of 2" }).waitFor();

    await page.locator("#events button", { hasText: "ReservationCreated" }).click();
    const data = { reservationId: id, reason: "ill", now };
    const command = { type: "CancelReservation", data } as const;
    await machine.system.handle({ id: crypto.randomUUID(), command });
    await page.locator("#moment", { hasText: "version 1 of 3" }).waitFor();
    await expect.poll(() => field(page, "status"), patience).toEqual(["pending", "cancelled"]);
  });

  it("says so where there is no such stream", async () => {
    await page.getByLabel("Stream", { exact: true }).fill("reservation-nobody");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const problem = page.locator("#timeline-problem", { hasText: "no stream" });
    await problem.waitFor();

    expect(await problem.textContent()).toBe("There is no stream reservation-nobody.");
  });
});

describe("the timeline of a booking", () => {
  it("shows the saga step by step, and has no row to compare with", async () => {
    await press(page, "#book", "Book a room", /Requested: booking-reservation-\w+/);
    await page.locator("#moment", { hasText: "BookingCompleted" }).waitFor();

    expect(await page.locator("#events .type").allTextContents()).toEqual([
      "BookingRequested",
      "HoldRequested",
      "ConfirmationRequested",
      "BookingCompleted",
    ]);
    expect(await page.locator("#row-title").isVisible()).toBe(false);
  });

  it("shows what is undone where a guest has no credit", async () => {
    await press(page, "#book", "Book without credit", /Requested/);
    await page.locator("#moment", { hasText: "BookingCancelled" }).waitFor();

    await expect
      .poll(async () => (await field(page, "status"))[0], patience)
      .toContain("cancelled");
  });
});
