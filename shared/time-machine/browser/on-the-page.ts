/** What a person does on the page, and waits for. */

import type { Locator, Page } from "playwright-core";

/** Resolves when the page is live and has compared all reservations. */
export async function ready(page: Page): Promise<void> {
  await page.locator('#connection[data-state="live"]').waitFor();
  await page.locator('#verdict[data-state="good"]').waitFor();
}

/** Opens a stream by its id. */
export async function openStream(page: Page, streamId: string): Promise<void> {
  await page.getByLabel("Stream", { exact: true }).fill(streamId);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.locator("#chosen", { hasText: streamId }).waitFor();
}

/** Fills in the form, and answers which reservation it has become. */
export async function createReservation(
  page: Page,
  fields: { readonly guest?: string; readonly hotel?: string } = {},
): Promise<string> {
  const form = page.locator("#create");
  if (fields.guest !== undefined)
    await form.getByLabel("Guest", { exact: true }).fill(fields.guest);
  if (fields.hotel !== undefined) await form.getByLabel("Hotel").fill(fields.hotel);
  await form.getByRole("button", { name: "Create" }).click();
  const told = await said(form, /stored: reservation-\w+ is at version 1/);
  const [id = ""] = /reservation-\w+/.exec(told) ?? [];
  await page.locator("#chosen", { hasText: id }).waitFor();
  return id;
}

/** Presses a button of a card or a form, and answers what it says then. */
export async function press(
  page: Page,
  card: string,
  button: string,
  said_: RegExp,
): Promise<string> {
  const place = page.locator(card);
  await place.getByRole("button", { name: button, exact: true }).click();
  return said(place, said_);
}

/** What the place's output says when it says that. */
async function said(place: Locator, text: RegExp): Promise<string> {
  const output = place.locator("output").filter({ hasText: text });
  await output.waitFor({ timeout: 150_000 });
  return (await output.textContent()) ?? "";
}

/** The figure under a station. */
export function figure(page: Page, name: string): Locator {
  return page.locator(`[data-figure="${name}"]`);
}

/** The cells of a field in the table of the timeline: replayed, read model. */
export async function field(page: Page, name: string): Promise<readonly string[]> {
  const row = page.locator("#fields tr", {
    has: page.getByRole("rowheader", { name, exact: true }),
  });
  return row.locator("td").allTextContents();
}
