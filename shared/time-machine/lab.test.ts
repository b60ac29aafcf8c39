import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { useTimeMachine } from "../testing/time-machine.ts";

/** For a machine that has much else to do. */
const patience = { timeout: 30_000 };

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const machine = useTimeMachine();

/** As the page sends it, but for what is said otherwise. */
async function post(
  action: string,
  { headers = {}, body = "{}" }: { headers?: Record<string, string>; body?: string } = {},
): Promise<number> {
  const own = { origin: machine.url, "content-type": "application/json" };
  const url = `${machine.url}/lab/${action}`;
  return (await fetch(url, { method: "POST", headers: { ...own, ...headers }, body })).status;
}

describe("an experiment", () => {
  it("is for the page of this server, and for no other", async () => {
    expect(await post("resume", { headers: { origin: "http://elsewhere.example" } })).toBe(403);
    expect(await post("resume", { headers: { origin: "null" } })).toBe(403);
    expect(await post("resume", { headers: { origin: "" } })).toBe(403);
    expect(await post("resume", { headers: { "sec-fetch-site": "cross-site" } })).toBe(403);
    expect(await post("resume", { headers: { "sec-fetch-site": "same-site" } })).toBe(403);
    expect(await post("resume")).toBe(200);
  });

  it("is sent as JSON, which no form can, and is small", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await post("resume", { headers: form })).toBe(415);
    expect(await post("resume", { headers: { "content-type": "text/plain" } })).toBe(415);
    expect(await post("resume", { body: "[]" })).toBe(400);
    expect(await post("resume", { body: "{" })).toBe(400);
    expect(await post("resume", { body: JSON.stringify({ more: "x".repeat(20_000) }) })).toBe(413);
  });

  it("is one of those that there are", async () => {
    for (const name of ["constructor", "__proto__", "toString", "", "pause/"]) {
      expect(await post(name), name).not.toBe(200);
    }
    expect((await fetch(`${machine.url}/lab/pause`)).status).toBe(404);
  });

  it("is alone: a second one is refused until the first has ended", async () => {
    const both = await Promise.all([post("kill-relay"), post("kill-relay")]);

    expect(both.toSorted()).toEqual([200, 409]);
    expect(await post("deliver-twice", { body: '{"streamId":"reservation-1"}' })).toBe(200);
  });

  it("says so where there is nothing to do it with", async () => {
    expect(await post("deliver-twice", { body: '{"streamId":"reservation-nobody"}' })).toBe(404);
    expect(await post("deliver-twice", { body: '{"streamId":{"a":1}}' })).toBe(404);
    expect(await post("deliver-twice")).toBe(404);
  });
});

describe("the page's files", () => {
  it("come with a policy that lets nothing else in", async () => {
    for (const path of [
      "/",
      "/main.js",
      "/style.css",
      "/icon.svg",
      "/steps/01-aggregate/README.md",
    ]) {
      const { status, headers } = await fetch(`${machine.url}${path}`);
      expect(status, path).toBe(200);
      expect(headers.get("content-security-policy"), path).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    }
  });

  it("are those of the page, and nothing beside it", async () => {
    for (const path of ["/tsconfig.json", "/..%2fpage-routes.ts", "/package.json", "/steps/"]) {
      expect((await fetch(`${machine.url}${path}`)).status, path).toBe(404);
    }
  });

  it("have no script and no style of their own in the markup", async () => {
    const markup = await (await fetch(machine.url)).text();

    expect(markup).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/i);
  });
});

// The last one: it ends the machine.
describe("the end", () => {
  it("comes while the projection is paused, the broker cut off and a page open, and leaves nothing", async () => {
    const { body } = await fetch(`${machine.url}/lab/pipeline`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let told = "";
    while (!told.includes("event: pipeline")) told += (await reader?.read())?.value ?? "";
    expect(await post("pause")).toBe(200);
    expect(await post("fill", { body: '{"reservations":5}' })).toBe(200);
    expect(await post("cut-broker")).toBe(200);
    await machine.close();
    for (let done: boolean | undefined = false; done === false; )
      done = (await reader?.read())?.done;
    await expect(fetch(machine.url)).rejects.toThrow();

    const client = new pg.Client({ connectionString: machine.databaseUrl });
    await client.connect();
    const others = async (): Promise<unknown> => {
      const { rows } = await client.query(
        `select application_name, query from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      );
      return rows;
    };
    await expect.poll(others, patience).toEqual([]);
    await client.end();
  });
});
