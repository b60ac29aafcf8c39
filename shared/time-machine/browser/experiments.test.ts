import type { Page } from "playwright-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useBrowser } from "../../testing/browser.ts";
import { useTimeMachine } from "../../testing/time-machine.ts";
import { createReservation, field, figure, openStream, press, ready } from "./on-the-page.ts";

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

const equal = /✔ read model = replay/;

describe("commands", () => {
  it("are refused by the domain, with a code", async () => {
    const told = await press(page, "#say-no", "Ask for no nights", equal);

    expect(told).toContain("Refused, invalid-stay:");
  });

  it("at once for one version: one is stored, the other is a conflict", async () => {
    await createReservation(page);
    const told = await press(page, "#conflict", "Send two at once", equal);

    expect(told.match(/ stored: /g)).toHaveLength(1);
    expect(
      told.match(/Conflict: .* is at version 2, expected was 1\. Nothing was written\./g),
    ).toHaveLength(1);
  });

  it("sent twice under one id are done once", async () => {
    const id = await createReservation(page);
    const told = await press(page, "#same-command", "Send one twice", equal);

    expect(told).toContain(`1. StayChanged stored: ${id} is at version 2.`);
    expect(told).toContain(`2. StayChanged stored before: ${id} is at version 2.`);
  });

  it("are for a reservation, and say so where another stream is open", async () => {
    await press(page, "#book", "Book a room", equal);
    await openStream(page, "hotel-page-hotel");
    const told = await press(page, "#change", "Confirm", /Open the stream/);

    expect(told).toBe("Open the stream of a reservation first, or create one.");
  });
});

describe("the relay", () => {
  it("killed between publish and checkpoint publishes twice, and nothing is different", async () => {
    const told = await press(page, "#kill-relay", "Kill it there", equal);

    expect(told).toContain("version 1 was delivered 2 times");
    await page.locator("#passing li", { hasText: "delivered 2 times" }).waitFor();
  });

  it("keeps what is stored while the broker is cut off, and carries it on afterwards", async () => {
    await press(page, "#cut-broker", "Cut", /Cut off/);
    await page.getByText("cut off", { exact: true }).waitFor();
    await page.locator("#change").getByLabel("answer when").uncheck();
    await openStream(page, "reservation-3");
    await page.locator("#create").getByRole("button").click();
    await page.locator("#create output", { hasText: "so far; the write is safe" }).waitFor();
    await figure(page, "relay-waiting").filter({ hasText: /^1$/ }).waitFor();
    const told = await press(page, "#cut-broker", "Join", equal);
    await figure(page, "relay-waiting").filter({ hasText: /^0$/ }).waitFor();
    await figure(page, "lag").filter({ hasText: /^0$/ }).waitFor();

    expect(told).toContain("Joined again.");
  });
});

describe("the projector", () => {
  it("parks what it does not know, and takes it back when it is mended", async () => {
    const told = await press(page, "#poison", "Poison one", /1 of \d+ reservations behind/);
    expect(told).toContain(
      'UnknownEventType: No code here handles events of type "ReservationConfirmed"',
    );
    await figure(page, "parked").filter({ hasText: /^1$/ }).waitFor();
    await expect
      .poll(() => field(page, "status"), patience)
      .toEqual(["confirmed was pending", "pending"]);
    await expect
      .poll(() => page.locator("#agreement").textContent(), patience)
      .toBe("✔ row = replay, up to version 1, of 2 stored");

    await press(page, "#poison", "Mend, send back", equal);
    await figure(page, "parked").filter({ hasText: /^0$/ }).waitFor();
    await expect
      .poll(() => field(page, "status"), patience)
      .toEqual(["confirmed was pending", "confirmed"]);
  });

  it("skips what is delivered twice", async () => {
    await createReservation(page);
    await page.locator("#agreement", { hasText: "up to version 1" }).waitFor();
    const before = await field(page, "updatedAt");
    const told = await press(page, "#deliver-twice", "Deliver again", equal);

    expect(told).toContain("2 times in all. It was skipped.");
    await expect.poll(() => field(page, "updatedAt"), patience).toEqual(before);
  });

  it("paused falls behind, and catches up on resume", async () => {
    await press(page, "#pause-projection", "Pause", /Paused/);
    await page.locator("#create").getByRole("button").click();
    await page.locator("#create output", { hasText: "read model has version 0 so far" }).waitFor();
    await figure(page, "lag").filter({ hasText: /^1$/ }).waitFor();
    await expect
      .poll(() => page.locator("#verdict").textContent(), patience)
      .toMatch(/as far as it has come · 1 of \d+ reservations behind/);
    const refused = await press(page, "#kill-relay", "Kill it there", /paused/);
    expect(refused).toBe("The projection is paused: resume it first.");
    browser.expectErrors(/status of 409/);

    await press(page, "#pause-projection", "Resume", equal);
    await figure(page, "lag").filter({ hasText: /^0$/ }).waitFor();
  });

  it("is rebuilt in front of readers, of whom none fails", async () => {
    await press(
      page,
      "#rebuild",
      "Fill with 100 more",
      /100 reservations created[\s\S]*✔ read model/,
    );
    const told = await press(page, "#rebuild", "Rebuild", /taken the place[\s\S]*✔ read model/);

    expect(told).toMatch(/Version 2 .* has taken the place of version 1: .* reads, 0 failed/);
    const progress = page.getByRole("progressbar", { name: "Progress of the rebuild" });
    expect(await progress.evaluate((bar: HTMLProgressElement) => bar.value === bar.max)).toBe(true);
  });
});

describe("snapshots", () => {
  it("that are dropped cost time, and nothing else", async () => {
    const told = await press(page, "#drop-snapshots", "Drop them", equal);

    expect(told).toMatch(
      /loaded in [\d.]+ ms with its snapshot, and in [\d.]+ ms from its first event/,
    );
    expect(told).toContain("The state is the same.");
    await page.locator("#moment", { hasText: "version 301 of 301" }).waitFor();
  });
});
